"""YAML text without quotes in; what it cannot be meant to have out: lines that were meant as items."""

from __future__ import annotations

import re

from envc.frozen import frozen

__all__ = ["Misread", "find_misread", "starts_item"]

_ITEM = re.compile(r"[ \t]*-(?:[ \t]|[A-Za-z])")
_HINT = "start all items of a list in one column, each with `- `"


@frozen
class Misread:
    """A line of a text: `start` to `end`, without the white space before it, and what is wrong there.

    `marked` is how many of its characters the message is about.
    """

    start: int
    end: int
    marked: int
    message: str
    hint: str = _HINT


def find_misread(text: str, *, is_item: bool, is_first: bool, is_command: bool) -> Misread | None:
    """Return the line of a text that was meant as an item of a list, or None.

    YAML takes lines without a `- ` in the right column for more of the text above them.

    Args:
        text: As it is written, without quotes.
        is_item: Whether it is an item of a list, and not the value of a key.
        is_first: Whether that is the first one.
        is_command: Whether a long text is expected, which may have several lines.
    """
    lines = text.split("\n")
    if len(lines) == 1:
        return None
    items = [number for number in range(1, len(lines)) if starts_item(lines[number])]
    if starts_item(lines[0]):
        hint = "write an item of a list as `- ITEM`"
        return _at(lines, 0, "expected a space after `-`", hint, marked=1)
    if items and not is_item:
        return _at(lines, 0, "expected `- ` before this item of a list")
    if items and is_first and (len(items) > 1 or lines[items[0]].startswith("  -")):
        return _at(lines, 0, "this item stands in another column than those below it")
    if items:
        message = "this goes on with the text of the line above, and is no item of its own"
        return _at(lines, items[0], message)
    if is_item and not is_command:
        hint = "write `- ` before an item, or put text of several lines into quotes"
        return _at(lines, 1, "this goes on with the text of the line above", hint)
    return None


def starts_item(text: str) -> bool:
    """Return whether a text starts as an item of a list was meant to: `- x`, or `-x`."""
    return _ITEM.match(text) is not None


def _at(
    lines: list[str], number: int, message: str, hint: str = _HINT, *, marked: int | None = None
) -> Misread:
    line = lines[number]
    start = sum(len(above) + 1 for above in lines[:number]) + len(line) - len(line.lstrip())
    end = start + len(line.strip())
    width = end - start if marked is None else marked
    return Misread(start=start, end=end, marked=width, message=message, hint=hint)
