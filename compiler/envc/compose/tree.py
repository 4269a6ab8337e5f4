"""A document as a tree, in which every value holds its own place, and so can be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from envc.frozen import frozen
from envc.source import Source, Span
from envc.syntax.document import Data, Document, Path
from envc.syntax.origin import Origin

__all__ = ["Fields", "Items", "Node", "mapped", "plain", "to_document", "to_tree"]

Items: TypeAlias = "tuple[Node, ...]"
Fields: TypeAlias = "dict[str, Node]"


@frozen
class Node:
    """A value with its place.

    Attributes:
        value: A text, a list or a mapping.
        span: Where it stands.
        key: Where its key stands; None for an item of a list, and where the text has no word for it.
        origin: How a text came about that is not what is written.
    """

    value: str | Items | Fields
    span: Span
    key: Span | None = None
    origin: Origin | None = None

    @property
    def place(self) -> Span:
        """Where its key stands, or else it itself."""
        return self.key or self.span

    @property
    def items(self) -> Items:
        """Its items; none where it is no list."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def fields(self) -> Fields:
        """What it holds by key; nothing where it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}


def to_tree(document: Document) -> Node:
    """Return a document as a tree."""

    def node(data: Data, path: Path) -> Node:
        value: str | Items | Fields
        match data:
            case dict():
                value = {key: node(item, (*path, key)) for key, item in data.items()}
            case list():
                value = tuple(node(item, (*path, number)) for number, item in enumerate(data))
            case _:
                value = data
        return Node(
            value=value,
            span=document.span(path),
            key=document.key_spans.get(path),
            origin=document.origins.get(path),
        )

    return node(document.data, ())


def to_document(root: Node, source: Source, others: Iterable[Source]) -> Document:
    """Return a tree as a document; its root is a mapping."""
    spans: dict[Path, Span] = {}
    keys: dict[Path, Span] = {}
    origins: dict[Path, Origin] = {}

    def data(node: Node, path: Path) -> Data:
        spans[path] = node.span
        if node.key is not None:
            keys[path] = node.key
        if node.origin is not None:
            origins[path] = node.origin
        match node.value:
            case dict() as fields:
                return {key: data(item, (*path, key)) for key, item in fields.items()}
            case tuple() as items:
                return [data(item, (*path, number)) for number, item in enumerate(items)]
            case text:
                return text

    return Document(
        source=source,
        data={key: data(node, (key,)) for key, node in root.fields.items()},
        spans={(): root.span} | spans,
        key_spans=keys,
        others=tuple(others),
        origins=origins,
    )


def plain(node: Node) -> Data:
    """Return what a node says, without places."""
    match node.value:
        case dict() as fields:
            return {key: plain(item) for key, item in fields.items()}
        case tuple() as items:
            return [plain(item) for item in items]
        case text:
            return text


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a tree with another node in the place of each text."""
    match node.value:
        case dict() as fields:
            value: Fields | Items = {key: mapped(item, change) for key, item in fields.items()}
            return replace(node, value=value)
        case tuple() as items:
            return replace(node, value=tuple(mapped(item, change) for item in items))
        case _:
            return change(node)
