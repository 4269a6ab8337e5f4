"""Where the templates, the grammar and the texts about codes lie, in a wheel and in a checkout."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["codes", "fingerprint", "grammar", "read_scripts", "read_templates", "templates"]

_PACKAGE = Path(__file__).parent
_NO_PART_OF_RESULTS = frozenset({"__pycache__", "codes", "curated"})


def codes() -> Path:
    """Return the folder that holds what is said about each diagnostic's code."""
    return _PACKAGE / "codes"


def grammar() -> Path:
    """Return the folder that holds `envc.lark`."""
    return _locate("grammar")


def templates() -> Path:
    """Return the folder that holds the Dockerfile templates and the build's scripts."""
    return _locate("templates")


def read_scripts() -> dict[str, bytes]:
    """Return the build's own scripts, by file name."""
    folder = templates() / "scripts"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def read_templates() -> dict[str, str]:
    """Return the templates, by their path in their folder."""
    folder = templates()
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.j2"))
    }


def fingerprint() -> str:
    """Return what tells this envc from any other, an edited checkout too: for caches of results."""
    from envc import __version__

    rows = [__version__]
    for folder in (_PACKAGE, grammar(), templates()):
        for path in sorted(_walk(folder)):
            found = os.stat(path)  # noqa: PTH116  # Path.stat costs more than all the rest
            rows.append(f"{path} {found.st_mtime_ns} {found.st_size}")
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _walk(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NO_PART_OF_RESULTS]
        yield from (f"{parent}/{name}" for name in files)


def _locate(name: str) -> Path:
    packaged = _PACKAGE / name
    if packaged.is_dir():
        return packaged
    checkout = _PACKAGE.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise FileNotFoundError(f"envc's own folder {name!r} is missing: the installation is broken")
