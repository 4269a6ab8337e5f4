"""Two locks compared: which packages came, went and moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from envc.lock.model import Lock, PlatformLock

__all__ = ["Change", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to one thing that a lock pins.

    Attributes:
        platform: Docker's name.
        kind: `base`, `conda`, `pip` or `tools`.
        name: The package's, or the image's.
        old: What was pinned, as people say it (a version; a build or a digest where only that has
            changed); None where nothing was.
        new: As `old`, of what is pinned now; None where nothing is.
    """

    platform: str
    kind: str
    name: str
    old: str | None
    new: str | None


def changes(old: Lock | None, new: Lock) -> tuple[Change, ...]:
    """Return how two locks differ, sorted by platform, kind and name; None is an empty lock."""
    before = old.platforms if old is not None else {}
    found = []
    for platform in sorted({*before, *new.platforms}):
        was, now = _pins(before.get(platform)), _pins(new.platforms.get(platform))
        for kind, name in sorted({*was, *now}):
            if (change := _compare(was.get((kind, name)), now.get((kind, name)))) is not None:
                first, second = change
                found.append(Change(platform=platform, kind=kind, name=name, old=first, new=second))
    return tuple(found)


_Pin = tuple[str, str]
"""What people call a pinned thing, and its digest."""


def _compare(old: _Pin | None, new: _Pin | None) -> tuple[str | None, str | None] | None:
    if old == new:
        return None
    if old is None or new is None or old[0] != new[0]:
        return old[0] if old else None, new[0] if new else None
    return f"{old[0]} ({old[1][:12]})", f"{new[0]} ({new[1][:12]})"


def _pins(locked: PlatformLock | None) -> dict[tuple[str, str], _Pin]:
    return dict(_list_pins(locked)) if locked is not None else {}


def _list_pins(locked: PlatformLock) -> Iterator[tuple[tuple[str, str], _Pin]]:
    for kind, image in (("base", locked.base), ("tools", locked.tools)):
        digest = image.digest.removeprefix("sha256:")
        yield (kind, image.image), (digest[:12], digest)
    for conda in locked.conda:
        yield ("conda", conda.name), (f"{conda.version} {conda.build}", conda.sha256)
    for kind, packages in (("pip", locked.pip), ("tools", locked.tools.packages)):
        for package in packages:
            yield (kind, package.name), (package.version, package.sha256)
