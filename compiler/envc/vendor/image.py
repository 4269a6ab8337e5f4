"""Images fetched from their registries into a vendor folder, blob by blob, for some platforms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.manifest import is_index, load, select
from envc.vendor.artefact import PinnedImage
from envc.vendor.folder import VendorFolder

__all__ = ["fetch_image", "list_blobs"]


def fetch_image(
    folder: VendorFolder, image: PinnedImage, registry: Registry, report: Callable[[str], None]
) -> dict[str, Any]:
    """Fetch what is missing of an image, and return its descriptor as an OCI index has it.

    Of an index, only the manifests of the platforms that are wanted, and are there, come.

    Raises:
        InputError: There is no such image (E370).
        ToolError: The registry fails (E38x), gives other bytes (E471), or the folder cannot be
            written (E553).
    """
    reference = ImageReference.parse(f"{image.image}@{image.digest}")
    body = _fetch_manifest(folder, reference, image.digest, registry)
    document = load(body)
    media_type = str(document.get("mediaType", ""))
    for digest in _manifests(document, media_type, image):
        manifest = load(_fetch_manifest(folder, reference, digest, registry))
        for blob in (manifest["config"], *manifest["layers"]):
            _fetch_blob(folder, reference, blob, registry, report)
    own = [] if is_index(media_type) else [document["config"], *document["layers"]]
    for blob in own:
        _fetch_blob(folder, reference, blob, registry, report)
    return {"mediaType": media_type, "digest": image.digest, "size": len(body)}


def list_blobs(folder: VendorFolder, image: PinnedImage) -> tuple[str, ...] | None:
    """Return the SHA-256 of all blobs of an image, in hex; None where not all are there."""
    found: list[str] = []
    for digest in _walk(folder, image):
        if digest is None:
            return None
        found.append(digest)
    return tuple(found)


def _walk(folder: VendorFolder, image: PinnedImage) -> Iterator[str | None]:
    """Yield all blobs of an image; None for one that is missing."""
    waiting = [image.digest]
    while waiting:
        sha256 = waiting.pop().removeprefix("sha256:")
        if not folder.has(sha256):
            yield None
            return
        yield sha256
        document = load(folder.blob(sha256).read_bytes())
        media_type = str(document.get("mediaType", ""))
        waiting += _manifests(document, media_type, image)
        if is_index(media_type):
            continue
        for blob in (document["config"], *document["layers"]):
            name = str(blob["digest"]).removeprefix("sha256:")
            yield name if folder.has(name, blob["size"]) else None


def _manifests(document: dict[str, Any], media_type: str, image: PinnedImage) -> list[str]:
    """Return the manifests of an index that are wanted; none of what is a manifest itself."""
    if not is_index(media_type):
        return []
    chosen = (select(document, PLATFORMS[name]) for name in image.platforms)
    return [digest for digest in chosen if digest is not None]


def _fetch_manifest(
    folder: VendorFolder, reference: ImageReference, digest: str, registry: Registry
) -> bytes:
    sha256 = digest.removeprefix("sha256:")
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
    sha256 = digest.removeprefix("sha256:")
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
