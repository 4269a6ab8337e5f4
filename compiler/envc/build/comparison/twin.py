"""Two images compared: layers and configuration, down to the first file and byte that differ."""

from __future__ import annotations

import tarfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

from envc.build.comparison.difference import LayerDifference, compare_layers
from envc.build.comparison.saved import SavedImage
from envc.frozen import frozen
from envc.mark import temporary_folder

__all__ = ["ImageDifference", "compare_images"]


@frozen
class ImageDifference:
    """In what the contents of two images differ.

    Attributes:
        layer: The first layer that differs, from 0; None where all layers are equal.
        diff_ids: That layer's digests; None where an image has no such layer.
        command: What made the layer, as the image's history tells it.
        files: In what the layer differs; None where it cannot be looked into, or only one image has it.
        setting: Of the configuration: the first value that differs, such as `config.Env`; empty where
            that differs only because layers do.
        values: What the two say there.
    """

    layer: int | None = None
    diff_ids: tuple[str | None, str | None] = (None, None)
    command: str = ""
    files: LayerDifference | None = None
    setting: str = ""
    values: tuple[str, str] = ("", "")


def compare_images(first: SavedImage, second: SavedImage) -> ImageDifference | None:
    """Return in what the contents of two images differ; None where they are equal.

    Where a layer differs, it is copied from both images onto the disk, and away again.

    Raises:
        ToolError: An image cannot be read (E662), or the engine fails (E60x).
    """
    pairs = zip_longest(_diff_ids(first), _diff_ids(second))
    number = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
    if number is not None:
        return _compare_layer(number, first, second)
    found = _find_setting(first.config, second.config)
    if found is None:
        return None
    setting, one, other = found
    return ImageDifference(setting=setting, values=(_show(one), _show(other)))


def _diff_ids(image: SavedImage) -> tuple[str, ...]:
    return tuple(image.config.get("rootfs", {}).get("diff_ids", ()))


def _compare_layer(number: int, first: SavedImage, second: SavedImage) -> ImageDifference:
    ids = [(_diff_ids(image)[number : number + 1] or (None,))[0] for image in (first, second)]
    holder = first if ids[0] is not None else second
    files = None
    if None not in ids:
        with temporary_folder("layer") as folder:
            files = _look_into(number, first, second, Path(folder))
    return ImageDifference(
        layer=number,
        diff_ids=(ids[0], ids[1]),
        command=_command(holder, number),
        files=files,
    )


def _look_into(
    number: int, first: SavedImage, second: SavedImage, folder: Path
) -> LayerDifference | None:
    places = (folder / "first", folder / "second")
    for image, place in zip((first, second), places, strict=True):
        with place.open("wb") as file:
            image.copy_layer(number, file)
    try:
        return compare_layers(*places)
    except (tarfile.TarError, OSError, EOFError):
        return None  # compressed by what Python does not know


def _command(image: SavedImage, number: int) -> str:
    made = [one for one in image.config.get("history", ()) if not one.get("empty_layer")]
    return str(made[number].get("created_by", "")) if number < len(made) else ""


def _find_setting(one: Any, other: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Return the first value that differs in two configurations, and its path."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            place = f"{path}.{key}" if path else str(key)
            if (found := _find_setting(one.get(key), other.get(key), place)) is not None:
                return found
        return None
    return (path, one, other) if one != other else None


def _show(value: Any) -> str:
    return "nothing" if value is None else str(value)
