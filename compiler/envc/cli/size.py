"""Sizes, as people read them."""

from __future__ import annotations

__all__ = ["format_size"]

_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_size(size_bytes: int, *, signed: bool = False) -> str:
    """Return bytes as people read them.

    >>> format_size(999), format_size(1_240_000), format_size(-31_000, signed=True)
    ('999 B', '1.2 MB', '-31 kB')
    """
    amount, unit = float(abs(size_bytes)), 0
    while round(amount, 1) >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    digits = 1 if unit and round(amount, 1) < 10 else 0
    sign = "-" if size_bytes < 0 else "+" if signed else ""
    return f"{sign}{amount:.{digits}f} {_UNITS[unit]}"
