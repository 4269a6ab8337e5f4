"""What is wrong with the syntax and with the meaning of one text in; what is worth saying out.

A line that cannot be read lacks in the document. What would be wrong only because of that is not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envc.diagnostics import Diagnostic, suggest
from envc.source import Span
from envc.syntax.document import Draft

__all__ = ["without_consequences"]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_MISSING = re.compile(r"(?:has no|has neither|needs its) `([a-z-]+)`")
# Of a value as a whole: wrong where a part of it is lost.
_WHOLE = frozenset({"E205", "E221", "E250", "E266"})
# Of what is not there: it may stand in a file that could not be read.
_ABSENT = frozenset({"E203", "E235", "E253", "E259"})


def without_consequences(draft: Draft, problems: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the problems with the meaning that have a cause of their own."""
    places = [label.span for problem in draft.problems for label in problem.labels[:1]]
    lost = [*draft.lost, *places]
    words = frozenset(_words(lost))
    for problem in problems:
        if not _is_consequence(problem, lost, words, is_partial=draft.is_partial):
            yield problem


def _is_consequence(
    problem: Diagnostic, lost: Sequence[Span], words: frozenset[str], *, is_partial: bool
) -> bool:
    missing = _MISSING.search(problem.message)
    if is_partial and problem.code in _ABSENT:
        return True
    if problem.code in {"E203", "E259"} and missing:
        return bool(suggest(missing[1], words))
    if problem.code == "E235" and suggest("channels", words):
        return True
    if problem.code == "E253" and suggest("platforms", words):
        return True
    if not problem.labels:
        return False
    span = problem.labels[0].span
    if problem.code not in _WHOLE:
        first_line = span.source.line_span(span.position.line)
        span = span.within(0, max(first_line.end - span.start, 1))
    else:
        # What was lost may be its first line.
        before = span.source.text[: span.start].rstrip(" \r\n-")
        span = span.source.span(len(before), span.end)
    return any(_touch(span, other) for other in lost)


def _words(lost: Sequence[Span]) -> Iterator[str]:
    """Yield the words on the lines that something is wrong with."""
    lines = {
        (span.source.name, number): span.source
        for span in lost
        for number in range(
            span.source.position(span.start).line,
            span.source.position(max(span.end - 1, span.start)).line + 1,
        )
    }
    for (_, number), source in lines.items():
        yield from _WORD.findall(source.line(number))


def _touch(one: Span, other: Span) -> bool:
    is_same = one.source.name == other.source.name
    return is_same and one.start <= other.end and other.start <= one.end
