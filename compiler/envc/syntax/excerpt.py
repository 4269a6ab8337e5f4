"""Text that a user wrote, made short enough to stand in a message."""

from __future__ import annotations

__all__ = ["excerpt"]

_LIMIT = 40


def excerpt(text: str) -> str:
    """Return the first line of a text, shortened where it is long or has more lines.

    >>> excerpt("two" + chr(10) + "lines")
    'two…'
    """
    line, _, more = text.strip().partition("\n")
    line = line.rstrip()
    return line if len(line) <= _LIMIT and not more else f"{line[: _LIMIT - 1]}\u2026"
