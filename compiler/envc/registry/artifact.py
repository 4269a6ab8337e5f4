"""A version as an OCI artifact: facts become a manifest, and what a registry has becomes checked facts.

The version's facts are the artifact's configuration, and each of its files is a layer, so that the
versions of an environment share what did not change. Nothing of it depends on when or where it is sent.
"""

from __future__ import annotations

from envc.canonical import canonical_json
from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError, UsageError
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.manifest import Found, load
from envc.registry.publisher import Descriptor, sha256_digest
from envc.store.parcel import (
    ARTIFACT_TYPE,
    CONFIG_TYPE,
    EMPTY_SHA256,
    FILE_TYPE,
    Parcel,
    UnknownSchemaError,
    loads,
)
from envc.store.record import StoredFile

__all__ = [
    "MANIFEST_TYPE",
    "contents",
    "descriptor",
    "distrust",
    "encode",
    "fetch_blob",
    "is_environment",
    "number_of",
    "read",
]

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_TITLE = "org.opencontainers.image.title"
_VERSION = "org.opencontainers.image.version"
_DESCRIPTION = "org.opencontainers.image.description"


def encode(parcel: Parcel, config: bytes) -> bytes:
    """Return the artifact's manifest (OCI image-spec, manifest.md, "Guidelines for Artifact Usage")."""
    described = Descriptor(media_type=CONFIG_TYPE, digest=sha256_digest(config), size=len(config))
    annotations = {_TITLE: parcel.name, _VERSION: str(parcel.number)}
    if parcel.description:
        annotations[_DESCRIPTION] = parcel.description
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": described.as_json(),
            "layers": [descriptor(file).as_json() for file in contents(parcel)],
            "annotations": annotations,
        }
    )


def contents(parcel: Parcel) -> tuple[StoredFile, ...]:
    """Return the files whose content travels, each content once, in the order of their digests."""
    found = {
        file.sha256: file
        for file in parcel.files
        if file.link is None and file.sha256 != EMPTY_SHA256
    }
    return tuple(found[key] for key in sorted(found))


def descriptor(file: StoredFile) -> Descriptor:
    return Descriptor(media_type=FILE_TYPE, digest=f"sha256:{file.sha256}", size=file.size_bytes)


def number_of(manifest: bytes) -> int | None:
    """Return which version a manifest says that it is; None where it says none."""
    try:
        annotations = load(manifest).get("annotations")
        return int(annotations[_VERSION]) if isinstance(annotations, dict) else None
    except (ValueError, KeyError, TypeError):
        return None


def is_environment(found: Found) -> bool:
    """Say whether it is a version of an environment, whatever its form."""
    kind = str(found.document.get("artifactType") or "")
    return kind.startswith(ARTIFACT_TYPE.removesuffix("1"))


def read(registry: Registry, place: ImageReference, found: Found) -> Parcel:
    """Return what an artifact says of itself.

    Raises:
        UsageError: It is no environment (E730).
        ToolError: A newer envc wrote it (E732), or it is not to be trusted (E733).
    """
    described = found.document.get("config")
    kind = str(found.document.get("artifactType") or "")
    if kind != ARTIFACT_TYPE or not isinstance(described, dict):
        if kind.startswith(ARTIFACT_TYPE.removesuffix("1")):
            raise _explain_newer(place, f"it is of the type `{kind}`")
        message = f"`{place.familiar}` is no registered environment"
        hint = "`envc env list --repository R` lists those that a repository has"
        raise UsageError([Diagnostic(code="E730", message=message, hint=hint)])
    digest = str(described.get("digest"))
    try:
        return loads(fetch_blob(registry, place, digest))
    except UnknownSchemaError as error:
        raise _explain_newer(place, str(error)) from error
    except ValueError as error:
        raise distrust(place, str(error)) from error


def fetch_blob(registry: Registry, place: ImageReference, digest: str) -> bytes:
    try:
        return registry.fetch(place, f"blobs/{digest}")
    except InputError as error:
        raise distrust(place, f"the registry lacks its content {digest}") from error


def _explain_newer(place: ImageReference, reason: str) -> ToolError:
    message = f"`{place.familiar}` was sent by a newer envc"
    return ToolError(
        [Diagnostic(code="E732", message=message, notes=(reason,), hint="pull it with that one")]
    )


def distrust(place: ImageReference, reason: str) -> ToolError:
    message = f"`{place.familiar}` is damaged, or made to do harm"
    hint = "find out who pushed it, and have it pushed again; nothing of it was registered"
    return ToolError([Diagnostic(code="E733", message=message, notes=(reason,), hint=hint)])
