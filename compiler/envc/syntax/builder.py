"""What both front ends write into: values with their places, every value once, every problem kept."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from envc.diagnostics import Diagnostic, Label
from envc.source import BYTE_ORDER_MARK, Source, Span
from envc.syntax.document import Data, Document, Draft, Path
from envc.syntax.misplaced import find_misplaced

__all__ = ["DEPTH_LIMIT", "Builder", "visible"]

DEPTH_LIMIT = 32
_AFTER_NOTHING = " after ``"
_REPORT_LIMIT = 100

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
_UNUSUAL = re.compile(r"[^\x21-\x7e]")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


_UNSEEN = re.compile("[\u00a0\u00ad\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff]")


def visible(text: str) -> str:
    """Return a text without the characters that nobody can see in it, spaces apart."""
    return text if text.isascii() else _UNSEEN.sub("", text)


class Builder:
    """A Document under construction.

    A value is put at a path whose parent is there already. A key that is set twice keeps its first
    value, and both places are reported.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._data: dict[str, Data] = {}
        self._spans: dict[Path, Span] = {}
        self._key_spans: dict[Path, Span] = {}
        self._diagnostics: list[Diagnostic] = []
        self._lost: list[Span] = []

    def put(self, path: Path, value: Data, span: Span, *, key: Span | None = None) -> bool:
        """Set the value of a key, and say whether it was free.

        `key` is where the key stands; None where the text has no word for it.
        """
        parent = self._parent(path)
        name = path[-1]
        if not isinstance(parent, dict) or not isinstance(name, str):
            raise TypeError(f"{path!r} names no key of a mapping")
        if name in parent:
            first = self._key_spans.get(path, self._spans[path])
            self.report_twice(name, key or span, first)
            return False
        parent[name] = value
        self._place(path, value, span)
        if key is not None:
            self._key_spans[path] = key
        return True

    def append(self, path: Path, value: Data, span: Span) -> Path:
        """Add an item to the list at a path, and return the item's own path."""
        items = self._parent((*path, 0))
        if not isinstance(items, list):
            raise TypeError(f"{path!r} names no list")
        item = (*path, len(items))
        items.append(value)
        self._place(item, value, span)
        return item

    def has(self, path: Path) -> bool:
        """Return whether there is a value at a path."""
        return path in self._spans

    def is_mapping(self, path: Path) -> bool:
        """Return whether the value at a path, which is there, is a mapping."""
        return isinstance(self._parent((*path, "")), dict)

    def stretch(self, path: Path, end: int) -> None:
        """Let the value at a path reach at least to an offset that was not known when it was put."""
        span = self._spans[path]
        self._spans[path] = self.source.span(span.start, max(span.end, end))

    def place(self, path: Path, span: Span) -> None:
        """Set where the value at a path stands."""
        self._spans[path] = span

    def report(self, span: Span | None, code: str, message: str, *, hint: str = "") -> None:
        """Keep a problem at one place."""
        self._diagnostics.append(Diagnostic.at(span, code, message, hint=hint))

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a problem."""
        self._diagnostics.append(diagnostic)

    def report_twice(self, name: str, span: Span, first: Span) -> None:
        """Report that something is set again (E108)."""
        self._diagnostics.append(
            Diagnostic(
                code="E108",
                message=f"`{name}` is set twice",
                labels=(Label(span=span, text="set again"), Label(span=first, text="first set")),
                hint="keep one of the two",
            )
        )

    def lose(self, span: Span) -> None:
        """Remember that a part of the text could not be read, or not as it was meant."""
        self._lost.append(span)

    def check_plain(self, span: Span) -> bool:
        """Report characters that nobody can see in text that stands without quotes (E106).

        Returns:
            Whether there are none.
        """
        known = len(self._diagnostics)
        for match in _UNUSUAL.finditer(span.text):
            char = match.group()
            if char in " \t\r\n" or unicodedata.category(char) not in _INVISIBLE:
                continue
            name = unicodedata.name(char, "")
            self.report(
                span.within(match.start(), match.end()),
                "E106",
                f"there is an invisible character here, U+{ord(char):04X}{name and f' ({name})'}",
                hint="type a plain space, or remove it; inside quotes it may stay",
            )
        if len(self._diagnostics) > known:
            self.lose(span)
        return len(self._diagnostics) == known

    def finish(self) -> Draft:
        """Return what was read, with all that was reported or stands in the wrong place (E111, E112)."""
        self._spans.setdefault((), _content(self.source))
        document = Document(
            source=self.source, data=self._data, spans=self._spans, key_spans=self._key_spans
        )
        for path, diagnostic in find_misplaced(document):
            self._diagnostics.append(diagnostic)
            self.lose(document.span(path))
        problems = tuple(_in_order(_without_echoes(self._diagnostics)))
        return Draft(document=document, problems=problems, lost=tuple(self._lost))

    def _place(self, path: Path, value: Data, span: Span) -> None:
        self._spans[path] = span
        if isinstance(value, str) and _UNUSABLE.search(value):
            self.lose(span)
            message = "this text has an escape for a character that nothing can hold"
            self.report(span, "E106", message, hint="remove it")

    def _parent(self, path: Path) -> Data:
        node: Data = self._data
        for step in path[:-1]:
            match node, step:
                case dict(), str():
                    node = node[step]
                case list(), int():
                    node = node[step]
                case _:
                    raise TypeError(f"{path!r} has no parent")
        return node


def _content(source: Source) -> Span:
    text = source.text.removeprefix(BYTE_ORDER_MARK)
    skipped = len(source.text) - len(text.lstrip())
    return source.span(skipped, max(skipped, len(source.text.rstrip())))


def _without_echoes(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Leave out what is only said because of another problem.

    A bracket that closes nothing, where the bracket before it was missed already; a second word on
    what stands at one place; and what follows a line end that another problem has moved.
    """
    missed = {
        _line(diagnostic)
        for diagnostic in diagnostics
        if diagnostic.message.startswith(("expected a block", "expected an array"))
    }
    causes = {_line(one) for one in diagnostics if _AFTER_NOTHING not in one.message}
    told: set[int] = set()
    kept = []
    for diagnostic in diagnostics:
        start, line = _offset(diagnostic), _line(diagnostic)
        is_echo = diagnostic.code == "E103" and line in missed
        if diagnostic.code == "E101":
            is_moved = _AFTER_NOTHING in diagnostic.message and bool({line, line - 1} & causes)
            is_echo = is_moved or start in told
            told.add(start)
        if not is_echo:
            kept.append(diagnostic)
    return kept


def _line(diagnostic: Diagnostic) -> int:
    return diagnostic.labels[0].span.position.line if diagnostic.labels else 0


def _in_order(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics by place, each once, and not more than anybody reads."""
    ordered = sorted(dict.fromkeys(diagnostics), key=_offset)
    if len(ordered) <= _REPORT_LIMIT:
        return ordered
    *shown, last = ordered[:_REPORT_LIMIT]
    more = f"{len(ordered) - _REPORT_LIMIT:,} more problems are not shown"
    return [*shown, replace(last, notes=(*last.notes, more))]


def _offset(diagnostic: Diagnostic) -> int:
    return diagnostic.labels[0].span.start if diagnostic.labels else -1
