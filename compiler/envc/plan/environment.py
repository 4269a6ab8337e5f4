"""The stages that install: each lays out its part of `/opt/env` as a tree that becomes one layer."""

from __future__ import annotations

from collections.abc import Mapping

from envc.lock.model import PlatformLock
from envc.plan.instruction import Copy, Instruction, Mount, Run, Stage
from envc.plan.stage import LAYER, SCRIPTS, choose, mount_stage, script
from envc.platform import PLATFORMS
from envc.reference import ImageReference

__all__ = ["base_stages", "environment_stages", "layer_copies", "tools_stages"]

_TOOLS = mount_stage("tools", "/tools", "/mnt/tools")


def base_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stage `base`: the image that everything starts from, by digest."""
    references = {
        PLATFORMS[name].architecture: _pinned(locked.base.image, locked.base.digest)
        for name, locked in platforms.items()
    }
    return choose("base", references, dict.fromkeys(references, ()), "Where the image starts.")


def tools_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stage `tools`, in which or with which everything is installed."""
    if not any(locked.tools.packages for locked in platforms.values()):
        return ()
    unpack = Run(
        words=script("python3", "tools.py", "/mnt/wheels"),
        mounts=(SCRIPTS, mount_stage("tool-wheels", "/", "/mnt/wheels")),
    )
    bases = {
        PLATFORMS[name].architecture: _tools_base(locked) for name, locked in platforms.items()
    }
    comment = "The installers. Nothing of this stage is in the image."
    return choose("tools", bases, dict.fromkeys(bases, (unpack,)), comment)


def environment_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stages `conda` or `python`, and `pip`, as far as they are needed."""
    has_conda = any(locked.conda for locked in platforms.values())
    has_python = any(locked.python is not None for locked in platforms.values())
    stages: tuple[Stage, ...] = ()
    if has_conda:
        stages = (_conda_stage(),)
    elif has_python:
        stages = _venv_stages(platforms)
    if any(locked.pip for locked in platforms.values()):
        stages += (_pip_stage("conda" if has_conda else "python"),)
    return stages


def layer_copies(platforms: Mapping[str, PlatformLock]) -> tuple[Instruction, ...]:
    """Return what brings the install stages' trees into the image, a layer each."""
    locks = platforms.values()
    names = []
    if any(locked.conda for locked in locks):
        names.append("conda")
    elif any(locked.python is not None for locked in locks):
        names.append("python")
    if any(locked.pip for locked in locks):
        names.append("pip")
    return tuple(Copy(stage=name, source=f"{LAYER}/", to="/", link=True) for name in names)


def _tools_base(locked: PlatformLock) -> str:
    tools, base = locked.tools, locked.base
    is_base = (tools.image, tools.digest) == (base.image, base.digest)
    return "base" if is_base else _pinned(tools.image, tools.digest)


def _pinned(image: str, digest: str) -> str:
    """Return the reference as people write it, with its digest: `python:3.12-slim@sha256:...`."""
    return ImageReference.parse(f"{image}@{digest}").familiar


def _conda_stage() -> Stage:
    mounts = (SCRIPTS, _TOOLS, mount_stage("conda-packages", "/", "/mnt/packages"))
    run = Run(words=script("python3", "conda.py", "/mnt/packages"), mounts=mounts)
    return Stage(
        name="conda",
        base="tools",
        comment="Conda's part of the environment, Python too where it brings it.",
        instructions=(run,),
    )


def _venv_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    runs = {}
    for name, locked in platforms.items():
        words = script("python3", "venv.py", locked.python.version if locked.python else "")
        runs[PLATFORMS[name].architecture] = (Run(words=words, mounts=(SCRIPTS, _TOOLS)),)
    comment = "An empty virtual environment for the base's Python, whose version is verified."
    return choose("python", dict.fromkeys(runs, "base"), runs, comment)


def _pip_stage(python: str) -> Stage:
    """Return the stage that installs wheels; Conda's Python needs only the tools' C library."""
    base = "tools" if python == "conda" else "base"
    mounts: tuple[Mount, ...] = (
        SCRIPTS,
        _TOOLS,
        mount_stage("wheels", "/", "/mnt/wheels"),
        mount_stage(python, f"{LAYER}/opt/env", "/opt/env"),
    )
    run = Run(words=script("/opt/env/bin/python", "wheels.py", "/mnt/wheels"), mounts=mounts)
    return Stage(
        name="pip",
        base=base,
        comment="The wheels, in a layer of their own on top of the environment.",
        instructions=(run,),
    )
