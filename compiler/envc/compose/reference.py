"""A text that a user wrote in; the parameters that it names, `${{ name }}`, out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envc.frozen import frozen

__all__ = ["NAME", "OPENING", "Reference", "find_references"]

OPENING = "${{"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FOUND = re.compile(r"(?P<escape>\$\$\{\{)|\$\{\{(?P<inside>[^{}\r\n]*)(?P<closing>\}\})?")


@frozen
class Reference:
    """The characters `start` to `end` of a text, which stand for something else.

    Attributes:
        name: Of the parameter; None where they are `$${{`, which stands for `${{`.
        problem: What is wrong with it; empty where nothing is.
    """

    start: int
    end: int
    name: str | None = None
    problem: str = ""


def find_references(text: str) -> Iterator[Reference]:
    """Yield what a text names, in order.

    >>> [reference.name for reference in find_references("a ${{ b }} $${{ c }}")]
    ['b', None]
    """
    for match in _FOUND.finditer(text) if OPENING in text else ():
        start, end = match.span()
        if match["escape"]:
            yield Reference(start=start, end=end)
            continue
        name = match["inside"].strip(" \t")
        if not match["closing"]:
            end = start + len(match.group().rstrip())
            yield Reference(start=start, end=end, name="", problem="is never closed")
        elif not name:
            yield Reference(start=start, end=end, name="", problem="names no parameter")
        elif not NAME.fullmatch(name):
            problem = f"names `{name}`, which cannot be a parameter"
            yield Reference(start=start, end=end, name="", problem=problem)
        else:
            yield Reference(start=start, end=end, name=name)
