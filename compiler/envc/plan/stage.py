"""What the build's stages share: their names, their folders, and the choice between platforms."""

from __future__ import annotations

from collections.abc import Mapping

from envc.plan.instruction import Instruction, Mount, Stage

__all__ = ["LAYER", "SCRIPTS", "choose", "mount_stage", "script"]

LAYER = "/layer"
"""Where an install stage lays out what goes into the image, under its full path."""

_SCRIPTS_AT = "/mnt/envc"
SCRIPTS = Mount(source="scripts", target=_SCRIPTS_AT)


def script(interpreter: str, name: str, *arguments: str) -> tuple[str, ...]:
    """Return the words that run one of the build's scripts, where SCRIPTS is mounted."""
    return (interpreter, f"{_SCRIPTS_AT}/{name}", *arguments)


def mount_stage(stage: str, source: str, target: str) -> Mount:
    """Return a mount of another stage's folder."""
    return Mount(stage=stage, source=source, target=target)


def choose(
    name: str,
    base: Mapping[str, str],
    instructions: Mapping[str, tuple[Instruction, ...]],
    comment: str,
) -> tuple[Stage, ...]:
    """Return one stage for all architectures where they agree, else one each and their choice.

    The last stage returned is called `name`; BuildKit builds only the one that is chosen. An
    architecture that is not given must not need the stage; where none is given, there is none.
    """
    variants = {
        architecture: Stage(name=name, base=base[architecture], instructions=own, comment=comment)
        for architecture, own in sorted(instructions.items())
    }
    if not variants:
        return ()
    first, *others = variants.values()
    if all(other == first for other in others):
        return (first,)
    stages = [
        Stage(
            name=f"{name}-{architecture}",
            base=stage.base,
            instructions=stage.instructions,
            comment=comment if stage is first else "",
        )
        for architecture, stage in variants.items()
    ]
    return (*stages, Stage(name=name, base=f"{name}-${{TARGETARCH}}"))
