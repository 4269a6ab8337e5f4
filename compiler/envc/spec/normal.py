"""The normal form of a spec, in which what means the same is the same, and its digest: the spec id."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from envc.canonical import digest
from envc.spec.defaults import (
    base_image,
    channels,
    healthcheck,
    indexes,
    ports,
    user,
    volumes,
    wheels,
)
from envc.spec.matchspec import normal_matchspec
from envc.spec.model import EnvSpec, Step
from envc.spec.requirement import normal_requirement

__all__ = [
    "CONTRACT",
    "matrix_id",
    "normal_form",
    "normal_matchspec",
    "normal_requirement",
    "spec_id",
]

CONTRACT = 1
"""Changes whenever the same spec would get another normal form."""


def normal_form(spec: EnvSpec) -> dict[str, Any]:
    """Return a spec as canonical JSON data: all that it means, defaults filled in.

    Order is kept where it has meaning (channels, indexes, steps, checks, words of a command), and
    sorted where it has none (platforms, packages, wheels, variables, labels, ports, volumes). The
    environment's name is not in it, nor is metadata of the image that a spec does not set. Where
    the default depends on the base or on the lock, a value is None.
    """
    return {
        "base": str(base_image(spec)),
        "platforms": sorted(spec.platforms),
        "python": spec.python,
        "channels": list(channels(spec)),
        "conda": sorted(normal_matchspec(package) for package in spec.conda.packages),
        "indexes": [{"url": index.url, "secret": index.secret} for index in indexes(spec)],
        "pip": sorted(normal_requirement(package) for package in spec.pip.packages),
        "wheels": sorted(wheels(spec)),
        "system": sorted(spec.system),
        "variables": dict(sorted(spec.variables.items())),
        "steps": [_normal_step(step) for step in spec.steps],
        "user": user(spec),
        "workdir": spec.workdir,
        "entrypoint": _words(spec.entrypoint),
        "command": _words(spec.command),
        "check": {"import": list(spec.check.imports), "run": list(spec.check.run)},
        "runtime": spec.runtime.model_dump(),
        "serve": spec.serve.model_dump() if spec.serve is not None else None,
        **_metadata(spec),
    }


def spec_id(spec: EnvSpec) -> str:
    """Return the spec id: `sha256:` and 64 hex digits."""
    return digest({"contract": CONTRACT, "spec": normal_form(spec)})


def matrix_id(variants: Mapping[str, EnvSpec]) -> str:
    """Return the spec id of a whole spec: that of its variants by name, in whatever order.

    Args:
        variants: By name; of a spec without a matrix, the only name is the empty one.
    """
    if "" in variants:
        return spec_id(variants[""])
    forms = {name: normal_form(spec) for name, spec in variants.items()}
    return digest({"contract": CONTRACT, "variants": forms})


def _normal_step(step: Step) -> dict[str, Any]:
    if step.copy_ is not None:
        # A slash at the end of the target has meaning: the file keeps its name.
        return {"copy": {"from": posixpath.normpath(step.copy_.source), "to": step.copy_.to}}
    if step.run is not None:
        command = step.run.command.replace("\r\n", "\n")
        return {"run": {"command": command, "network": step.run.network}}
    raise ValueError("a step without an action")


def _metadata(spec: EnvSpec) -> dict[str, Any]:
    """Return what is set of the image's metadata: a spec without any keeps its id."""
    probe = healthcheck(spec)
    said = {
        "labels": dict(sorted(spec.labels.items())),
        "ports": list(ports(spec)),
        "volumes": list(volumes(spec)),
        "healthcheck": asdict(probe) | {"words": list(probe.words)} if probe is not None else None,
        "stopsignal": spec.stopsignal,
    }
    return {key: value for key, value in said.items() if value}


def _words(words: tuple[str, ...] | None) -> list[str] | None:
    return list(words) if words is not None else None
