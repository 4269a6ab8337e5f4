"""The Pythons of this machine, of whatever version: what they run must not need a newer one."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PYTHONS"]

_SERIES = ("2.7", *(f"3.{minor}" for minor in range(6, 16)))


def _find() -> Iterator[str]:
    yield sys.executable
    running = "{}.{}".format(*sys.version_info[:2])
    for series in _SERIES:
        if series != running:
            # pyenv keeps all but the chosen ones out of PATH; what it puts there in their place fails.
            kept = sorted(Path.home().glob(f".pyenv/versions/{series}.*/bin/python{series}"))
            found = str(kept[-1]) if kept else shutil.which(f"python{series}")
            if found is not None and ("/shims/" not in found):
                yield found


PYTHONS = tuple(_find())
"""One of each series, by path; the first is the running one."""
