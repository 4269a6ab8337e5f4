"""What ends in `on linux/amd64` in; what it is, and the platform, out."""

from __future__ import annotations

from collections.abc import Sequence

from envc.frozen import frozen
from envc.source import Span
from envc.syntax.excerpt import excerpt
from envc.syntax.reading import Reading
from envc.syntax.shape import Array, Block, Item, String, Word

__all__ = ["Selector", "find_selector", "read_selector"]

_HINT = "write one platform after `on`, as in `on linux/amd64`"
_AGAIN = "write the line once for each platform"


@frozen
class Selector:
    """A platform, where it stands, and where the `on` before it stands."""

    platform: str
    span: Span
    key: Span


def find_selector(items: Sequence[Item], reading: Reading) -> int | None:
    """Return the index of the bare word `on`; the first item is never one."""
    for index, item in enumerate(items):
        if index and isinstance(item, Word) and reading.text(item) == "on":
            return index
    return None


def read_selector(
    items: Sequence[Item], reading: Reading, *, block: Block | None = None
) -> Selector | None:
    """Return what `on` and all that follows it mean, or report that it is no platform (E112).

    Args:
        items: From the `on` to the end of the line.
        reading: Gets the problems.
        block: What ends the line, where something was meant to have one.
    """
    on, *after = items
    key = reading.span(on)
    if not after:
        place = reading.span(block) if block else reading.source.span(key.end, key.end)
        _report(place, "expected a platform after `on`", _HINT, reading)
        return None
    platform, *more = after
    span = reading.span(platform)
    if isinstance(platform, Array):
        message = f"expected one platform after `on`, not `{excerpt(span.text)}`"
        _report(span, message, _AGAIN, reading)
        return None
    if more:
        rest = reading.source.span(more[0].start, more[-1].end)
        message = (
            f"expected the end of the line after `on {excerpt(span.text)}`, "
            f"not `{excerpt(rest.text)}`"
        )
        is_platform = "/" in rest.text and not isinstance(more[0], String)
        hint = _AGAIN if is_platform else "`on` and its platform come last"
        _report(rest, message, hint, reading)
        return None
    value = reading.value(platform)
    return Selector(platform=value, span=span, key=key) if value is not None else None


def _report(span: Span, message: str, hint: str, reading: Reading) -> None:
    reading.builder.report(span, "E112", message, hint=hint)
