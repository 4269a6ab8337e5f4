"""The stages that fetch: every artefact by its address and digest, verified before anything sees it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from envc.canonical import Json
from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage, SystemPackage
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.instruction import Add, Copy, Instruction, Run, Secret, Stage
from envc.plan.layer import Layer
from envc.plan.layout import Layout
from envc.plan.listing import Listings
from envc.plan.private import is_private, private_row, secret_of
from envc.plan.stage import choose, mount_file, mount_scripts, script
from envc.platform import PLATFORMS

__all__ = [
    "CA_BUNDLE",
    "LISTING",
    "Sources",
    "artefact_stages",
    "fetch_private",
    "files_stage",
    "local_wheel_files",
    "private_list",
    "private_name",
    "private_packages",
    "system_package_stages",
    "tool_wheel_stages",
]

_Fetched: TypeAlias = CondaPackage | PipPackage | SystemPackage

CA_BUNDLE = Secret(name="ca-bundle", required=False)
"""Certificates that steps with a network trust besides the base's own."""

LISTING = "layer.json"
"""What says, beside the artefacts of a layer, what they are."""

_SYSTEM = "Debian packages, each verified by its SHA-256 before anything reads it."
_TOOL_WHEELS = "The installers' wheels. Only the stages that install see them."
_PRIVATE = {
    "conda": "Conda packages of channels that want credentials, which come as build secrets and leave "
    "no trace.",
    "pip": "Wheels of indexes that want credentials, which come as build secrets and leave no trace.",
}
_ARTEFACTS = {
    "conda": "Conda packages, each verified by its SHA-256 before anything reads it.",
    "pip": "Wheels, each verified by its SHA-256 before anything reads it.",
}


@frozen
class Sources:
    """Where artefacts come from.

    Attributes:
        secrets: The names of the secrets of channels and indexes, by their addresses.
        mirrors: Where artefacts are fetched from instead; no id depends on them.
        common: The paths of the local wheels that all platforms have.
    """

    secrets: Mapping[str, str]
    mirrors: MirrorMap
    common: frozenset[str]

    @staticmethod
    def of(
        platforms: Mapping[str, PlatformLock], secrets: Mapping[str, str], mirrors: MirrorMap
    ) -> Sources:
        """Return the sources of a lock's platforms."""
        return Sources(secrets=secrets, mirrors=mirrors, common=_common_wheels(platforms))


def files_stage(layer: str) -> str:
    """Return the name of the stage that has a layer's artefacts."""
    return f"{layer}-files"


def private_name(layer: str) -> str:
    """Return what the stage and the list of a layer's packages that want credentials are called."""
    return f"{layer}-private"


def tool_wheel_stages(name: str, locked: PlatformLock, mirrors: MirrorMap) -> tuple[Stage, ...]:
    """Return the stage of this name: the installers for the machine that builds."""
    adds: dict[str, tuple[Instruction, ...]] = {
        architecture: _adds(packages, mirrors)
        for architecture, packages in locked.tools.packages.items()
    }
    bases = dict.fromkeys(adds, "scratch")
    return choose(name, bases, adds, _TOOL_WHEELS, variable="BUILDARCH")


def system_package_stages(
    platforms: Mapping[str, PlatformLock], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `system-packages`, or none where there are none."""
    adds: dict[str, tuple[Instruction, ...]] = {
        PLATFORMS[name].architecture: _adds(locked.system, mirrors)
        for name, locked in platforms.items()
        if locked.system
    }
    return choose("system-packages", dict.fromkeys(adds, "scratch"), adds, _SYSTEM)


def artefact_stages(
    name: str,
    layouts: Mapping[str, Layout],
    sources: Sources,
    listings: Listings,
    *,
    is_first: bool,
) -> tuple[Stage, ...]:
    """Return the stages that fetch a layer's artefacts.

    Args:
        name: The layer's.
        layouts: By architecture.
        is_first: Whether it is the first of its kind, whose stage has the comment.
    """
    fetching: dict[str, tuple[Instruction, ...]] = {}
    private: dict[str, tuple[Instruction, ...]] = {}
    kind = ""
    for architecture, layout in layouts.items():
        layer = layout.find(name)
        if layer is None:
            continue
        kind = layer.kind
        wanted = private_packages(layer.packages, sources.secrets)
        if wanted:
            private[architecture] = (
                fetch_private(wanted, sources, listings.path(architecture, private_name(name))),
            )
        listing = Copy(source=listings.path(architecture, name), to=f"/{LISTING}")
        fetching[architecture] = (*_fetch(architecture, layer, wanted, sources), listing)
    comment = _ARTEFACTS[kind] if is_first and kind else ""
    return (
        *choose(private_name(name), dict.fromkeys(private, "tools"), private, _PRIVATE[kind]),
        *choose(files_stage(name), dict.fromkeys(fetching, "scratch"), fetching, comment),
    )


def private_packages(
    packages: Sequence[CondaPackage | PipPackage], secrets: Mapping[str, str]
) -> tuple[CondaPackage | PipPackage, ...]:
    """Return the packages that only credentials can fetch."""
    return tuple(package for package in packages if is_private(package, secrets))


def private_list(packages: Sequence[CondaPackage | PipPackage], sources: Sources) -> list[Json]:
    """Return what fetches packages with credentials has to know."""
    return [private_row(package, sources.secrets, sources.mirrors) for package in packages]


def local_wheel_files(
    platforms: Mapping[str, PlatformLock], wheels: Mapping[str, ContextFile]
) -> tuple[ContextFile, ...]:
    """Return the context's local wheels: those of all platforms in one folder, others in their own.

    Args:
        wheels: By the path that the lock has.
    """
    common = _common_wheels(platforms)
    folders = {"wheels": common}
    for name, locked in platforms.items():
        folders[_own_wheels(PLATFORMS[name].architecture)] = _local_paths(locked) - common
    return tuple(
        replace(wheels[path], path=f"{folder}/{wheels[path].path}")
        for folder, paths in folders.items()
        for path in sorted(paths & wheels.keys())
    )


def _own_wheels(architecture: str) -> str:
    return f"wheels/{architecture}"


def _common_wheels(platforms: Mapping[str, PlatformLock]) -> frozenset[str]:
    return frozenset.intersection(*map(_local_paths, platforms.values()))


def _local_paths(locked: PlatformLock) -> frozenset[str]:
    return frozenset(package.path for package in locked.pip if package.path is not None)


def _fetch(
    architecture: str, layer: Layer, private: Container[CondaPackage | PipPackage], sources: Sources
) -> Iterator[Instruction]:
    """Yield what brings a layer's artefacts into its stage's root."""
    public = [package for package in layer.packages if package not in private]
    yield from _adds(public, sources.mirrors)
    if len(public) != len(layer.packages):
        yield Copy(stage=private_name(layer.name), source="/packages/", to="/")
    for package in layer.packages:
        if isinstance(package, PipPackage) and package.path is not None:
            is_common = package.path in sources.common
            folder = "wheels" if is_common else _own_wheels(architecture)
            yield Copy(source=f"{folder}/{package.filename}", to="/")


def fetch_private(
    packages: Sequence[CondaPackage | PipPackage], sources: Sources, listing: str
) -> Run:
    """Return the step that leaves packages which only credentials can fetch in `/packages`.

    Args:
        listing: Where the context has the list of them.
    """
    found = (secret_of(package, sources.secrets) for package in packages)
    names = sorted({name for name in found if name is not None})
    return Run(
        words=script("python3", "fetch.py", "/mnt/private.json", "/packages"),
        mounts=(*mount_scripts("fetch.py"), mount_file(listing, "/mnt/private.json")),
        secrets=(*(Secret(name=name, required=True) for name in names), CA_BUNDLE),
        network=True,
    )


def _adds(packages: Sequence[_Fetched], mirrors: MirrorMap) -> tuple[Add, ...]:
    return tuple(
        _add(package, mirrors.to_mirror(package.url))
        for package in packages
        if package.url is not None
    )


def _add(package: _Fetched, url: str) -> Add:
    # BuildKit names the file after the address as it is written: escapes need the name spelled out.
    to = "/" if url.endswith(f"/{package.filename}") else f"/{package.filename}"
    return Add(url=url, sha256=package.sha256, to=to)
