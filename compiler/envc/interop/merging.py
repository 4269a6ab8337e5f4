"""What pip installs on several platforms put together, for formats that have one list for all."""

from __future__ import annotations

from collections.abc import Mapping

from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.lock.package import PipPackage

__all__ = ["Merged", "merge_wheels"]


@frozen
class Merged:
    """A release that some of the platforms have.

    Attributes:
        wheels: Each file once, by name, source distributions too; all come from the same index, or from none.
        platforms: Those that have it, sorted.
    """

    name: str
    version: str
    index: str | None
    wheels: tuple[PipPackage, ...]
    platforms: tuple[str, ...]


def merge_wheels(locks: Mapping[str, PlatformLock]) -> tuple[Merged, ...]:
    """Return all releases, by name; platforms with different ones have an item each."""
    groups: dict[tuple[str, str, str], dict[str, PipPackage]] = {}
    for platform, lock in locks.items():
        for package in lock.distributions:
            # What is from no index is the one file that it is, and goes with no other.
            origin = package.index or package.url or package.path or ""
            groups.setdefault((package.name, package.version, origin), {})[platform] = package
    return tuple(
        Merged(
            name=name,
            version=version,
            index=next(iter(found.values())).index,
            wheels=tuple(
                {
                    one.sha256: one for one in sorted(found.values(), key=lambda one: one.filename)
                }.values()
            ),
            platforms=tuple(sorted(found)),
        )
        for (name, version, _), found in sorted(groups.items())
    )
