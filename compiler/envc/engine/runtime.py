"""How a spec's `runtime` runs containers: as the engine's own options."""

from __future__ import annotations

import os
from pathlib import Path

from envc.engine.foreground import FolderMount, RunOptions, VolumeMount
from envc.spec.model import EnvSpec, Mount
from envc.spec.path import is_volume
from envc.syntax.document import Document

__all__ = ["run_options"]


def run_options(
    spec: EnvSpec, document: Document, folder: Path, *, platform: str, terminal: bool
) -> RunOptions:
    """Return how to run containers of a spec's image.

    Args:
        folder: The spec's own, which relative paths start from.
        platform: The image's.
        terminal: Whether to give the container a terminal.
    """
    runtime = spec.runtime
    return RunOptions(
        shm=runtime.shm,
        gpus=runtime.gpus,
        mounts=tuple(
            _place(mount, document, ("runtime", "mounts", number, "from"), folder)
            for number, mount in enumerate(runtime.mounts)
        ),
        arguments=runtime.arguments,
        arguments_origin=document.span(("runtime", "arguments")),
        platform=platform,
        terminal=terminal,
    )


def _place(
    mount: Mount, document: Document, place: tuple[str | int, ...], folder: Path
) -> FolderMount | VolumeMount:
    if is_volume(mount.source):
        return VolumeMount(name=mount.source, target=mount.to, read_only=mount.read_only)
    # Docker follows no `..`, and calls a folder that it misses by the name that it was given.
    source = Path(os.path.normpath(folder.absolute() / mount.source))
    return FolderMount(
        source=source, target=mount.to, read_only=mount.read_only, origin=document.span(place)
    )
