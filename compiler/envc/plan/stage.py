"""What the build's stages share: their names, their folders, and the choice between platforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from envc.plan.instruction import Instruction, Mount, Stage

__all__ = [
    "BUILD_PLATFORM",
    "INTERPRETER",
    "LAYER",
    "NEWEST",
    "SCRIPTS",
    "TREE",
    "choose",
    "mount_file",
    "mount_scripts",
    "mount_stage",
    "script",
    "script_path",
]

LAYER = "/envc/layer"
"""Where an install stage leaves what it has made, for the stages after it.

Not right below the root: to compare a folder with what it was, BuildKit reads all that lies beside it.
"""

TREE = f"{LAYER}/tree"
"""What of that goes into the image, under its full path."""

BUILD_PLATFORM = "$BUILDPLATFORM"
"""The platform of the machine that builds, whatever it builds for."""

INTERPRETER = "interpreter"
"""The stage with Conda's Python, and what that needs to run, for steps of the target's platform."""

NEWEST = "manylinux_2_40"
"""The newest names of platforms that uv knows: what fits was decided when the lock was made."""

_SCRIPTS_AT = "/mnt/envc"
SCRIPTS = Mount(source="scripts", target=_SCRIPTS_AT)


def script(interpreter: str, name: str, *arguments: str) -> tuple[str, ...]:
    """Return the words that run one of the build's scripts, where SCRIPTS is mounted."""
    return (interpreter, script_path(name), *arguments)


def script_path(name: str) -> str:
    """Return where one of the build's scripts is mounted."""
    return f"{_SCRIPTS_AT}/{name}"


def mount_scripts(*names: str) -> tuple[Mount, ...]:
    """Return mounts of these scripts alone: a step that needs another one is no reason to run again."""
    return tuple(mount_file(f"scripts/{name}", script_path(name)) for name in names)


def mount_file(path: str, target: str) -> Mount:
    """Return a mount of a file of the context."""
    return Mount(source=path, target=target)


def mount_stage(stage: str, source: str, target: str) -> Mount:
    """Return a mount of another stage's folder."""
    return Mount(stage=stage, source=source, target=target)


def choose(
    name: str,
    base: Mapping[str, str],
    instructions: Mapping[str, tuple[Instruction, ...]],
    comment: str,
    *,
    platform: Mapping[str, str] | None = None,
    variable: str = "TARGETARCH",
) -> tuple[Stage, ...]:
    """Return one stage for all architectures where they agree, else one each and their choice.

    The last stage returned is called `name`; BuildKit builds only the one that is chosen. An
    architecture that is not given must not need the stage; where none is given, there is none.

    Args:
        platform: What the stage runs on, where that is not what its base is for.
        variable: BuildKit's name of what is chosen by.
    """
    variants = {
        architecture: Stage(
            name=name,
            base=base[architecture],
            platform=platform[architecture] if platform is not None else None,
            instructions=own,
            comment=comment,
        )
        for architecture, own in sorted(instructions.items())
    }
    if not variants:
        return ()
    first, *others = variants.values()
    if all(other == first for other in others):
        return (first,)
    stages = [
        replace(stage, name=f"{name}-{architecture}", comment=comment if stage is first else "")
        for architecture, stage in variants.items()
    ]
    return (*stages, Stage(name=name, base=f"{name}-${{{variable}}}"))
