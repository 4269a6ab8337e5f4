"""Which images have passed which checks, kept in the cache: none is checked twice for the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.files import write_if_changed

__all__ = ["recall_warnings", "remember_warnings"]

_KEPT = 512
"""How many records are kept; the oldest go first."""


def recall_warnings(cache: Path, digest: str, checks: str) -> tuple[Diagnostic, ...] | None:
    """Return the warnings of an image that has passed; None where nobody knows that it has.

    Args:
        digest: The image's.
        checks: The identity of the checks.
    """
    try:
        rows = json.loads(_place(cache, digest, checks).read_bytes())
        return tuple(
            Diagnostic(
                code=row["code"],
                message=row["message"],
                notes=tuple(row["notes"]),
                hint=row["hint"],
            )
            for row in rows
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def remember_warnings(
    cache: Path, digest: str, checks: str, warnings: tuple[Diagnostic, ...]
) -> None:
    """Keep that an image has passed; a cache that cannot be written is no reason to fail."""
    rows = [
        {"code": one.code, "message": one.message, "notes": list(one.notes), "hint": one.hint}
        for one in warnings
    ]
    place = _place(cache, digest, checks)
    try:
        write_if_changed(place, json.dumps(rows).encode())
        kept = sorted(place.parent.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in kept[:-_KEPT]:
            file.unlink(missing_ok=True)
    except OSError:
        return


def _place(cache: Path, digest: str, checks: str) -> Path:
    key = hashlib.sha256(f"{digest} {checks}".encode()).hexdigest()
    return cache / "checked" / f"{key}.json"
