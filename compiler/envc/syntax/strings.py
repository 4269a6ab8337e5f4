"""A quoted string as it was written in; the text it means out (TOML 1.0, section "String")."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envc.frozen import frozen

__all__ = ["ESCAPES", "EscapeError", "decode", "width_of_opening"]

ESCAPES: Mapping[str, str] = {
    '"': '"',
    "\\": "\\",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_SPECIAL = re.compile(
    r"""(?P<line_end>\r\n)
      | \\ (?: u(?P<short>[0-9A-Fa-f]{4}) | U(?P<long>[0-9A-Fa-f]{8})
             | (?P<fold>[ \t\r]*\n[ \t\r\n]*) | (?P<char>.|\Z) )""",
    re.DOTALL | re.VERBOSE,
)


@frozen
class EscapeError:
    """An escape that means nothing: `written[start:end]` of the string, quotes counted."""

    start: int
    end: int


def decode(written: str) -> tuple[str, tuple[EscapeError, ...]]:
    r"""Return the text that a closed string means, and the escapes in it that mean nothing.

    Line ends become `\n`; a line end right after three opening quotes is left out.

    >>> decode('"a\\tb"')
    ('a\tb', ())
    >>> decode(r"'C:\new'")
    ('C:\\new', ())
    """
    opening = width_of_opening(written)
    is_literal = written.startswith("'")
    closing = 3 if opening >= 3 else 1
    body = written[opening : len(written) - closing]
    if is_literal:
        return body.replace("\r\n", "\n"), ()
    errors: list[EscapeError] = []

    def replace(match: re.Match[str]) -> str:
        if match["line_end"]:
            return "\n"
        text = _unescape(match, multi_line=opening >= 3)
        if text is None:
            errors.append(EscapeError(start=opening + match.start(), end=opening + match.end()))
        return text or ""

    return _SPECIAL.sub(replace, body), tuple(errors)


def width_of_opening(written: str) -> int:
    """Return how many characters of a string come before its text: quotes, and a first line end."""
    for quotes in ('"""', "'''"):
        if written.startswith(quotes):
            ends = ("\r\n", "\n")
            return 3 + next((len(end) for end in ends if written.startswith(end, 3)), 0)
    return 1


def _unescape(match: re.Match[str], *, multi_line: bool) -> str | None:
    digits = match["short"] or match["long"]
    if digits:
        number = int(digits, 16)
        is_scalar = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
        return chr(number) if is_scalar else None
    if match["fold"] is not None:
        return "" if multi_line else None
    return ESCAPES.get(match["char"])
