"""Problems as data: a code, a message, the places that cause it and a hint; and how they are drawn."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from envc.source import Span

__all__ = ["Diagnostic", "Label", "Severity", "draw", "suggest", "to_json"]


class Severity(StrEnum):
    """How much a diagnostic matters: an `ERROR` ends the verb, a `WARNING` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A place that has to do with a problem; `text` says what it has to do with it, or is empty."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
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


def draw(diagnostics: Sequence[Diagnostic], *, color: bool = False) -> str:
    """Return diagnostics as people read them: message, file and line, the line itself, a caret, a hint.

    Blocks are separated by an empty line; the text ends with a line end unless it is empty. With
    `color`, ANSI escapes are added and nothing else changes.
    """
    return "\n".join(_draw_one(diagnostic, color=color) for diagnostic in diagnostics)


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as JSON data; lines and columns start at 1, an `end` is exclusive."""
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "labels": [_label_to_json(label) for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "hint": diagnostic.hint,
    }


def _label_to_json(label: Label) -> dict[str, Any]:
    start, end = label.span.position, label.span.source.position(label.span.end)
    return {
        "file": label.span.source.name,
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
        "text": label.text,
    }


_STYLES = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_BOLD, _BLUE, _CYAN, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[36m", "\x1b[0m"


def _draw_one(diagnostic: Diagnostic, *, color: bool) -> str:
    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if color else text

    style = _STYLES[diagnostic.severity]
    head = paint(style, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [f"{head}{paint(_BOLD, ': ' + diagnostic.message)}"]
    width = max((len(str(label.span.position.line)) for label in diagnostic.labels), default=1)
    for label in diagnostic.labels:
        position = label.span.position
        gutter = paint(_BLUE, f"{'':{width}} |")
        lines.append(f"{'':{width}}{paint(_BLUE, '-->')} {label.span}")
        text, marker = _underline(label.span)
        lines.append(f"{paint(_BLUE, f'{position.line:>{width}} |')} {text}".rstrip())
        tail = f" {label.text}" if label.text else ""
        lines.append(f"{gutter} {paint(style, marker)}{tail}")
    for note in diagnostic.notes:
        first, *rest = note.rstrip("\n").split("\n")
        lines.append(f"{paint(_BOLD, 'note')}: {first}")
        lines.extend(f"      {line}".rstrip() for line in rest)
    if diagnostic.hint:
        lines.append(f"{paint(_CYAN, 'hint')}: {diagnostic.hint}")
    return "\n".join(lines) + "\n"


def _underline(span: Span) -> tuple[str, str]:
    """Return the span's first line and the carets below it, tabs and wide characters lined up."""
    position = span.position
    line = span.source.line(position.line)
    before = line[: position.column - 1]
    marked = line[position.column - 1 : position.column - 1 + max(span.end - span.start, 0)]
    indent, carets = _columns(before), max(_columns(marked.rstrip()), 1)
    return _printable(line), " " * indent + "^" * carets


def _columns(text: str) -> int:
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1
        for char in _printable(text)
    )


def _printable(text: str) -> str:
    """Return text with tabs as four spaces and control characters, escapes too, as one mark."""
    return "".join(
        "    " if char == "\t" else char if unicodedata.category(char)[0] != "C" else "\ufffd"
        for char in text
    )
