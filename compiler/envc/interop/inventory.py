"""What is in an image, from its lock: the components that both kinds of SBOM list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from envc.frozen import frozen
from envc.interop.subject import (
    Subject,
    conda_purl,
    debian_purl,
    image_purl,
    needed_names,
    pip_purl,
)
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage
from envc.platform import Platform
from envc.reference import ImageReference

__all__ = ["Component", "Role", "created", "inventory"]

Role: TypeAlias = Literal["base", "package", "tool"]
"""What the image starts from, what it holds, and what only installs that."""

_FILE_TIME = 315532800
"""1980-01-01 in s since 1970: what the files of images have, and who has no other time."""


@frozen
class Component:
    """A part of the image, or of what builds it.

    Attributes:
        purl: Its package URL; no two components have the same.
        sha256: Of its artefact, in hex; of an image, of its manifest.
        url: Where its artefact is; None for a file beside the spec, and for an image.
        needs: The package URLs of those that it needs, as far as the lock says so; sorted.
    """

    role: Role
    name: str
    version: str
    purl: str
    sha256: str
    url: str | None = None
    needs: tuple[str, ...] = ()


def inventory(subject: Subject) -> tuple[Component, ...]:
    """Return all components of a platform: the base, then packages, then tools, by package URL."""
    platform, lock = subject.only
    found = {one.purl: one for one in (*_list_tools(platform, lock), *_list_packages(lock))}
    base = _image("base", lock.base.image, lock.base.digest, platform)
    found[base.purl] = base
    ranks = {"base": 0, "package": 1, "tool": 2}
    return tuple(sorted(found.values(), key=lambda one: (ranks[one.role], one.purl)))


def created(lock: PlatformLock) -> int:
    """Return a time for those who must name one, in s since 1970: that of the newest Conda package."""
    times = [one.timestamp // 1000 for one in lock.conda if one.timestamp is not None]
    return max(times, default=_FILE_TIME)


def _list_packages(lock: PlatformLock) -> Iterator[Component]:
    purls = {package.name: conda_purl(package) for package in lock.conda}
    for package in lock.conda:
        needs = (purls[name] for name in needed_names(package) if name in purls)
        yield _conda(package, tuple(sorted(needs)))
    for wheel in lock.distributions:
        yield _wheel("package", wheel)
    for archive in lock.system:
        yield Component(
            role="package",
            name=archive.name,
            version=archive.version,
            purl=debian_purl(archive),
            sha256=archive.sha256,
            url=archive.url,
        )


def _list_tools(platform: Platform, lock: PlatformLock) -> Iterator[Component]:
    yield _image("tool", lock.tools.image, lock.tools.digest, platform)
    installers = lock.tools.on(platform.architecture)
    yield from (_wheel("tool", package) for package in (*installers, *lock.build))


def _conda(package: CondaPackage, needs: tuple[str, ...]) -> Component:
    return Component(
        role="package",
        name=package.name,
        version=package.version,
        purl=conda_purl(package),
        sha256=package.sha256,
        url=package.url,
        needs=needs,
    )


def _wheel(role: Role, package: PipPackage) -> Component:
    return Component(
        role=role,
        name=package.name,
        version=package.version,
        purl=pip_purl(package),
        sha256=package.sha256,
        url=package.url,
    )


def _image(role: Role, image: str, digest: str, platform: Platform) -> Component:
    reference = ImageReference.parse(image)
    return Component(
        role=role,
        name=f"{reference.registry}/{reference.repository}",
        version=reference.tag or digest,
        purl=image_purl(image, digest, platform),
        sha256=digest.removeprefix("sha256:"),
    )
