"""A version's files, written where something can read them: into the cache, or where a user wants them."""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.files import open_cache, sha256_of, unwritable
from envc.store.content import Content
from envc.store.record import Anonymous, StoredFile, Version

__all__ = ["check_out", "find_spec", "write_files"]

_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def check_out(content: Content, version: Version | Anonymous, cache: Path) -> Path:
    """Return the path of a version's spec in the cache, with all of its files around it.

    Its folder is named after the version and its content, and what is there already is used, once it
    has been seen that nobody changed it. Costs a read of all of the files.

    Raises:
        ToolError: The cache cannot be written (E553), or content is missing or damaged (E707).
    """
    digest = version.draft.digest.removeprefix("sha256:")
    registered = cache / "registered"
    folder = registered / f"{version.reference}-{digest[:16]}"
    spec = folder / find_spec(version).path
    files = version.draft.files
    if _is_intact(folder, files):
        return spec
    locks = cache / "locks"
    open_cache(registered)
    open_cache(locks)
    from filelock import FileLock  # loads slowly, and most versions are there

    new = registered / f".{folder.name}.{os.getpid()}"
    with FileLock(locks / f"{folder.name}.lock"):
        # What another process has put there meanwhile may be in use already.
        if _is_intact(folder, files):
            return spec
        try:
            _remove(new)
            write_tree(content, files, new, is_frozen=True)
            _remove(folder)
            new.rename(folder)
        except OSError as error:
            raise unwritable(folder, error) from error
        finally:
            _remove(new)
    return spec


def find_spec(version: Version | Anonymous) -> StoredFile:
    """Return which of a version's files is its spec."""
    return next(file for file in version.draft.files if file.role == "spec")


def write_files(content: Content, version: Version | Anonymous, folder: Path) -> Path:
    """Write a version's files into a user's folder, and return the path of its spec there.

    What is there already and is the same stays.

    Raises:
        UsageError: Something else is in the place of a file (E709); then nothing is written.
        ToolError: The folder cannot be written (E553), or content is missing or damaged (E707).
    """
    files = version.draft.files
    taken = [file.path for file in files if _is_taken(folder, file)]
    if taken:
        listed = ", ".join(f"`{folder / path}`" for path in taken[:5])
        more = f" and {len(taken) - 5} more" if len(taken) > 5 else ""
        message = f"`{version.reference}` would overwrite {listed}{more}"
        hint = f"name another folder, as in `envc env get {version.reference} DIR`"
        raise UsageError([Diagnostic(code="E709", message=message, hint=hint)])
    missing = tuple(file for file in files if not _is_same(folder, file))
    try:
        write_tree(content, missing, folder, is_frozen=False)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder / find_spec(version).path


def write_tree(
    content: Content, files: tuple[StoredFile, ...], folder: Path, *, is_frozen: bool
) -> None:
    """Write files that are not there yet.

    Args:
        is_frozen: Whether nobody is to write to them by accident.

    Raises:
        OSError: One cannot be written, or is there.
        ToolError: Content is missing or damaged (E707).
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link is not None:
            target.symlink_to(file.link)
            continue
        content.copy(file.sha256, target)
        target.chmod(file.mode & ~_WRITE if is_frozen else file.mode)


def _is_intact(folder: Path, files: tuple[StoredFile, ...]) -> bool:
    """Say whether a folder has these files and no others."""
    try:
        return set(_walk(folder)) == {file.path for file in files} and all(
            _is_same(folder, file) for file in files
        )
    except OSError:
        return False


def _walk(folder: Path) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        above = Path(root).relative_to(folder).as_posix()
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in (*names, *links):
            yield posixpath.normpath(posixpath.join(above, name))


def _is_same(folder: Path, file: StoredFile) -> bool:
    place = folder / file.path
    if file.link is not None:
        return place.is_symlink() and os.readlink(place) == file.link  # noqa: PTH115
    if place.is_symlink() or not place.is_file():
        return False
    is_executable = bool(place.stat().st_mode & stat.S_IXUSR)
    return is_executable == bool(file.mode & stat.S_IXUSR) and sha256_of(place) == file.sha256


def _is_taken(folder: Path, file: StoredFile) -> bool:
    """Say whether something stands in a file's way: another one there, or one as its folder."""
    place = folder / file.path
    if os.path.lexists(place):
        return not _is_same(folder, file)
    above = [folder / parent for parent in Path(file.path).parents]
    return any(
        os.path.lexists(one) and (one.is_symlink() or not one.is_dir()) for one in above[:-1]
    )


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
