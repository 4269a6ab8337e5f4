"""A comparison as lines for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from envc.cli.diff_rows import (
    layer_rows,
    package_rows,
    part_rows,
    tell_assumption,
    tell_layers,
    tell_reused,
)
from envc.cli.size import format_size
from envc.cli.summary import align
from envc.cli.tree import clip, clip_middle, short_digest
from envc.diagnostics import clean
from envc.diff.difference import Difference, PlatformDifference
from envc.diff.picture import PictureDifference
from envc.pipeline.differing import ImageDifference

__all__ = ["list_lines"]

_INDENT = "  "
_VALUE_WIDTH = 40


def list_lines(difference: Difference | ImageDifference) -> Iterator[str]:
    """Yield the lines: what was compared, the ids, then what differs, each kind in a block."""
    yield clean(f"{difference.old} -> {difference.new}")
    yield ""
    if isinstance(difference, ImageDifference):
        yield from _list_images(difference)
        return
    yield from align([_tell_platform(one, difference) for one in difference.platforms])
    if difference.is_same:
        if not difference.has_same_specs:
            yield ""
            yield "the specs differ, in nothing that is in an image"
        return
    yield from _block("packages", _list_packages(difference))
    yield from _block("other parts", _list_parts(difference))
    yield from _block("layers", _list_layers(difference))


def _tell_platform(one: PlatformDifference, difference: Difference) -> tuple[str, ...]:
    ids = [short_digest(own) for own in (one.old_id, one.new_id) if own is not None]
    if one.state == "same":
        ids = ids[:1]
    layers = tell_layers(one.layers, one.pull) if one.state in {"changed", "added"} else ""
    return clean(one.where), one.state, " -> ".join(ids) if difference.has_ids else "", layers


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from lines


def _list_packages(difference: Difference) -> list[str]:
    rows = [
        (row.move, row.kind, row.name, row.versions, row.growth, row.place, row.where)
        for row in package_rows(difference)
    ]
    return list(align([tuple(map(clean, row)) for row in rows], _INDENT))


def _list_parts(difference: Difference) -> list[str]:
    rows = [
        (row.move, clip(row.name), _tell_values(row.old, row.new), clean(row.place), row.where)
        for row in part_rows(difference)
    ]
    return list(align(rows, _INDENT))


def _tell_values(old: str | None, new: str | None) -> str:
    return " -> ".join(clip_middle(text, _VALUE_WIDTH) for text in (old, new) if text is not None)


def _list_layers(difference: Difference) -> list[str]:
    rows = [
        (
            row.state,
            row.name,
            row.packages,
            row.size,
            row.where,
        )
        for row in layer_rows(difference)
    ]
    lines = list(align(rows, _INDENT))
    if reused := tell_reused(difference):
        lines.append(f"{_INDENT}{reused}")
    if assumption := tell_assumption(difference) if lines else "":
        lines.append(f"{_INDENT}({assumption})")
    if any(one.pull.size_bytes for one in difference.platforms if one.state == "changed"):
        lines.append(f"{_INDENT}(sizes are estimates: those of packages as they are fetched)")
    return lines


def _list_images(difference: ImageDifference) -> Iterator[str]:
    yield from align([_tell_image(one) for one in difference.platforms])
    for one in difference.platforms:
        title = f" of {one.where}" if len(difference.platforms) > 1 else ""
        settings = [
            (_tell_change(change.old, change.new), clip(change.name), values)
            for change in one.settings
            if (values := _tell_values(change.old, change.new)) is not None
        ]
        yield from _block(f"settings{title}", list(align(settings, _INDENT)))
        layers = [
            (layer.state, clip(layer.name), _tell_size(layer.size_bytes))
            for layer in one.layers
            if layer.state != "reused"
        ]
        yield from _block(f"layers{title}", list(align(layers, _INDENT)))


def _tell_image(one: PictureDifference) -> tuple[str, ...]:
    ids = [
        short_digest(own) if own is not None else "no env id" for own in (one.old_id, one.new_id)
    ]
    texts = ids[:1] if ids[0] == ids[1] else ids
    layers = tell_layers(one.layers, one.pull) if one.layers else ""
    return clean(one.where), "same" if one.is_same else "changed", " -> ".join(texts), layers


def _tell_change(old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return "added" if old is None else "removed"
    return "changed"


def _tell_size(size_bytes: int | None) -> str:
    return format_size(size_bytes) if size_bytes is not None else "?"
