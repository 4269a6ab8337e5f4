"""A comparison as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re
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
from envc.cli.tree import clip, clip_middle, short_digest
from envc.diff.difference import Difference, PlatformDifference
from envc.diff.picture import PictureDifference
from envc.pipeline.differing import ImageDifference

__all__ = ["list_lines"]

_VALUE_WIDTH = 60


def list_lines(difference: Difference | ImageDifference) -> Iterator[str]:
    """Yield the lines: a heading, the ids, then tables of what differs, layers folded away."""
    yield f"### Environment: {code(difference.old)} → {code(difference.new)}"
    yield ""
    if isinstance(difference, ImageDifference):
        yield from _list_images(difference)
        return
    head = ("platform", "", "env id", "layers")
    yield from _table(head, [_tell_platform(one) for one in difference.platforms])
    if difference.is_same:
        if not difference.has_same_specs:
            yield ""
            yield "The specs differ, in nothing that is in an image."
        return
    yield from _list_packages(difference)
    yield from _list_parts(difference)
    yield from _list_layers(difference)


def code(text: str) -> str:
    """Return a text as a code span that no character of it ends, on one line of a table.

    >>> code("a|b"), code("`x`")
    ('`a\\\\|b`', '`` `x` ``')
    """
    line = clip(text, 1 << 16).replace("|", "\\|")
    if not line:
        return ""
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}" if longest else f"{fence}{line}{fence}"


def _tell_platform(one: PlatformDifference) -> tuple[str, ...]:
    ids = [code(short_digest(own)) for own in (one.old_id, one.new_id) if own is not None]
    if one.state == "same":
        ids = ids[:1]
    layers = tell_layers(one.layers, one.pull) if one.state in {"changed", "added"} else ""
    return code(one.where), one.state, " → ".join(ids), layers


def _list_packages(difference: Difference) -> Iterator[str]:
    rows = [
        (
            row.move,
            f"{row.kind} {code(row.name)}",
            _arrow(row.versions.split(" -> ")),
            row.growth,
            code(row.place),
            row.where,
        )
        for row in package_rows(difference)
    ]
    yield from _section("Packages", ("", "package", "version", "size", "asked for by", ""), rows)


def _list_parts(difference: Difference) -> Iterator[str]:
    rows = [
        (
            row.move,
            code(row.name),
            _arrow(
                [clip_middle(one, _VALUE_WIDTH) for one in (row.old, row.new) if one is not None]
            ),
            code(row.place),
            row.where,
        )
        for row in part_rows(difference)
    ]
    yield from _section("Other parts", ("", "part", "value", "from", ""), rows)


def _list_layers(difference: Difference) -> Iterator[str]:
    rows = [
        (row.state, code(row.name), row.packages, row.size, row.where)
        for row in layer_rows(difference)
    ]
    reused = tell_reused(difference)
    if not rows and not reused:
        return
    yield ""
    yield "<details><summary>Layers</summary>"
    yield ""
    if rows:
        yield from _table(("", "layer", "packages", "size", ""), rows)
        yield ""
    if reused:
        yield f"{reused[0].upper()}{reused[1:]}. Sizes are estimates: those of packages as they are fetched."
        yield ""
    if assumption := tell_assumption(difference):
        yield f"{assumption[0].upper()}{assumption[1:]}."
        yield ""
    yield "</details>"


def _list_images(difference: ImageDifference) -> Iterator[str]:
    head = ("platform", "", "env id", "layers")
    yield from _table(head, [_tell_image(one) for one in difference.platforms])
    for one in difference.platforms:
        title = f" of {one.where}" if len(difference.platforms) > 1 else ""
        settings = [
            (
                code(change.name),
                _arrow(
                    [
                        clip_middle(v, _VALUE_WIDTH)
                        for v in (change.old, change.new)
                        if v is not None
                    ]
                ),
            )
            for change in one.settings
        ]
        yield from _section(f"Settings{title}", ("setting", "value"), settings)
        layers = [
            (
                layer.state,
                code(clip(layer.name)),
                format_size(layer.size_bytes) if layer.size_bytes is not None else "?",
            )
            for layer in one.layers
            if layer.state != "reused"
        ]
        yield from _section(f"Layers{title}", ("", "layer", "size"), layers)


def _tell_image(one: PictureDifference) -> tuple[str, ...]:
    ids = [code(short_digest(own)) if own else "none" for own in (one.old_id, one.new_id)]
    texts = ids[:1] if ids[0] == ids[1] else ids
    layers = tell_layers(one.layers, one.pull) if one.layers else ""
    return code(one.where), "same" if one.is_same else "changed", " → ".join(texts), layers


def _arrow(texts: Sequence[str]) -> str:
    return " → ".join(code(text) for text in texts if text)


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield ""
        yield f"**{title}**"
        yield ""
        yield from _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
