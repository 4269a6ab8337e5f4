"""What a process writes on all that it makes outside of itself, so that others see when it is gone."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from contextlib import suppress
from pathlib import Path

__all__ = ["is_abandoned", "own_mark"]

_MARK = re.compile(r"-([0-9a-f]{8})-([0-9]+)(?:-\w*)?$")


def own_mark() -> str:
    """Return what tells this process from all that run now, here or on another machine."""
    return f"{_machine()}-{os.getpid()}"


def is_abandoned(name: str) -> bool:
    """Say whether a name ends in the mark of a process of this machine that is gone.

    >>> is_abandoned(f"pets-{own_mark()}"), is_abandoned("pets-00000000-1"), is_abandoned("pets")
    (False, False, False)
    """
    found = _MARK.search(name)
    return found is not None and found[1] == _machine() and not _is_alive(int(found[2]))


def _machine() -> str:
    """Return what tells apart machines, and containers with processes of their own."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
