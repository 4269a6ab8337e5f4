"""The stages that fetch: every artefact by its address and digest, verified before anything sees it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from envc.canonical import Json, readable_json
from envc.lock.model import CondaPackage, PipPackage, PlatformLock, SystemPackage
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.instruction import Add, Copy, Instruction, Mount, Run, Secret, Stage
from envc.plan.private import is_private, private_row, secret_of
from envc.plan.stage import SCRIPTS, choose, script
from envc.platform import PLATFORMS

__all__ = [
    "CA_BUNDLE",
    "conda_package_stages",
    "listing_files",
    "local_wheel_files",
    "system_package_stages",
    "tool_wheel_stages",
    "wheel_stages",
]

_Fetched: TypeAlias = CondaPackage | PipPackage | SystemPackage

CA_BUNDLE = Secret(name="ca-bundle", required=False)
"""Certificates that steps with a network trust besides the base's own."""

_TOOL_WHEELS = "The installers' wheels. Only the stages that install see them."
_CONDA = "Conda packages, each verified by its SHA-256 before anything reads it."
_SYSTEM = "Debian packages, each verified by its SHA-256 before anything reads it."
_WHEELS = "Wheels, each verified by its SHA-256 before anything reads it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Private:
    """How packages are fetched with credentials.

    Attributes:
        stage: The stage's name, up to the architecture.
        listing: What it reads, a file of the architecture's folder.
        to: Where it puts them.
    """

    stage: str
    listing: str
    to: str
    comment: str


_CHANNEL = _Private(
    stage="private-conda",
    listing="private-conda.json",
    to="/packages",
    comment="Conda packages of channels that want credentials, which come as build secrets and leave "
    "no trace.",
)
_INDEX = _Private(
    stage="private-wheels",
    listing="private.json",
    to="/wheels",
    comment="Wheels of indexes that want credentials, which come as build secrets and leave no trace.",
)


def tool_wheel_stages(
    platforms: Mapping[str, PlatformLock], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `tool-wheels`, or none where nothing is installed."""
    adds = {
        PLATFORMS[name].architecture: _adds(locked.tools.packages, mirrors)
        for name, locked in platforms.items()
        if locked.tools.packages
    }
    return choose("tool-wheels", dict.fromkeys(adds, "scratch"), adds, _TOOL_WHEELS)


def system_package_stages(
    platforms: Mapping[str, PlatformLock], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `system-packages`, or none where there are none."""
    adds = {
        PLATFORMS[name].architecture: _adds(locked.system, mirrors)
        for name, locked in platforms.items()
        if locked.system
    }
    return choose("system-packages", dict.fromkeys(adds, "scratch"), adds, _SYSTEM)


def conda_package_stages(
    platforms: Mapping[str, PlatformLock], secrets: Mapping[str, str], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `conda-packages`, after those that fetch with credentials; none where there are none.

    Args:
        platforms: As `wheel_stages`, and so the others.
    """
    stages: list[Stage] = []
    adds: dict[str, tuple[Instruction, ...]] = {}
    for name, locked in platforms.items():
        if not locked.conda:
            continue
        folder = PLATFORMS[name].architecture
        private = [package for package in locked.conda if is_private(package, secrets)]
        copies: tuple[Instruction, ...] = ()
        if private:
            stages.append(_private_stage(_CHANNEL, folder, private, secrets, is_first=not stages))
            copies = (Copy(stage=f"{_CHANNEL.stage}-{folder}", source=f"{_CHANNEL.to}/", to="/"),)
        public = [package for package in locked.conda if package not in private]
        listing = Copy(source=f"{folder}/packages.json", to="/packages.json")
        adds[folder] = (*_adds(public, mirrors), *copies, listing)
    return (*stages, *choose("conda-packages", dict.fromkeys(adds, "scratch"), adds, _CONDA))


def wheel_stages(
    platforms: Mapping[str, PlatformLock], secrets: Mapping[str, str], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `wheels`, after those that fetch with credentials; none where there are none.

    Args:
        platforms: The lock's platforms, by name.
        secrets: The names of the secrets of channels and indexes, by their addresses.
        mirrors: Where artefacts are fetched from instead.
    """
    stages: list[Stage] = []
    instructions = {}
    common = _common_wheels(platforms)
    for name, locked in platforms.items():
        if not locked.pip:
            continue
        folder = PLATFORMS[name].architecture
        private = [package for package in locked.pip if is_private(package, secrets)]
        if private:
            stages.append(_private_stage(_INDEX, folder, private, secrets, is_first=not stages))
        instructions[folder] = _wheels(folder, locked.pip, private, common, mirrors)
    bases = dict.fromkeys(instructions, "scratch")
    return (*stages, *choose("wheels", bases, instructions, _WHEELS))


def listing_files(
    platforms: Mapping[str, PlatformLock], secrets: Mapping[str, str], mirrors: MirrorMap
) -> tuple[ContextFile, ...]:
    """Return the context's lists of what is installed, a folder for each architecture."""
    files = []
    for platform, locked in platforms.items():
        folder = PLATFORMS[platform].architecture
        if locked.conda:
            rows: list[Json] = [_row(package) for package in locked.conda]
            data: Json = {"subdir": PLATFORMS[platform].subdir, "packages": rows}
            files.append(_json_file(f"{folder}/packages.json", data))
        if locked.pip:
            files.append(_text_file(f"{folder}/requirements.txt", _requirements(locked.pip)))
        for kind, packages in ((_CHANNEL, locked.conda), (_INDEX, locked.pip)):
            private = [package for package in packages if is_private(package, secrets)]
            wanted: list[Json] = [private_row(package, secrets, mirrors) for package in private]
            if wanted:
                files.append(_json_file(f"{folder}/{kind.listing}", wanted))
    return tuple(files)


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
        folders[f"{PLATFORMS[name].architecture}/wheels"] = _local_paths(locked) - common
    return tuple(
        replace(wheels[path], path=f"{folder}/{wheels[path].path}")
        for folder, paths in folders.items()
        for path in sorted(paths & wheels.keys())
    )


def _common_wheels(platforms: Mapping[str, PlatformLock]) -> frozenset[str]:
    """Return the paths of the local wheels that all platforms have."""
    return frozenset.intersection(*map(_local_paths, platforms.values()))


def _local_paths(locked: PlatformLock) -> frozenset[str]:
    return frozenset(package.path for package in locked.pip if package.path is not None)


def _wheels(
    architecture: str,
    packages: Sequence[PipPackage],
    private: Sequence[PipPackage],
    common: Container[str],
    mirrors: MirrorMap,
) -> tuple[Instruction, ...]:
    public = [package for package in packages if package.url is not None and package not in private]
    instructions: list[Instruction] = list(_adds(public, mirrors))
    if private:
        instructions.append(Copy(stage=f"private-wheels-{architecture}", source="/wheels/", to="/"))
    local = [package.path for package in packages if package.path is not None]
    if any(path in common for path in local):
        instructions.append(Copy(source="wheels/", to="/"))
    if any(path not in common for path in local):
        instructions.append(Copy(source=f"{architecture}/wheels/", to="/"))
    instructions.append(Copy(source=f"{architecture}/requirements.txt", to="/requirements.txt"))
    return tuple(instructions)


def _private_stage(
    kind: _Private,
    architecture: str,
    packages: Iterable[CondaPackage | PipPackage],
    secrets: Mapping[str, str],
    *,
    is_first: bool,
) -> Stage:
    names = sorted({name for one in packages if (name := secret_of(one, secrets)) is not None})
    run = Run(
        words=script("python3", "fetch.py", f"/mnt/lists/{kind.listing}", kind.to),
        mounts=(SCRIPTS, Mount(source=architecture, target="/mnt/lists")),
        secrets=(*(Secret(name=name, required=True) for name in names), CA_BUNDLE),
        network=True,
    )
    return Stage(
        name=f"{kind.stage}-{architecture}",
        base="tools",
        comment=kind.comment if is_first else "",
        instructions=(run,),
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


def _requirements(packages: Sequence[PipPackage]) -> str:
    lines = [
        f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n"
        for package in packages
    ]
    return "".join(lines)


def _row(package: CondaPackage) -> dict[str, Json]:
    return {"file": package.filename, "channel": package.channel, "url": package.url}


def _json_file(path: str, data: Json) -> ContextFile:
    return _text_file(path, readable_json(data))


def _text_file(path: str, text: str) -> ContextFile:
    return ContextFile.of(path, text.encode())
