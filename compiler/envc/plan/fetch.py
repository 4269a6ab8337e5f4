"""The stages that fetch: every artefact by its address and digest, verified before anything sees it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from envc.canonical import Json, readable_json
from envc.lock.model import CondaPackage, PipPackage, PlatformLock
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.instruction import Add, Copy, Instruction, Mount, Run, Secret, Stage
from envc.plan.stage import SCRIPTS, choose, script
from envc.platform import PLATFORMS

__all__ = [
    "CA_BUNDLE",
    "conda_package_stages",
    "listing_files",
    "local_wheel_files",
    "private_packages",
    "tool_wheel_stages",
    "wheel_stages",
]

CA_BUNDLE = Secret(name="ca-bundle", required=False)
"""Certificates that steps with a network trust besides the base's own."""

_TOOL_WHEELS = "The installers' wheels. Only the stages that install see them."
_CONDA = "Conda packages, each verified by its SHA-256 before anything reads it."
_WHEELS = "Wheels, each verified by its SHA-256 before anything reads it."
_PRIVATE = (
    "Wheels of indexes that want credentials, which come as build secrets and leave no trace."
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


def conda_package_stages(
    platforms: Mapping[str, PlatformLock], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `conda-packages`, or none where there are none."""
    adds: dict[str, tuple[Instruction, ...]] = {}
    for name, locked in platforms.items():
        if not locked.conda:
            continue
        folder = PLATFORMS[name].architecture
        listing = Copy(source=f"{folder}/packages.json", to="/packages.json")
        adds[folder] = (*_adds(locked.conda, mirrors), listing)
    return choose("conda-packages", dict.fromkeys(adds, "scratch"), adds, _CONDA)


def wheel_stages(
    platforms: Mapping[str, PlatformLock], secrets: Mapping[str, str], mirrors: MirrorMap
) -> tuple[Stage, ...]:
    """Return the stage `wheels`, after those that fetch with credentials; none where there are none.

    Args:
        platforms: The lock's platforms, by name.
        secrets: The name of the secret of each index that has one, by the index's address.
        mirrors: Where artefacts are fetched from instead.
    """
    stages: list[Stage] = []
    instructions = {}
    common = _common_wheels(platforms)
    for name, locked in platforms.items():
        if not locked.pip:
            continue
        folder = PLATFORMS[name].architecture
        private = private_packages(locked, secrets)
        if private:
            names = sorted({secrets[package.index or ""] for package in private})
            stages.append(_private_stage(folder, names, is_first=not stages))
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
        if private := private_packages(locked, secrets):
            wanted: list[Json] = [_private_row(package, secrets, mirrors) for package in private]
            files.append(_json_file(f"{folder}/private.json", wanted))
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


def private_packages(locked: PlatformLock, secrets: Mapping[str, str]) -> tuple[PipPackage, ...]:
    """Return the wheels that only credentials can fetch.

    An index may offer files of another host, which must not see its credentials.
    """
    return tuple(
        package
        for package in locked.pip
        if package.index in secrets and _host(package.url) == _host(package.index)
    )


def _common_wheels(platforms: Mapping[str, PlatformLock]) -> frozenset[str]:
    """Return the paths of the local wheels that all platforms have."""
    return frozenset.intersection(*map(_local_paths, platforms.values()))


def _local_paths(locked: PlatformLock) -> frozenset[str]:
    return frozenset(package.path for package in locked.pip if package.path is not None)


def _host(url: str | None) -> tuple[str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc


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


def _private_stage(architecture: str, secrets: Sequence[str], *, is_first: bool) -> Stage:
    run = Run(
        words=script("python3", "fetch.py", "/mnt/lists/private.json", "/wheels"),
        mounts=(SCRIPTS, Mount(source=architecture, target="/mnt/lists")),
        secrets=(*(Secret(name=name, required=True) for name in secrets), CA_BUNDLE),
        network=True,
    )
    return Stage(
        name=f"private-wheels-{architecture}",
        base="tools",
        comment=_PRIVATE if is_first else "",
        instructions=(run,),
    )


def _adds(packages: Sequence[CondaPackage | PipPackage], mirrors: MirrorMap) -> tuple[Add, ...]:
    return tuple(
        _add(package, mirrors.to_mirror(package.url))
        for package in packages
        if package.url is not None
    )


def _add(package: CondaPackage | PipPackage, url: str) -> Add:
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


def _private_row(
    package: PipPackage, secrets: Mapping[str, str], mirrors: MirrorMap
) -> dict[str, Json]:
    return {
        "file": package.filename,
        "secret": secrets[package.index or ""],
        "sha256": package.sha256,
        "url": mirrors.to_mirror(package.url or ""),
    }


def _json_file(path: str, data: Json) -> ContextFile:
    return _text_file(path, readable_json(data))


def _text_file(path: str, text: str) -> ContextFile:
    return ContextFile.of(path, text.encode())
