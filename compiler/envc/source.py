"""Text that a user wrote, and places in it: what every diagnostic points at."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field

from envc.frozen import frozen

__all__ = ["BYTE_ORDER_MARK", "Position", "Source", "Span"]

BYTE_ORDER_MARK = "\ufeff"


@frozen
class Position:
    """A place in a text as people count: `line` and `column` start at 1, columns are characters."""

    line: int
    column: int


@frozen
class Source:
    """A named text.

    A byte order mark at its head counts as no column and belongs to no line, as editors show it.

    Attributes:
        name: How messages call it: a path as the user gave it, or `<stdin>`.
        text: The decoded text, with the line ends it was written with.
    """

    name: str
    text: str = field(repr=False)
    _line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [len(BYTE_ORDER_MARK) if self.text.startswith(BYTE_ORDER_MARK) else 0]
        end = self.text.find("\n")
        while end >= 0:
            starts.append(end + 1)
            end = self.text.find("\n", end + 1)
        object.__setattr__(self, "_line_starts", tuple(starts))

    def position(self, offset: int) -> Position:
        """Return the place of a character offset; an offset past the end is the end."""
        offset = min(max(offset, self._line_starts[0]), len(self.text))
        line = bisect_right(self._line_starts, offset)
        return Position(line=line, column=offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1, without its line end."""
        start = self._line_starts[number - 1]
        following = self._line_starts[number : number + 1]
        end = following[0] - 1 if following else len(self.text)
        return self.text[start:end].rstrip("\r")

    @property
    def line_count(self) -> int:
        """How many lines it has; a line end at the end starts one more, which is empty."""
        return len(self._line_starts)

    def line_span(self, number: int) -> Span:
        """Return where a line stands, counted from 1, without its line end."""
        start = self._line_starts[number - 1]
        return self.span(start, start + len(self.line(number)))

    def line_start(self, offset: int) -> int:
        """Return where the line of an offset starts."""
        return self._line_starts[self.position(offset).line - 1]

    def span(self, start: int, end: int) -> Span:
        """Return the span of `text[start:end]`."""
        return Span(source=self, start=start, end=end)


@frozen
class Span:
    """The characters `source.text[start:end]`; an empty span is a place between characters."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters it covers."""
        return self.source.text[self.start : self.end]

    @property
    def position(self) -> Position:
        """Where it starts."""
        return self.source.position(self.start)

    def within(self, start: int, end: int) -> Span:
        """Return a part of it, `start` and `end` counted from its own first character.

        What lies outside it is cut off: the part never leaves the whole.
        """
        first = min(self.start + max(start, 0), self.end)
        last = min(self.start + max(end, 0), self.end)
        return Span(source=self.source, start=first, end=max(first, last))

    def __str__(self) -> str:
        position = self.position
        return f"{self.source.name}:{position.line}:{position.column}"
