"""A plan of many builds, as `docker buildx bake` takes it, and one build of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc.build.cache import cache_source, cache_target
from envc.engine.buildx import buildx_command
from envc.engine.option import join_fields

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest, Planned

__all__ = ["GROUP", "PLAN", "bake_command", "write_plan"]

PLAN = "docker-bake.json"
"""The name by which bake finds a plan by itself."""
GROUP = "envc"
"""The group that has all targets of a plan, and tells that envc wrote it."""


def write_plan(requests: Mapping[str, BuildRequest], *, start: Path | None = None) -> str:
    """Return the plan of some builds, which are given by the names of its targets.

    Each target is what `build` would do by itself. None leaves anything out that fixes digests.

    Args:
        start: The folder that paths of contexts start from; None writes them whole.
    """
    plan = {
        "group": {group: {"targets": list(requests)} for group in ("default", GROUP)},
        "target": {name: _target(request, start) for name, request in requests.items()},
    }
    return json.dumps(_escape(plan), indent=2) + "\n"


def bake_command(request: BuildRequest, planned: Planned, metadata: Path) -> list[str]:
    """Return what builds one target of a plan into the engine, under the request's tag."""
    name = planned.target
    command = [*buildx_command(request.environment), "bake"]
    command += ["--progress=rawjson", f"--file={planned.plan}"]
    command += [f"--metadata-file={metadata}", f"--set={name}.tags={request.tag}"]
    if request.builder is not None:
        command.append(f"--builder={request.builder}")
    if request.network == "host":
        command.append("--allow=network.host")
    if request.agents:
        command.append("--allow=ssh")
    return [*command, name]


def _target(request: BuildRequest, start: Path | None) -> dict[str, Any]:
    from envc.build.buildkit import build_arguments, output_fields, secret_field

    context = request.context if start is None else request.context.relative_to(start)
    target: dict[str, Any] = {
        "context": str(context),
        "tags": [request.tag],
        "platforms": [request.platform],
        "args": build_arguments(request),
        "output": [join_fields(*output_fields(request))],
        "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
        "secret": [secret_field(*one) for one in sorted(request.secrets.items())],
        "ssh": list(request.agents),
        "contexts": dict(sorted(request.contexts.items())),
        "cache-from": [cache_source(place) for place in request.cache_from],
        "cache-to": [cache_target(place, request.compression) for place in request.cache_to],
        "network": request.network,
        "no-cache": request.no_cache,
    }
    return {key: value for key, value in target.items() if value}


def _escape(value: Any) -> Any:
    """Return what bake reads as it stands: it takes `${` and `%{` for templates of its own."""
    match value:
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case dict():
            return {key: _escape(one) for key, one in value.items()}
        case list():
            return [_escape(one) for one in value]
    return value
