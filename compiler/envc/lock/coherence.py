"""Whether a lock is whole: what an edit by hand or a merge without conflicts leaves behind shows here.

Each line of such a lock may be right by itself. A merge of two locks that both moved has a package twice,
or one without what it needs; nobody asks a solver to find that out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from envc.lock.model import Lock, PlatformLock
from envc.lock.package import CondaPackage, PipPackage
from envc.spec.matchspec import split_matchspec
from envc.spec.selector import split_selector

__all__ = ["contradictions"]

_Path: TypeAlias = tuple[str | int, ...]
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_SEPARATORS = re.compile(r"[-_.]+")
_VIRTUAL = "__"
"""How names of packages begin that no lock has: they stand for what a machine has."""


def contradictions(lock: Lock) -> Iterator[tuple[_Path, str]]:
    """Yield, by its path in the lock, what cannot be so beside what else the lock says.

    Cost: some 5 us for each package.
    """
    for name, platform in lock.platforms.items():
        for path, claim in _judge(lock, name, platform):
            yield ("platforms", name, *path), claim


def _judge(lock: Lock, name: str, platform: PlatformLock) -> Iterator[tuple[_Path, str]]:
    yield from _judge_conda(platform.conda)
    yield from _judge_wheels(("pip",), platform.pip)
    yield from _judge_wheels(("build",), platform.build)
    for architecture, wheels in platform.tools.packages.items():
        yield from _judge_wheels(("tools", "packages", architecture), wheels)
    yield from _find_twice(("conda",), [one.name for one in platform.conda])
    yield from _find_twice(("pip",), [one.name for one in platform.pip])
    yield from _find_twice(
        ("sources",), [one.name for one in platform.sources], {one.name for one in platform.pip}
    )
    python = next((one.version for one in platform.conda if one.name == "python"), None)
    stated = platform.python
    if (
        python is not None
        and stated is not None
        and (stated.origin, stated.version) != ("conda", python)
    ):
        yield ("python",), f"`conda` has Python {python}"
    yield from (((), claim) for claim in _list_missing(lock, name, platform))


def _judge_conda(packages: Sequence[CondaPackage]) -> Iterator[tuple[_Path, str]]:
    names = {one.name.lower() for one in packages}
    for number, package in enumerate(packages):
        stem = f"{package.name}-{package.version}-{package.build}"
        # Most addresses say it as it is; the others have escapes.
        if not package.url.endswith((f"/{stem}.conda", f"/{stem}.tar.bz2")) and (
            package.filename not in {f"{stem}.conda", f"{stem}.tar.bz2"}
        ):
            yield ("conda", number, "url"), f"it is not the address of `{stem}`"
        for dependency in package.depends:
            if dependency.partition(" ")[0] in names:
                continue
            found = _NAME.match(dependency.rpartition("::")[2].strip())
            needed = found.group().lower() if found is not None else ""
            if needed and needed not in names and not needed.startswith(_VIRTUAL):
                yield ("conda", number), f"`{package.name}` needs `{needed}`, which the lock lacks"


def _judge_wheels(place: _Path, wheels: Sequence[PipPackage]) -> Iterator[tuple[_Path, str]]:
    for number, wheel in enumerate(wheels):
        if not _is_of(wheel):
            claim = f"`{wheel.filename}` is not a wheel of `{wheel.name}` {wheel.version}"
            yield (*place, number), claim


def _is_of(wheel: PipPackage) -> bool:
    parts = wheel.filename.removesuffix(".whl").split("-")
    if not wheel.filename.endswith(".whl") or len(parts) not in (5, 6):
        return False
    return _normal(parts[0]) == wheel.name and _is_version(parts[1], wheel.version)


def _is_version(written: str, version: str) -> bool:
    if written == version:
        return True
    from packaging.version import InvalidVersion, Version

    try:
        return Version(written.replace("_", "-")) == Version(version)
    except InvalidVersion:
        return False


def _find_twice(
    place: _Path, names: Sequence[str], others: set[str] | None = None
) -> Iterator[tuple[_Path, str]]:
    known = set(others or ())
    for number, name in enumerate(names):
        if name in known:
            yield (*place, number), f"the lock has `{name}` twice"
        known.add(name)


def _list_missing(lock: Lock, platform_name: str, platform: PlatformLock) -> Iterator[str]:
    """Yield which of the things that the lock was made for it does not have.

    Whether a marker counts, and what the base has, is not known here: such things are left out.
    """
    intent = lock.intent
    has_conda = {one.name.lower() for one in platform.conda}
    has_pip = {one.name for one in platform.distributions}
    has_pip |= {one.distribution for one in platform.conda if one.distribution is not None}
    overridden = {_pip_name(text) for text in intent.pip_overrides}
    for text in _meant(intent.conda, platform_name):
        parts = split_matchspec(text)
        if (
            parts is not None
            and _NAME.fullmatch(parts.name)
            and not parts.name.startswith(_VIRTUAL)
            and parts.name.lower() not in has_conda
        ):
            yield f"it lacks `{parts.name}`, which it was made for"
    for text in _meant(intent.pip, platform_name):
        name = _pip_name(text)
        if ";" not in text and name not in has_pip and name not in overridden:
            yield f"it lacks `{name}`, which it was made for"
    places = {one.path for one in platform.pip} | {one.path for one in platform.sources}
    for text in _meant((*intent.wheels, *intent.sources), platform_name):
        if text not in places:
            yield f"it lacks `{text}`, which it was made for"


def _meant(forms: Sequence[str], platform: str) -> Iterator[str]:
    for form in forms:
        text, on = split_selector(form)
        if on in (None, platform):
            yield text


def _pip_name(text: str) -> str:
    found = _NAME.match(text)
    return _normal(found.group()) if found is not None else ""


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()
