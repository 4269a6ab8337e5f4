"""A statement that no table knows in; plain data by its shape out, for the next stage to name."""

from __future__ import annotations

from collections.abc import Sequence

from envc.source import Span
from envc.syntax.document import Path
from envc.syntax.reading import Call, Reading
from envc.syntax.shape import Array, Block, Item, Line, String, Word

__all__ = ["read_unknown"]


def read_unknown(path: Path, call: Call, reading: Reading) -> None:
    """Put what follows an unknown word at a path.

    One item is a value, an array or a list with commas is a list, a block is a mapping where all its
    lines have names of their own, else a list; words before a block are the key of a mapping that
    holds it. Other lines are text as they are written.
    """
    if call.more:
        _put_list(path, _spans_of_lines(call, reading), call.key, reading)
    elif call.block is None:
        _put_items(path, call.items, call.key, reading)
    elif not call.items:
        _put_block(path, call.block, call.key, reading)
    else:
        key = reading.source.span(call.items[0].start, call.items[-1].end)
        span = reading.source.span(key.start, call.end)
        if reading.builder.put(path, {}, span, key=call.key):
            _put_block((*path, key.text), call.block, key, reading)


def _spans_of_lines(call: Call, reading: Reading) -> list[Span]:
    spans = [reading.span(line) for line in call.more]
    if call.items:
        end = call.block.end if call.block else call.items[-1].end
        spans.insert(0, reading.source.span(call.items[0].start, end))
    return spans


def _put_items(path: Path, items: Sequence[Item], key: Span, reading: Reading) -> None:
    if not items:
        reading.builder.report(
            key, "E109", f"`{key.text}` has no value", hint="write a value after it, or remove it"
        )
        return
    if len(items) > 1:
        span = reading.source.span(items[0].start, items[-1].end)
        reading.builder.put(path, span.text, span, key=key)
        return
    match items[0]:
        case Array(elements=elements):
            _put_list(path, [reading.span(element) for element in elements], key, reading)
        case String() | Word() as item:
            value = reading.value(item)
            if value is not None:
                reading.put(path, value, item, key)


def _put_list(path: Path, spans: Sequence[Span], key: Span, reading: Reading) -> None:
    end = spans[-1].end if spans else key.end
    start = spans[0].start if spans else key.end
    if reading.builder.put(path, [], reading.source.span(start, end), key=key):
        for span in spans:
            reading.builder.append(path, span.text, span)


def _put_block(path: Path, block: Block, key: Span, reading: Reading) -> None:
    names = [_name(line, reading) for line in block.lines]
    if None in names or len(set(names)) < len(names):
        spans = [reading.span(line) for line in block.lines]
        _put_list(path, spans, key, reading)
        return
    if not reading.put(path, {}, block, key):
        return
    for line in block.lines:
        word, *rest = line.items
        if rest and reading.text(rest[0]) == "=":
            rest = rest[1:]
        below = (*path, reading.text(word))
        if line.block is not None and not rest:
            _put_block(below, line.block, reading.span(word), reading)
        elif line.block is not None:
            span = reading.source.span(rest[0].start, line.end)
            reading.builder.put(below, span.text, span, key=reading.span(word))
        else:
            _put_items(below, rest, reading.span(word), reading)


def _name(line: Line, reading: Reading) -> str | None:
    """Return what a line gives a value to; None where it is a value itself."""
    has_value = len(line.items) > 1 or line.block is not None
    is_named = isinstance(line.items[0], Word) and has_value
    return reading.text(line.items[0]) if is_named else None
