"""A block of packages in; its entries out, as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envc.syntax.document import Path
from envc.syntax.excerpt import excerpt
from envc.syntax.reading import Call, Reading
from envc.syntax.shape import Block, Item, Line, String, Word
from envc.syntax.words import Entries

__all__ = ["LISTS", "Entry", "find_entries", "read_entries"]

_OPERATORS = tuple("<>=!~|^(")
_HAS_VERSION = re.compile(r"[\s<>=!~@]")
LISTS = {"index": "indexes", "wheel": "wheels"}
"""Words of a block of packages that stand before a string, and the lists that they add to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A package, or a word of the table with what belongs to it (`keyword` is empty for a package)."""

    keyword: str
    start: int
    end: int
    items: tuple[Item, ...]


def read_entries(path: Path, call: Call, form: Entries, reading: Reading) -> None:
    """Put a block of packages at a path: a list, or a mapping where there are wheels or indexes."""
    block = reading.only_block(call)
    if block is None:
        return
    entries = list(find_entries(block, form, reading))
    is_list = not any(entry.keyword for entry in entries)
    if not reading.put(path, [] if is_list else {}, block, call.key):
        return
    for entry in entries:
        target = path
        if not is_list:
            target = (*path, LISTS.get(entry.keyword, "packages"))
            _open_list(target, entry, reading)
        _put_entry(target, entry, reading)


def find_entries(block: Block, form: Entries, reading: Reading) -> Iterator[Entry]:
    """Yield the entries of a block of packages; what is none is reported (E101)."""
    for lines in _join(block.lines, form, reading):
        first, last = lines[0], lines[-1]
        text = reading.source.text[first.start : last.end]
        is_string = len(first.items) == 1 and isinstance(first.items[0], String)
        if last.block is not None:
            message = f"a package takes no block: `{excerpt(text)}`"
            reading.report(reading.span(last.block), message, "close the block above it first")
        elif _is_source(first, form, reading):
            yield from _read_source(first, reading)
        elif "\n" in text and not is_string:
            message = f"an entry ends at its line: `{excerpt(text)}`"
            reading.report(reading.span(first), message, "write all of it on one line")
        elif form.has_versions and text.startswith(_OPERATORS):
            message = f"expected the name of a package, not `{excerpt(text)}`"
            hint = "an entry ends at its line: write all versions of a package on one"
            reading.report(reading.span(first), message, hint)
        else:
            items = tuple(item for line in lines for item in line.items)
            yield Entry(keyword="", start=first.start, end=last.end, items=items)


def _join(lines: Sequence[Line], form: Entries, reading: Reading) -> list[list[Line]]:
    """Put lines together that are one entry: a comma may stand between versions of a package."""
    groups: list[list[Line]] = []
    for line in lines:
        if groups and form.has_versions and _continues(groups[-1], line, reading):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _continues(group: Sequence[Line], line: Line, reading: Reading) -> bool:
    """Return whether a line goes on with a version list: what starts a name does not."""
    source = reading.source
    if "\n" in source.text[group[-1].end : line.start] or not isinstance(line.items[0], Word):
        return False
    first = source.text[line.start]
    written = source.text[group[0].start : group[-1].end]
    may_be_version = first.isdigit() or first == "*"
    return first in _OPERATORS or (may_be_version and _HAS_VERSION.search(written) is not None)


def _is_source(line: Line, form: Entries, reading: Reading) -> bool:
    """Return whether a line is `wheel "..."` or the like; no requirement has a string there."""
    return (
        len(line.items) > 1
        and isinstance(line.items[1], String)
        and reading.text(line.items[0]) in form.sources
    )


def _read_source(line: Line, reading: Reading) -> Iterator[Entry]:
    keyword = reading.text(line.items[0])
    items = line.items[1:]
    if keyword == "index" and len(items) > 1 and reading.text(items[1]) == "secret":
        items = (items[0], *items[2:])
        if len(items) == 1 or not isinstance(items[1], Word):
            place = reading.span(items[1]) if len(items) > 1 else None
            span = place or reading.source.span(line.end, line.end)
            hint = 'write it as `index "https://example.com/simple" secret NAME`'
            reading.report(span, "expected the name of a secret after `secret`", hint)
            return
        if len(items) > 2:
            reading.refuse(items[2], items[1])
            return
    elif len(items) > 1:
        reading.refuse(items[1], items[0])
        return
    yield Entry(keyword=keyword, start=line.start, end=line.end, items=items)


def _open_list(path: Path, entry: Entry, reading: Reading) -> None:
    if reading.builder.has(path):
        reading.builder.stretch(path, entry.end)
    else:
        reading.builder.put(path, [], reading.source.span(entry.start, entry.end))


def _put_entry(path: Path, entry: Entry, reading: Reading) -> None:
    span = reading.source.span(entry.start, entry.end)
    if entry.keyword == "index":
        item = reading.builder.append(path, {}, span)
        for name, part in zip(("url", "secret"), entry.items, strict=False):
            value = reading.value(part) if isinstance(part, Word | String) else None
            if value is not None:
                reading.builder.put((*item, name), value, reading.span(part))
        return
    only = entry.items[0] if len(entry.items) == 1 else None
    if isinstance(only, String):
        value = reading.value(only)
        if value is not None:
            reading.builder.append(path, value, reading.span(only))
        return
    reading.builder.check_plain(span)
    reading.builder.append(path, span.text, span)
