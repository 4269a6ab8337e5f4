"""The stages that fetch: every artefact by its address and digest, verified before anything sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from envc.canonical import Json
from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage, SystemPackage
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.instruction import Add, Instruction, Run, Secret, Stage
from envc.plan.layout import Layout
from envc.plan.listing import Listings
from envc.plan.private import is_private, private_row, secret_of
from envc.plan.stage import choose, mount_file, mount_scripts, script
from envc.platform import PLATFORMS

__all__ = [
    "CA_BUNDLE",
    "Artefact",
    "Sources",
    "add",
    "fetch_private",
    "local_wheel_files",
    "private_list",
    "private_name",
    "private_packages",
    "private_stages",
    "tool_wheel_stages",
    "wheel_folder",
]

Artefact: TypeAlias = CondaPackage | PipPackage | SystemPackage

CA_BUNDLE = Secret(name="ca-bundle", required=False)
"""Certificates that steps with a network trust besides the base's own."""

_TOOL_WHEELS = "The installers' wheels. Only the stages that install see them."
_PRIVATE = {
    "conda": "Conda packages of channels that want credentials, which come as build secrets and leave "
    "no trace.",
    "pip": "Wheels of indexes that want credentials, which come as build secrets and leave no trace.",
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


def private_name(layer: str) -> str:
    """Return what the stage and the list of a layer's packages that want credentials are called."""
    return f"{layer}-private"


def tool_wheel_stages(name: str, locked: PlatformLock, mirrors: MirrorMap) -> tuple[Stage, ...]:
    """Return the stage of this name: the installers for the machine that builds."""
    adds: dict[str, tuple[Instruction, ...]] = {
        architecture: tuple(add(package, mirrors) for package in packages)
        for architecture, packages in locked.tools.packages.items()
    }
    bases = dict.fromkeys(adds, "scratch")
    return choose(name, bases, adds, _TOOL_WHEELS, variable="BUILDARCH")


def private_stages(
    name: str, layouts: Mapping[str, Layout], sources: Sources, listings: Listings
) -> tuple[Stage, ...]:
    """Return the stages that fetch what of a layer only credentials can; none where there is none.

    Args:
        name: The layer's.
        layouts: By architecture.
    """
    runs: dict[str, tuple[Instruction, ...]] = {}
    kind = ""
    for architecture, layout in layouts.items():
        layer = layout.find(name)
        if layer is not None and (wanted := private_packages(layer.packages, sources.secrets)):
            kind = layer.kind
            listing = listings.path(architecture, private_name(name))
            runs[architecture] = (fetch_private(wanted, sources, listing),)
    if not runs:
        return ()
    return choose(private_name(name), dict.fromkeys(runs, "tools"), runs, _PRIVATE[kind])


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


def wheel_folder(wheel: PipPackage, architecture: str, sources: Sources) -> str:
    """Return the context's folder that has a local wheel of a platform."""
    return "wheels" if wheel.path in sources.common else _own_wheels(architecture)


def _own_wheels(architecture: str) -> str:
    return f"wheels/{architecture}"


def _common_wheels(platforms: Mapping[str, PlatformLock]) -> frozenset[str]:
    return frozenset.intersection(*map(_local_paths, platforms.values()))


def _local_paths(locked: PlatformLock) -> frozenset[str]:
    return frozenset(package.path for package in locked.pip if package.path is not None)


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


def add(artefact: Artefact, mirrors: MirrorMap) -> Add:
    """Return what fetches an artefact into a stage's root.

    Args:
        artefact: One that has an address.
    """
    url = mirrors.to_mirror(artefact.url or "")
    # BuildKit names the file after the address as it is written: escapes need the name spelled out.
    to = "/" if url.endswith(f"/{artefact.filename}") else f"/{artefact.filename}"
    return Add(url=url, sha256=artefact.sha256, to=to)
