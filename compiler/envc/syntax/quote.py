"""Text without quotes in; the quote in it that is none out: one that a word processor made, or a stray."""

from __future__ import annotations

import re

__all__ = ["find_curly_quote", "find_stray_quote", "refuse_curly_quote"]

_CURLY = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_SINGLE = frozenset("\u2018\u2019\u201a\u201b")
_AT_AN_END = re.compile(rf"\A[^\w\s]*?[{_CURLY}]|[{_CURLY}][^\w\s]*\Z")


def find_curly_quote(text: str) -> tuple[int, int] | None:
    """Return where a curly quote opens or closes a text; one inside of it is part of the text.

    >>> find_curly_quote("\u201cmake\u201d")
    (0, 1)
    >>> find_curly_quote("it\u2019s")
    """
    if text.isascii():
        return None
    found = _AT_AN_END.search(text)
    if found is None:
        return None
    place = next(i for i in range(*found.span()) if text[i] in _CURLY)
    return place, place + 1


def refuse_curly_quote(char: str) -> tuple[str, str, str]:
    """Return the code, the message and the hint for a curly quote."""
    plain = "'" if char in _SINGLE else '"'
    message = f"this quote is a word processor's, U+{ord(char):04X}, and quotes nothing"
    return "E113", message, f"type a plain {plain}"


def find_stray_quote(text: str) -> tuple[int, int] | None:
    """Return where a text without quotes ends with a quote that nothing in it opens.

    >>> find_stray_quote('4"')
    (1, 2)
    >>> find_stray_quote('tomli >=2 ; python_version < "3.11"')
    """
    last = text[-1:]
    if last not in ('"', "'") or len(text) < 2 or text.count(last) % 2 == 0:
        return None
    return len(text) - 1, len(text)
