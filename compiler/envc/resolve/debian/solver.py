"""What a solver of Debian packages is asked and what it answers, and where their archives are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.lock.package import SystemPackage
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.base import Cutoff, Report, Requirement
from envc.source import Span

__all__ = [
    "SystemRequest",
    "SystemResolution",
    "SystemSolver",
    "explain_missing_engine",
    "explain_unbuilt",
    "is_snapshot",
    "snapshot_addresses",
]

# Where the archives of Debian and Ubuntu are kept as they were (https://snapshot.debian.org,
# https://snapshot.ubuntu.com): the same paths below another address.
_DEBIAN, _UBUNTU = "http://snapshot.debian.org/archive", "http://snapshot.ubuntu.com/ubuntu"
_SNAPSHOTS = {
    "deb.debian.org/debian": f"{_DEBIAN}/debian/{{moment}}",
    "deb.debian.org/debian-security": f"{_DEBIAN}/debian-security/{{moment}}",
    "ftp.debian.org/debian": f"{_DEBIAN}/debian/{{moment}}",
    "security.debian.org/debian-security": f"{_DEBIAN}/debian-security/{{moment}}",
    "archive.ubuntu.com/ubuntu": f"{_UBUNTU}/{{moment}}",
    "security.ubuntu.com/ubuntu": f"{_UBUNTU}/{{moment}}",
    "ports.ubuntu.com/ubuntu-ports": f"{_UBUNTU}/{{moment}}",
}


@frozen
class SystemRequest:
    """A problem of Debian packages for one platform.

    Attributes:
        base: The image that they come on top of, with its digest.
        named: The base as the spec names it, without the platform's own digest: where the engine
            runs another platform, its image for that one lends its apt.
        built_from: How people know the Dockerfile that `base` was built from by the engine, which
            then has it, and nobody else; None for an image of a registry.
        requirements: NAME or NAME=VERSION, in spec order.
        snapshot: The archive is read as it was then; None for now.
        mirrors: From canonical to reachable addresses.
        preferred: Packages whose versions to take where the archive still has them.
    """

    platform: Platform
    base: ImageReference
    named: ImageReference
    requirements: tuple[Requirement, ...]
    snapshot: Cutoff | None = None
    mirrors: MirrorMap
    preferred: tuple[SystemPackage, ...] = ()
    built_from: str | None = None

    @property
    def base_name(self) -> str:
        """The base as people know it."""
        return self.built_from if self.built_from is not None else self.named.familiar


@frozen
class SystemResolution:
    """What a request needs and its base does not have, sorted by name, with canonical addresses."""

    packages: tuple[SystemPackage, ...]


class SystemSolver(Protocol):
    """Resolves Debian packages."""

    def resolve(self, request: SystemRequest, report: Report) -> SystemResolution | None:
        """Return the packages; None where there is nobody to ask.

        Raises:
            InputError: There is no such package (E390), or no such version (E391), they cannot go
                together (E392), the base has no apt (E393), or no snapshots (E396).
            ToolError: The archive cannot be read (E394), or not for the platform (E395).
        """
        ...


def snapshot_addresses(moment: datetime) -> tuple[tuple[str, str], ...]:
    """Return where archives are as they were, by their own addresses; the longest of these first."""
    text = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    pairs = (
        (f"{scheme}://{address}", place.format(moment=text))
        for address, place in _SNAPSHOTS.items()
        for scheme in ("http", "https")
    )
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


def is_snapshot(url: str, snapshots: Iterable[str]) -> bool:
    """Say whether an address lies below that of a snapshot."""
    return any(url == place or url.startswith(f"{place}/") for place in snapshots)


def explain_missing_engine(names: Iterable[str], span: Span) -> Diagnostic:
    """Return the warning that nobody could resolve Debian packages (W462)."""
    listed = ", ".join(f"`{name}`" for name in names)
    message = f"no Docker engine answers, and nobody else can resolve Debian packages: {listed}"
    hint = "lock again where there is one; until then the build installs them, from its network"
    return Diagnostic.at(span, "W462", message, hint=hint)


def explain_unbuilt(
    names: Iterable[str], span: Span, *, base: str, platform: Platform, reason: str
) -> Diagnostic:
    """Return the warning that nobody could build the base whose apt resolves Debian packages (W462).

    Args:
        base: How people know its Dockerfile.
        reason: Why not.
    """
    listed = ", ".join(f"`{name}`" for name in names)
    message = (
        f"the base of `{base}` could not be built for `{platform.name}`, and only its apt can "
        f"resolve Debian packages: {listed}"
    )
    hint = (
        "lock again where a Docker engine of that platform runs; until then the build installs "
        "them, from its network"
    )
    found = Diagnostic.at(span, "W462", message, hint=hint)
    return replace(found, notes=(reason,)) if reason else found
