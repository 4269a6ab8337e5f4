"""An image of the engine as its labels, settings and layers tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from envc.diff.picture import Picture, picture_of
from envc.engine.failure import translated

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["look_at"]


def look_at(client: DockerClient, name: str) -> Picture | None:
    """Return the picture of an image by a tag, a digest reference or an id; None where there is none."""
    from docker.errors import ImageNotFound

    api: Any = client.api
    with translated(f"look up the image `{name}`"):
        try:
            data: Mapping[str, Any] = api.inspect_image(name)
            made: list[Mapping[str, Any]] = api.history(name)
        except ImageNotFound:
            return None
    history = [(int(one["Size"]), str(one.get("CreatedBy") or "")) for one in reversed(made)]
    diff_ids = (data.get("RootFS") or {}).get("Layers") or []
    if len(history) != len(diff_ids):
        # Instructions that only set something are told, too: they have no size.
        history = [one for one in history if one[0]]
    return picture_of(
        name,
        f"{data['Os']}/{data['Architecture']}",
        data.get("Config") or {},
        diff_ids,
        history,
        is_compressed=False,
    )
