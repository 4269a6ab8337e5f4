"""Images fetched from their registries into a vendor folder, blob by blob, for some platforms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.frozen import frozen
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.manifest import is_index, load, select
from envc.vendor.artefact import PinnedImage
from envc.vendor.folder import VendorFolder

__all__ = ["FetchedImage", "fetch_image", "find_damaged", "list_blobs"]


@frozen
class FetchedImage:
    """An image that is in the folder now.

    Attributes:
        descriptor: As an OCI index has it: `mediaType`, `digest` and `size`.
        mended: The SHA-256, in hex, of what was there with other bytes, and came again.
    """

    descriptor: dict[str, Any]
    mended: tuple[str, ...]


def fetch_image(
    folder: VendorFolder, image: PinnedImage, registry: Registry, report: Callable[[str], None]
) -> FetchedImage:
    """Fetch what is missing of an image, or has other bytes by now.

    Of an index, only the manifests of the platforms that are wanted, and are there, come.

    Raises:
        InputError: There is no such image (E370).
        ToolError: The registry fails (E38x), gives other bytes (E471), or the folder cannot be
            written (E553).
    """
    reference = ImageReference.parse(image.name)
    mended = list(folder.drop_damaged([_hex(image.digest)]))
    body = _fetch_manifest(folder, reference, image.digest, registry)
    document = load(body)
    media_type = str(document.get("mediaType", ""))
    below = _manifests(document, media_type, image)
    mended += folder.drop_damaged(map(_hex, below))
    manifests = [load(_fetch_manifest(folder, reference, one, registry)) for one in below]
    own = [] if is_index(media_type) else [document]
    blobs = [blob for one in (*manifests, *own) for blob in (one["config"], *one["layers"])]
    mended += folder.drop_damaged(dict.fromkeys(_hex(str(blob["digest"])) for blob in blobs))
    for blob in blobs:
        _fetch_blob(folder, reference, blob, registry, report)
    descriptor = {"mediaType": media_type, "digest": image.digest, "size": len(body)}
    return FetchedImage(descriptor=descriptor, mended=tuple(mended))


def find_damaged(folder: VendorFolder, image: PinnedImage) -> tuple[str, ...]:
    """Return the SHA-256, in hex, of those blobs of an image that have other bytes by now."""
    return folder.find_damaged(dict.fromkeys(sha256 for sha256, _ in _walk(folder, image)))


def list_blobs(folder: VendorFolder, image: PinnedImage) -> tuple[str, ...] | None:
    """Return the SHA-256 of all blobs of an image, in hex; None where not all are there.

    What is below a manifest that has other bytes by now is not among them.
    """
    blobs = tuple(_walk(folder, image))
    if not all(folder.has(sha256, size) for sha256, size in blobs):
        return None
    return tuple(sha256 for sha256, _ in blobs)


def _walk(folder: VendorFolder, image: PinnedImage) -> Iterator[tuple[str, int | None]]:
    """Yield the SHA-256 and the size of all blobs of an image, as far as its manifests are whole."""
    waiting = [image.digest]
    while waiting:
        sha256 = _hex(waiting.pop())
        yield sha256, None
        if not folder.has(sha256) or folder.find_damaged([sha256]):
            continue
        document = load(folder.blob(sha256).read_bytes())
        media_type = str(document.get("mediaType", ""))
        waiting += _manifests(document, media_type, image)
        if is_index(media_type):
            continue
        for blob in (document["config"], *document["layers"]):
            yield _hex(str(blob["digest"])), blob["size"]


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _manifests(document: dict[str, Any], media_type: str, image: PinnedImage) -> list[str]:
    """Return the manifests of an index that are wanted; none of what is a manifest itself."""
    if not is_index(media_type):
        return []
    chosen = (select(document, PLATFORMS[name]) for name in image.platforms)
    return [digest for digest in chosen if digest is not None]


def _fetch_manifest(
    folder: VendorFolder, reference: ImageReference, digest: str, registry: Registry
) -> bytes:
    sha256 = _hex(digest)
    if folder.has(sha256):
        return folder.blob(sha256).read_bytes()
    body = registry.fetch(reference, f"manifests/{digest}")
    folder.put(body)
    return body


def _fetch_blob(
    folder: VendorFolder,
    reference: ImageReference,
    blob: dict[str, Any],
    registry: Registry,
    report: Callable[[str], None],
) -> None:
    digest = str(blob["digest"])
    sha256 = _hex(digest)
    if folder.has(sha256, blob["size"]):
        return
    report(f"{reference.familiar.partition('@')[0]}  {sha256[:12]}, {blob['size'] / 1e6:.1f} MB")
    # The first small request logs in, where the registry wants that; blobs may be large.
    hashed = hashlib.sha256()
    with folder.writing(sha256) as file:

        def write(chunk: bytes) -> None:
            hashed.update(chunk)
            file.write(chunk)

        registry.download(reference, digest, write)
        if hashed.hexdigest() != sha256:
            message = f"a layer of `{reference.familiar}` has other bytes than its digest says"
            hint = "try again; something between here and the registry may change its answers"
            raise ToolError([Diagnostic(code="E471", message=message, hint=hint)])
