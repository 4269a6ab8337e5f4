"""Names with values of the user's choice in; the mappings that they are out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envc.source import Span
from envc.syntax.document import Path
from envc.syntax.excerpt import excerpt
from envc.syntax.form import Pairs
from envc.syntax.reading import Call, Reading
from envc.syntax.selector import Selector, find_selector, read_selector
from envc.syntax.shape import Block, Item, Line, String, Word

__all__ = ["read_groups", "read_pairs", "read_param"]

_PARAMETER = r"\$\{\{[^{}\n]*\}\}"
# A name may stand in quotes, where it is one that needs none.
_ASSIGNMENT = re.compile(
    rf"""(?:(?P<quote>["'])(?P<quoted>(?:{_PARAMETER}|[^\s="'\[\]{{}},#])+)(?P=quote)
           |(?P<bare>(?:{_PARAMETER}|[^\s="'\[\]])+))\s*=\s*""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ANY = Pairs(example="")


def read_pairs(path: Path, call: Call, form: Pairs, reading: Reading) -> None:
    """Put a block of names and values at a path."""
    block = reading.only_block(call)
    if block is not None and reading.put(path, {}, block, call.key):
        for line in block.lines:
            _read_pair(path, line, call.example, form, reading)


def read_groups(path: Path, call: Call, reading: Reading) -> None:
    """Put a block of names, each with a block of pairs, at a path."""
    block = reading.only_block(call)
    if block is None or not reading.put(path, {}, block, call.key):
        return
    for line in block.lines:
        _read_group(path, line, call.example, reading)


def read_param(path: Path, call: Call, reading: Reading) -> None:
    """Add a name to the mapping at a path: with its value, or as one that must be given."""
    extra: Block | Line | None = call.block or (call.more[0] if call.more else None)
    if not call.items:
        reading.expect("a name", call, reading.span(extra) if extra else None)
        return
    if extra is not None:
        message = f"expected the end of the line after `{call.keyword}` and its value"
        hint = "put text that has `{` into quotes"
        if isinstance(extra, Line):
            hint = f"write a `{call.keyword}` statement for each name"
        reading.report(reading.span(extra), message, hint)
        return
    first = call.items[0]
    line = Line(start=first.start, end=call.items[-1].end, items=call.items, block=None)
    if len(line.items) == 1 and isinstance(first, Word) and "=" not in reading.text(first):
        _put_required(path, first, call, reading)
        return
    _open_mapping(path, line, call, reading)
    _read_pair(path, line, call.example, _ANY, reading)


def _put_required(path: Path, name: Word, call: Call, reading: Reading) -> None:
    span = reading.span(name)
    if _NAME.fullmatch(span.text) is None and "${{" not in span.text:
        reading.builder.check_plain(span)
        reading.expect("a name", call, span)
        return
    line = Line(start=name.start, end=name.end, items=(name,), block=None)
    _open_mapping(path, line, call, reading)
    place = (*path, span.text)
    if reading.builder.put(place, {}, span, key=span):
        # No word says so: it comes after the name, so that what stands above is the name's.
        reading.builder.put(
            (*place, "required"), "true", span.within(len(span.text), len(span.text))
        )


def _open_mapping(path: Path, line: Line, call: Call, reading: Reading) -> None:
    if reading.builder.has(path):
        reading.builder.stretch(path, line.end)
    else:
        reading.put(path, {}, line, call.key)


def _read_group(path: Path, line: Line, example: str, reading: Reading) -> None:
    name, *rest = line.items
    span = reading.span(name)
    text = reading.value(name) if isinstance(name, Word | String) else None
    if line.block is None or rest or text is None:
        extra = reading.span(rest[0]) if rest else None
        place = extra or reading.source.span(span.end, span.end)
        found = f", not `{excerpt(extra.text)}`" if extra else ""
        message = f"expected a block after `{excerpt(span.text)}`{found}"
        reading.report(place, message, f"write it as `{example}`")
        return
    if reading.put((*path, text), {}, line.block, span):
        for below in line.block.lines:
            _read_pair((*path, text), below, 'cuda = "12.4"', _ANY, reading)


def _read_pair(path: Path, line: Line, example: str, form: Pairs, reading: Reading) -> None:
    span = reading.span(line)
    match = _ASSIGNMENT.match(span.text)
    if match is None or line.block is not None:
        message = f"expected a name, `=` and a value, not `{excerpt(span.text)}`"
        reading.report(span, message, f"write it as `{example}`")
        return
    key = span.within(*match.span("quoted" if match["quoted"] else "bare"))
    start = span.start + match.end()
    items = [item for item in line.items if item.end > start]
    reading.builder.check_plain(key)
    selector: Selector | None = None
    at = find_selector(items, reading) if form.has_platforms else None
    if at is not None:
        selector = read_selector(items[at:], reading)
        items = items[:at]
        if selector is None:
            return
    end = items[-1].end if items else start
    value = _read_value(reading.source.span(start, max(start, end)), key, items, span, reading)
    if value is None:
        return
    text, place = value
    if selector is None:
        reading.builder.put((*path, key.text), text, place, key=key)
    else:
        _put_selected((*path, key.text), text, place, key, selector, reading)


def _read_value(
    place: Span, key: Span, items: Sequence[Item], whole: Span, reading: Reading
) -> tuple[str, Span] | None:
    """Return one word or one string, and where it stands."""
    if not place.text:
        message = f"expected a value after `{excerpt(whole.text)}`"
        reading.report(place, message, 'write `""` for an empty one')
    elif len(items) == 1 and isinstance(items[0], String):
        value = reading.value(items[0])
        return (value, place) if value is not None else None
    elif len(items) == 1 and isinstance(items[0], Word):
        reading.builder.check_plain(place)
        return place.text, place
    else:
        message = f"expected one word or one string after `{key.text} =`"
        hint = "put the value into quotes"
        if (follows := _find_pair(place, items)) is not None:
            hint = f"put a comma before `{excerpt(follows)}`, or all of the value into quotes"
        reading.report(place, message, hint)
    return None


def _find_pair(place: Span, items: Sequence[Item]) -> str | None:
    """Return the name of a pair that follows a value without a comma; None where none does."""
    texts = (place.text[item.start - place.start :] for item in items[1:])
    found = (re.match(r"([A-Za-z_]\w*)\s*=(?!=)", text) for text in texts)
    return next((match[1] for match in found if match is not None), None)


def _put_selected(
    path: Path, text: str, place: Span, key: Span, selector: Selector, reading: Reading
) -> None:
    """Add the value for one platform to those of a name; a value for all of them excludes others."""
    builder = reading.builder
    if not builder.has(path):
        span = reading.source.span(place.start, selector.span.end)
        builder.put(path, {}, span, key=key)
    elif not builder.is_mapping(path):
        builder.put(path, {}, place, key=key)  # which reports both
        return
    builder.stretch(path, selector.span.end)
    builder.put((*path, selector.platform), text, place, key=selector.span)
