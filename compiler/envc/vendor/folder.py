"""The folder: an OCI image layout whose blobs are artefacts, too, each under the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from envc.canonical import readable_json
from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.files import sha256_of, unwritable, write_if_changed

if TYPE_CHECKING:
    from envc.vendor.artefact import Artefact, PinnedImage

__all__ = ["BLOBS", "VendorFolder"]

BLOBS = "blobs/sha256"
"""Where blobs are, below the folder."""

_SIDE_BY_SIDE = 4
_MARK, _LAYOUT, _INDEX = "envc.json", "oci-layout", "index.json"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_NAME = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class VendorFolder:
    """A folder that holds all that locks pin.

    It is an OCI image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md),
    so that any tool reads its images; `envc.json` lists artefacts. Equal content is equal text.
    """

    path: Path

    @staticmethod
    def open(path: Path) -> VendorFolder:
        """Return a folder to write to, which is made where it is missing.

        Raises:
            UsageError: It is somebody else's (E472).
            ToolError: It cannot be written (E553).
        """
        folder = VendorFolder(path)
        if path.exists() and not folder.is_ours and (not path.is_dir() or any(path.iterdir())):
            message = f"`{path}` is no folder that envc has written"
            hint = "name a folder that is empty, or that `envc vendor` has written before"
            raise UsageError([Diagnostic(code="E472", message=message, hint=hint)])
        try:
            (path / BLOBS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error
        write_if_changed(path / _LAYOUT, b'{"imageLayoutVersion":"1.0.0"}')
        return folder

    @property
    def is_ours(self) -> bool:
        """Whether it is a vendor folder, perhaps an unfinished one."""
        return (self.path / _LAYOUT).is_file() and (self.path / BLOBS).is_dir()

    def blob(self, sha256: str) -> Path:
        """Return where content lies, or would."""
        return self.path / BLOBS / sha256

    def has(self, sha256: str, size: int | None = None) -> bool:
        """Say whether content is there: what has its name was verified when it came.

        Whether it still is what it was, `find_damaged` says.

        Args:
            size: Its bytes, where somebody knows.
        """
        try:
            found = self.blob(sha256).stat().st_size
        except OSError:
            return False
        return size is None or found == size

    def find_damaged(self, digests: Iterable[str]) -> tuple[str, ...]:
        """Return which of these contents are there with other bytes than they came with.

        All of them are read, side by side: neither sizes nor times tell. That takes a second for a
        GB or two.
        """
        there = [sha256 for sha256 in digests if self.has(sha256)]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            found = list(pool.map(self._is_damaged, there))
        return tuple(sha256 for sha256, is_damaged in zip(there, found, strict=True) if is_damaged)

    def drop_damaged(self, digests: Iterable[str]) -> tuple[str, ...]:
        """Remove those of these contents that have other bytes by now, and return which they were.

        Raises:
            ToolError: One cannot be removed (E553).
        """
        damaged = self.find_damaged(digests)
        for sha256 in damaged:
            place = self.blob(sha256)
            try:
                place.unlink()
            except OSError as error:
                raise unwritable(place, error) from error
        return damaged

    def names(self, image: PinnedImage) -> bool:
        """Say whether the folder's index has an image, whatever became of its blobs."""
        return any(one["annotations"][_NAME] == image.name for one in self._read_images())

    def _is_damaged(self, sha256: str) -> bool:
        try:
            return sha256_of(self.blob(sha256)) != sha256
        except OSError:
            return True

    def part(self, sha256: str) -> Path:
        """Return where content grows while it is fetched: a later run goes on with it."""
        return self.path / BLOBS / f"{sha256}.part"

    def put(self, content: bytes) -> str:
        """Put in content and return its SHA-256 in hex."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.has(sha256, len(content)):
            with self.writing(sha256) as file:
                file.write(content)
        return sha256

    @contextmanager
    def writing(self, sha256: str) -> Iterator[IO[bytes]]:
        """Give a file for content that is then there, whole or not at all.

        Raises:
            ToolError: It cannot be written (E553).
        """
        place = self.blob(sha256)
        try:
            with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
                try:
                    yield file
                except BaseException:
                    Path(file.name).unlink()
                    raise
            Path(file.name).chmod(0o644)
            Path(file.name).replace(place)
        except OSError as error:
            raise unwritable(place, error) from error

    def write_index(
        self, artefacts: Iterable[Artefact], images: Mapping[PinnedImage, Mapping[str, Any]]
    ) -> None:
        """Write what the folder holds, beside what it held before.

        Args:
            images: The descriptor (`mediaType`, `digest`, `size`) of each.
        """
        known = self._read_mark() | {
            one.sha256: {"name": one.name, "url": one.url} for one in artefacts
        }
        entries = {one["annotations"][_NAME]: one for one in self._read_images()}
        for image, descriptor in images.items():
            entries[image.name] = {**descriptor, "annotations": {_NAME: image.name}}
        self._write(known, [entries[name] for name in sorted(entries)])

    def prune(self, kept: Collection[str], names: Collection[str]) -> tuple[int, int]:
        """Remove all other contents, and return how many and how many bytes these were.

        Args:
            kept: The SHA-256 of contents to keep.
            names: `IMAGE@DIGEST` of images to keep.
        """
        count = size = 0
        for blob in sorted((self.path / BLOBS).iterdir()):
            if blob.name not in kept:
                count, size = count + 1, size + blob.stat().st_size
                blob.unlink()
        known = {sha256: row for sha256, row in self._read_mark().items() if sha256 in kept}
        images = [one for one in self._read_images() if one["annotations"][_NAME] in names]
        self._write(known, images)
        return count, size

    def _write(self, known: Mapping[str, Any], images: list[dict[str, Any]]) -> None:
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": images}
        rows = [{"sha256": sha256, **row} for sha256, row in sorted(known.items())]
        write_if_changed(self.path / _INDEX, readable_json(index).encode())
        write_if_changed(self.path / _MARK, readable_json({"artefacts": rows}).encode())

    def _read_mark(self) -> dict[str, Any]:
        rows = _read_json(self.path / _MARK).get("artefacts") or []
        return {row["sha256"]: {"name": row["name"], "url": row["url"]} for row in rows}

    def _read_images(self) -> list[dict[str, Any]]:
        return list(_read_json(self.path / _INDEX).get("manifests") or [])


def _read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; of a file that is missing or damaged, an empty one: it is made anew."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
