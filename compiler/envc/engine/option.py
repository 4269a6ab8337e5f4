"""Options of Docker's programs, whose values have parts."""

from __future__ import annotations

import csv
import io

__all__ = ["join_fields"]


def join_fields(*fields: tuple[str, str]) -> str:
    """Return fields in the CSV that `--mount`, `--secret` and `--output` take.

    >>> join_fields(("type", "bind"), ("source", "/a,b"))
    'type=bind,"source=/a,b"'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(f"{key}={value}" for key, value in fields)
    return text.getvalue()
