"""What envc itself needs: its solvers, a cache that it can write to, and a store that is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from envc.doctor.engine import examine_disk
from envc.doctor.finding import Finding
from envc.errors import ToolError

__all__ = ["examine_cache", "examine_solvers", "examine_store"]

_PATIENCE_S = 1.0
"""How long to wait for other processes that use the store."""
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


def examine_store(home: Path) -> Finding:
    """Return whether the store is whole, and can be written; one that is not there yet is made later."""
    from envc.store.database import DATABASE, Database

    place = home / DATABASE
    if not place.exists():
        return _examine_place(home)
    try:
        database = Database.open(place, timeout_s=_PATIENCE_S)
        try:
            with database.writing() as connection:
                (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            database.close()
    except ToolError as error:
        return Finding.of("store", error)
    if said != "ok":
        text = f"the store `{place}` is damaged: {said}"
        hint = "`envc env repair` keeps what can still be read, and puts the damaged file aside"
        return Finding(subject="store", state="fault", text=text, hint=hint, code="E700")
    text = f"{place.stat().st_size / 1_000_000:.1f} MB at {place}"
    return Finding(subject="store", state="ok", text=text)


def _examine_place(home: Path) -> Finding:
    """Return whether a store could be made in a folder, or where that would be made."""
    there = next(path for path in (home, *home.absolute().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(subject="store", state="ok", text=f"none yet at {home}")
    text = f"{home} cannot be written: {there} is " + (
        "read-only" if there.is_dir() else "no folder"
    )
    hint = "make it writable, or let `ENVC_HOME` name another folder"
    return Finding(subject="store", state="fault", text=text, hint=hint, code="E702")


def _size(path: Path) -> int:
    """Return a file's size, in bytes; one that another process has just removed has none."""
    try:
        return path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0
