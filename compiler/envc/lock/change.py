"""Two locks compared: which packages came, went and moved, and how many bytes that makes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, TypeAlias

from envc.frozen import frozen
from envc.lock.model import Lock, PlatformLock
from envc.lock.package import PipPackage

__all__ = ["Change", "Move", "changes", "size_of"]

Move: TypeAlias = Literal["removed", "added", "up", "down", "other"]
"""In which direction something moved; `other` is other bytes of the same version."""


@frozen
class Change:
    """What happened to one thing that a lock pins.

    Attributes:
        platform: Docker's name.
        kind: `base`, `system`, `conda`, `pip`, `source`, `build` or `tools`.
        name: The package's, or the image's.
        old: What was pinned, as people say it (a version; a build or a digest where only that has
            changed); None where nothing was.
        new: As `old`, of what is pinned now; None where nothing is.
        old_size: The bytes of what was pinned, where the lock states them.
        new_size: As `old_size`, of what is pinned now.
    """

    platform: str
    kind: str
    name: str
    old: str | None
    new: str | None
    old_size: int | None = None
    new_size: int | None = None

    @property
    def move(self) -> Move:
        """In which direction it moved."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        before, after = self.old.partition(" ")[0], self.new.partition(" ")[0]
        if before == after or self.kind == "base" or "/" in self.name:
            return "other"
        return "up" if _is_older(before, after) else "down"

    @property
    def growth(self) -> int | None:
        """By how many bytes the lock's packages grew; None where it does not state enough."""
        old = 0 if self.old is None else self.old_size
        new = 0 if self.new is None else self.new_size
        return None if old is None or new is None else new - old


def changes(old: Lock | None, new: Lock) -> tuple[Change, ...]:
    """Return how two locks differ, sorted by platform, kind and name; None is an empty lock."""
    before = old.platforms if old is not None else {}
    found = []
    for platform in sorted({*before, *new.platforms}):
        was, now = _pins(before.get(platform)), _pins(new.platforms.get(platform))
        for kind, name in sorted({*was, *now}):
            first, second = was.get((kind, name)), now.get((kind, name))
            if first == second:
                continue
            texts = _tell_apart(first, second)
            found.append(
                Change(
                    platform=platform,
                    kind=kind,
                    name=name,
                    old=texts[0],
                    new=texts[1],
                    old_size=first.size if first is not None else None,
                    new_size=second.size if second is not None else None,
                )
            )
    return tuple(found)


def size_of(locked: PlatformLock) -> int | None:
    """Return the bytes of all packages of an environment; None where any does not state its own."""
    sizes = [package.size for package in locked.conda] + [package.size for package in locked.pip]
    sizes += [package.size for package in locked.system]
    sizes += [package.size for package in locked.sources if package.path is None]
    return None if None in sizes else sum(size or 0 for size in sizes)


@frozen
class _Pin:
    """A pinned thing: what people call it, its digest, and its bytes."""

    text: str
    digest: str
    size: int | None = None


def _tell_apart(old: _Pin | None, new: _Pin | None) -> tuple[str | None, str | None]:
    if old is None or new is None or old.text != new.text:
        return old.text if old else None, new.text if new else None
    return f"{old.text} ({old.digest[:12]})", f"{new.text} ({new.digest[:12]})"


def _pins(locked: PlatformLock | None) -> dict[tuple[str, str], _Pin]:
    return dict(_list_pins(locked)) if locked is not None else {}


def _list_pins(locked: PlatformLock) -> Iterator[tuple[tuple[str, str], _Pin]]:
    for kind, image in (("base", locked.base), ("tools", locked.tools)):
        digest = image.digest.removeprefix("sha256:")
        yield (kind, image.image), _Pin(text=digest[:12], digest=digest)
    for conda in locked.conda:
        text = f"{conda.version} {conda.build}"
        yield ("conda", conda.name), _Pin(text=text, digest=conda.sha256, size=conda.size)
    for archive in locked.system:
        pin = _Pin(text=archive.version, digest=archive.sha256, size=archive.size)
        yield ("system", archive.name), pin
    for source in locked.sources:
        text = f"{source.version} {source.commit[:12]}" if source.commit else source.version
        yield ("source", source.name), _Pin(text=text, digest=source.sha256, size=source.size)
    for built in locked.build:
        pin = _Pin(text=built.version, digest=built.sha256, size=built.size)
        yield ("build", f"{built.name} {built.version}"), pin
    for package in locked.pip:
        pin = _Pin(text=package.version, digest=package.sha256, size=package.size)
        yield ("pip", package.name), pin
    for name, packages in _group(locked.tools.packages.values()).items():
        versions = " and ".join(dict.fromkeys(package.version for package in packages))
        digests = "".join(package.sha256 for package in packages)
        digest = hashlib.sha256(digests.encode()).hexdigest()
        yield ("tools", name), _Pin(text=versions, digest=digest)


def _group(wheels: Iterable[Iterable[PipPackage]]) -> dict[str, list[PipPackage]]:
    """Return an installer's wheels for all architectures, by its name."""
    groups: dict[str, list[PipPackage]] = {}
    for package in chain.from_iterable(wheels):
        groups.setdefault(package.name, []).append(package)
    return groups


def _is_older(before: str, after: str) -> bool:
    """Say whether a version is older than another, of Conda or of pip.

    Conda's versions are not all PEP 440's; of these, runs of digits are compared as numbers and a
    release goes after its own letters, which is right for all that people call versions.
    """
    from packaging.version import InvalidVersion, Version

    try:
        return Version(before) < Version(after)
    except InvalidVersion:
        return _natural(before) < _natural(after)


def _natural(version: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"[0-9]+|[A-Za-z]+", version)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part.lower()) for part in parts]
