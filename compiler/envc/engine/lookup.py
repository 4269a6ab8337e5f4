"""An image looked up in the engine: by any of its names, and what the engine says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from envc.engine.failure import translated
from envc.frozen import frozen
from envc.reference import ImageReference

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["LocalImage", "find", "list_names", "list_tagged", "list_triggers", "name_of"]

_DEPTH = 8
"""Of how many parts a repository's name is at most, its registry's included."""


@frozen
class LocalImage:
    """An image that the engine has.

    Attributes:
        id: What the engine calls it.
        digest: Of its manifest; None where the engine's store keeps none (without containerd's
            image store only the configuration has a digest until the image is pushed).
        platform: `os/architecture`.
        size_bytes: As the engine counts it.
        media_type: Of its manifest, or of its index; None as `digest`.
        manifest_bytes: The size of that; None as `digest`.
    """

    id: str
    digest: str | None
    labels: Mapping[str, str]
    platform: str
    size_bytes: int
    media_type: str | None = None
    manifest_bytes: int | None = None


def find(client: DockerClient, name: str) -> LocalImage | None:
    """Return an image by a tag, a digest reference or an id, or None where there is none."""
    from docker.errors import ImageNotFound

    inspect: Callable[[str], dict[str, Any]] = client.api.inspect_image  # no types there
    with translated(f"look up the image `{name}`"):
        try:
            data = inspect(name)
        except ImageNotFound:
            return None
    descriptor = data.get("Descriptor") or {}
    return LocalImage(
        id=data["Id"],
        digest=descriptor.get("digest"),
        labels=dict((data.get("Config") or {}).get("Labels") or {}),
        platform=f"{data['Os']}/{data['Architecture']}",
        size_bytes=int(data["Size"]),
        media_type=descriptor.get("mediaType"),
        manifest_bytes=descriptor.get("size"),
    )


def list_names(client: DockerClient, pattern: str) -> tuple[str, ...]:
    """Return the names of images, `repository:tag`, that a shell's pattern describes, sorted."""
    images: Callable[..., list[dict[str, Any]]] = client.api.images
    with translated(f"list the images `{pattern}`"):
        found = images(filters={"reference": pattern})
    names = (name for image in found for name in image.get("RepoTags") or ())
    return tuple(sorted(name for name in names if fnmatchcase(name, pattern)))


def list_tagged(client: DockerClient, tag: str) -> tuple[str, ...]:
    """Return the names that end in a tag, `repository:tag`, of whatever repository, sorted.

    One request, which costs the same however many images there are.
    """
    images: Callable[..., list[dict[str, Any]]] = client.api.images
    # A pattern's `*` ends at a slash (https://pkg.go.dev/path#Match).
    patterns = ["/".join(["*"] * depth) + f":{tag}" for depth in range(1, _DEPTH + 1)]
    with translated(f"list the images with the tag `{tag}`"):
        found = images(filters={"reference": patterns})
    names = (name for image in found for name in image.get("RepoTags") or ())
    return tuple(sorted(name for name in names if name.endswith(f":{tag}")))


def list_triggers(client: DockerClient, reference: ImageReference) -> tuple[str, ...]:
    """Return the instructions that building on an image that it has sets off (ONBUILD)."""
    inspect: Callable[[str], dict[str, Any]] = client.api.inspect_image
    with translated(f"look up the image `{reference.familiar}`"):
        config = inspect(name_of(reference)).get("Config") or {}
    return tuple(map(str, config.get("OnBuild") or ()))


def name_of(reference: ImageReference) -> str:
    """Return what the engine finds an image by: its digest, where that is known."""
    name = f"{reference.registry}/{reference.repository}"
    return name + (f"@{reference.digest}" if reference.digest else f":{reference.tag}")
