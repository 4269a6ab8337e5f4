"""What both front ends return: plain data, and where every key and value of it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TypeAlias

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.source import Source, Span
from envc.syntax.origin import Origin
from envc.syntax.strings import ESCAPES, width_of_opening

__all__ = ["Data", "Document", "Draft", "Path", "locate"]

Data: TypeAlias = "str | list[Data] | dict[str, Data]"
Path: TypeAlias = tuple[str | int, ...]


@frozen
class Document:
    """A spec as plain data.

    Attributes:
        source: The text it was read from; of a composed one, that of the spec itself.
        data: Mappings, lists and strings only: `3.10` is the string `"3.10"`. Both front ends give
            the same data for the same meaning; the shape is that of the YAML form.
        spans: Where each value stands, by its path; the root is `()`.
        key_spans: Where each mapping's key stands, by the path of its value.
        others: The further texts that spans lie in, in the order in which they were read.
        origins: How those values came about that are not what their text says, by path.
    """

    source: Source
    data: dict[str, Data]
    spans: Mapping[Path, Span] = field(repr=False)
    key_spans: Mapping[Path, Span] = field(repr=False)
    others: tuple[Source, ...] = field(default=(), repr=False)
    origins: Mapping[Path, Origin] = field(default_factory=dict, repr=False)

    def span(self, path: Path) -> Span:
        """Return where a value stands; a path that is not there gives its nearest ancestor."""
        return _nearest(self.spans, path)

    def key_span(self, path: Path) -> Span:
        """Return where the key of a value stands; for a list's item, where the item stands."""
        return self.key_spans[path] if path in self.key_spans else self.span(path)

    def part(self, path: Path, start: int, end: int) -> Span:
        """Return where the characters `start` to `end` of a string value stand, at least one.

        Quotes and escapes of one character are taken into account; of what a parameter gave, all of
        `${{ name }}`. Where the text is not written as it is meant (folded lines, other escapes,
        words that stand for a value), the whole value.
        """
        span = self.span(path)
        value: Data | None = self.data_at(path)
        if path in self.origins:
            value = self.origins[path].written
            start, end = self.origins[path].trace(start, end)
        return (locate(span, value, start, end) or span) if isinstance(value, str) else span

    def order(self, diagnostic: Diagnostic) -> tuple[int, int]:
        """Return what sorts problems by place: those without one, the spec's own, the others'."""
        if not diagnostic.labels:
            return -1, 0
        span = diagnostic.labels[0].span
        names = (self.source.name, *(source.name for source in self.others))
        rank = names.index(span.source.name) if span.source.name in names else len(names)
        return rank, span.start

    def rename(self, names: Mapping[str, str]) -> Document:
        """Return the same document with other names for keys of the top level; places stay."""

        def move(path: Path) -> Path:
            first = path[0] if path else None
            return (names.get(first, first), *path[1:]) if isinstance(first, str) else path

        return replace(
            self,
            data={names.get(key, key): value for key, value in self.data.items()},
            spans={move(path): span for path, span in self.spans.items()},
            key_spans={move(path): span for path, span in self.key_spans.items()},
            origins={move(path): origin for path, origin in self.origins.items()},
        )

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


@frozen
class Draft:
    """What could be read of a text, whether or not all of it is right.

    Attributes:
        document: All that could be read.
        problems: What is wrong with the syntax, in the order of the places; empty where the document
            is the whole text.
        lost: The parts of the text that the document lacks, or has otherwise than they were meant.
        is_partial: Whether a file that it includes or extends could not be read.
    """

    document: Document
    problems: tuple[Diagnostic, ...] = ()
    lost: tuple[Span, ...] = field(default=(), repr=False)
    is_partial: bool = False


def locate(span: Span, value: str, start: int, end: int) -> Span | None:
    """Return where the characters `start` to `end` of a value stand in its text, at least one.

    None where that cannot be told.
    """
    offsets = _align(span.text, value)
    if offsets is None:
        return None
    last = len(value)
    first, after = min(max(start, 0), last), min(max(end, start + 1), last)
    return span.within(offsets[first], max(offsets[after], offsets[first] + 1))


def _nearest(spans: Mapping[Path, Span], path: Path) -> Span:
    while path and path not in spans:
        path = path[:-1]
    return spans[path]


def _align(written: str, value: str) -> list[int] | None:
    """Return where each character of a value, and its end, stands in the text it was read from.

    None where that cannot be told: the text is neither the value itself nor the value in quotes
    with escapes of one character each.
    """
    if written == value:
        return list(range(len(value) + 1))
    quote = written[:1]
    if quote not in ("'", '"'):
        return None
    position = width_of_opening(written)
    offsets = []
    for char in value:
        offsets.append(position)
        width = _width_of(char, written, position, quote)
        if width is None:
            return None
        position += width
    is_closed = written[position:] in (quote, quote * 3)
    return [*offsets, position] if is_closed else None


def _width_of(char: str, written: str, position: int, quote: str) -> int | None:
    """Return how many characters of a string stand for one of its value; None where they do not."""
    pair = written[position : position + 2]
    if quote == '"' and pair.startswith("\\"):
        return 2 if ESCAPES.get(pair[1:]) == char else None
    if pair in ("\r\n", "''") and char == pair[1]:
        return 2
    return 1 if pair[:1] == char else None
