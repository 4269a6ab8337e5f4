"""A YAML text and the place where it broke in; the lines to leave out, so that the rest can be read, out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from envc.source import Source, Span

__all__ = ["find_open_string", "lines_to_lose", "mask"]

_BLANK = re.compile(r"[^\r\n]")


def mask(text: str, lost: Sequence[Span]) -> str:
    """Return a text with spaces where something is lost; every other character keeps its place."""
    for span in lost:
        blank = _BLANK.sub(" ", text[span.start : span.end])
        text = text[: span.start] + blank + text[span.end :]
    return text


def lines_to_lose(source: Source, place: int, lost: Sequence[Span]) -> Span | None:
    """Return what to leave out for a mistake at a place: its line and what is indented below it.

    Where that is lost already, the block of the top level around it; None where that is, too.
    """
    number = source.position(place).line
    for candidate in (_branch(source, number), _branch(source, _top(source, number))):
        if not any(span.start <= candidate.start and candidate.end <= span.end for span in lost):
            return candidate
    return None


def find_open_string(source: Source, offset: int, text: str, place: int) -> int | None:
    """Return where a string starts that ends on the line of a place and started on another.

    A quote that is missing lets a string run to the next one: YAML breaks there, far from the mistake.
    """
    line = source.position(place).line
    found = None
    try:
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            start, end = offset + token.start_mark.index, offset + token.end_mark.index
            if start > place:
                break
            is_string = isinstance(token, yaml.ScalarToken) and token.style in ("'", '"')
            lines = source.position(start).line, source.position(end).line
            if is_string and lines[0] < lines[1] == line:
                found = start
    except (yaml.YAMLError, ValueError, OverflowError):
        return found
    return found


def _branch(source: Source, number: int) -> Span:
    """Return a line with the lines that are deeper, and the items that stand below its key."""
    first = source.line(number)
    indent, last = _indent(first), number
    is_item = first.lstrip().startswith("-")
    for following in range(number + 1, source.line_count + 1):
        line = source.line(following)
        if not line.strip():
            continue
        is_below = _indent(line) == indent and not is_item and re.match(r"\s*- ", line)
        if _indent(line) <= indent and not is_below:
            break
        last = following
    return source.span(source.line_span(number).start, source.line_span(last).end)


def _top(source: Source, number: int) -> int:
    """Return the line of the top-level key that a line belongs to."""
    while number > 1 and (not source.line(number).strip() or source.line(number)[0] in " \t-#]}"):
        number -= 1
    return number


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
