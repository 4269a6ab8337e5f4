"""A spec's text and what is to be fixed in; the text with as much of it as can be done safely out."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

from envc.frozen import frozen
from envc.lint.finding import Add, Fix, Remove, Replace
from envc.lint.place import find_written
from envc.source import Source
from envc.syntax.document import Data, Document, Path

__all__ = ["Fixed", "fix"]


@frozen
class Fixed:
    """A text that has been put right, and which of the fixes are in it, in the order of the places."""

    text: str
    done: tuple[Fix, ...]


@frozen
class _Edit:
    """The characters `start` to `end` of a text become other ones."""

    start: int
    end: int
    text: str


def fix(
    document: Document,
    fixes: Sequence[tuple[Fix, Path]],
    read: Callable[[Source], Document | None],
) -> Fixed:
    """Return the text of a document with fixes, each of which changes its own value and no other.

    A fix that cannot be made so is left out: where a value is not written as it is meant, where two
    fixes overlap, and where the spec would be wrong after it.

    Args:
        document: One text's own, with nothing of other texts in it.
        fixes: With the path of its value in the document.
        read: Returns what a text says by itself, where it is a right spec; else None.
    """
    text, data = document.source.text, document.data
    placed = [
        (edit, one, path) for one, path in fixes if (edit := _edit(document, one, path)) is not None
    ]
    limit = len(text) + 1
    done: list[Fix] = []
    for edit, one, path in sorted(placed, key=lambda found: -found[0].start):
        if edit.end > limit or edit.end == limit == edit.start:
            continue
        new_text = text[: edit.start] + edit.text + text[edit.end :]
        new = read(Source(name=document.source.name, text=new_text))
        wanted = _change(data, one, path)
        if new is None or new.data != wanted:
            continue
        text, data, limit = new_text, wanted, edit.start
        done.append(one)
    return Fixed(text=text, done=tuple(reversed(done)))


def _edit(document: Document, one: Fix, path: Path) -> _Edit | None:
    match one:
        case Replace():
            return _edit_part(document, one, path)
        case Remove():
            return _edit_entry(document, path)
        case Add():
            return _edit_key(document, one)


def _edit_part(document: Document, one: Replace, path: Path) -> _Edit | None:
    value, whole = document.data_at(path), document.span(path)
    if not isinstance(value, str):
        return None
    # An empty place is that behind the character before it.
    first = one.start if one.start < one.end else one.start - 1
    old = value[first : one.end]
    span = document.part(path, first, one.end)
    if span.text == old:
        start = span.start
    else:
        found = find_written(whole.text, value, first)
        if found is None or whole.text[found : found + len(old)] != old:
            return None
        start = whole.start + found
    start += one.start - first
    return _Edit(start=start, end=start + one.end - one.start, text=one.text)


def _edit_entry(document: Document, path: Path) -> _Edit | None:
    """Return how to take an entry out of a list: its line, or it and the comma that it leaves."""
    text, span = document.source.text, document.span(path)
    line_start = document.source.line_start(span.start)
    before = text[line_start : span.start]
    line_end = text.find("\n", span.end)
    line_end = len(text) if line_end < 0 else line_end
    after = text[span.end : line_end]
    if re.fullmatch(r"[ \t]*(?:-[ \t]+)?", before):
        if after.strip() in {"", ","}:
            return _Edit(start=line_start, end=min(line_end + 1, len(text)), text="")
        if comment := re.fullmatch(r"[ \t]+(?=#)(.*)", after, re.DOTALL):
            indent = re.match(r"[ \t]*", before)
            width = indent.end() if indent else 0
            return _Edit(start=line_start + width, end=line_end - len(comment[1]), text="")
    if comma := re.match(r"[ \t]*,[ \t]*", after):
        return _Edit(start=span.start, end=span.end + comma.end(), text="")
    if comma := re.search(r"[ \t]*,[ \t]*$", before):
        return _Edit(start=line_start + comma.start(), end=span.end, text="")
    return None


def _edit_key(document: Document, one: Add) -> _Edit | None:
    """Return how to add a statement above another one and its comments."""
    source = document.source
    key = document.key_spans.get((one.before,))
    if key is None:
        return None
    line = key.position.line
    indent = source.text[source.line_start(key.start) : key.start]
    if indent.strip():
        return None
    while line > 1 and source.line(line - 1).lstrip().startswith("#"):
        line -= 1
    at = source.line_span(line).start
    is_yaml = source.text[key.end : key.end + 1] == ":"
    text = f"{one.key}: [{one.word}]" if is_yaml else f"{one.key} {one.word}"
    end = "\r\n" if source.text.find("\r\n") >= 0 else "\n"
    return _Edit(start=at, end=at, text=f"{indent}{text}{end}")


def _change(data: dict[str, Data], one: Fix, path: Path) -> dict[str, Data]:
    """Return data in which only what a fix is about has changed."""
    changed = copy.deepcopy(data)
    if isinstance(one, Add):
        changed[one.key] = [one.word]
        return changed
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    match one:
        case Remove():
            del node[path[-1]]
        case Replace():
            old = node[path[-1]]
            node[path[-1]] = f"{old[: one.start]}{one.text}{old[one.end :]}"
    return changed
