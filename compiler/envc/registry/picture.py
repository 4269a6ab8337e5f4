"""An image of a registry as its labels, settings and layers tell it, for each of its platforms."""

from __future__ import annotations

from dataclasses import replace

from envc.diff.picture import Picture, picture_of
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.manifest import Manifest, is_index, load

__all__ = ["look_at"]


def look_at(registry: Registry, reference: ImageReference) -> tuple[Picture, ...]:
    """Return the picture of an image for each platform it has that envc knows: two requests each.

    Raises:
        InputError: There is no such image (E370), or none for a platform that envc knows (E371).
        ToolError: As `Registry.resolve`.
    """
    found = registry.find(reference)
    names = found.manifests if is_index(found.media_type) else {_platform(registry, reference): ""}
    known = [PLATFORMS[name] for name in sorted(names) if name in PLATFORMS]
    asked = known or [next(iter(PLATFORMS.values()))]
    return tuple(
        _picture(registry, reference, registry.resolve(reference, one), one.name) for one in asked
    )


def _platform(registry: Registry, reference: ImageReference) -> str:
    """Return the only platform that an image without an index has."""
    document = registry.find(reference).document
    digest = str((document.get("config") or {}).get("digest"))
    config = load(registry.fetch(reference, f"blobs/{digest}"))
    return f"{config.get('os')}/{config.get('architecture')}"


def _picture(
    registry: Registry, reference: ImageReference, manifest: Manifest, platform: str
) -> Picture:
    own = replace(reference, digest=manifest.digest, tag=None)
    layers = registry.find(own).document.get("layers") or []
    config = manifest.config
    made = [one for one in config.get("history") or () if not one.get("empty_layer")]
    commands = [str(one.get("created_by") or "") for one in made]
    if len(commands) != len(layers):
        commands = [""] * len(layers)
    return picture_of(
        reference.familiar,
        platform,
        config.get("config") or {},
        (config.get("rootfs") or {}).get("diff_ids") or [],
        [(int(layer["size"]), command) for layer, command in zip(layers, commands, strict=True)],
        is_compressed=True,
    )
