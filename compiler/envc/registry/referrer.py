"""Documents about an image, kept beside it in its registry: attached, and listed.

They are artifacts that name the image's manifest as their subject, which does not change it
(https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from envc.frozen import frozen
from envc.registry.manifest import load
from envc.registry.publisher import Descriptor, Publisher, sha256_digest

__all__ = ["Attached", "Document", "attach", "list_attached"]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
# What an artifact without a configuration has in its place (image-spec, manifest.md).
_EMPTY, _EMPTY_TYPE = b"{}", "application/vnd.oci.empty.v1+json"
_ROUNDS = 5


@frozen
class Document:
    """A document about an image.

    Attributes:
        media_type: Of its content, which is also the type of the artifact.
        annotations: What its artifact says of it; no time, so that the same document is the same
            artifact.
    """

    media_type: str
    content: bytes
    annotations: Mapping[str, str]


@frozen
class Attached:
    """A document that a registry has.

    Attributes:
        digest: Of the artifact's manifest.
        artifact_type: Of the document.
        is_new: Whether it was not there before.
    """

    digest: str
    artifact_type: str
    annotations: Mapping[str, str]
    is_new: bool = False


def attach(publisher: Publisher, subject: Descriptor, document: Document) -> Attached:
    """Attach a document to a manifest; one that is there already is left as it is.

    Raises:
        ToolError: As `Publisher`.
    """
    config = publisher.push_blob(_EMPTY, _EMPTY_TYPE)
    layer = publisher.push_blob(document.content, document.media_type)
    manifest = _encode(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "artifactType": document.media_type,
            "config": config.as_json(),
            "layers": [layer.as_json()],
            "subject": subject.as_json(),
            "annotations": dict(document.annotations),
        }
    )
    own = Descriptor(media_type=_MANIFEST, digest=sha256_digest(manifest), size=len(manifest))
    done = Attached(
        digest=own.digest,
        artifact_type=document.media_type,
        annotations=document.annotations,
        is_new=not publisher.has(f"manifests/{own.digest}", accept=_MANIFEST),
    )
    headers = publisher.push_manifest(own.digest, manifest, _MANIFEST)
    if "oci-subject" not in headers:
        _list_by_tag(publisher, subject.digest, own, document)
    return done


def list_attached(publisher: Publisher, digest: str) -> tuple[Attached, ...]:
    """Return what is attached to a manifest, sorted by type and digest.

    Raises:
        ToolError: As `Publisher`.
    """
    answer = publisher.get(f"referrers/{digest}", accept=_INDEX)
    entries = _entries(answer.body) if answer is not None else _read_tag(publisher, digest)
    found = [
        Attached(
            digest=str(entry.get("digest")),
            artifact_type=str(entry.get("artifactType", "")),
            annotations=dict(entry.get("annotations") or {}),
        )
        for entry in entries
    ]
    return tuple(sorted(found, key=lambda one: (one.artifact_type, one.digest)))


def _list_by_tag(publisher: Publisher, subject: str, own: Descriptor, document: Document) -> None:
    """Enter an artifact into the index that stands in for the API where a registry has none.

    Nothing keeps two writers apart there: whoever finds the own entry missing writes again.
    """
    entry = {
        **own.as_json(),
        "artifactType": document.media_type,
        "annotations": dict(document.annotations),
    }
    for _ in range(_ROUNDS):
        entries = _read_tag(publisher, subject)
        if any(other.get("digest") == own.digest for other in entries):
            return
        entries = sorted([*entries, entry], key=lambda other: str(other.get("digest")))
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
        publisher.push_manifest(_tag(subject), _encode(index), _INDEX)


def _read_tag(publisher: Publisher, digest: str) -> list[dict[str, Any]]:
    answer = publisher.get(f"manifests/{_tag(digest)}", accept=_INDEX)
    return _entries(answer.body) if answer is not None else []


def _tag(digest: str) -> str:
    """Return the tag of the index that lists what is about a manifest."""
    return digest.replace(":", "-")


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        document = load(body)
    except ValueError:
        document = {}
    return [entry for entry in document.get("manifests") or () if isinstance(entry, dict)]
