"""Problems as data: a code, a message, the places that cause it and a hint; and how they are drawn."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from envc.frozen import frozen
from envc.masking import mask, mask_line
from envc.source import Source, Span

__all__ = [
    "Diagnostic",
    "Label",
    "Severity",
    "clean",
    "correct",
    "draw",
    "suggest",
    "tell_once",
    "to_json",
]


class Severity(StrEnum):
    """How much a diagnostic matters: an `ERROR` ends the verb, a `WARNING` does not."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Label:
    """A place that has to do with a problem.

    Attributes:
        text: What it has to do with it; may be empty.
        is_secret: Whether nobody is to read what stands there.
    """

    span: Span
    text: str = ""
    is_secret: bool = False


@frozen
class Diagnostic:
    """One problem.

    Attributes:
        code: `E` and three digits, or `W` and three digits for a warning; listed in docs/diagnostics.md.
        message: What is wrong: lower case, names in backticks, no position, no full stop.
        labels: The places, the primary one first; may be empty where no file is to blame.
        notes: Further facts, a sentence or a block each, such as a solver's own explanation.
        hint: What to do, imperative; empty where there is nothing to advise.
    """

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str = ""

    @property
    def severity(self) -> Severity:
        """What its code's first letter says."""
        return Severity.WARNING if self.code.startswith("W") else Severity.ERROR

    @staticmethod
    def at(span: Span | None, code: str, message: str, *, hint: str = "") -> Diagnostic:
        """Return a diagnostic with one place, or with none where `span` is None."""
        labels = (Label(span=span),) if span is not None else ()
        return Diagnostic(code=code, message=message, labels=labels, hint=hint)


def suggest(word: str, options: Iterable[str]) -> str:
    """Return the option that `word` was most likely meant to be, or an empty string.

    >>> suggest("chanels", ["channels", "conda"])
    'channels'
    """
    folded = {option.casefold(): option for option in sorted(options, reverse=True)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def correct(word: str, options: Iterable[str]) -> str:
    """Return the option that `word` is with a typing mistake, or an empty string.

    In a list of thousands something is like anything: this asks for more than `suggest`.

    >>> correct("scikit-lern", ["scikit-learn", "scikit-image"])
    'scikit-learn'
    >>> correct("acme-internal", ["acme-client", "internal"])
    ''
    """
    folded = {option.casefold(): option for option in sorted(options, reverse=True)}
    own = word.casefold()
    limit = min(2, max(0, len(own) - 3))  # two letters that changed places are two
    close = difflib.get_close_matches(own, folded, n=5, cutoff=0.6)
    edits = {_count_edits(own, option): option for option in reversed(close)}
    nearest = min(edits, default=limit + 1)
    return folded[edits[nearest]] if nearest <= limit else ""


def _count_edits(word: str, other: str) -> int:
    """Return how many letters are to be put in, taken out or replaced to make one word the other."""
    blocks = difflib.SequenceMatcher(None, word, other, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in blocks if tag != "equal")


def draw(diagnostics: Sequence[Diagnostic], *, color: bool = False) -> str:
    """Return diagnostics as people read them: message, file and line, the line itself, a caret, a hint.

    Places in one file share a frame, the primary one marked by carets, others by dashes. Blocks are
    separated by an empty line; the text ends with a line end unless it is empty. Nothing that a user
    wrote can steer the terminal, and secrets that stand there are masked. With `color`, ANSI escapes
    are added and nothing else changes.
    """
    return "\n".join(_draw_one(diagnostic, color=color) for diagnostic in diagnostics)


def tell_once(
    problems: Mapping[str, Sequence[Diagnostic]],
    count: int,
    where: Callable[[Sequence[str]], str],
) -> tuple[Diagnostic, ...]:
    """Return what several have to say, such as platforms or variants, each thing once.

    Args:
        problems: By who says it.
        count: How many there are; what fewer say gets a note.
        where: Returns that note for the names of those who say it.
    """
    names: dict[tuple[str, str, tuple[Label, ...]], list[str]] = {}
    first: dict[tuple[str, str, tuple[Label, ...]], Diagnostic] = {}
    for name, own in problems.items():
        for problem in own:
            key = (problem.code, problem.message, problem.labels)
            first.setdefault(key, problem)
            said = names.setdefault(key, [])
            said += [name] if name not in said else []
    return tuple(
        problem
        if len(names[key]) == count
        else replace(problem, notes=(where(names[key]), *problem.notes))
        for key, problem in first.items()
    )


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as JSON data; lines and columns start at 1, an `end` is exclusive."""
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": mask(diagnostic.message),
        "labels": [_label_to_json(label) for label in diagnostic.labels],
        "notes": [mask(note) for note in diagnostic.notes],
        "hint": mask(diagnostic.hint),
    }


def _label_to_json(label: Label) -> dict[str, Any]:
    start, end = label.span.position, label.span.source.position(label.span.end)
    return {
        "file": label.span.source.name,
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
        "text": mask(label.text),
    }


_STYLES = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_BOLD, _BLUE, _CYAN, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[36m", "\x1b[0m"
_LINE_LIMIT = 110
_CONTEXT = 24
_MORE = "\u2026"
_TAB = "    "


def _draw_one(diagnostic: Diagnostic, *, color: bool) -> str:
    brush = _Brush(color=color, primary=_STYLES[diagnostic.severity])
    head = brush.paint(brush.primary, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [f"{head}{brush.paint(_BOLD, ': ' + clean(mask(diagnostic.message)))}"]
    marks = [_mark(label, is_primary=not i) for i, label in enumerate(diagnostic.labels)]
    gutter = max((len(str(mark.line)) for mark in marks), default=1)
    frames: dict[int, list[_Mark]] = {}
    for mark in marks:
        frames.setdefault(id(mark.source), []).append(mark)
    for frame in frames.values():
        lines.extend(_draw_frame(frame, gutter, brush))
    for note in diagnostic.notes:
        first, *rest = (clean(line) for line in mask(note).rstrip("\n").split("\n"))
        lines.append(f"{brush.paint(_BOLD, 'note')}: {first}")
        lines.extend(f"      {line}".rstrip() for line in rest)
    if diagnostic.hint:
        lines.append(f"{brush.paint(_CYAN, 'hint')}: {clean(mask(diagnostic.hint))}")
    return "\n".join(lines) + "\n"


@frozen
class _Brush:
    color: bool
    primary: str

    def paint(self, style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if self.color and text else text


@frozen
class _Mark:
    """A label on its first line: `start` and `end` are characters of that line, from 0."""

    source: Source
    line: int
    start: int
    end: int
    text: str
    is_primary: bool
    is_secret: bool


def _mark(label: Label, *, is_primary: bool) -> _Mark:
    span = label.span
    position = span.position
    start = position.column - 1
    line = span.source.line(position.line)
    marked = line[start : start + max(span.end - span.start, 0)].rstrip()
    last_line = span.source.position(max(span.end - 1, span.start)).line
    until = f"(to line {last_line})" if last_line > position.line else ""
    return _Mark(
        source=span.source,
        line=position.line,
        start=start,
        end=max(start + len(marked), start + 1),
        text=" ".join(filter(None, (clean(mask(label.text)), until))),
        is_primary=is_primary,
        is_secret=label.is_secret,
    )


def _draw_frame(marks: Sequence[_Mark], gutter: int, brush: _Brush) -> Iterator[str]:
    first = marks[0]
    name = f"{clean(first.source.name)}:{first.line}:{first.start + 1}"
    yield f"{'':{gutter}}{brush.paint(_BLUE, '-->')} {name}"
    above = 0
    for row in _rows(marks):
        number = row[0].line
        if above and number > above + 1:
            yield brush.paint(_BLUE, "...")
        above = number
        text, row = _clip(*_hide(row[0].source.line(number), row))
        yield f"{brush.paint(_BLUE, f'{number:>{gutter}} |')} {clean(text)}".rstrip()
        for marker in _draw_marks(text, row, brush):
            yield f"{brush.paint(_BLUE, ' ' * gutter + ' |')} {marker}".rstrip()


def _rows(marks: Sequence[_Mark]) -> list[list[_Mark]]:
    """Group the marks that one copy of their line can show, in the order of the lines."""
    rows: list[list[_Mark]] = []
    for mark in sorted(marks, key=lambda mark: (mark.line, mark.start, mark.end)):
        above = rows[-1][-1] if rows else None
        fits = (
            above is not None
            and above.line == mark.line
            and above.end <= mark.start
            and mark.end - rows[-1][0].start <= _LINE_LIMIT - 2 * _CONTEXT
        )
        rows[-1].append(mark) if fits else rows.append([mark])
    return rows


def _hide(line: str, row: list[_Mark]) -> tuple[str, list[_Mark]]:
    """Return a line without what nobody is to read, and the marks moved along."""
    masked = mask_line(line, ((mark.start, mark.end) for mark in row if mark.is_secret))
    if not masked.parts:
        return line, row
    return masked.text, [
        replace(mark, start=masked.start(mark.start), end=masked.end(mark.end)) for mark in row
    ]


def _clip(line: str, row: list[_Mark]) -> tuple[str, list[_Mark]]:
    """Return the part of a long line that its marks are about, and the marks moved along."""
    if len(line) <= _LINE_LIMIT:
        return line, row
    start = max(row[0].start - _CONTEXT, 0)
    text = line[start : start + _LINE_LIMIT]
    more_before, more_after = start > 0, start + _LINE_LIMIT < len(line)
    text = _MORE * more_before + text + _MORE * more_after
    shift = start - more_before
    return text, [
        replace(mark, start=mark.start - shift, end=min(mark.end - shift, len(text)))
        for mark in row
    ]


def _draw_marks(text: str, row: Sequence[_Mark], brush: _Brush) -> Iterator[str]:
    """Yield the lines below a source line: its marks, and what each says, the last one beside it."""
    canvas = _Canvas()
    for mark in row:
        width = max(_columns(text[mark.start : mark.end]), 1)
        canvas.write(_columns(text[: mark.start]), ("^" if mark.is_primary else "-") * width, mark)
    canvas.write(canvas.width + 1, row[-1].text, None)
    yield canvas.paint(brush)
    waiting = [mark for mark in row[:-1] if mark.text]
    if waiting:
        yield _draw_below(text, waiting, "|", brush)
    while waiting:
        yield _draw_below(text, waiting, waiting[-1].text, brush)
        waiting.pop()


def _draw_below(text: str, marks: Sequence[_Mark], last: str, brush: _Brush) -> str:
    """Return a line with a bar below each mark, and other text below the last one."""
    canvas = _Canvas()
    for mark in marks:
        is_text = mark is marks[-1] and last != "|"
        column = _columns(text[: mark.start])
        canvas.write(column, last if is_text else "|", None if is_text else mark)
    return canvas.paint(brush)


class _Canvas:
    """One line under construction, written from left to right."""

    def __init__(self) -> None:
        self.width = 0
        self._parts: list[tuple[str, _Mark | None]] = []

    def write(self, column: int, text: str, mark: _Mark | None) -> None:
        """Put text at a column that is not taken yet, in the colour of a mark or in none."""
        self._parts.append((" " * (column - self.width), None))
        self._parts.append((text, mark))
        self.width = column + _columns(text)

    def paint(self, brush: _Brush) -> str:
        """Return the line."""
        return "".join(
            text if mark is None else brush.paint(brush.primary if mark.is_primary else _BLUE, text)
            for text, mark in self._parts
        )


def _columns(text: str) -> int:
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1
        for char in clean(text)
    )


def clean(text: str) -> str:
    """Return text with tabs as four spaces and what is invisible, escapes too, as one mark.

    What is not ours to trust, such as a name from a file, cannot steer a terminal then.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_clean_char, text))


def _clean_char(char: str) -> str:
    if char == "\t":
        return _TAB
    return "\ufffd" if unicodedata.category(char) in _INVISIBLE else char


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
