"""A lock's artefacts and images, one by one: what there is to gather, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from envc.frozen import frozen
from envc.lock.model import SCRATCH, BaseImage, PlatformLock
from envc.lock.package import SourcePackage, SystemPackage
from envc.plan.private import is_private, secret_of
from envc.platform import PLATFORMS

__all__ = ["Artefact", "PinnedImage", "list_artefacts", "list_images"]


@frozen
class Artefact:
    """A file that a lock pins.

    Attributes:
        url: Its canonical address.
        sha256: In hex.
        name: The file's.
        size: In bytes, where the lock states it.
        secret: The name of the secret that its source wants; None for none.
        source: The canonical address of the channel or index that it is from; empty for others.
        is_channels: Whether that is a channel.
        debian: The package that it is, where Debian's archive has it for a while only.
        commit: The source that it is, where it is the archive of a commit: no address has that.
    """

    url: str
    sha256: str
    name: str
    size: int | None = None
    secret: str | None = None
    source: str = ""
    is_channels: bool = False
    debian: SystemPackage | None = None
    commit: SourcePackage | None = None


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class PinnedImage:
    """An image that a build starts from.

    Attributes:
        image: Its canonical reference, without a digest.
        digest: Of a platform's manifest, or of an index.
        platforms: Docker's names of those that are wanted of it, sorted.
    """

    image: str
    digest: str
    platforms: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called in a folder's index: `IMAGE@DIGEST`."""
        return f"{self.image}@{self.digest}"


def list_artefacts(
    platforms: Iterable[PlatformLock], secrets: Mapping[str, str]
) -> tuple[Artefact, ...]:
    """Return all files that locks pin and that are fetched, each content once, sorted by address.

    Args:
        secrets: The names of the secrets of channels and indexes, by their addresses.
    """
    found: dict[str, Artefact] = {}
    for locked in platforms:
        for artefact in _list(locked, secrets):
            found.setdefault(artefact.sha256, artefact)
    return tuple(sorted(found.values(), key=lambda one: (one.url, one.sha256)))


def list_images(platforms: Mapping[str, PlatformLock]) -> tuple[PinnedImage, ...]:
    """Return all images that builds start from, sorted: bases, and those that only install.

    Args:
        platforms: By Docker's names of them.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    names = {platform.architecture: name for name, platform in PLATFORMS.items()}
    for name, locked in platforms.items():
        for image, digest in _list_bases(locked.base):
            wanted.setdefault((image, digest), set()).add(name)
        if locked.tools.packages:
            places = wanted.setdefault((locked.tools.image, locked.tools.digest), set())
            places |= {names[architecture] for architecture in locked.tools.packages}
    return tuple(
        PinnedImage(image=image, digest=digest, platforms=tuple(sorted(places)))
        for (image, digest), places in sorted(wanted.items())
    )


def _list_bases(base: BaseImage) -> Iterator[tuple[str, str]]:
    """Yield the image of a base; of one that is built, all that its Dockerfile names by a tag."""
    if base.built is not None:
        yield from base.built.images.items()
    if base.built is None or not base.image.startswith(SCRATCH):
        yield base.image, base.digest


def _list(locked: PlatformLock, secrets: Mapping[str, str]) -> Iterator[Artefact]:
    for conda in locked.conda:
        yield Artefact(
            url=conda.url,
            sha256=conda.sha256,
            name=conda.filename,
            size=conda.size,
            secret=secret_of(conda, secrets) if is_private(conda, secrets) else None,
            source=conda.channel,
            is_channels=True,
        )
    tools = (wheel for wheels in locked.tools.packages.values() for wheel in wheels)
    for wheel in (*locked.distributions, *locked.build, *tools):
        if wheel.url is not None and not wheel.is_commit:
            yield Artefact(
                url=wheel.url,
                sha256=wheel.sha256,
                name=wheel.filename,
                size=wheel.size,
                secret=secret_of(wheel, secrets) if is_private(wheel, secrets) else None,
                source=wheel.index or "",
            )
    for source in locked.sources:
        if (place := source.git_url) is not None:
            yield Artefact(
                url=place,
                sha256=source.sha256,
                name=source.filename,
                size=source.size,
                commit=source,
            )
    for archive in locked.system:
        yield Artefact(
            url=archive.url,
            sha256=archive.sha256,
            name=archive.filename,
            size=archive.size,
            debian=archive,
        )
