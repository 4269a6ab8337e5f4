"""What a process writes on all that it makes outside of itself, so that others see when it is gone."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

__all__ = ["is_abandoned", "own_mark", "remove_abandoned", "temporary_folder"]

_PREFIX = "envc-"
_MOST = 500
"""How many names of the system's folder are looked at: where there are thousands, that takes long."""
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


def temporary_folder(purpose: str) -> TemporaryDirectory[str]:
    """Return a folder that is gone in the end, or once its process was killed and another looks.

    Args:
        purpose: A word for its name.
    """
    from tempfile import TemporaryDirectory  # loads slowly, and most runs need none

    prefix = f"{_PREFIX}{purpose}-{own_mark()}-"
    return TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)


def remove_abandoned() -> None:
    """Take away the temporary folders of the user's own processes that were killed."""
    import shutil
    from tempfile import gettempdir

    with suppress(OSError), os.scandir(gettempdir()) as entries:
        for entry in islice(entries, _MOST):
            if entry.name.startswith(_PREFIX) and is_abandoned(entry.name) and _is_own(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_own(entry: os.DirEntry[str]) -> bool:
    status = entry.stat(follow_symlinks=False)
    return entry.is_dir(follow_symlinks=False) and status.st_uid == os.geteuid()


def _machine() -> str:
    """Return what tells apart machines, and containers with processes of their own."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{os.uname().nodename} {space}".encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
