"""Words of a Dockerfile: where they stand, and what they say once quotes and variables are dealt with.

The rules are those of BuildKit's own shell words, whose test vectors the tests run:
https://docs.docker.com/reference/dockerfile/#environment-replacement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Lookup", "WordError", "expand", "split"]

Lookup: TypeAlias = Callable[[str], str | None]
"""Returns the value of a variable; None where it has none."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = re.compile(r"[0-9]+|[@*#?$!-]")
_WORD = re.compile(
    r"""(?:[^\s'"\\]|\\.|\\$|'[^']*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|\\?$))+""", re.DOTALL
)
_IN_QUOTES = '"$\\'


class WordError(Exception):
    """A word that cannot be read; its text says why, in lower case."""


def split(text: str) -> list[tuple[int, int]]:
    r"""Return where the words of a text stand: quotes hold white space together.

    >>> [("a 'b c' d\\ e")[start:end] for start, end in split("a 'b c' d\\ e")]
    ['a', "'b c'", 'd\\ e']
    """
    return [found.span() for found in _WORD.finditer(text)]


def expand(word: str, lookup: Lookup) -> str:
    """Return what a word says, without its quotes and with the values of variables.

    >>> expand("python:${VERSION:-3.12}'-slim'", {}.get)
    'python:3.12-slim'

    Raises:
        WordError: A quote or a brace is not closed, or a variable that must be set is not.
    """
    return _Reader(text=word, lookup=lookup).read("")


@dataclass(slots=True, kw_only=True)
class _Reader:
    text: str
    lookup: Lookup
    place: int = 0
    parts: list[str] = field(default_factory=list)

    def read(self, end: str) -> str:
        """Return what stands up to a character, or up to the text's end where that is empty."""
        parts: list[str] = []
        while self.place < len(self.text):
            char = self.text[self.place]
            if char == end:
                return "".join(parts)
            self.place += 1
            match char:
                case "'":
                    parts.append(self._read_literal())
                case '"':
                    parts.append(self._read_quoted())
                case "$":
                    parts.append(self._read_variable())
                case "\\":
                    parts.append(self.text[self.place : self.place + 1])
                    self.place += 1
                case _:
                    parts.append(char)
        if end:
            raise WordError(f"`{end}` is missing")
        return "".join(parts)

    def _read_literal(self) -> str:
        end = self.text.find("'", self.place)
        if end < 0:
            raise WordError("`'` is not closed")
        start, self.place = self.place, end + 1
        return self.text[start:end]

    def _read_quoted(self) -> str:
        parts: list[str] = []
        while self.place < len(self.text):
            char = self.text[self.place]
            self.place += 1
            if char == '"':
                return "".join(parts)
            if char == "$":
                char = self._read_variable()
            elif char == "\\" and self.text[self.place : self.place + 1] in _IN_QUOTES:
                char = self.text[self.place : self.place + 1]
                self.place += 1
            parts.append(char)
        raise WordError('`"` is not closed')

    def _read_variable(self) -> str:
        if self.text[self.place : self.place + 1] == "{":
            self.place += 1
            return self._read_braces()
        found = self._take_name()
        return "$" if found is None else self.lookup(found) or ""

    def _take_name(self) -> str | None:
        found = _NAME.match(self.text, self.place) or _SPECIAL.match(self.text, self.place)
        if found is None:
            return None
        self.place = found.end()
        return found[0]

    def _read_braces(self) -> str:
        name = self._take_name()
        if name is None:
            raise WordError("there is no name after `${`")
        rest = self.text[self.place :]
        if rest.startswith("}"):
            self.place += 1
            return self.lookup(name) or ""
        found = re.match(r":?[-+?]|##?|%%?|//?", rest)
        if found is None:
            raise WordError(f"`${{{name}` is not closed by `}}`, or followed by what nobody knows")
        self.place += found.end()
        return self._modify(name, found[0])

    def _modify(self, name: str, operator: str) -> str:
        value = self.lookup(name)
        if operator[0] == "/":
            pattern = self._read_operand("/")
            new = self._read_operand("}")
            return re.sub(_to_regex(pattern), lambda _: new, value or "", count=len(operator) % 2)
        operand = self._read_operand("}")
        is_given = bool(value) if operator[0] == ":" else value is not None
        match operator[-1]:
            case "-":
                return (value or "") if is_given else operand
            case "+":
                return operand if is_given else ""
            case "?":
                if not is_given:
                    raise WordError(f"`{name}` must have a value{': ' if operand else ''}{operand}")
                return value or ""
            case _:
                return _trim(value or "", operator, operand)

    def _read_operand(self, end: str) -> str:
        text = self.read(end)
        self.place += 1
        return text


def _trim(value: str, operator: str, pattern: str) -> str:
    """Return a value without the shortest, or with a doubled operator the longest, start or end."""
    regex = re.compile(_to_regex(pattern), re.DOTALL)
    cuts = range(len(value) + 1)
    if operator[0] == "#":
        order = reversed(cuts) if len(operator) == len("##") else iter(cuts)
        return next((value[cut:] for cut in order if regex.fullmatch(value, 0, cut)), value)
    order = iter(cuts) if len(operator) == len("%%") else reversed(cuts)
    return next((value[:cut] for cut in order if regex.fullmatch(value, cut)), value)


def _to_regex(pattern: str) -> str:
    wild = {"*": ".*", "?": "."}
    return "".join(wild.get(char, re.escape(char)) for char in pattern)
