"""The stages that install: each lays out its part of `/opt/env` as a tree that becomes one layer."""

from __future__ import annotations

from collections.abc import Mapping

from envc.lock.model import PlatformLock, Python
from envc.plan.instruction import Copy, Instruction, Mount, Run, Stage, User
from envc.plan.stage import LAYER, SCRIPTS, choose, mount_stage, script
from envc.platform import PLATFORMS
from envc.reference import ImageReference

__all__ = ["base_stages", "environment_stages", "layer_copies", "tools_stages"]

_BASE = "Where the image starts. Steps run as root, whoever the base's own user is."
_TOOLS = mount_stage("tools", "/tools", "/mnt/tools")


def base_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stage `base`: the image that everything starts from, by digest."""
    references = {
        PLATFORMS[name].architecture: _pinned(locked.base.image, locked.base.digest)
        for name, locked in platforms.items()
    }
    own = dict.fromkeys(references, (User(user="0"),))
    return choose("base", references, own, _BASE)


def tools_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stage `tools`, in which or with which everything is installed."""
    unpack = Run(
        words=script("python3", "tools.py", "/mnt/wheels"),
        mounts=(SCRIPTS, mount_stage("tool-wheels", "/", "/mnt/wheels")),
    )
    bases = {
        PLATFORMS[name].architecture: _tools_base(locked)
        for name, locked in platforms.items()
        if locked.tools.packages
    }
    comment = "The installers. Nothing of this stage is in the image."
    return choose("tools", bases, dict.fromkeys(bases, (unpack,)), comment)


def environment_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stages `conda`, `python` and `pip`, as far as they are needed.

    Where Python comes from Conda on some platforms only, there are both of the first two, and each
    platform's image takes its own.
    """
    has_conda = any(locked.conda for locked in platforms.values())
    return (
        *((_conda_stage(),) if has_conda else ()),
        *_venv_stages(platforms),
        *_pip_stages(platforms),
    )


def layer_copies(locked: PlatformLock) -> tuple[Instruction, ...]:
    """Return what brings the install stages' trees into a platform's image, a layer each."""
    names = [name for name in (_python_stage(locked),) if name is not None]
    if locked.pip:
        names.append("pip")
    return tuple(Copy(stage=name, source=f"{LAYER}/", to="/", link=True) for name in names)


def _python_stage(locked: PlatformLock) -> str | None:
    """Return the stage that wheels are installed on top of; None where there is no environment."""
    if locked.conda:
        return "conda"
    return "python" if locked.python is not None else None


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
    runs = {
        PLATFORMS[name].architecture: (_make_venv(locked.python),)
        for name, locked in platforms.items()
        if locked.python is not None and _python_stage(locked) == "python"
    }
    comment = "An empty virtual environment for the base's Python, whose version is verified."
    return choose("python", dict.fromkeys(runs, "base"), runs, comment)


def _make_venv(python: Python) -> Run:
    return Run(words=script("python3", "venv.py", python.version), mounts=(SCRIPTS, _TOOLS))


def _pip_stages(platforms: Mapping[str, PlatformLock]) -> tuple[Stage, ...]:
    """Return the stage that installs wheels; Conda's Python needs only the tools' C library."""
    bases: dict[str, str] = {}
    runs: dict[str, tuple[Run, ...]] = {}
    for name, locked in platforms.items():
        python = _python_stage(locked)
        if locked.pip and python is not None:
            architecture = PLATFORMS[name].architecture
            bases[architecture] = "tools" if python == "conda" else "base"
            runs[architecture] = (_install_wheels(python),)
    comment = "The wheels, in a layer of their own on top of the environment."
    return choose("pip", bases, runs, comment)


def _install_wheels(python: str) -> Run:
    mounts: tuple[Mount, ...] = (
        SCRIPTS,
        _TOOLS,
        mount_stage("wheels", "/", "/mnt/wheels"),
        mount_stage(python, f"{LAYER}/opt/env", "/opt/env"),
    )
    return Run(words=script("/opt/env/bin/python", "wheels.py", "/mnt/wheels"), mounts=mounts)
