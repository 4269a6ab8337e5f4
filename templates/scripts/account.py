"""Makes the layer with the account that the image runs as: its rows, its home and its other folders.

Where the account is the base's own, these are the folders that the base does not have, and root's.

It lies below the packages, and depends on the base alone.
"""

from __future__ import annotations

import json
from pathlib import Path

from base import SYSTEM, locate, read_rows, settle
from layer import TREE

FACTS = Path("/mnt/account.json")


def make_folders(owner: tuple[int, int], folders: list[str]) -> dict[Path, tuple[int, int]]:
    """Make the folders that the base does not have; return whose they are."""
    made = {}
    for folder in folders:
        place = locate(folder)
        if not Path(f"{SYSTEM}{place}").is_dir():
            target = Path(f"{TREE}{place}")
            target.mkdir(parents=True, exist_ok=True)
            made[target] = owner
    return made


def add_row(path: str, number: int, row: str) -> None:
    """Add a row, unless the base has one of this number."""
    rows = read_rows(path)
    if any(fields[2:3] == [str(number)] for fields in rows):
        return
    target = Path(f"{TREE}{locate(path)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [*(":".join(fields) for fields in rows), row]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    target.chmod(0o644)


def main() -> None:
    facts = json.loads(FACTS.read_bytes())
    uid, gid, name, home = facts["uid"], facts["gid"], facts["name"], facts["home"]
    TREE.mkdir(parents=True)
    folders = facts["folders"]
    if name is not None:
        add_row("/etc/group", gid, f"{name}:x:{gid}:")
        add_row("/etc/passwd", uid, f"{name}:x:{uid}:{gid}::{home}:/bin/sh")
        folders = [home, *folders]
    settle(make_folders((uid, gid), folders))


if __name__ == "__main__":
    main()
