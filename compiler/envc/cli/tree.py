"""The tree of an environment's identity, as lines for a reader and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from envc.diagnostics import clean

if TYPE_CHECKING:
    from envc.pipeline.tracing import Traced, TracedVariant
    from envc.plan.node import Node, Place

__all__ = [
    "clip",
    "clip_middle",
    "describe_place",
    "describe_traced",
    "list_traced",
    "short_digest",
]

_INDENT = "  "
_NAME_WIDTH, _TEXT_WIDTH = 44, 60
_SHORT = 12


def list_traced(traced: Traced) -> Iterator[str]:
    """Yield a tree for each platform of each variant, with an empty line between: a line a node.

    A line has a node's name, what it is, the digest of it and where it is from, in columns.
    """
    trees = [
        (" ".join(filter(None, (name, platform))), node)
        for name, variant in traced.variants.items()
        for platform, node in variant.platforms.items()
    ]
    for number, (title, node) in enumerate(trees):
        if number:
            yield ""
        yield f"{title} {node.digest}"
        yield from _list_node(node)


def describe_traced(traced: Traced) -> dict[str, Any]:
    """Return what `--json` says; of a spec with a matrix, by the variants' names."""
    variants = {name: _describe_variant(one) for name, one in traced.variants.items()}
    head = {"environment": traced.environment}
    if "" in variants:
        return {**head, **variants[""]}
    return {**head, "spec_id": traced.spec_id, "variants": variants}


def describe_place(place: Place) -> dict[str, Any]:
    """Return what `--json` says of a place."""
    return {
        "origin": place.origin,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "via": place.via or None,
    }


def clip(text: str, width: int = _TEXT_WIDTH) -> str:
    """Return a text as one line of at most this many characters, which cannot steer a terminal.

    >>> clip("pip install\\nsix", 12)
    'pip insta...'
    """
    line = clean(" ".join(text.split()))
    return line if len(line) <= width else f"{line[: width - 3]}..."


def clip_middle(text: str, width: int) -> str:
    """Return a text as `clip` does, with its end: where it is long, that is what tells it from others.

    >>> clip_middle("registry.example/team/base@0123", 15)
    'regist...e@0123'
    """
    line = clip(text, max(len(text), width))
    if len(line) <= width:
        return line
    kept = (width - 3) // 2
    return f"{line[:kept]}...{line[-(width - 3 - kept) :]}"


def short_digest(digest: str) -> str:
    """Return the beginning of a digest, which tells it from others in one environment."""
    return digest.removeprefix("sha256:")[:_SHORT]


def _list_node(root: Node) -> Iterator[str]:
    rows = [(_indent(depth, node), clip(node.text), node) for depth, node in _walk(root, 1)]
    width = min(max((len(name) for name, _, _ in rows), default=0), _NAME_WIDTH)
    text_width = max((len(text) for _, text, _ in rows), default=0)
    for name, text, node in rows:
        places = ", ".join(map(str, node.places))
        line = f"{name:{width}}  {text:{text_width}}  {short_digest(node.digest)}  {clean(places)}"
        yield line.rstrip()


def _walk(node: Node, depth: int) -> Iterator[tuple[int, Node]]:
    for child in node.children:
        yield depth, child
        yield from _walk(child, depth + 1)


def _indent(depth: int, node: Node) -> str:
    return _INDENT * depth + clean(node.name)


def _describe_variant(variant: TracedVariant) -> dict[str, Any]:
    return {
        "spec_id": variant.spec_id,
        "env_ids": {platform: node.digest for platform, node in variant.platforms.items()},
        "identity": {
            platform: _describe_node(node) for platform, node in variant.platforms.items()
        },
    }


def _describe_node(node: Node) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": node.name,
        "digest": node.digest,
        "text": node.text,
        "places": [describe_place(place) for place in node.places],
    }
    if node.children:
        described["children"] = [_describe_node(child) for child in node.children]
    else:
        described["value"] = node.value
    return described
