"""The normal form of a spec, in which what means the same is the same, and its digest: the spec id."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from envc.canonical import digest
from envc.spec.copying import mode_text
from envc.spec.debian import normal_debian
from envc.spec.defaults import (
    CHECK_TIMEOUT_S,
    LAYER_BUDGET,
    base_image,
    channel_secrets,
    channels,
    check_timeout_s,
    conda_constraints,
    cuda,
    distributions,
    exclude_newer,
    find_links,
    healthcheck,
    indexes,
    layer_budget,
    pip_constraints,
    pip_overrides,
    ports,
    sdists,
    snapshot,
    user,
    virtual_packages,
    volumes,
)
from envc.spec.matchspec import normal_matchspec
from envc.spec.metadata import volume_path
from envc.spec.model import (
    Base,
    CheckCommand,
    EnvSpec,
    Mount,
    Runtime,
    Serve,
    Step,
    Train,
)
from envc.spec.path import is_dockerfile_text, is_volume
from envc.spec.requirement import normal_requirement
from envc.spec.select import Selectable, platforms_by_text

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
    environment's name is not in it, nor is what came into the language later and a spec does not
    use. Where the default depends on the base or on the lock, a value is None.
    """
    return {
        "base": _normal_base(spec),
        "platforms": sorted(spec.platforms),
        "python": spec.python,
        "channels": list(dict.fromkeys(channels(spec))),
        "conda": _for_all(spec, spec.conda.packages, normal_matchspec),
        "indexes": [{"url": index.url, "secret": index.secret} for index in indexes(spec)],
        "pip": _for_all(spec, spec.pip.packages, normal_requirement),
        "wheels": _for_all(spec, spec.pip.wheels, posixpath.normpath),
        "system": _for_all(spec, spec.system.packages, normal_debian),
        "variables": _same_for_all(spec, spec.variables),
        "steps": [_normal_step(spec, step) for step in spec.steps],
        "user": user(spec),
        "workdir": spec.workdir,
        "entrypoint": _words(spec.entrypoint),
        "command": _words(spec.command),
        "check": {
            "import": list(spec.check.imports),
            "run": [_normal_check(command) for command in spec.check.run],
            **_used(_unusual_check(spec)),
        },
        "runtime": _normal_runtime(spec.runtime),
        "serve": _normal_serve(spec.serve) if spec.serve is not None else None,
        **_used(_metadata(spec)),
        **_used(_solving(spec)),
        **_used(_more(spec)),
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


def _used(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is used: a spec that uses nothing of it keeps its id."""
    return {key: value for key, value in said.items() if value}


def _normal_base(spec: EnvSpec) -> str | dict[str, Any]:
    base = spec.base
    if base is None or base.dockerfile is None:
        return str(base_image(spec))
    return _used({"dockerfile": _normal_dockerfile(base), "target": base.target}) | {
        "context": posixpath.normpath(base.context) if base.context is not None else None
    }


def _normal_dockerfile(base: Base) -> dict[str, str]:
    text = base.dockerfile or ""
    if is_dockerfile_text(text):
        return {"text": text.replace("\r\n", "\n")}
    return {"path": posixpath.normpath(text)}


def _for_all(
    spec: EnvSpec, entries: Iterable[Selectable], normal: Callable[[str], str]
) -> list[str]:
    """Return what is for every platform: also what names each of them."""
    texts = platforms_by_text(spec, entries, normal)
    return [text for text, on in texts.items() if on >= set(spec.platforms)]


def _for_some(
    spec: EnvSpec, entries: Iterable[Selectable], normal: Callable[[str], str]
) -> dict[str, list[str]]:
    """Return for which platforms each text is that is not for all."""
    texts = platforms_by_text(spec, entries, normal)
    return {text: sorted(on) for text, on in texts.items() if not on >= set(spec.platforms)}


def _same_for_all(
    spec: EnvSpec, variables: Mapping[str, str | Mapping[Any, str]]
) -> dict[str, str]:
    """Return the variables that have one value everywhere: also those that say it for each."""
    same: dict[str, str] = {}
    for name, value in sorted(variables.items()):
        if isinstance(value, str):
            same[name] = value
        elif value.keys() >= set(spec.platforms) and len(set(value.values())) == 1:
            same[name] = next(iter(value.values()))
    return same


def _different(
    spec: EnvSpec, variables: Mapping[str, str | Mapping[Any, str]]
) -> dict[str, dict[str, str]]:
    same = _same_for_all(spec, variables)
    return {
        name: dict(sorted(value.items()))
        for name, value in sorted(variables.items())
        if name not in same and not isinstance(value, str)
    }


def _normal_step(spec: EnvSpec, step: Step) -> dict[str, Any]:
    on = step.on if step.on is not None and set(spec.platforms) != {step.on} else None
    return _normal_action(step) | _used({"on": on})


def _normal_action(step: Step) -> dict[str, Any]:
    if step.copy_ is not None:
        copy = step.copy_
        more = {
            "owner": copy.owner,
            "mode": mode_text(copy.mode) if copy.mode is not None else None,
            "ignore": sorted(set(copy.ignore)),
        }
        # A slash at the end of the target has meaning: the file keeps its name.
        return {"copy": {"from": posixpath.normpath(copy.source), "to": copy.to} | _used(more)}
    if step.run is not None:
        command = step.run.command.replace("\r\n", "\n")
        return {"run": {"command": command, "network": step.run.network}}
    raise ValueError("a step without an action")


def _normal_check(command: str | CheckCommand) -> str | dict[str, Any]:
    if isinstance(command, str):
        return command
    return {"command": command.command, "prints": command.prints}


def _unusual_check(spec: EnvSpec) -> dict[str, Any]:
    timeout_s = check_timeout_s(spec)
    return {
        "timeout_ms": round(timeout_s * 1000) if timeout_s != CHECK_TIMEOUT_S else None,
        "allow_missing": sorted(spec.check.allow_missing),
    }


def _normal_runtime(runtime: Runtime) -> dict[str, Any]:
    more = {
        "arguments": list(runtime.arguments),
        "mounts": sorted(map(_normal_mount, runtime.mounts), key=lambda mount: str(mount["to"])),
    }
    return {"shm": runtime.shm, "gpus": runtime.gpus} | _used(more)


def _normal_mount(mount: Mount) -> dict[str, Any]:
    source = mount.source
    kind = "volume" if is_volume(source) else "path"
    return {
        kind: volume_path(source) if source.startswith("/") else posixpath.normpath(source),
        "to": volume_path(mount.to),
        "read_only": mount.read_only,
    }


def _normal_serve(serve: Serve) -> dict[str, Any]:
    more = {"port": serve.port, "workers": serve.workers}
    model = posixpath.normpath(serve.model) if serve.model is not None else None
    return {"entry": posixpath.normpath(serve.entry), "model": model} | _used(more)


def _normal_train(train: Train) -> dict[str, Any]:
    return {
        "script": posixpath.normpath(train.script),
        "arguments": list(train.arguments),
        "source": posixpath.normpath(train.source or "."),
    }


def _metadata(spec: EnvSpec) -> dict[str, Any]:
    probe = healthcheck(spec)
    return {
        "labels": dict(sorted(spec.labels.items())),
        "ports": list(ports(spec)),
        "volumes": list(volumes(spec)),
        "healthcheck": asdict(probe) | {"words": list(probe.words)} if probe is not None else None,
        "stopsignal": spec.stopsignal,
    }


def _solving(spec: EnvSpec) -> dict[str, Any]:
    """Return what steers the choice of packages."""
    links = [{"url": one.url, "secret": one.secret, "path": one.path} for one in find_links(spec)]
    return {
        "cuda": cuda(spec),
        "virtual_packages": {
            name: version
            for name, version in virtual_packages(spec).items()
            if name != "__cuda" or cuda(spec) is None
        },
        "exclude_newer": exclude_newer(spec),
        "channel_secrets": channel_secrets(spec),
        "channel_priority": spec.channel_priority if spec.channel_priority != "strict" else None,
        "distributions": distributions(spec),
        "conda_constraints": list(conda_constraints(spec)),
        "find_links": sorted(links, key=str),
        "pip_constraints": list(pip_constraints(spec)),
        "overrides": list(pip_overrides(spec)),
        "sdists": list(sdists(spec)),
        "snapshot": snapshot(spec),
    }


def _more(spec: EnvSpec) -> dict[str, Any]:
    some = {
        "conda": _for_some(spec, spec.conda.packages, normal_matchspec),
        "pip": _for_some(spec, spec.pip.packages, normal_requirement),
        "wheels": _for_some(spec, spec.pip.wheels, posixpath.normpath),
        "sources": _for_some(spec, spec.pip.sources, posixpath.normpath),
        "system": _for_some(spec, spec.system.packages, normal_debian),
        "variables": _different(spec, spec.variables),
        "build_variables": _different(spec, spec.build_variables),
    }
    budget = layer_budget(spec)
    return {
        "interpreter": spec.interpreter,
        "sources": _for_all(spec, spec.pip.sources, posixpath.normpath),
        "build_variables": _same_for_all(spec, spec.build_variables),
        "before_packages": [_normal_step(spec, step) for step in spec.before_packages],
        "train": _normal_train(spec.train) if spec.train is not None else None,
        "layers": budget if budget != LAYER_BUDGET else None,
        "on": _used(some),
    }


def _words(words: tuple[str, ...] | None) -> list[str] | None:
    return list(words) if words is not None else None
