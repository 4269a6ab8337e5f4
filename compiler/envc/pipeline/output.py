"""The folder that a compile writes: what goes there, what changes there, and what is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import InputError, UsageError
from envc.files import OUTPUT_MARK, sha256_of, unwritable, write_if_changed
from envc.frozen import frozen
from envc.plan.context import ContextFile

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "Changes",
    "compare",
    "compare_variants",
    "depfile",
    "explain",
    "manifest",
    "write",
    "write_beside",
    "write_variants",
]

MANIFEST = "image.json"
SCHEMA = 1
"""The version of what `image.json` holds; changes when a field changes its meaning."""

_EXECUTABLE = 0o755
_OTHER_FOLDER = "name a folder that is empty, or that envc has written before"


@frozen
class Changes:
    """What a write does, or would do: paths relative to the folder, sorted."""

    written: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def manifest(facts: Mapping[str, Any], files: Iterable[ContextFile]) -> ContextFile:
    """Return `image.json`: facts, and by path the SHA-256 of every other file of the folder."""
    data = {
        "envc": SCHEMA,
        **dict(sorted(facts.items())),
        "files": {file.path: file.sha256 for file in sorted(files, key=lambda file: file.path)},
    }
    content = (json.dumps(data, indent=2) + "\n").encode()
    assert content.startswith(OUTPUT_MARK)  # noqa: S101  # files.py knows the folder by it
    return ContextFile.of(MANIFEST, content)


def compare(folder: Path, files: Sequence[ContextFile]) -> Changes:
    """Return what `write` would do; nothing is touched.

    Args:
        files: All that the folder is to hold, `image.json` too.

    Raises:
        UsageError: The folder is somebody else's (E550), a file that is in the way is (E551), or it
            is no folder (E552).
        ToolError: It cannot be read (E553).
    """
    try:
        return _compare(folder, files)
    except OSError as error:
        raise unwritable(folder, error) from error


def write(folder: Path, files: Sequence[ContextFile]) -> Changes:
    """Make a folder hold exactly these files of envc's, and say what that changed.

    Files that are already so keep their times. Files that envc wrote before and that nobody has
    changed since are removed when they are no longer needed; those of others are never touched.
    `image.json` comes last: once it is new, everything is.

    Raises:
        InputError: A file beside the spec has changed since it was read (E555).
        UsageError: As `compare`.
        ToolError: The folder cannot be written (E553).
    """
    changes = compare(folder, files)
    _apply(folder, changes, {file.path: file for file in files})
    return changes


def compare_variants(
    folder: Path,
    environment: str,
    variants: Mapping[str, Sequence[ContextFile]],
    *,
    names: Collection[str],
) -> Changes:
    """Return what `write_variants` would do; nothing is touched.

    Raises:
        UsageError: As `compare`, of the folder and of that of each variant.
        ToolError: As `compare`.
    """
    try:
        return _compare_variants(folder, environment, variants, names)
    except OSError as error:
        raise unwritable(folder, error) from error


def write_variants(
    folder: Path,
    environment: str,
    variants: Mapping[str, Sequence[ContextFile]],
    *,
    names: Collection[str],
) -> Changes:
    """Make a folder hold a folder for each variant, as `write` does, and say what that changed.

    What envc wrote there for the same environment and does not need any more goes: of variants that
    it no longer has, and of a compile without variants.

    Args:
        environment: The spec's name.
        variants: All that the folder of each variant is to hold, by its name.
        names: Of all variants that the spec has: the folders of the others stay as they are.

    Raises:
        InputError: As `write`.
        UsageError: As `compare_variants`.
        ToolError: As `write`.
    """
    changes = compare_variants(folder, environment, variants, names=names)
    by_path = {f"{name}/{file.path}": file for name, files in variants.items() for file in files}
    _apply(folder, changes, by_path)
    return changes


def explain(folder: Path, changes: Changes, *, hint: str) -> Diagnostic:
    """Return the diagnostic for a folder that is not as it should be (E554)."""
    lines = (
        *(f"would be written: {path}" for path in changes.written),
        *(f"would be removed: {path}" for path in changes.removed),
    )
    message = f"`{folder}` is not what the spec and its lock compile to"
    return Diagnostic(code="E554", message=message, notes=("\n".join(lines),), hint=hint)


def depfile(targets: Iterable[Path], sources: Iterable[Path]) -> str:
    """Return a rule in Make's format: what each target was made from, all sorted.

    A name with a line end is left out: Make has no way to say it.
    """
    return f"{_list_names(targets)}: {_list_names(sources)}".rstrip() + "\n"


def write_beside(path: Path, text: str) -> bool:
    """Write a file outside of the folder, such as a lock or a depfile, and say whether it changed.

    Raises:
        ToolError: It cannot be written (E553).
    """
    try:
        return write_if_changed(path, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise unwritable(path, error) from error


def _apply(folder: Path, changes: Changes, by_path: Mapping[str, ContextFile]) -> None:
    def order(path: str) -> tuple[bool, str]:
        return PurePosixPath(path).name == MANIFEST, path

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(changes.written, key=order):
            _put(folder / path, by_path[path])
        for path in sorted(changes.removed, key=order):
            _remove(folder, path)
    except OSError as error:
        raise unwritable(folder, error) from error


def _compare_variants(
    folder: Path,
    environment: str,
    variants: Mapping[str, Sequence[ContextFile]],
    names: Collection[str],
) -> Changes:
    if folder.exists() and not folder.is_dir():
        raise _refuse("E552", f"`{folder}` is a file, not a folder", _OTHER_FOLDER)
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    compiled = {entry.name: _facts(entry) for entry in entries if _read_old(entry) is not None}
    others = {*variants, *compiled}
    foreign = [entry.name for entry in entries if entry.name not in others]
    if foreign and _read_old(folder) is None:
        message = f"`{folder}` holds `{foreign[0]}`, and envc has not written this folder"
        raise _refuse("E550", message, _OTHER_FOLDER)
    removed = _obsolete(folder, others)
    for name in sorted(set(compiled) - {*variants, *names}):
        if (compiled[name].get("environment"), compiled[name].get("variant")) == (
            environment,
            name,
        ):
            removed += [f"{name}/{path}" for path in _obsolete(folder / name)]
    written = []
    for name, files in variants.items():
        changes = _compare(folder / name, files)
        written += [f"{name}/{path}" for path in changes.written]
        removed += [f"{name}/{path}" for path in changes.removed]
    return Changes(written=tuple(sorted(written)), removed=tuple(sorted(removed)))


def _obsolete(folder: Path, others: Collection[str] = ()) -> list[str]:
    """Return what envc wrote into a folder, with `image.json` where only `others` are left."""
    old = _read_old(folder)
    if old is None:
        return []
    own = [path for path, sha256 in old.items() if _digest(folder / path) == sha256]
    left = set(_list(folder)) - {*own, MANIFEST}
    return own if any(path.partition("/")[0] not in others for path in left) else [*own, MANIFEST]


def _facts(folder: Path) -> dict[str, Any]:
    """Return what the `image.json` of a folder that envc wrote says; nothing where it is damaged."""
    try:
        return dict(json.loads((folder / MANIFEST).read_bytes()))
    except (ValueError, TypeError):
        return {}


def _compare(folder: Path, files: Sequence[ContextFile]) -> Changes:
    if folder.exists() and not folder.is_dir():
        raise _refuse("E552", f"`{folder}` is a file, not a folder", _OTHER_FOLDER)
    old = _read_old(folder)
    wanted = {file.path: file for file in files}
    if old is None:
        foreign = [path for path in _list(folder) if path not in wanted]
        if foreign:
            message = f"`{folder}` holds `{foreign[0]}`, and envc has not written this folder"
            raise _refuse("E550", message, _OTHER_FOLDER)
        old = {}
    written = [path for path, file in wanted.items() if not _is_there(folder / path, file)]
    for path in written:
        _refuse_foreign(folder, path, old)
    removed = [
        path
        for path, sha256 in old.items()
        if path not in wanted
        and _find_foreign(folder, path) is None
        and _digest(folder / path) == sha256
    ]
    return Changes(written=tuple(sorted(written)), removed=tuple(sorted(removed)))


def _refuse_foreign(folder: Path, path: str, old: Mapping[str, str]) -> None:
    """Refuse to write where something lies that envc did not put there."""
    if (found := _find_foreign(folder, path)) is not None:
        message = f"`{found}` is in the way: envc needs a folder there"
        raise _refuse("E551", message, f"move it, or {_OTHER_FOLDER}")
    place = folder / path
    is_own = path in old or path == MANIFEST
    if os.path.lexists(place) and (not is_own or (place.is_dir() and not place.is_symlink())):
        message = f"`{place}` is in the way: envc has not written it"
        raise _refuse("E551", message, f"move it, or {_OTHER_FOLDER}")


def _find_foreign(folder: Path, path: str) -> Path | None:
    """Return what stands where a path needs a folder; a link may lead to somebody else's."""
    for parent in list(PurePosixPath(path).parents)[:-1]:
        place = folder / parent
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return place
    return None


def _read_old(folder: Path) -> dict[str, str] | None:
    """Return what envc wrote last time, by path the SHA-256; None where it wrote nothing."""
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        return None
    content = path.read_bytes()
    if not content.startswith(OUTPUT_MARK):
        return None
    try:
        files = json.loads(content)["files"]
        return {path: sha256 for path, sha256 in files.items() if _is_inside(path)}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _is_inside(path: str) -> bool:
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _list(folder: Path) -> list[str]:
    """Return what is below a folder, links and empty folders included, sorted."""
    if not folder.is_dir():
        return []
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
    ]


def _is_there(place: Path, file: ContextFile) -> bool:
    if file.link is not None:
        return place.is_symlink() and os.readlink(place) == file.link  # noqa: PTH115
    if place.is_symlink() or not place.is_file():
        return False
    # Only who may execute counts: what else a mode says depends on the checkout's umask.
    is_executable = bool(place.stat().st_mode & 0o100)
    return is_executable == (file.mode == _EXECUTABLE) and sha256_of(place) == file.sha256


def _digest(place: Path) -> str | None:
    if place.is_symlink():
        return hashlib.sha256(os.fsencode(os.readlink(place))).hexdigest()  # noqa: PTH115
    return sha256_of(place) if place.is_file() else None


def _put(place: Path, file: ContextFile) -> None:
    if file.link is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(file.link)
        return
    content = file.content
    if content is None:
        content = Path(file.origin_path or "").read_bytes()
        if hashlib.sha256(content).hexdigest() != file.sha256:
            message = f"`{file.origin_path}` has changed while it was compiled"
            hint = "run the command again when nothing writes it"
            raise InputError([Diagnostic(code="E555", message=message, hint=hint)])
    if place.is_symlink():
        place.unlink()
    write_if_changed(place, content, mode=file.mode)


def _remove(folder: Path, path: str) -> None:
    (folder / path).unlink()
    for parent in list(PurePosixPath(path).parents)[:-1]:
        if any((folder / parent).iterdir()):
            return
        (folder / parent).rmdir()


def _list_names(paths: Iterable[Path]) -> str:
    names = [_escape(name) for name in sorted({str(path) for path in paths})]
    return " ".join(name for name in names if "\n" not in name)


def _escape(name: str) -> str:
    """Return a name as GNU Make reads it in a rule: a backslash counts only before these."""
    return re.sub(r"(\\*)([ \t#:])", r"\1\1\\\2", name).replace("$", "$$")


def _refuse(code: str, message: str, hint: str) -> UsageError:
    return UsageError([Diagnostic(code=code, message=message, hint=hint)])
