"""Files that envc writes: whole or not at all, and only where something changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

__all__ = ["sha256_of", "write_if_changed"]


def write_if_changed(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Put a file in its place in one step and say whether that changed anything.

    A reader sees the old file or the new one, never a part; a failure leaves the old one. Folders
    that lack are made. A file that is already so keeps its time, as build systems expect.

    Raises:
        OSError: The folder cannot be written.
    """
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        if path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)
            return True
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
