"""What a build must not repeat: values of secrets, of which a step's output shows only that one was there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from envc.frozen import frozen

__all__ = ["HIDDEN", "NOTHING_HIDDEN", "Redaction"]

HIDDEN = "***"
_SHORTEST = 4
"""What is shorter is in too many words that are no secret."""


@frozen
class Redaction:
    """What is not to be shown.

    Attributes:
        pattern: Matches it; None where there is nothing.
    """

    pattern: re.Pattern[str] | None = None

    @staticmethod
    def of(values: Iterable[str]) -> Redaction:
        """Return what hides some values, each of their lines, and the password of `user:password`.

        >>> Redaction.of(["keeper:pa55word"]).hide("curl -u keeper:pa55word; echo pa55word")
        'curl -u ***; echo ***'
        """
        parts = {part for value in values for part in _parts(value) if len(part) >= _SHORTEST}
        longest_first = sorted(parts, key=lambda part: (-len(part), part))
        text = "|".join(re.escape(part) for part in longest_first)
        return Redaction(pattern=re.compile(text) if text else None)

    def hide(self, text: str) -> str:
        """Return a text without them."""
        return self.pattern.sub(HIDDEN, text) if self.pattern is not None else text


def _parts(value: str) -> Iterable[str]:
    yield value.strip()
    for line in value.splitlines():
        yield line.strip()
        user, _, password = line.strip().partition(":")
        # A header such as `Authorization: Bearer …` and an address are no user and password.
        if user and not any(sign in password for sign in (" ", "/")):
            yield password


NOTHING_HIDDEN = Redaction()
