"""The sizes of wheels that indexes do not state: kept beside their metadata, by their SHA-256."""

from __future__ import annotations

import contextlib
from pathlib import Path

from envc.files import write_if_changed

__all__ = ["keep_size", "read_size"]


def read_size(path: Path) -> int | None:
    """Return the bytes that a file says, or None where it does not or is not there."""
    try:
        return int(path.read_text("ascii")) or None
    except (OSError, ValueError):
        return None


def keep_size(path: Path, size: int) -> None:
    """Write a number of bytes into a file."""
    # A cache that cannot be written costs time, nothing else.
    with contextlib.suppress(OSError):
        write_if_changed(path, str(size).encode(), is_durable=False)
