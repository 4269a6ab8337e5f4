"""Secrets that stand in text which is shown, told by their form, and that text without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from envc.frozen import frozen

__all__ = ["MASK", "Masked", "find_secrets", "mask", "mask_line"]

MASK = "***"

_END = r"\s\"'`<>"
_USERS = (
    # What stands before the host (RFC 3986, 3.2.1). A digest is none, and neither is the user of a
    # repository that ssh reads: `git`, mostly.
    re.compile(rf"(?<!ssh)://(?P<secret>[^/?#{_END}]+)@(?!sha256:)"),
    re.compile(rf"ssh://[^/?#:@{_END}]*:(?P<secret>[^/?#{_END}]+)@"),
    # A password that is not quoted as it should be has a slash, perhaps; a port has digits only.
    re.compile(rf"://(?P<secret>[^/?#:@\[{_END}]*:(?![0-9]{{1,5}}[/?#])[^{_END}]*)@(?!sha256:)"),
    # https://conda.io/projects/conda/en/stable/user-guide/configuration/settings.html: tokens
    re.compile(rf"://[^?#{_END}]*/t/(?P<secret>[^/?#{_END}]+)"),
)
_NAMED = re.compile(
    r"(?:(?<![\w-])(?:username|auth)|(?:pass(?:word|wd|phrase)|token|[-_]secret|credentials?"
    r"|(?:api|access|private|secret)[-_]?key))"
    r"[\"']?\s*(?::(?=[\s\"'])|=(?!=))\s*"
    r"(?:\"(?P<double>[^\"$]+)\"|'(?P<single>[^'$]+)'|(?P<bare>[^\s\"'$,;&|{}()\[\]]+))",
    re.IGNORECASE,
)


def find_secrets(text: str) -> tuple[tuple[int, int], ...]:
    """Return where users, passwords and tokens stand in the addresses of a text; sorted, none overlaps.

    >>> find_secrets("https://me:word@a.example/t/tk-1/x")
    ((8, 15), (28, 32))
    """
    return _merge(found.span("secret") for form in _USERS for found in form.finditer(text))


def mask(text: str) -> str:
    """Return a text without the secrets in its addresses.

    >>> mask("pets @ git+ssh://git@a.example/x.git, https://me:word@a.example")
    'pets @ git+ssh://git@a.example/x.git, https://***@a.example'
    """
    return Masked.of(text, find_secrets(text)).text if "://" in text else text


def mask_line(line: str, known: Iterable[tuple[int, int]] = ()) -> Masked:
    """Return a line of somebody's file without secrets.

    Args:
        known: Where somebody knows of one, whatever its form; of an address, only what is secret in
            it goes.

    >>> mask_line('base: {image: a, password: "word"}').text
    'base: {image: a, password: "***"}'
    """
    named = (
        found.span(group)
        for found in _NAMED.finditer(line)
        for group in ("double", "single", "bare")
        if found[group] is not None
    )
    by_form = _merge((*find_secrets(line), *named))
    others = (
        _narrow(line, start, end)
        for start, end in known
        if not any(start <= one < end for one, _ in by_form)
    )
    return Masked.of(line, _merge((*by_form, *others)))


@frozen
class Masked:
    """A text, parts of which are masked.

    Attributes:
        parts: Where these were, each a start and an end; sorted, none overlaps.
    """

    text: str
    parts: tuple[tuple[int, int], ...]

    @staticmethod
    def of(text: str, parts: tuple[tuple[int, int], ...]) -> Masked:
        """Return a text with these parts masked."""
        pieces, place = [], 0
        for start, end in parts:
            pieces += [text[place:start], MASK]
            place = end
        return Masked(text="".join((*pieces, text[place:])), parts=parts)

    def start(self, place: int) -> int:
        """Return where what starts at a place starts now: with a mask, where it is within one."""
        shift = 0
        for start, end in self.parts:
            if place < start:
                break
            if place < end:
                return start + shift
            shift += len(MASK) - (end - start)
        return place + shift

    def end(self, place: int) -> int:
        """Return where what ends before a place ends now: with a mask, where it is within one."""
        shift = 0
        for start, end in self.parts:
            if place <= start:
                break
            shift += len(MASK) - (end - start)
            if place <= end:
                return end + shift
        return place + shift


def _narrow(line: str, start: int, end: int) -> tuple[int, int]:
    """Return a place without the quotes around it and the `@` at its end."""
    while start < end and line[start] in "\"'":
        start += 1
    while start < end and line[end - 1 : end] in {'"', "'", "@"}:
        end -= 1
    return start, end


def _merge(parts: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(_list_merged(sorted(one for one in parts if one[0] < one[1])))


def _list_merged(parts: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    while parts:
        start, end = parts.pop(0)
        while parts and parts[0][0] < end:
            end = max(end, parts.pop(0)[1])
        yield start, end
