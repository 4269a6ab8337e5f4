"""An image as the engine gives it away, read as a stream: its configuration, and single layers."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import IO, Any

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.frozen import frozen

__all__ = ["SavedImage", "read_saved"]

_LISTING = "manifest.json"
_MAX_BYTES = 4 * 1024 * 1024


@frozen
class SavedImage:
    """What `docker save` gives of an image; nothing of its layers is held.

    Attributes:
        config: Its configuration (OCI image-spec, config.md).
        layers: Where each layer lies in the stream, in order.
        open: Begins a new stream of the same image.
    """

    config: dict[str, Any] = field(repr=False)
    layers: tuple[str, ...]
    open: Callable[[], Iterator[bytes]]

    def copy_layer(self, number: int, target: IO[bytes]) -> None:
        """Write a layer as it is stored, compressed or not; costs one pass over the whole image.

        Raises:
            ToolError: The stream does not have it (E662), or the engine fails (E60x).
        """
        wanted = self.layers[number]
        with _translated():
            for member, content in _members(self.open()):
                if member.name == wanted:
                    shutil.copyfileobj(content, target)
                    return
            raise ValueError(f"it has no `{wanted}`")


def read_saved(open_stream: Callable[[], Iterator[bytes]]) -> SavedImage:
    """Return what a stream of `docker save` says of its image; costs one pass over it.

    Raises:
        ToolError: It is none (E662), or the engine fails (E60x).
    """
    with _translated():
        small = {
            member.name: content.read()
            for member, content in _members(open_stream())
            if member.size <= _MAX_BYTES
        }
        listing = json.loads(small[_LISTING])[0]
        config = json.loads(small[listing["Config"]])
        return SavedImage(config=config, layers=tuple(listing["Layers"]), open=open_stream)


def _members(chunks: Iterator[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield the files of an archive that comes in pieces."""
    with tarfile.open(fileobj=io.BufferedReader(_Stream(chunks)), mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member, content


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, ValueError, LookupError, TypeError, EOFError) as error:
        problem = Diagnostic(
            code="E662",
            message="what the Docker engine saved of an image cannot be read",
            notes=(str(error),),
            hint="list it with `docker save IMAGE -o FILE` and `tar tf FILE`; the engine's log may say more",
        )
        raise ToolError([problem]) from error


class _Stream(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._chunks, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
