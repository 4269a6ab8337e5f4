"""Rows of a spec in either form in; its text out, with comments in line and blank lines in bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from envc.frozen import frozen
from envc.source import BYTE_ORDER_MARK

__all__ = ["LINE_LIMIT", "Comment", "Row", "Writer", "comments_in", "draw"]

LINE_LIMIT = 100
_ALIGNED_LIMIT = 72
_OPENERS = ("{", "[", ":")


@frozen
class Comment:
    """A comment of a text.

    Attributes:
        start: The offset of its `#`.
        end: The offset of its line end.
        text: What is written, from the `#` on, without the blanks at its end.
        column: Of its `#`, from 0.
        is_own_line: Whether nothing stands before it on its line.
    """

    start: int
    end: int
    text: str
    column: int
    is_own_line: bool


@frozen
class Row:
    """What starts a line of its own.

    Attributes:
        indent: In columns.
        text: Empty where the line is only a comment. A string in it may go over several lines.
        comment: Stands after the text, or alone.
        body: Whole lines that follow, as they are.
        has_blank: Whether a blank line comes before it.
    """

    indent: int
    text: str = ""
    comment: str = ""
    body: tuple[str, ...] = ()
    has_blank: bool = False


def comments_in(text: str, start: int, end: int, breaks: str = "\n") -> Iterator[Comment]:
    """Yield the comments of a part of a text where every `#` starts one.

    `breaks` are the characters that end a line.
    """
    for match in re.finditer(f"#[^{breaks}]*", text[start:end]):
        place = start + match.start()
        line_start = place
        while line_start and text[line_start - 1] not in breaks:
            line_start -= 1
        before = text[line_start:place].removeprefix(BYTE_ORDER_MARK)
        yield Comment(
            start=place,
            end=start + match.end(),
            text=match.group().rstrip(),
            column=len(before),
            is_own_line=not before.strip(),
        )


class Writer:
    """Rows under construction, in the order of the text that they are made from."""

    def __init__(self, text: str, comments: Sequence[Comment], breaks: str = "\n") -> None:
        self.rows: list[Row] = []
        self._break = re.compile(f"\r\n|[{breaks}]")
        self._text = text
        self._comments = list(reversed(comments))
        self._at = 0
        self._is_fresh = True

    def put(self, indent: int, text: str, start: int, end: int) -> None:
        """Add a row that was made from a part of the text."""
        blank = self._has_blank(start)
        self.rows.append(Row(indent=indent, text=text, has_blank=blank))
        self._at, self._is_fresh = end, False

    def extend(self, text: str, end: int) -> None:
        """Add to the last row, which then reaches to an offset."""
        self.rows[-1] = replace(self.rows[-1], text=self.rows[-1].text + text)
        self._at = end

    def add_body(self, lines: Sequence[str]) -> None:
        """Let whole lines follow the last row."""
        self.rows[-1] = replace(self.rows[-1], body=tuple(lines))

    def open(self) -> None:
        """Begin a block, which has no blank line at its head."""
        self._is_fresh = True

    def close(self, indent: int, text: str, end: int) -> None:
        """Add the row that closes a block, which has no blank line before it."""
        self.rows.append(Row(indent=indent, text=text))
        self._at, self._is_fresh = end, False

    def has_comment(self, end: int) -> bool:
        """Return whether a comment before an offset is in no row yet."""
        return bool(self._comments) and self._comments[-1].start < end

    def take(self, end: int) -> list[Comment]:
        """Return the comments before an offset that are in no row yet: the caller sees to them."""
        taken = []
        while self.has_comment(end):
            taken.append(self._comments.pop())
        return taken

    def flush(self, end: int, indent: int | Callable[[Comment], int]) -> None:
        """Put the comments before an offset where they belong: after the last row, or below it."""
        for comment in self.take(end):
            self.comment(comment, indent if isinstance(indent, int) else indent(comment))

    def comment(self, comment: Comment, indent: int) -> None:
        """Put one comment after the last row where it stands there, else on a line of its own."""
        is_beside = not comment.is_own_line and not self._break.search(
            self._text, self._at, max(comment.start, self._at)
        )
        if is_beside and self.rows and not self.rows[-1].comment:
            self.rows[-1] = replace(self.rows[-1], comment=comment.text)
            self._at = max(self._at, comment.end)
            return
        blank = self._has_blank(comment.start)
        self.rows.append(Row(indent=indent, comment=comment.text, has_blank=blank))
        self._at, self._is_fresh = max(self._at, comment.end), False

    def comment_before(self, comment: Comment) -> None:
        """Put a comment that stands before the last row's value: after the row, or above it."""
        last = self.rows[-1]
        if not comment.is_own_line and not last.comment:
            self.rows[-1] = replace(last, comment=comment.text)
            return
        above = Row(indent=last.indent, comment=comment.text, has_blank=last.has_blank)
        self.rows[-1:] = [above, replace(last, has_blank=False)]

    def _has_blank(self, start: int) -> bool:
        if self._is_fresh or start < self._at:
            return False
        before, _, _ = self._text[self._at : start].partition("-")  # of an item in YAML
        return len(self._break.findall(before)) > 1


def draw(rows: Sequence[Row]) -> str:
    """Return the text of rows; comments after neighbours of one depth stand below each other.

    The text has no blank line at its head and ends with one line end, unless it is empty.
    """
    lines: list[str] = []
    for section in _sections(rows):
        widths = [row.indent + len(row.text) for row in section if row.text and row.comment]
        column = max((width for width in widths if width <= _ALIGNED_LIMIT), default=0)
        for row in section:
            # Below a block scalar that keeps its line ends, a blank line would be part of it.
            if row.has_blank and lines and lines[-1]:
                lines.append("")
            lines.append(_draw_row(row, column))
            lines.extend(row.body)
    return "".join(f"{line}\n" for line in lines)


def _draw_row(row: Row, column: int) -> str:
    text = " " * row.indent + row.text
    if not row.comment:
        return text
    if not row.text:
        return text + row.comment
    is_long = len(text) > column or "\n" in row.text
    return f"{text if is_long else text.ljust(column)}  {row.comment}"


def _sections(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield runs of rows whose comments are aligned."""
    section = list(rows[:1])
    for above, row in pairwise(rows):
        is_apart = row.has_blank or row.indent != above.indent or row.text.endswith(_OPENERS)
        is_short = row.text and above.text and not above.body and "\n" not in above.text + row.text
        if is_apart or not is_short:
            yield section
            section = []
        section.append(row)
    if section:
        yield section
