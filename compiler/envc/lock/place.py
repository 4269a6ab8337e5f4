"""Places in JSON text: where a path leads and where a key comes twice; needed to report, not to read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

__all__ = ["find_repeated_key", "locate", "locate_items"]

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([{}\[\]])')
_GAP = re.compile(r"[\s,:]*")


def locate(text: str, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Return start and end of the value that a path leads to in valid JSON text.

    A path that leads further than the text gives the last value on its way.
    """
    decoder = json.JSONDecoder()
    start = _skip_gap(text, 0)
    for step in path:
        child = next(
            (place for name, place in _children(text, start, decoder) if name == step), None
        )
        if child is None:
            break
        start = child
    return start, decoder.raw_decode(text, start)[1]


def locate_items(text: str, path: tuple[str | int, ...]) -> dict[str | int, int]:
    """Return where each value starts in the object or list that a path leads to in valid JSON text.

    Empty where there is none: one pass for a whole list, which `locate` would take for each item.
    """
    decoder = json.JSONDecoder()
    start = _skip_gap(text, 0)
    for step in path:
        children = dict(_children(text, start, decoder))
        if step not in children:
            return {}
        start = children[step]
    return dict(_children(text, start, decoder))


def find_repeated_key(text: str) -> tuple[int, int]:
    """Return start and end of the first key that its object, in valid JSON text, has already.

    Raises:
        ValueError: There is none.
    """
    open_objects: list[set[str] | None] = []
    for match in _TOKEN.finditer(text):
        string, colon, bracket = match.groups()
        if bracket is not None:
            if bracket in "{[":
                open_objects.append(set() if bracket == "{" else None)
            else:
                open_objects.pop()
        elif colon is not None and (keys := open_objects[-1]) is not None:
            key = json.loads(string)
            if key in keys:
                return match.start(1), match.end(1)
            keys.add(key)
    raise ValueError(text)


def _children(text: str, start: int, decoder: json.JSONDecoder) -> Iterator[tuple[str | int, int]]:
    """Yield the name (or the number) and the start of each value in the object or array at `start`."""
    if text[start] not in "{[":
        return
    position = _skip_gap(text, start + 1)
    number = 0
    while text[position] not in "}]":
        name: str | int = number
        if text[start] == "{":
            name, position = decoder.raw_decode(text, position)
            position = _skip_gap(text, position)
        yield name, position
        position = _skip_gap(text, decoder.raw_decode(text, position)[1])
        number += 1


def _skip_gap(text: str, position: int) -> int:
    match = _GAP.match(text, position)
    return match.end() if match else position
