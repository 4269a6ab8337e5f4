"""Two layers compared, entry by entry and byte by byte: which files differ, in what, and whose they are."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import posixpath
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from envc.frozen import frozen

__all__ = ["FileDifference", "LayerDifference", "compare_layers"]

_PIECE = 1024 * 1024
_COMPILED = re.compile(r"(?P<folder>.*?/?)__pycache__/(?P<stem>[^/]+?)\.[a-z]+-[0-9]+.*\.pyc")
# https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
_ZSTD = b"\x28\xb5\x2f\xfd"
_KINDS = {
    tarfile.REGTYPE: "a file",
    tarfile.AREGTYPE: "a file",
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a folder",
    tarfile.FIFOTYPE: "a pipe",
}


@frozen
class FileDifference:
    """A path that is not the same in two layers.

    Attributes:
        path: In the image, without its leading `/`.
        kind: `missing`, `type`, `link`, `content`, `mode`, `owner`, `time` or `attributes`.
        text: In what it differs, as a sentence's end.
        offset: Of content: the first byte that differs, from 0.
        owner: The package that brought the file, as `name version`; empty where none says so.
    """

    path: str
    kind: str
    text: str
    offset: int | None = None
    owner: str = ""


@frozen
class LayerDifference:
    """In what two layers differ.

    Attributes:
        first: The first path that differs, in the first layer's order; None where the same files come in
            another order, or only the archive itself differs.
        paths: Of all that differ, sorted.
    """

    first: FileDifference | None
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What an archive says of a path: `facts` by name, and a digest of the content."""

    facts: Mapping[str, Any]
    sha256: str


@dataclass(slots=True)
class _Layer:
    """What an archive has, by path, and who owns what is in it."""

    entries: dict[str, _Entry] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)


def compare_layers(first: Path, second: Path) -> LayerDifference:
    """Return in what two layers differ; one pass over each, and another where content does.

    Args:
        first: A file with the layer's archive, compressed by gzip or zstd, or not at all.

    Raises:
        tarfile.TarError: One is no archive that can be read.
        OSError: As above, where its compression is broken.
    """
    one, other = _read(first), _read(second)
    missing = one.entries.keys() ^ other.entries.keys()
    changed = {path for path, entry in one.entries.items() if other.entries.get(path) != entry}
    paths = tuple(sorted(missing | changed))
    order = [*one.entries, *other.entries]
    path = next((path for path in order if path in missing or path in changed), None)
    if path is None:
        return LayerDifference(first=None, paths=())
    owner = _find_owner(path, {**other.owners, **one.owners})
    found = _explain(one.entries.get(path), other.entries.get(path))
    if found is None:
        offset, text = _compare_content(path, first, second)
        difference = FileDifference(
            path=path, kind="content", text=text, offset=offset, owner=owner
        )
    else:
        difference = FileDifference(path=path, kind=found[0], text=found[1], owner=owner)
    return LayerDifference(first=difference, paths=paths)


def _read(path: Path) -> _Layer:
    layer = _Layer()
    with _open(path) as archive:
        for member in archive:
            name = _normal(member.name)
            content = archive.extractfile(member) if member.isreg() else None
            keep = io.BytesIO() if _tells_owner(name) else None
            layer.entries[name] = _Entry(_facts(member), _digest(content, keep))
            if keep is not None:
                layer.owners |= _list_owned(name, keep.getvalue())
    return layer


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    """Give an archive to be read once, from its beginning to its end."""
    with path.open("rb") as file:
        is_zstd = file.read(len(_ZSTD)) == _ZSTD
    if not is_zstd:
        with tarfile.open(path, mode="r|*") as archive:
            yield archive
        return
    from envc.build.zstd import ZstdError, ZstdFile

    try:
        with ZstdFile(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            yield archive
    except ZstdError as error:
        raise tarfile.ReadError(str(error)) from error


def _normal(path: str) -> str:
    return posixpath.normpath(f"/{path}").lstrip("/") or "."


def _facts(member: tarfile.TarInfo) -> dict[str, Any]:
    """Return what is said of an entry besides its content, in the order in which it is told."""
    attributes = {
        key: value
        for key, value in member.pax_headers.items()
        if key not in {"path", "linkpath", "size", "mtime", "uid", "gid"}
    }
    return {
        "type": _KINDS.get(member.type, "something else"),
        "link": member.linkname,
        "mode": f"{member.mode:04o}",
        "owner": f"{member.uid}:{member.gid}",
        "time": f"{member.mtime:.9f}".rstrip("0").rstrip("."),
        "attributes": tuple(sorted(attributes.items())),
    }


def _digest(content: IO[bytes] | None, keep: IO[bytes] | None) -> str:
    if content is None:
        return ""
    found = hashlib.sha256()
    for piece in iter(lambda: content.read(_PIECE), b""):
        found.update(piece)
        if keep is not None:
            keep.write(piece)
    return found.hexdigest()


def _explain(one: _Entry | None, other: _Entry | None) -> tuple[str, str] | None:
    """Return kind and text of what differs first; None where that is the content."""
    if one is None or other is None:
        return "missing", f"is only in the {'second' if one is None else 'first'}"
    if one.facts["type"] == other.facts["type"] and one.sha256 != other.sha256:
        return None
    kind = next(name for name, value in one.facts.items() if other.facts[name] != value)
    was, became = one.facts[kind], other.facts[kind]
    match kind:
        case "type":
            return kind, f"is {was} in the first and {became} in the second"
        case "link":
            return kind, f"leads to `{was}` in the first and to `{became}` in the second"
        case "attributes":
            names = sorted({key for key, _ in {*was} ^ {*became}})
            return kind, f"has other extended attributes: {', '.join(names)}"
        case _:
            return kind, f"has the {kind} {was} in the first and {became} in the second"


def _compare_content(path: str, first: Path, second: Path) -> tuple[int, str]:
    """Return the first byte that differs, and how to say so."""
    place = 0
    for one, other in zip(_pieces(first, path), _pieces(second, path), strict=False):
        if one != other:
            length = min(len(one), len(other))
            at = next((n for n in range(length) if one[n] != other[n]), length)
            place += at
            if at == length:
                shorter = "first" if len(one) < len(other) else "second"
                return place, f"ends after {place} bytes in the {shorter} only"
            return place, (
                f"has {one[at]:#04x} at byte {place} in the first and {other[at]:#04x} in the second"
            )
        place += len(one)
    return place, f"ends after {place} bytes in one of the two only"


def _pieces(archive: Path, path: str) -> Iterator[bytes]:
    """Yield a file's content in pieces of one length; the last is shorter, and may be empty."""
    with _open(archive) as opened:
        for member in opened:
            if _normal(member.name) != path:
                continue
            content = opened.extractfile(member)
            if content is not None:
                while len(piece := content.read(_PIECE)) == _PIECE:
                    yield piece
                yield piece
            return


def _tells_owner(path: str) -> bool:
    is_record = path.endswith(".dist-info/RECORD")
    return is_record or (posixpath.dirname(path).endswith("conda-meta") and path.endswith(".json"))


def _list_owned(path: str, content: bytes) -> dict[str, str]:
    """Return the owner of every file that a package's own list has; of a broken list, none."""
    folder = posixpath.dirname(path)
    root = posixpath.dirname(folder)
    try:
        if path.endswith(".json"):
            record = json.loads(content)
            files, owner = record["files"], f"{record['name']} {record['version']}"
        else:
            rows = csv.reader(io.StringIO(content.decode()))
            files = [row[0] for row in rows if row]
            owner = " ".join(posixpath.basename(folder).removesuffix(".dist-info").split("-")[:2])
    except (ValueError, LookupError, TypeError, csv.Error):
        return {}
    return {posixpath.normpath(posixpath.join(root, file)): owner for file in files}


def _find_owner(path: str, owners: Mapping[str, str]) -> str:
    """Return who brought a file; byte code is of whoever brought its source."""
    found = _COMPILED.fullmatch(path)
    source = f"{found['folder']}{found['stem']}.py" if found is not None else path
    return owners.get(path) or owners.get(source, "")
