"""A commit's files as one archive: the same bytes for the same commit, whatever fetched it."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from envc.files import sha256_of
from envc.frozen import frozen
from envc.lock.package import archive_name

__all__ = ["TOP", "Archive", "Part", "UnfitError", "find_archive", "list_pointers", "pack"]

TOP = "source"
"""The one folder that an archive holds, as a source distribution does."""

_FILE_TIME = 946684800
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES_MAX = 1024


class UnfitError(Exception):
    """A commit holds what no folder may; `reason` says what, in lower case."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@frozen
class Part:
    """What `git archive` wrote of a repository: `prefix` is where it lies, `` for the whole."""

    prefix: str
    file: Path


@frozen
class Archive:
    """A commit's archive: an uncompressed tar, since compressors differ between machines."""

    file: Path
    sha256: str
    size: int


def find_archive(folder: Path, commit: str) -> Archive | None:
    """Return the archive of a commit that is kept in a folder, unchanged; None where none is."""
    for file in sorted(folder.glob(f"{commit}-*.tar")):
        sha256 = file.stem.partition("-")[2]
        try:
            if sha256_of(file) == sha256:
                return Archive(file=file, sha256=sha256, size=file.stat().st_size)
        except OSError:
            continue
    return None


def pack(parts: Iterable[Part], folder: Path, commit: str) -> Archive:
    """Put a commit and its submodules into one archive, which is kept in a folder.

    Sorted by path; with one time, one owner and no mode but whether a file may be executed.

    Raises:
        UnfitError: A path leads out of the folder or into version control's own.
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{commit}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as target:
                _write(parts, target)
            file.flush()
            os.fsync(file.fileno())
        sha256, size = sha256_of(temporary), temporary.stat().st_size
        temporary.chmod(0o644)
        kept = temporary.replace(folder / archive_name(commit, sha256))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Archive(file=kept, sha256=sha256, size=size)


def list_pointers(file: Path, subdirectory: str) -> tuple[str, ...] | None:
    """Return the paths of Git LFS pointers in a project's folder, sorted; None where it is not there.

    https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    top = f"{TOP}/{subdirectory}/" if subdirectory else f"{TOP}/"
    found: list[str] = []
    is_there = False
    with tarfile.open(file) as archive:
        for member in archive:
            if not member.name.startswith(top):
                continue
            is_there = True
            if not member.isreg() or member.size > _POINTER_BYTES_MAX:
                continue
            stream = archive.extractfile(member)
            if stream is not None and stream.read(len(_POINTER)) == _POINTER:
                found.append(member.name.removeprefix(f"{TOP}/"))
    return tuple(found) if is_there else None


def _write(parts: Iterable[Part], target: tarfile.TarFile) -> None:
    with ExitStack() as stack:
        found: dict[str, tuple[tarfile.TarFile, tarfile.TarInfo]] = {}
        for part in parts:
            archive = stack.enter_context(tarfile.open(part.file))
            for path, member in _list(archive):
                found[f"{part.prefix}{path}"] = archive, member
        if not found:
            raise UnfitError("it has no files")
        for path, (archive, member) in sorted(found.items()):
            own = tarfile.TarInfo(f"{TOP}/{path}")
            own.mtime = _FILE_TIME
            own.type, own.linkname = member.type, member.linkname
            own.mode = 0o755 if member.mode & 0o100 and member.isreg() else 0o644
            own.size = member.size if member.isreg() else 0
            target.addfile(own, archive.extractfile(member) if member.isreg() else None)


def _list(archive: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in archive:
        if member.isdir():
            continue
        parts = PurePosixPath(member.name).parts
        if {"..", "/"} & {*parts} or any(part.lower() == ".git" for part in parts):
            raise UnfitError(f"it has a file `{member.name}`, which no folder may have")
        yield member.name, member
