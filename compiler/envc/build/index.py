"""Images of several platforms become one: an index over their manifests, which the engine keeps.

The images stay what they are when each is built by itself: an image's time of creation is its own, and
a build of several platforms at once has one for all.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

from envc.build.image import Image, Wanted
from envc.diagnostics import Diagnostic
from envc.engine.docker import Engine
from envc.engine.lookup import LocalImage
from envc.errors import ToolError
from envc.reference import ImageReference

__all__ = ["archive", "index_of", "join"]

# https://github.com/opencontainers/image-spec/blob/main/image-index.md
_INDEX = "application/vnd.oci.image.index.v1+json"
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


def join(engine: Engine, images: Sequence[Image], repository: str) -> Image:
    """Return the image that has those of several platforms, which the engine has or gets now.

    Args:
        images: One of each platform; the engine has them.
        repository: What its name starts with; its tag is by the id of all.

    Raises:
        ToolError: The engine cannot keep it (E653).
    """
    ordered = sorted(images, key=lambda image: image.platform)
    wanted = Wanted.of_all(repository, {image.platform: image.env_id for image in ordered})
    name = wanted.name
    found = [(image.platform, engine.find(image.name)) for image in ordered]
    index = index_of({platform: _manifest(local) for platform, local in found})
    digest = f"sha256:{hashlib.sha256(index).hexdigest()}"
    is_cached = _digest_of(engine, name) == digest
    if not is_cached:
        engine.load(archive(name, index))
        if _digest_of(engine, name) != digest:
            raise ToolError([_explain()])
    return Image(
        name=name,
        env_id=wanted.env_id,
        platform=wanted.platform,
        digest=digest,
        size_bytes=sum(image.size_bytes for image in ordered),
        duration_s=sum(image.duration_s for image in ordered),
        is_cached=is_cached and all(image.is_cached for image in ordered),
        warnings=tuple(dict.fromkeys(one for image in ordered for one in image.warnings)),
        parts=tuple(ordered),
    )


def index_of(manifests: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the index over manifests, given by platform: the same bytes for the same images."""
    entries = []
    for platform in sorted(manifests):
        system, _, architecture = platform.partition("/")
        named = {"architecture": architecture, "os": system}
        entries.append({**manifests[platform], "platform": named})
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
    return json.dumps(index, separators=(",", ":")).encode()


def archive(name: str, index: bytes) -> bytes:
    """Return an archive in OCI's layout that names an index; its manifests are not in it."""
    digest = hashlib.sha256(index).hexdigest()
    reference = ImageReference.parse(name)
    entry = {
        "mediaType": _INDEX,
        "digest": f"sha256:{digest}",
        "size": len(index),
        "annotations": {
            "io.containerd.image.name": reference.canonical,
            "org.opencontainers.image.ref.name": reference.tag,
        },
    }
    top = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    files = {"oci-layout": _LAYOUT, "index.json": top, f"blobs/sha256/{digest}": index}
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def _manifest(local: LocalImage | None) -> dict[str, Any]:
    if local is None or local.digest is None or local.manifest_bytes is None:
        raise ToolError([_explain()])
    return {"mediaType": local.media_type, "digest": local.digest, "size": local.manifest_bytes}


def _digest_of(engine: Engine, name: str) -> str | None:
    found = engine.find(name)
    return found.digest if found is not None else None


def _explain() -> Diagnostic:
    return Diagnostic(
        code="E653",
        message="the engine cannot keep an image of several platforms",
        hint="let it use containerd's image store, or build a platform at a time",
    )
