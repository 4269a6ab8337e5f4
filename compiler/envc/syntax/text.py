"""A text in; what is wrong with it in any form out: too long, or with characters that no text has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import Source
from envc.syntax.document import Draft

__all__ = ["LENGTH_LIMIT", "with_text_problems"]

LENGTH_LIMIT = 10_000_000
_REPORT_LIMIT = 20

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_REPLACEMENT = "\ufffd"


def with_text_problems(source: Source, read: Callable[[Source], Draft]) -> Draft:
    """Read a text, with its control characters (E106) reported and out of the way.

    What else is wrong with a line that has one is not said: it is most likely what the character did.

    Raises:
        InputError: It is too long (E110), or is no text at all (E106).
    """
    if len(source.text) > LENGTH_LIMIT:
        message = f"a spec has at most {LENGTH_LIMIT:,} characters, this has {len(source.text):,}"
        raise InputError([Diagnostic.at(source.span(0, 0), "E110", message)])
    if "\n" not in source.text and re.search(r"\r(?=.)", source.text):
        raise InputError([_refuse_line_ends(source)])
    places = [match.start() for match in _CONTROL.finditer(source.text)]
    if not places:
        return read(source)
    if len(places) > _REPORT_LIMIT or _is_wide(source):
        raise InputError([_refuse_binary(source, places)])
    draft = read(Source(name=source.name, text=_CONTROL.sub(_REPLACEMENT, source.text)))
    damaged = {source.position(place).line for place in places}
    found = [_refuse_char(source, place) for place in places]
    others = [problem for problem in draft.problems if _line(problem) not in damaged]
    lines = tuple(draft.document.source.line_span(line) for line in sorted(damaged))
    problems = tuple(sorted([*found, *others], key=_line))
    return replace(draft, problems=problems, lost=(*draft.lost, *lines))


def _line(problem: Diagnostic) -> int:
    return problem.labels[0].span.position.line if problem.labels else 0


def _refuse_char(source: Source, place: int) -> Diagnostic:
    return Diagnostic.at(
        source.span(place, place + 1),
        "E106",
        f"there is a control character here, U+{ord(source.text[place]):04X}",
        hint="remove it; the file may be damaged, or no text",
    )


def _is_wide(source: Source) -> bool:
    """Return whether a text is most likely UTF-16, in which every other byte of it is NUL."""
    return source.text.count("\0") > len(source.text) // 4


def _refuse_line_ends(source: Source) -> Diagnostic:
    place = source.text.index("\r")
    return Diagnostic.at(
        source.span(place, place + 1),
        "E106",
        "the lines of this file end in U+000D alone, as nothing writes them today",
        hint="save it with `LF` or `CRLF` at the line ends",
    )


def _refuse_binary(source: Source, places: list[int]) -> Diagnostic:
    return Diagnostic.at(
        source.span(places[0], places[0] + 1),
        "E106",
        f"this is no text: it has {len(places):,} control characters, "
        f"the first is U+{ord(source.text[places[0]]):04X}",
        hint="it looks like UTF-16: save it as UTF-8"
        if _is_wide(source)
        else "is it the right file?",
    )
