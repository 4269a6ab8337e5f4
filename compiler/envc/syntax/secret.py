"""What stands after an address in: `secret` and a name; the name at its place out."""

from __future__ import annotations

from collections.abc import Sequence

from envc.syntax.document import Path
from envc.syntax.reading import Reading
from envc.syntax.shape import Item, Word

__all__ = ["put_secret", "read_secret"]


def read_secret(items: Sequence[Item], example: str, reading: Reading) -> Word | None:
    """Return the name after the word `secret`, which is the first item, or report what is wrong (E101)."""
    name, *more = (*items[1:], None)
    if not isinstance(name, Word):
        end = items[0].end
        span = reading.span(name) if name else reading.source.span(end, end)
        message = "expected the name of a secret after `secret`"
        reading.report(span, message, f"write it as `{example}`")
        return None
    if more and more[0] is not None:
        reading.refuse(more[0], name)
        return None
    return name


def put_secret(path: Path, secret: Word, reading: Reading) -> None:
    """Put a secret's name below a path."""
    value = reading.value(secret)
    if value is not None:
        reading.builder.put((*path, "secret"), value, reading.span(secret))
