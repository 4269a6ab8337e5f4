"""What envc itself needs: its solvers, and a cache that it can write to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from envc.doctor.engine import examine_disk
from envc.doctor.finding import Finding

__all__ = ["examine_cache", "examine_solvers"]

_SOLVERS = ("py-rattler", "conda-lock", "uv", "pip-tools")


def examine_solvers() -> Finding:
    """Return which solvers there are; envc requires all of them, so that a missing one is a fault."""
    found, missing = [], []
    for name in _SOLVERS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        text = f"not installed: {', '.join(missing)}"
        hint = f"install them where envc is installed: `pip install {' '.join(missing)}`"
        return Finding(subject="solvers", state="fault", text=text, hint=hint)
    return Finding(subject="solvers", state="ok", text=", ".join(found))


def examine_cache(cache: Path) -> Iterator[Finding]:
    """Yield whether the cache can be written, how large it is, and whether there is room for more."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache) as file:
            file.write(b"envc")
    except OSError as error:
        text = f"{cache} cannot be written: {error.strerror or error}"
        hint = "make it writable, or let `ENVC_CACHE` name another folder"
        yield Finding(subject="cache", state="fault", text=text, hint=hint)
        return
    size = sum(_size(path) for path in cache.rglob("*"))
    text = f"{size / 1_000_000:.1f} MB at {cache}"
    yield Finding(subject="cache", state="ok", text=text)
    yield examine_disk("disk of the cache", cache, f"rm -r {cache}")


def _size(path: Path) -> int:
    """Return a file's size, in bytes; one that another process has just removed has none."""
    try:
        return path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0
