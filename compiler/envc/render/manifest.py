"""A plan becomes the facts of its `image.json`: what the image is, and what it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from envc.canonical import Json
from envc.dockerfile.need import NOTHING
from envc.lock.machine_made import differs
from envc.lock.model import Lock
from envc.plan.assembly import WHOLE
from envc.plan.instruction import BuildPlan
from envc.plan.label import CONTRACT, CONTRACT_LABEL, CUDA_LABEL, ENV_ID_LABEL, tag
from envc.plan.layer import Layer
from envc.plan.layout import Layout
from envc.spec.defaults import cuda
from envc.spec.model import EnvSpec, Step

__all__ = ["facts"]


def facts(
    spec: EnvSpec,
    lock: Lock,
    plan: BuildPlan,
    inputs: Mapping[str, str],
    *,
    variant: str = "",
    templates: Sequence[Json] = (),
) -> dict[str, Any]:
    """Return what `image.json` says, as JSON data.

    Args:
        inputs: The SHA-256 of every file that was read, by its path relative to the spec.
        variant: Its name; empty where the spec has no matrix.
        templates: Path and digest of each of the user's templates that shapes the image.
    """
    return {
        "environment": spec.environment,
        **({"variant": variant} if variant else {}),
        "contract": CONTRACT,
        "spec_id": plan.spec_id,
        "platforms": {
            name: _describe(plan.layouts[name], env_id, plan.epochs[name], cuda(spec))
            for name, env_id in sorted(plan.env_ids.items())
        },
        **_held(plan),
        "inputs": dict(sorted(inputs.items())),
        **({"templates": list(templates)} if templates else {}),
        "not_reproducible": [
            *_list_base(plan),
            *_list_unresolved(lock),
            *_list_system(lock),
            *_list_built(lock),
            *_list_networked(spec.before_packages, "step {} before the packages"),
            *_list_networked(spec.steps, "step {}"),
        ],
    }


def _held(plan: BuildPlan) -> dict[str, Any]:
    """Return what whoever builds has to hold: only where a base's Dockerfile says so, more than names
    of secrets that are needed."""
    needs = plan.preamble.needs if plan.preamble is not None else NOTHING
    required = {one.id for one in needs.secrets if one.required} | {*plan.secrets}
    optional = sorted({one.id for one in needs.secrets} - required)
    return {
        "secrets": sorted(required),
        **({"optional_secrets": optional} if optional else {}),
        **({"ssh": needs.agent.id} if needs.agent is not None else {}),
    }


def _list_base(plan: BuildPlan) -> Iterator[str]:
    needs = plan.preamble.needs if plan.preamble is not None else NOTHING
    if needs.networked:
        yield "the Dockerfile of the base uses the network"
    elif needs.writes:
        yield "the Dockerfile of the base makes files, which have the times of the build"


def _list_unresolved(lock: Lock) -> Iterator[str]:
    for name, locked in sorted(lock.platforms.items()):
        if locked.unresolved:
            yield f"Debian packages on {name} are not pinned: {', '.join(locked.unresolved)}"


def _list_system(lock: Lock) -> Iterator[str]:
    for name, locked in sorted(lock.platforms.items()):
        makers = [one.name for one in locked.system if differs(one.name)]
        if makers:
            yield (
                f"Debian packages on {name} make passwords or times of their own as they are installed: "
                f"{', '.join(sorted(makers))}"
            )


def _list_built(lock: Lock) -> Iterator[str]:
    for name, locked in sorted(lock.platforms.items()):
        if locked.sources:
            built = ", ".join(f"{one.name} {one.version}" for one in locked.sources)
            yield f"pip packages on {name} are built from their source: {built}"


def _list_networked(steps: Sequence[Step], name: str) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        if step.run is not None and step.run.network:
            where = f" on {step.on}" if step.on is not None else ""
            yield f"{name.format(number)}{where} uses the network: {step.run.command}"


def _describe(layout: Layout, env_id: str, epoch: int, cuda: str | None) -> dict[str, Any]:
    locked = layout.locked
    declared = {CUDA_LABEL: cuda} if cuda is not None else {}
    return {
        "env_id": env_id,
        "tag": tag(env_id),
        "source_date_epoch": epoch,
        "labels": {CONTRACT_LABEL: str(CONTRACT), **declared, ENV_ID_LABEL: env_id},
        "base": f"{locked.base.image}@{locked.base.digest}",
        "python": locked.python.model_dump() if locked.python is not None else None,
        "packages": {
            "conda": len(locked.conda),
            "pip": len(locked.pip),
            **({"sources": len(locked.sources)} if locked.sources else {}),
            **({"system": len(locked.system)} if locked.system else {}),
        },
        "layers": _list_layers(layout),
    }


def _list_layers(layout: Layout) -> list[dict[str, Any]]:
    if not layout.is_one_layer:
        return [_describe_layer(layer) for layer in layout.layers]
    sizes = [layer.size for layer in layout.layers]
    return [
        {
            "name": WHOLE,
            "kind": "all",
            "size_bytes": None if None in sizes else sum(size or 0 for size in sizes),
            "reason": "the spec wants fewer layers than the environment has parts",
            "packages": [one.name for layer in layout.layers for one in layer.packages],
        }
    ]


def _describe_layer(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "size_bytes": layer.size,
        "reason": layer.reason,
        "packages": [package.name for package in layer.packages],
    }
