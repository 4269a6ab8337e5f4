"""How an engine keeps layers, and whether that is how they are wanted."""

from __future__ import annotations

from envc.build.terms import COMPRESSIONS, Compression
from envc.diagnostics import Diagnostic
from envc.engine.facts import EngineFacts
from envc.errors import ToolError

__all__ = ["require_storable"]


def require_storable(compression: Compression, engine: EngineFacts) -> None:
    """Check that an engine keeps layers as they were compressed, where that is not the usual way.

    Only containerd's image store does; the older ones keep files, and compress them anew, by gzip,
    for every registry (https://docs.docker.com/engine/storage/containerd/).

    Raises:
        ToolError: It does not (E684).
    """
    if compression == COMPRESSIONS[0] or engine.has_manifests:
        return
    problem = Diagnostic(
        code="E684",
        message=f"the Docker engine cannot keep layers that are compressed by `{compression}`",
        notes=("it keeps files, not layers as registries have them",),
        hint=f"let it use containerd's image store, or build with `--compression {COMPRESSIONS[0]}`",
    )
    raise ToolError([problem])
