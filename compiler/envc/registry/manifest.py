"""Manifests as the OCI image specification has them: bytes become facts, and are checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from envc.frozen import frozen
from envc.platform import Platform

__all__ = [
    "ACCEPT",
    "Found",
    "Manifest",
    "is_index",
    "is_manifest",
    "list_platforms",
    "load",
    "select",
    "total_size",
]

# https://github.com/opencontainers/image-spec/blob/main/media-types.md and Docker's own two.
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
ACCEPT = ", ".join(_MANIFESTS + _INDEXES)


@frozen
class Manifest:
    """One platform's manifest.

    Attributes:
        digest: Of the manifest itself, never of an index that lists it.
        media_type: OCI's or Docker's.
        config: The image's configuration (OCI image-spec, config.md): `config`, `architecture`, ….
        index: The digest of the index that it was chosen from; None where there is none.
        platforms: Those that the index has, sorted; without an index, its own.
        size_bytes: Of its layers, compressed as they are there.
    """

    digest: str
    media_type: str
    config: dict[str, Any] = field(repr=False)
    index: str | None = None
    platforms: tuple[str, ...] = ()
    size_bytes: int = 0

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that the image sets."""
        return dict(entry.split("=", 1) for entry in self._runtime.get("Env") or () if "=" in entry)

    @property
    def labels(self) -> dict[str, str]:
        """The image's labels."""
        return dict(self._runtime.get("Labels") or {})

    @property
    def triggers(self) -> tuple[str, ...]:
        """The instructions that building on the image sets off (ONBUILD)."""
        return tuple(map(str, self._runtime.get("OnBuild") or ()))

    @property
    def _runtime(self) -> dict[str, Any]:
        return self.config.get("config") or {}


@frozen
class Found:
    """What a reference names: one platform's manifest, or an index of several.

    Attributes:
        size: In bytes.
        document: Its content.
    """

    digest: str
    media_type: str
    size: int
    document: dict[str, Any] = field(repr=False)

    @property
    def manifests(self) -> dict[str, str]:
        """The digest of each platform's manifest that an index lists; empty where it is none.

        Attestations of BuildKit's own, of the platform `unknown/unknown`, are none.
        """
        found = {
            _name(entry["platform"]): str(entry.get("digest")) for entry in _entries(self.document)
        }
        found.pop("unknown/unknown", None)
        return found


def load(body: bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: It is none.
    """
    try:
        data = json.loads(body)
    except RecursionError as error:
        raise ValueError("its brackets are nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    return data


def is_index(media_type: str) -> bool:
    """Say whether it lists manifests, one per platform."""
    return media_type in _INDEXES


def is_manifest(media_type: str) -> bool:
    """Say whether it is one image's manifest."""
    return media_type in _MANIFESTS


def select(index: dict[str, Any], platform: Platform) -> str | None:
    """Return the digest of a platform's manifest, or None where the index has none for it.

    Of several variants the plainest wins: none, then arm64's `v8`, which means the same.
    """
    order = {"": 0, "v8": 1}
    fitting = [
        (order.get(entry["platform"].get("variant", ""), 2), place, str(entry.get("digest")))
        for place, entry in enumerate(_entries(index))
        if _name(entry["platform"]) == platform.name
    ]
    return min(fitting)[2] if fitting else None


def list_platforms(index: dict[str, Any]) -> tuple[str, ...]:
    """Return the platforms that an index has, sorted, each once."""
    names = {_name(entry["platform"]) for entry in _entries(index)}
    return tuple(sorted(names - {"unknown/unknown"}))


def total_size(manifest: Mapping[str, Any]) -> int:
    """Return the size of a manifest's layers in bytes, compressed as they are there."""
    layers = manifest.get("layers") or ()
    sizes = (layer.get("size") for layer in layers if isinstance(layer, dict))
    return sum(size for size in sizes if isinstance(size, int))


def _entries(index: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for entry in index.get("manifests") or ():
        if isinstance(entry, dict) and isinstance(entry.get("platform"), dict):
            yield entry


def _name(platform: dict[str, Any]) -> str:
    return f"{platform.get('os')}/{platform.get('architecture')}"
