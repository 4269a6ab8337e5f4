"""A block of packages in; its entries out, as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envc.frozen import frozen
from envc.source import Span
from envc.syntax.document import Path
from envc.syntax.excerpt import excerpt
from envc.syntax.form import Entries, Source
from envc.syntax.reading import Call, Reading
from envc.syntax.secret import put_secret, read_secret
from envc.syntax.selector import Selector, find_selector, read_selector
from envc.syntax.shape import Block, Item, Line, String, Word

__all__ = ["Entry", "find_entries", "name_of_string", "read_entries"]

_OPERATORS = tuple("<>=!~|^(")
_HAS_VERSION = re.compile(r"[\s<>=!~@]")
_PLATFORM = re.compile(r"(?:linux|darwin|osx|macos|windows|win)[/-]\w+")
_PACKAGE = "package"


@frozen
class Entry:
    """A package, or a word of the table with what belongs to it.

    Attributes:
        keyword: Empty for a package.
        items: What is text, without the words around it: of a source, one string.
        start: Where it starts.
        end: Where all of it ends.
        name: The name that stands before a source's string, or an empty text.
        secret: What stands after `secret`.
        selector: What stands after `on`.
    """

    keyword: str
    items: tuple[Item, ...]
    start: int
    end: int
    name: str = ""
    secret: Word | None = None
    selector: Selector | None = None


def read_entries(path: Path, call: Call, form: Entries, reading: Reading) -> None:
    """Put a block of packages at a path: a list, or a mapping where there is more than packages."""
    block = reading.only_block(call)
    if block is None:
        return
    entries = list(find_entries(block, form, reading))
    is_list = not any(entry.keyword for entry in entries)
    if not reading.put(path, [] if is_list else {}, block, call.key):
        return
    for entry in entries:
        source = form.sources.get(entry.keyword)
        if source is not None and source.is_single:
            _put_single((*path, source.key), entry, reading)
            continue
        target = path
        if not is_list:
            target = (*path, source.key if source else "packages")
            _open_list(target, entry, reading)
        _put_entry(target, entry, source, reading)


def find_entries(block: Block, form: Entries, reading: Reading) -> Iterator[Entry]:
    """Yield the entries of a block of packages; what is none is reported (E101, E112)."""
    for lines in _join(block.lines, form, reading):
        first, last = lines[0], lines[-1]
        text = reading.source.text[first.start : last.end]
        if last.block is not None:
            message = f"a package takes no block: `{excerpt(text)}`"
            reading.report(reading.span(last.block), message, "close the block above it first")
        elif _is_source(first, form, reading):
            yield from _read_source(lines, form, reading)
        elif (bare := _lacks_quotes(first, form, reading)) is not None:
            keyword = reading.text(first.items[0])
            message = f"expected a string after `{keyword}`, not `{excerpt(reading.text(bare))}`"
            hint = f"write it as `{form.sources[keyword].example}`"
            reading.report(reading.span(bare), message, hint)
        elif _has_line_end(lines, reading):
            message = f"an entry ends at its line: `{excerpt(text)}`"
            reading.report(reading.span(first), message, "write all of it on one line")
        elif form.has_versions and text.startswith(_OPERATORS):
            message = f"expected the name of a package, not `{excerpt(text)}`"
            hint = "an entry ends at its line: write all versions of a package on one"
            reading.report(reading.span(first), message, hint)
        else:
            yield from _read_package(lines, reading)


def name_of_string(text: str, names: Sequence[str]) -> str:
    """Return what a source's string is called where no name stands before it.

    >>> name_of_string("https://example.com/", ("url", "path"))
    'url'
    >>> name_of_string("wheels/", ("url", "path"))
    'path'
    """
    return names[0] if "://" in text else names[-1]


def _join(lines: Sequence[Line], form: Entries, reading: Reading) -> list[list[Line]]:
    """Put lines together that are one entry: a comma may stand between versions of a package."""
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _continues(groups[-1], line, form, reading):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _continues(group: Sequence[Line], line: Line, form: Entries, reading: Reading) -> bool:
    """Return whether a line goes on with a version list: what starts a name does not.

    Nor does a second platform, which is then one too many.
    """
    source = reading.source
    if "\n" in source.text[group[-1].end : line.start] or not isinstance(line.items[0], Word):
        return False
    if _PLATFORM.fullmatch(reading.text(line)):
        items = [item for above in group for item in above.items]
        return find_selector(items, reading) is not None
    first = source.text[line.start]
    written = source.text[group[0].start : group[-1].end]
    may_be_version = first.isdigit() or first == "*"
    return form.has_versions and (
        first in _OPERATORS or (may_be_version and _HAS_VERSION.search(written) is not None)
    )


def _read_package(lines: Sequence[Line], reading: Reading) -> Iterator[Entry]:
    items = tuple(item for line in lines for item in line.items)
    start, end = items[0].start, lines[-1].end
    at = find_selector(items, reading)
    if at is None:
        yield Entry(keyword="", items=items, start=start, end=end)
        return
    selector = read_selector(items[at:], reading)
    if selector is not None:
        yield Entry(keyword="", items=items[:at], start=start, end=end, selector=selector)


def _is_source(line: Line, form: Entries, reading: Reading) -> bool:
    """Return whether a line is `wheel "..."` or the like; no requirement has a string there."""
    source = _source_of(line, form, reading)
    if source is None:
        return False
    at = 1 + _names_at(line, source, reading)
    return at < len(line.items) and isinstance(line.items[at], String)


def _lacks_quotes(line: Line, form: Entries, reading: Reading) -> Item | None:
    """Return what stands without quotes after a source's word; a package's version is none."""
    if _source_of(line, form, reading) is None or len(line.items) < 2:
        return None
    following = line.items[1]
    text = reading.text(following)
    is_text = text[0].isalpha() or (text[0].isdigit() and not form.has_builds)
    return following if is_text and text != "on" else None


def _has_line_end(lines: Sequence[Line], reading: Reading) -> bool:
    """Return whether a package's own text goes over several lines, which only one string may."""
    items = [item for line in lines for item in line.items]
    own = items[: find_selector(items, reading)]
    text = reading.source.text[own[0].start : own[-1].end]
    return "\n" in text and not (len(own) == 1 and isinstance(own[0], String))


def _source_of(line: Line, form: Entries, reading: Reading) -> Source | None:
    word = line.items[0]
    return form.sources.get(reading.text(word)) if isinstance(word, Word) else None


def _names_at(line: Line, source: Source, reading: Reading) -> int:
    """Return how many names stand before a source's string: one at most."""
    is_named = len(line.items) > 2 and reading.text(line.items[1]) in source.names
    return 1 if is_named and len(source.names) > 1 else 0


def _read_source(lines: Sequence[Line], form: Entries, reading: Reading) -> Iterator[Entry]:
    first = lines[0]
    keyword = reading.text(first.items[0])
    source = form.sources[keyword]
    named = _names_at(first, source, reading)
    items = tuple(item for line in lines for item in line.items)[1 + named :]
    name = reading.text(first.items[1]) if named else ""
    address, rest = items[0], items[1:]
    selector: Selector | None = None
    secret: Word | None = None
    if source.part and rest and reading.text(rest[0]) == "on":
        selector = read_selector(rest, reading)
        if selector is None:
            return
    elif source.has_secret and rest and reading.text(rest[0]) == "secret":
        secret = read_secret(rest, source.example, reading)
        if secret is None:
            return
    elif rest:
        _refuse_rest(rest, address, source, reading)
        return
    yield Entry(
        keyword=keyword,
        items=(address,),
        start=first.start,
        end=lines[-1].end,
        name=name,
        secret=secret,
        selector=selector,
    )


def _refuse_rest(items: Sequence[Item], address: Item, source: Source, reading: Reading) -> None:
    if reading.text(items[0]) != "on":
        reading.refuse(items[0], address)
        return
    span = reading.source.span(items[0].start, items[-1].end)
    message = "`on` belongs to packages, wheels and sources"
    hint = f"this is for all platforms: write it as `{source.example}`"
    reading.builder.report(span, "E112", message, hint=hint)


def _open_list(path: Path, entry: Entry, reading: Reading) -> None:
    if reading.builder.has(path):
        reading.builder.stretch(path, entry.end)
    else:
        reading.builder.put(path, [], reading.source.span(entry.start, entry.end))


def _put_single(path: Path, entry: Entry, reading: Reading) -> None:
    key = reading.source.span(entry.start, entry.start + len(entry.keyword))
    value = _string(entry, reading)
    if value is not None:
        reading.put(path, value, entry.items[0], key)


def _put_entry(path: Path, entry: Entry, source: Source | None, reading: Reading) -> None:
    found = _text_of(entry, reading)
    if found is None:
        return
    text, span = found
    name = (source.part if source else _PACKAGE) if entry.selector else ""
    if source is not None and source.names:
        name = entry.name or name_of_string(text, source.names)
    if not name:
        reading.builder.append(path, text, span)
        return
    builder = reading.builder
    item = builder.append(path, {}, reading.source.span(entry.start, entry.end))
    builder.put((*item, name), text, span)
    if entry.secret is not None:
        put_secret(item, entry.secret, reading)
    if entry.selector is not None:
        selector = entry.selector
        builder.put((*item, "on"), selector.platform, selector.span, key=selector.key)


def _text_of(entry: Entry, reading: Reading) -> tuple[str, Span] | None:
    """Return an entry's own text and its place; None where something in it was reported."""
    if len(entry.items) == 1 and isinstance(entry.items[0], String):
        value = _string(entry, reading)
        return (value, reading.span(entry.items[0])) if value is not None else None
    span = reading.source.span(entry.items[0].start, _end_of_text(entry))
    reading.builder.check_plain(span)
    return span.text, span


def _end_of_text(entry: Entry) -> int:
    return entry.items[-1].end if entry.selector else entry.end


def _string(entry: Entry, reading: Reading) -> str | None:
    only = entry.items[0]
    return reading.value(only) if isinstance(only, String) else None
