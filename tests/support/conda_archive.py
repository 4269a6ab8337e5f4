"""Conda packages as archives: files in, `.conda` or `.tar.bz2` out, the same bytes every time."""

from __future__ import annotations

import bz2
import hashlib
import importlib.util
import io
import json
import marshal
import struct
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["PLACEHOLDER", "File", "Package", "compress", "pack", "with_byte_code"]

# As long as conda-build makes them, so that binary prefixes of any image's path fit.
PLACEHOLDER = "/opt/" + "placehold_" * 24 + "end"
TIMESTAMP_MS = 1_700_000_000_000
_TIME_S = TIMESTAMP_MS // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a package: its content, or what it links to.

    Attributes:
        content: With `PLACEHOLDER` where the prefix goes, if `prefix` says so.
        prefix: How the prefix is to be written into it.
        symlink: The target, relative to the link; or
        hardlink: the target, a path in the package.
    """

    content: bytes = b""
    mode: int = 0o644
    prefix: Literal["text", "binary"] | None = None
    symlink: str | None = None
    hardlink: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package before it is packed; `files` by path below the prefix."""

    name: str
    version: str
    build: str
    subdir: str
    depends: Sequence[str] = ()
    files: Mapping[str, File] = field(default_factory=dict)
    noarch: Literal["generic", "python"] | None = None
    entry_points: Sequence[str] = ()
    number: int = 0
    suffix: Literal[".conda", ".tar.bz2"] = ".conda"

    @property
    def filename(self) -> str:
        """The archive's name."""
        return f"{self.name}-{self.version}-{self.build}{self.suffix}"

    @property
    def index(self) -> dict[str, Any]:
        """What `info/index.json` says, and repodata repeats."""
        noarch = {"noarch": self.noarch} if self.noarch else {}
        return {
            "build": self.build,
            "build_number": self.number,
            "depends": list(self.depends),
            "license": "MIT",
            "name": self.name,
            "subdir": self.subdir,
            "timestamp": TIMESTAMP_MS,
            "version": self.version,
            **noarch,
        }


def with_byte_code(files: Mapping[str, File]) -> dict[str, File]:
    """Return files with the byte code of this Python beside, as packages that are not noarch bring it.

    What does not compile, and what the prefix is written into, has none.
    """
    codes = {}
    for path, file in files.items():
        if not path.endswith(".py") or file.prefix is not None:
            continue
        try:
            code = compile(file.content, f"{PLACEHOLDER}/{path}", "exec", dont_inherit=True)
        except SyntaxError:
            continue
        head = importlib.util.MAGIC_NUMBER + struct.pack("<LLL", 0, _TIME_S, len(file.content))
        place = importlib.util.cache_from_source(path)
        codes[place] = File(content=head + marshal.dumps(code))
    return {**files, **codes}


def pack(package: Package) -> tuple[bytes, dict[str, Any]]:
    """Return a package's archive and its record in repodata."""
    info = _describe(package)
    if package.suffix == ".tar.bz2":
        archive = bz2.compress(_tar({**package.files, **info}))
    else:
        stem = package.filename.removesuffix(package.suffix)
        archive = _zip(
            {
                "metadata.json": json.dumps({"conda_pkg_format_version": 2}).encode(),
                f"pkg-{stem}.tar.zst": compress(_tar(package.files)),
                f"info-{stem}.tar.zst": compress(_tar(info)),
            }
        )
    record = package.index | {
        "md5": hashlib.md5(archive).hexdigest(),
        "sha256": hashlib.sha256(archive).hexdigest(),
        "size": len(archive),
    }
    return archive, record


def compress(content: bytes) -> bytes:
    """Return content in Zstandard's format, at a speed that tests can afford."""
    return zstd.compress(content, level=3)


def _describe(package: Package) -> dict[str, File]:
    paths = [_describe_path(path, package.files) for path in sorted(package.files)]
    info: dict[str, Any] = {
        "about.json": {"license": "MIT", "summary": f"{package.name}, for tests"},
        "index.json": package.index,
        "paths.json": {"paths": paths, "paths_version": 1},
    }
    if package.noarch == "python":
        noarch = {"entry_points": list(package.entry_points), "type": "python"}
        info["link.json"] = {"noarch": noarch, "package_metadata_version": 1}
    described = {
        f"info/{name}": File(content=json.dumps(content, indent=1, sort_keys=True).encode())
        for name, content in info.items()
    }
    names = "".join(f"{path}\n" for path in sorted(package.files))
    return described | {"info/files": File(content=names.encode())}


def _describe_path(path: str, files: Mapping[str, File]) -> dict[str, Any]:
    file = files[path]
    kind = "hardlink"
    content = file.content
    if file.symlink is not None:
        kind = "softlink"
        target = _join(path, file.symlink)
        content = files[target].content if target in files else b""
    if file.hardlink is not None:
        content = files[file.hardlink].content
    described: dict[str, Any] = {
        "_path": path,
        "path_type": kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }
    if file.prefix is not None:
        described |= {"file_mode": file.prefix, "prefix_placeholder": PLACEHOLDER}
    return described


def _join(path: str, target: str) -> str:
    parts = path.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _tar(files: Mapping[str, File]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        # What others link to goes first.
        for path in sorted(files, key=lambda path: (files[path].hardlink is not None, path)):
            file = files[path]
            entry = tarfile.TarInfo(path)
            entry.mode, entry.mtime = file.mode, _TIME_S
            if file.symlink is not None:
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, file.symlink, 0o777
            elif file.hardlink is not None:
                entry.type, entry.linkname = tarfile.LNKTYPE, file.hardlink
            else:
                entry.size = len(file.content)
            tar.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
