"""The files of versions, each kept once, by the digest of its content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.files import sha256_of
from envc.store.database import unwritable

__all__ = ["Content"]

_CHUNK_BYTES = 1 << 20


class Content:
    """A folder of files that are named by the SHA-256 of what is in them.

    What is there is never changed: a process that dies leaves a file that nobody needs, no more.

    Attributes:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        """Keep files in a folder, which is made when the first one comes."""
        self.folder = folder

    def add(self, file: Path) -> tuple[str, int]:
        """Keep what is in a file, and return its SHA-256 in hex and its size in bytes.

        What is there already and got damaged is made whole by this.

        Raises:
            OSError: The file cannot be read.
            ToolError: The store cannot be written (E702).
        """
        with file.open("rb") as source:
            known = hashlib.file_digest(source, "sha256").hexdigest()
            if self._is_whole(known):
                self._touch(known)
                return known, source.tell()
            source.seek(0)
            with self._new_file() as (target, name):
                digest, size = hashlib.sha256(), 0
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    self._write(target, chunk)
                self._put(target, name, digest.hexdigest())
        return digest.hexdigest(), size

    def copy(self, sha256: str, target: Path) -> None:
        """Write a new file with the content of this digest.

        Raises:
            OSError: The target is there, or cannot be written.
            ToolError: The content is missing or damaged (E707).
        """
        try:
            source = self._place(sha256).open("rb")
        except OSError as error:
            raise self._lost(sha256, (error.strerror or "unknown error").lower()) from error
        digest = hashlib.sha256()
        with source, target.open("xb") as file:
            while chunk := source.read(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            target.unlink()
            raise self._lost(sha256, "it is not what was kept there")

    def locate(self, sha256: str) -> Path:
        """Return the file that has the content of this digest, which it is seen to have.

        Raises:
            ToolError: The content is missing or damaged (E707).
        """
        place = self._place(sha256)
        try:
            actual = sha256_of(place)
        except OSError as error:
            raise self._lost(sha256, (error.strerror or "unknown error").lower()) from error
        if actual != sha256:
            raise self._lost(sha256, "it is not what was kept there")
        return place

    def sweep(self, needed: Container[str], *, before: float) -> int:
        """Remove what nothing needs and nobody added since a time; return how many bytes that were."""
        freed = 0
        for place in sorted(self.folder.glob("??/*")):
            try:
                found = place.stat()
                if place.name not in needed and found.st_mtime < before:
                    place.unlink()
                    freed += found.st_size
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._unwritable(error) from error
        return freed

    def _touch(self, sha256: str) -> None:
        """Show that somebody is about to name it; a store that can only be read is never swept."""
        with suppress(OSError):
            os.utime(self._place(sha256))

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _is_whole(self, sha256: str) -> bool:
        try:
            return sha256_of(self._place(sha256)) == sha256
        except OSError:
            return False

    @contextmanager
    def _new_file(self) -> Iterator[tuple[BinaryIO, Path]]:
        """Give a file and its name; it goes away unless it gets another one."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            with os.fdopen(handle, "wb", buffering=0) as target:
                yield target, Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _write(self, target: BinaryIO, chunk: bytes) -> None:
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[target.write(rest) :]
        except OSError as error:
            raise self._unwritable(error) from error

    def _put(self, target: BinaryIO, name: Path, sha256: str) -> None:
        """Give a new file its name; it is there for good when this returns."""
        place = self._place(sha256)
        try:
            os.fsync(target.fileno())
            place.parent.mkdir(exist_ok=True, mode=0o700)
            name.replace(place)
            handle = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ToolError:
        return unwritable(self.folder, (error.strerror or "unknown error").lower())

    def _lost(self, sha256: str, reason: str) -> ToolError:
        message = f"the store has lost the content of a file: `{self._place(sha256)}`: {reason}"
        hint = "register the same files again: that makes it whole"
        return ToolError([Diagnostic(code="E707", message=message, hint=hint)])
