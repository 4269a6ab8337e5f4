"""A YAML text and the place where it broke in; the lines to leave out, so that the rest can be read, out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from envc.source import Source, Span

__all__ = [
    "find_keyless",
    "find_misplaced",
    "find_odd",
    "find_open_string",
    "lines_to_lose",
    "mask",
]

_BLANK = re.compile(r"[^\r\n]")
_KEYLESS = re.compile(r"(?P<head>[ ]*(?:- +)?)(?P<text>[A-Za-z_][A-Za-z0-9_.-]*(?P<rest>[ =:].*|))")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*:(?:\s|$)")
_NO_VALUE = re.compile(r"(?:[ ]*=|:[\"'\[\]{}()|>=,;])?\s*")


def mask(text: str, lost: Sequence[Span]) -> str:
    """Return a text with spaces where something is lost; every other character keeps its place."""
    for span in lost:
        blank = _BLANK.sub(" ", text[span.start : span.end])
        text = text[: span.start] + blank + text[span.end :]
    return text


def lines_to_lose(source: Source, place: Span, lost: Sequence[Span]) -> Span | None:
    """Return what to leave out for a mistake: its lines, or of an empty place all that is below it.

    Where that is lost already, the block of the top level around it; None where that is, too.
    """
    number = source.position(place.start).line
    nearest = place if place.text else _branch(source, number)
    for candidate in (nearest, _branch(source, number), _branch(source, _top(source, number))):
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


def find_keyless(source: Source, text: str, place: int) -> tuple[int, Span] | None:
    """Return where a key starts that lacks its `: `, and what to leave out for it; None without one.

    YAML takes it for text, and breaks at the next key, which it takes for more of that text.

    Args:
        source: The text.
        text: The same, without a byte order mark and what is lost already.
        place: Where YAML broke.
    """
    lines = text.split("\n")
    broken = source.position(place).line
    above = next((n for n in range(broken - 1, 0, -1) if lines[n - 1].strip()), broken)
    for number in (broken, above):
        following = next((line for line in lines[number:] if line.strip()), "")
        found = _KEYLESS.fullmatch(lines[number - 1].rstrip())
        if found is None or re.search(r":(?:\s|$)", found["text"]):
            continue
        line = source.line_span(number)
        column, next_column = len(found["head"]), _indent(following)
        start = line.start + column
        if column == next_column and _KEY.match(following.lstrip()):
            return start, source.span(start, line.end)
        is_list = following.lstrip().startswith("- ") and bool(found["rest"])
        if (is_list or column < next_column) and _NO_VALUE.fullmatch(found["rest"]):
            colon = start + found["text"].find(":")
            is_block = colon >= start  # which can be read without what follows its colon
            first = colon + 1 if is_block else line.start
            return start, source.span(first, line.end if is_block else first)
    return None


def find_odd(source: Source, text: str, place: int) -> Span | None:
    """Return the first line of a mapping that stands less deep than all others of it; None without.

    YAML takes each of the others, which follow, for more of the text above it.

    Args:
        source: The text.
        text: The same, without a byte order mark and what is lost already.
        place: Where YAML broke: in the second line of the mapping.
    """
    lines = text.split("\n")
    second = source.position(place).line - 1
    above = [number for number in range(second) if lines[number].strip()][-2:]
    if len(above) < 2:
        return None
    parent, first = above
    indent = _indent(lines[second])
    siblings = 0
    for line in lines[second:]:
        if line.strip() and _indent(line) < indent:
            break
        siblings += _indent(line) == indent and _KEY.match(line.lstrip()) is not None
    is_parent = lines[parent].rstrip().endswith(":")
    is_key = _KEY.match(lines[first].lstrip()) is not None
    is_between = _indent(lines[parent]) < _indent(lines[first]) < indent
    if siblings > 1 and is_parent and is_key and is_between:
        return source.line_span(first + 1)
    return None


def find_misplaced(source: Source, reason: str, start: int, place: int) -> int | None:
    """Return where a line starts that is misplaced, and not the line that broke; None for the latter.

    Args:
        source: The text.
        reason: What YAML says.
        start: Where the mapping or the list starts that YAML was reading.
        place: Where it breaks, for the line is in no column of those above.
    """
    broken = source.position(place).line
    above = source.line(broken - 1) if broken > 1 else ""
    if re.match(r"\s*-[A-Za-z]", above) and _indent(above) <= _indent(source.line(broken)):
        return source.line_start(place) - len(above) - 1
    is_line_start = not source.text[source.line_start(place) : place].strip()
    is_structure = "while parsing a block" in reason or "document start" in reason
    if not is_line_start or not is_structure:
        return None
    if "document start" in reason:
        first = _first_line(source)
        is_first = first < broken and _indent(source.line(first)) > 0
        return source.line_span(first).start if is_first else None
    deeper = broken
    while deeper > 1 and _indent(source.line(deeper - 1)) > _indent(source.line(broken)) > 0:
        deeper -= 1
    for first in (source.position(start).line, deeper):
        if first < broken and _is_misplaced(source, first, broken):
            return source.line_span(first).start
    return None


def _first_line(source: Source) -> int:
    """Return the first line that is neither empty nor a comment."""
    numbers = range(1, source.line_count + 1)
    return next(n for n in numbers if not re.match(r"\s*(?:#|$)", source.line(n)))


def _is_misplaced(source: Source, first: int, broken: int) -> bool:
    """Return whether the line that broke has more in common with what follows than the first has."""
    lines = [source.line(number) for number in range(first, source.line_count + 1)]
    lines = [line for line in lines if line.strip()]
    above = [line for line in lines[: broken - first] if line.strip()]
    below = lines[len(above) :]
    if not above or not below:
        return False
    indent, other = _indent(above[0]), _indent(below[0])
    if re.match(r"\s*-[A-Za-z]", above[0]) and below[0].lstrip().startswith("- "):
        return True
    siblings = 0
    for line in below:
        if _indent(line) < min(indent, other):
            break
        siblings += _indent(line) == other
    alone = sum(_indent(line) == indent for line in above) == 1
    is_odd = siblings == 1 and indent % 2 > other % 2
    return alone and indent != other and (siblings > 1 or is_odd)


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
