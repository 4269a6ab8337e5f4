"""What lists have in common: columns and times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

__all__ = ["align", "exact_time", "format_time"]


def align(rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as lines with columns; a column that is empty in all of them takes no place."""
    cells = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        columns = zip(row, widths, strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in columns if width).rstrip()


def format_time(time_s: float) -> str:
    """Return a time as ISO 8601 has it, to the minute, in UTC.

    >>> format_time(1_700_000_000.5)
    '2023-11-14T22:13Z'
    """
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%MZ")


def exact_time(time_s: float | None) -> str | None:
    """Return a time as ISO 8601 has it, to the ms, in UTC; None for none."""
    if time_s is None:
        return None
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds")
