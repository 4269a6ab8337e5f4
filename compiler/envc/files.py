"""Files that envc reads and writes: whole or not at all, and written only where something changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from envc.diagnostics import Diagnostic, Label, suggest
from envc.errors import InputError, ToolError
from envc.frozen import frozen
from envc.source import Source

__all__ = [
    "Ignores",
    "TreeFile",
    "decode_source",
    "open_cache",
    "read_below",
    "read_part",
    "read_source",
    "read_tree",
    "sha256_of",
    "unwritable",
    "write_if_changed",
]

OUTPUT_MARK = b'{\n  "envc": '
"""How the `image.json` of a folder that `envc compile` wrote begins."""

_LEFT_OUT = frozenset(
    {
        ".bzr", ".git", ".hg", ".jj", ".svn",
        ".hypothesis", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache",
        "__pycache__",
    }
)  # fmt: skip
_SPEC_SUFFIXES = frozenset({".envc", ".yaml", ".yml"})


class Ignores(Protocol):
    """Says what is left out of a folder."""

    def match_file(self, path: str, /) -> bool:
        """Say so of a path relative to the folder; that of a folder in it ends in `/`."""
        ...


@frozen
class TreeFile:
    """A file or a symbolic link that was found.

    Attributes:
        path: Relative to the folder that was read, in POSIX form; a single file's name.
        file: Where it lies.
        sha256: Of its content, in hex; of a link, of its target's text.
        mode: 0o755 where its owner may execute it, else 0o644; 0o644 for a link.
        link: The target of a symbolic link, or None.
    """

    path: str
    file: Path
    sha256: str
    mode: int
    link: str | None = None


def read_source(path: Path) -> Source:
    """Return the text of a spec or a lock; messages call it as `path` is written.

    Raises:
        InputError: There is no such file (E150), it is a folder (E151), cannot be read (E152) or is
            not UTF-8 (E153).
    """
    name = str(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise _refuse("E150", f"there is no file `{name}`", _advise(path)) from error
    except NotADirectoryError as error:
        raise _refuse("E150", f"there is no file `{name}`", "check the path") from error
    except IsADirectoryError as error:
        raise _refuse("E151", f"`{name}` is a folder, not a file", _advise_in(path)) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"`{name}` cannot be read: {(reason or 'unknown error').lower()}"
        raise _refuse("E152", message, "check its permissions and the disk") from error
    return decode_source(content, name)


def read_part(path: Path) -> Source:
    """Return the text of a file that a spec includes; what a device or a pipe gives may never end.

    Raises:
        InputError: As `read_source`; what is no file in a folder cannot be read (E152).
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        message = f"`{path}` cannot be read: it is a device or a pipe"
        raise _refuse("E152", message, "name a file")
    return read_source(path)


def decode_source(content: bytes, name: str) -> Source:
    """Return a text that is there as bytes; a byte order mark is not part of it.

    Raises:
        InputError: It is not UTF-8 (E153).
    """
    try:
        return Source(name=name, text=content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        source = Source(name=name, text=error.object.decode("utf-8", errors="replace"))
        offset = len(error.object[: error.start].decode("utf-8", errors="replace"))
        hint = "save it as UTF-8"
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            hint = "it looks like UTF-16: save it as UTF-8"
        problem = Diagnostic(
            code="E153",
            message=f"`{name}` is not UTF-8: byte {content[error.start]:#04x} cannot stand there",
            labels=(Label(span=source.span(offset, offset + 1)),),
            hint=hint,
        )
        raise InputError([problem]) from error


def read_tree(
    folder: Path, relative: str, ignore: Sequence[str] = ()
) -> tuple[bool, tuple[TreeFile, ...]]:
    """Return what lies at a path relative to a folder: whether it is a folder, and its files.

    Files are sorted by path. Links are not followed, but for the named path itself. Left out are
    empty folders, the folders of version control and of Python's caches, and what `envc compile`
    wrote: an image must not depend on where its own Dockerfile lies.

    Args:
        ignore: Patterns of what else is left out of a folder, relative to it, as `.gitignore` has
            them (https://git-scm.com/docs/gitignore#_pattern_format); it is not even read.

    Raises:
        OSError: Something is not there or cannot be read; `filename` names it.
        ValueError: Something is neither a file, nor a folder, nor a link, or its name is not UTF-8;
            the message says what.
    """
    root = folder / relative
    if not stat.S_ISDIR(root.stat().st_mode):
        return False, (replace(_describe(root.resolve(), root.name), file=root),)
    return True, read_below(root, _compile_patterns(ignore))


def read_below(root: Path, ignored: Ignores | None) -> tuple[TreeFile, ...]:
    """Return the files below a folder, as `read_tree` does.

    Raises:
        OSError: As `read_tree`.
        ValueError: As `read_tree`.
    """
    paths = _walk(root, "", ignored)
    found = [_describe(path, path.relative_to(root).as_posix()) for path in paths]
    return tuple(sorted(found, key=lambda file: file.path))


def write_if_changed(
    path: Path, content: bytes, *, mode: int | None = None, is_durable: bool = True
) -> bool:
    """Put a file in its place in one step and say whether that changed anything.

    A reader sees the old file or the new one, never a part; a failure leaves the old one. Folders
    that lack are made. A file that is already so keeps its time, as build systems expect.

    Args:
        mode: None leaves it as it is, or makes it 0o644 where there is no file yet.
        is_durable: Whether it has to be there when the machine fails right after, for which the disk
            is waited for; what is only kept in a cache need not be, and is whole or empty then.

    Raises:
        OSError: The folder cannot be written.
    """
    is_there = path.is_file() and not path.is_symlink()
    old_mode = path.stat().st_mode & 0o777 if is_there else 0o644
    mode = old_mode if mode is None else mode
    if is_there and path.read_bytes() == content:
        if mode != old_mode:
            path.chmod(mode)
            return True
        return False
    import tempfile  # loads slowly, and most runs write nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def open_cache(folder: Path) -> None:
    """Make the cache's folder where it lacks, and find out that it can be written.

    Raises:
        ToolError: It cannot (E553).
    """
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        hint = "let the environment variable `ENVC_CACHE` name a folder that you can write"
        raise unwritable(folder, error, hint=hint) from error


def unwritable(
    path: Path, error: OSError, *, hint: str = "check its permissions and the disk"
) -> ToolError:
    """Return what to raise where a file or a folder cannot be written (E553)."""
    reason = (error.strerror or "unknown error").lower()
    message = f"`{error.filename or path}` cannot be written: {reason}"
    return ToolError([Diagnostic(code="E553", message=message, hint=hint)])


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compile_patterns(patterns: Sequence[str]) -> Ignores | None:
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec  # loads slowly, and few specs need it

    return GitIgnoreSpec.from_lines(patterns)


def _walk(folder: Path, above: str, ignored: Ignores | None) -> Iterator[Path]:
    """Yield what is in a folder and below; `above` is its own path where the walk began."""
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        path, is_folder = Path(entry.path), entry.is_dir(follow_symlinks=False)
        name = f"{above}{entry.name}/" if is_folder else f"{above}{entry.name}"
        if ignored is not None and ignored.match_file(name):
            continue
        if not is_folder:
            yield path
        elif entry.name not in _LEFT_OUT and not _is_output(path):
            yield from _walk(path, name, ignored)


def _is_output(folder: Path) -> bool:
    try:
        with (folder / "image.json").open("rb") as file:
            return file.read(len(OUTPUT_MARK)) == OUTPUT_MARK
    except OSError:
        return False


def _describe(file: Path, path: str) -> TreeFile:
    status = file.lstat()
    is_link = stat.S_ISLNK(status.st_mode)
    link = os.readlink(file) if is_link else None  # noqa: PTH115  # Path changes `./x` to `x`
    try:
        target = (link or "").encode()
        path.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the name or the target of {path!a} is not UTF-8") from error
    if is_link:
        sha256 = hashlib.sha256(target).hexdigest()
        return TreeFile(path=path, file=file, sha256=sha256, mode=0o644, link=link)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"`{path}` is neither a file, nor a folder, nor a link")
    mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    return TreeFile(path=path, file=file, sha256=sha256_of(file), mode=mode)


def _advise(path: Path) -> str:
    """Return the hint for a file that is missing: the one that was meant, where it is there."""
    if not path.parent.is_dir():
        return f"there is no folder `{path.parent}` either: check the path"
    names = _spec_names(path.parent)
    # By stems: that both are specs does not make two names alike.
    stems = {Path(name).stem: name for name in reversed(names)}
    meant = stems.get(suggest(path.stem, stems), "") or stems.get(path.name, "")
    return f"did you mean `{path.parent / meant}`?" if meant else "check the path"


def _advise_in(folder: Path) -> str:
    try:
        names = _spec_names(folder)
    except OSError:
        names = []
    return f"did you mean `{folder / names[0]}`?" if len(names) == 1 else "name the file in it"


def _spec_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in _SPEC_SUFFIXES)


def _refuse(code: str, message: str, hint: str) -> InputError:
    return InputError([Diagnostic(code=code, message=message, hint=hint)])
