"""A small archive of real Debian packages, made here."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Deb", "write_archive"]

_TIME = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Deb:
    """A package.

    Attributes:
        fields: Further ones of its control file, such as `Depends`.
        files: Contents by absolute path.
        scripts: Maintainer scripts and `triggers`, by their names.
    """

    name: str
    version: str = "1.0"
    architecture: str = "amd64"
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)

    @property
    def filename(self) -> str:
        """As Debian's own archive names it."""
        version = self.version.replace(":", "%3a")
        return f"{self.name}_{version}_{self.architecture}.deb"

    @property
    def control(self) -> str:
        """The control file's text."""
        known = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": self.architecture,
            "Maintainer": "Test <test@example.com>",
            "Description": "made by a test",
        }
        return "".join(f"{key}: {value}\n" for key, value in {**known, **self.fields}.items())

    def build(self) -> bytes:
        """Return the package (deb(5)): an ar archive of two tar archives."""
        control = {"./control": self.control, **{f"./{k}": v for k, v in self.scripts.items()}}
        members = {
            "debian-binary": b"2.0\n",
            "control.tar.gz": _tar(control, mode=0o755),
            "data.tar.gz": _tar({f".{path}": text for path, text in self.files.items()}),
        }
        packed = b"!<arch>\n"
        for name, content in members.items():
            header = f"{name:16}{_TIME:<12}{0:<6}{0:<6}{'100644':8}{len(content):<10}`\n"
            packed += header.encode() + content + (b"\n" if len(content) % 2 else b"")
        return packed


def write_archive(folder: Path, packages: Sequence[Deb]) -> None:
    """Write packages and their index: `deb [trusted=yes] ADDRESS ./` is its line in a list."""
    folder.mkdir(parents=True, exist_ok=True)
    index = ""
    for package in packages:
        content = package.build()
        (folder / package.filename).write_bytes(content)
        index += package.control + (
            f"Filename: ./{package.filename}\nSize: {len(content)}\n"
            f"SHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        )
    (folder / "Packages").write_text(index)
    listed = f" {hashlib.sha256(index.encode()).hexdigest()} {len(index)} Packages\n"
    (folder / "Release").write_text(
        "Origin: test\nSuite: test\nCodename: test\nArchitectures: amd64 arm64\n"
        f"Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n{listed}"
    )


def _tar(files: Mapping[str, str], mode: int = 0o644) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        folders = {str(parent) for path in files for parent in Path(path).parents}
        for name in sorted(folders - {"."}):
            folder = tarfile.TarInfo(f"./{name}")
            folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, _TIME
            archive.addfile(folder)
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(text.encode()), mode, _TIME
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
