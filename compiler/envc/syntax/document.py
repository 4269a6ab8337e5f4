"""What both front ends return: plain data, and where every key and value of it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from envc.source import Source, Span

__all__ = ["Data", "Document", "Path"]

Data: TypeAlias = "str | list[Data] | dict[str, Data]"
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A spec as plain data.

    Attributes:
        source: The text it was read from.
        data: Mappings, lists and strings only: `3.10` is the string `"3.10"`. Both front ends give
            the same data for the same meaning; the shape is that of the YAML form.
        spans: Where each value stands, by its path; the root is `()`.
        key_spans: Where each mapping's key stands, by the path of its value.
    """

    source: Source
    data: dict[str, Data]
    spans: Mapping[Path, Span] = field(repr=False)
    key_spans: Mapping[Path, Span] = field(repr=False)

    def span(self, path: Path) -> Span:
        """Return where a value stands; a path that is not there gives its nearest ancestor."""
        return _nearest(self.spans, path)

    def key_span(self, path: Path) -> Span:
        """Return where the key of a value stands; for a list's item, where the item stands."""
        return self.key_spans[path] if path in self.key_spans else self.span(path)

    def part(self, path: Path, start: int, end: int) -> Span:
        """Return where the characters `start` to `end` of a string value stand.

        Where the text is not written as it is meant (escapes, folded lines), the whole value.
        """
        span = self.span(path)
        value = self.data_at(path)
        if not isinstance(value, str):
            return span
        for quote in (0, 1, 3):
            inner = span.within(quote, quote + len(value))
            if inner.text == value:
                return inner.within(start, max(end, start + 1))
        return span

    def data_at(self, path: Path) -> Data | None:
        """Return the value at a path, or None where there is none."""
        node: Data = self.data
        for step in path:
            match node, step:
                case dict(), str() if step in node:
                    node = node[step]
                case list(), int() if step < len(node):
                    node = node[step]
                case _:
                    return None
        return node


def _nearest(spans: Mapping[Path, Span], path: Path) -> Span:
    while path and path not in spans:
        path = path[:-1]
    return spans[path]
