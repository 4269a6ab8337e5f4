"""A wheel's metadata read from where the wheel lies, by the few parts of it that hold it.

Metadata lies at the end of most wheels, and so does the directory of what they hold: of a wheel of
hundreds of megabytes, one part of 64 kB is enough as a rule. Most indexes serve metadata by itself
(PEP 658); this is for those that do not.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from envc.resolve.index.wheel_file import BrokenWheelError, metadata_in

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from envc.resolve.index.transport import Part

__all__ = ["FetchPart", "read_remote_metadata"]

_PART_BYTES = 1 << 16

FetchPart: TypeAlias = "Callable[[int | None, int], Part | None]"
"""Gets the bytes from a position on, to before another; or, from None on, the last so many."""


def read_remote_metadata(filename: str, sha256: str | None, fetch: FetchPart) -> str | None:
    """Return a wheel's METADATA, or None where it takes the whole wheel to know it.

    Args:
        filename: The wheel's name.
        sha256: What is checked where the wheel is so small that it comes whole.
        fetch: Gets a part of it, or None where its host gives no parts.
    """
    tail = fetch(None, _PART_BYTES)
    if tail is None or (tail.start == 0 and not _is_right(tail.content, sha256)):
        return None
    try:
        with io.BufferedReader(_Parts(tail, fetch), _PART_BYTES) as stream:
            return metadata_in(filename, stream)
    except (BrokenWheelError, _NoPartError):
        return None


def _is_right(content: bytes, sha256: str | None) -> bool:
    return sha256 in (None, hashlib.sha256(content).hexdigest())


class _NoPartError(Exception):
    """A part does not come, or is of another file by now."""


class _Parts(io.RawIOBase):
    """A file that lies elsewhere; its end is here."""

    def __init__(self, tail: Part, fetch: FetchPart) -> None:
        self._tail = tail
        self._fetch = fetch
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._tail.size}[whence]
        if start + offset < 0:
            raise BrokenWheelError("it points to before its beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer)
        content = self._read(len(room))
        room[: len(content)] = content
        self._position += len(content)
        return len(content)

    def _read(self, count: int) -> bytes:
        """Return what is at the position: at most so many bytes, and none at the end only."""
        here = self._position - self._tail.start
        if here >= 0:
            return self._tail.content[here : here + count]
        part = self._fetch(self._position, min(self._position + count, self._tail.start))
        if part is None or part.size != self._tail.size:
            raise _NoPartError
        return part.content
