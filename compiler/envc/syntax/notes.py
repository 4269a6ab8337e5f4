"""A document and its comments in; for each value, what was written beside and above it, out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import TypeVar

from envc.frozen import frozen
from envc.syntax.document import Document, Path
from envc.syntax.layout import Comment, Row

__all__ = ["Note", "Notes", "Sheet"]

_Kept = TypeVar("_Kept")

_BLANK_LINE = re.compile(r"(?:\A|\n)[ \t\r]*\n[ \t\r\ufeff-]*\Z")


@frozen
class Note:
    """A comment on a line of its own; `has_blank` says whether a blank line comes before it."""

    text: str
    has_blank: bool


class Notes:
    """Comments by the paths of what they belong to; each can be taken once.

    A comment on a line of its own belongs to what follows it, or to the end of the block that it is
    in; any other to what stands before it. Where blocks are `indented` and have no brackets, its
    column says which of them a comment at their end belongs to.
    """

    def __init__(self, document: Document, comments: Sequence[Comment], *, indented: bool) -> None:
        self._is_indented = indented
        self._document = document
        self._text = document.source.text
        self._starts = {path: document.key_span(path).start for path in document.spans if path}
        self._order = sorted(self._starts, key=lambda path: (self._starts[path], _depth(path)))
        self._offsets = [self._starts[path] for path in self._order]
        self._before: dict[Path, list[Note]] = {}
        self._beside: dict[Path, list[str]] = {}
        self._after: dict[Path, list[Note]] = {}
        self._below: dict[Path, dict[Path, None]] = {}
        self._ends = self._last_on_lines()
        for comment in comments:
            self._attach(comment)

    def has_blank(self, path: Path) -> bool:
        """Return whether a blank line comes before a value's key, or before the item."""
        start = self._starts.get(path)
        return start is not None and self._is_below_blank(start)

    def are_apart(self, path: Path) -> bool:
        """Return whether comments below a path need lines of their own, or lines before the last."""
        below = [found for found in self._below.get(path, ()) if found != path]
        has_own_line = any(found in self._before or found in self._after for found in below)
        beside = [found for found in below if found in self._beside]
        return path in self._after or has_own_line or len(beside) > 1

    def take(self, path: Path, *, deep: bool) -> tuple[list[Note], list[str]]:
        """Return and forget the comments above and beside a value; where `deep`, of all below too."""
        paths = list(self._below.get(path, ())) if deep else [path]
        above: list[Note] = []
        beside: list[str] = []
        for found in paths:
            above += self._before.pop(found, [])
            beside += self._beside.pop(found, [])
            above += self._after.pop(found, []) if deep else []
        return above, beside

    def take_end(self, path: Path) -> list[Note]:
        """Return and forget the comments at the end of a block."""
        return self._after.pop(path, [])

    def _attach(self, comment: Comment) -> None:
        path = None if comment.is_own_line else self._find_beside(comment.start)
        if path is not None:
            self._attach_beside(comment, path)
            return
        note = Note(text=comment.text, has_blank=self._is_below_blank(comment.start))
        at = bisect_left(self._offsets, comment.start)
        following = self._order[at] if at < len(self._order) else None
        block = self._find_block(comment, at, following)
        if block is not None:
            self._keep(self._after, block, note)
        elif following is None:
            self._keep(self._after, (), note)
        else:
            self._keep(self._before, following, note)

    def _attach_beside(self, comment: Comment, path: Path) -> None:
        value, line = self._document.data_at(path), self._line(comment.start)
        if isinstance(value, dict | list) and self._line(self._starts[path]) < line:
            self._keep(self._after, path, Note(text=comment.text, has_blank=False))
        else:
            self._keep(self._beside, path, comment.text)

    def _keep(self, held: dict[Path, list[_Kept]], path: Path, kept: _Kept) -> None:
        held.setdefault(path, []).append(kept)
        for length in range(len(path) + 1):
            self._below.setdefault(path[:length], {})[path] = None

    def _line(self, offset: int) -> int:
        return self._document.source.position(offset).line

    def _last_on_lines(self) -> dict[int, tuple[int, int, Path]]:
        """Return by line the value or the key that ends last on it, the deepest of those that do."""
        found: dict[int, tuple[int, int, Path]] = {}
        for spans in (self._document.key_spans, self._document.spans):
            for path, span in spans.items():
                if not path:
                    continue
                line = self._line(span.end)
                found[line] = max(
                    found.get(line, (-1, 0, ())), (span.end, len(path), path), key=_rank
                )
        return found

    def _find_beside(self, start: int) -> Path | None:
        end, _, path = self._ends.get(
            self._document.source.position(start).line, (start + 1, 0, ())
        )
        return path if end <= start else self._find_key(start)

    def _find_key(self, start: int) -> Path | None:
        """Return what starts last before a comment on its line."""
        at = bisect_left(self._offsets, start) - 1
        if at < 0 or "\n" in self._text[self._offsets[at] : start]:
            return None
        return self._order[at]

    def _find_block(self, comment: Comment, at: int, following: Path | None) -> Path | None:
        """Return the block whose end a comment stands at; None where something of it follows."""
        above = self._order[at - 1] if at else ()
        line = self._column(following) if following else 0
        for length in range(len(above), 0, -1):
            path = above[:length]
            if not isinstance(self._document.data_at(path), dict | list):
                continue
            if following is not None and _is_in(following, path):
                continue
            span = self._document.span(path)
            if span.text[:1] in "{[":
                if span.start < comment.start < span.end:
                    return path
            elif self._is_indented and line < self._column_at(span.start) <= comment.column:
                return path
        return None

    def _column(self, path: Path) -> int:
        """Return the column of the line that a value starts with its key or its `-`."""
        if isinstance(path[-1], int):
            return self._column_at(self._document.span(path[:-1]).start)
        return self._column_at(self._starts[path])

    def _column_at(self, offset: int) -> int:
        return self._document.source.position(offset).column - 1

    def _is_below_blank(self, start: int) -> bool:
        line = self._line(start)
        if line < 2:
            return False
        above = self._document.source.line_span(line - 1).start
        return _BLANK_LINE.search(self._text[above:start]) is not None


class Sheet:
    """Rows under construction, from values, with the notes that belong to them."""

    def __init__(self, notes: Notes) -> None:
        self.rows: list[Row] = []
        self.notes = notes
        self._is_fresh = True
        self._wants_blank = False

    def add(
        self,
        indent: int,
        text: str,
        path: Path,
        *,
        deep: bool = False,
        body: Sequence[str] = (),
        has_blank: bool = False,
    ) -> None:
        """Add the row of a value, and its notes; where `deep`, also those of all below it."""
        above, beside = self.notes.take(path, deep=deep)
        has_blank = has_blank or self._wants_blank or self.notes.has_blank(path)
        self._wants_blank = False
        self.add_notes(above, indent)
        self.add_notes([Note(text=text, has_blank=False) for text in beside[1:]], indent)
        self.rows.append(
            Row(
                indent=indent,
                text=text,
                comment=beside[0] if beside else "",
                body=tuple(body),
                has_blank=has_blank and not self._is_fresh,
            )
        )
        self._is_fresh = False

    def add_line(self, indent: int, text: str) -> None:
        """Add a row that no comment belongs to."""
        self.rows.append(Row(indent=indent, text=text))
        self._is_fresh = False

    def add_notes(self, notes: Sequence[Note], indent: int) -> None:
        """Add comments on lines of their own."""
        for note in notes:
            blank = note.has_blank and not self._is_fresh
            self.rows.append(Row(indent=indent, comment=note.text, has_blank=blank))
            self._is_fresh = False

    def add_comment(self, text: str, indent: int) -> None:
        """Add one comment on a line of its own."""
        self.add_notes([Note(text=text, has_blank=False)], indent)

    def announce(self, path: Path, indent: int) -> None:
        """Add what is written above and beside a value whose first part is in the next row."""
        above, beside = self.notes.take(path, deep=False)
        blank = self.notes.has_blank(path) and not above
        self.add_notes(above, indent)
        for text in beside:
            self.add_comment(text, indent)
        self._wants_blank = blank and not beside

    def skip(self, path: Path, indent: int) -> None:
        """Keep the comments of a value that has no row."""
        above, beside = self.notes.take(path, deep=True)
        self.add_notes([*above, *(Note(text=text, has_blank=False) for text in beside)], indent)

    def open(self) -> None:
        """Begin a block, which has no blank line at its head."""
        self._is_fresh = True

    def close(self, indent: int, text: str) -> None:
        """Add the row that closes a block."""
        self.rows.append(Row(indent=indent, text=text))
        self._is_fresh = False


def _depth(path: Path) -> tuple[bool, int]:
    """Return what sorts the paths that start at one place: an item first, then the deepest."""
    return not isinstance(path[-1], int), -len(path)


def _rank(end: tuple[int, int, Path]) -> tuple[int, int]:
    return end[:2]


def _is_in(path: Path, block: Path) -> bool:
    return path[: len(block)] == block
