"""Reads the base, which is only mounted: it may be of another platform than the machine that builds."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from layer import FILE_TIME, PREFIX, TREE

SYSTEM = Path("/mnt/system")


def locate(path: str) -> str:
    """Return where a path of the base leads, as the base would follow its links; it need not exist."""
    parts = [part for part in reversed(path.split("/")) if part]
    place = ""
    for _ in range(1000):
        if not parts:
            return place or "/"
        part = parts.pop()
        if part == "..":
            place = place.rpartition("/")[0]
        elif part != ".":
            link = Path(f"{SYSTEM}{place}/{part}")
            if not link.is_symlink():
                place = f"{place}/{part}"
                continue
            target = str(os.readlink(link))  # noqa: PTH115  # Path's is of Python 3.9
            place = "" if target.startswith("/") else place
            parts += [piece for piece in reversed(target.split("/")) if piece]
    raise SystemExit(f"the base's links from {path} lead nowhere")


def inside(path: str) -> Path:
    """Return where a file of the base can be read."""
    return Path(f"{SYSTEM}{locate(path)}")


def read_rows(path: str) -> list[list[str]]:
    """Return the fields of a file such as `/etc/passwd`; none where it is not there."""
    place = inside(path)
    text = place.read_text(encoding="utf-8", errors="surrogateescape") if place.is_file() else ""
    return [line.split(":") for line in text.splitlines()]


def settle(made: dict[Path, tuple[int, int]]) -> None:
    """Fix every time of a layer, and give each folder the mode and the owner that it has in the base.

    Args:
        made: Whose folders are that the base does not have, where they are not root's.
    """
    for folder, names, files in os.walk(TREE):
        path = Path(folder)
        below = Path(f"{SYSTEM}/{path.relative_to(TREE)}")
        owner = made.get(path, (0, 0))
        mode = 0o755
        if below.is_dir() and PREFIX not in (path, *path.parents) and path != PREFIX.parent:
            found = below.stat()
            owner, mode = (found.st_uid, found.st_gid), stat.S_IMODE(found.st_mode)
        os.chown(path, *owner)
        path.chmod(mode)
        for name in (*names, *files, "."):
            os.utime(path / name, (FILE_TIME, FILE_TIME), follow_symlinks=False)
