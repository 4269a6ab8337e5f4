"""The build's context: files as BuildKit will see them."""

from __future__ import annotations

import hashlib
from dataclasses import field

from envc.frozen import frozen

__all__ = ["ContextFile"]


@frozen
class ContextFile:
    """A file of the build's context.

    Attributes:
        path: Where it lies in the context, in POSIX form.
        sha256: Of its content, in hex; of a link, of its target's text.
        mode: 0o644 or 0o755.
        content: Its bytes, or None where they are copied from `origin_path`.
        origin_path: The file it is a copy of, where envc can read it; or None.
        link: The target of a symbolic link; or None.
    """

    path: str
    sha256: str
    mode: int = 0o644
    content: bytes | None = field(default=None, repr=False)
    origin_path: str | None = field(default=None, compare=False)
    link: str | None = None

    @staticmethod
    def of(path: str, content: bytes) -> ContextFile:
        """Return a file with this content."""
        return ContextFile(path=path, sha256=hashlib.sha256(content).hexdigest(), content=content)
