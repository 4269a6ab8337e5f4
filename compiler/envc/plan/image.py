"""The stages that are the image: the base with its user, the environment's layers, steps and config."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace

from envc.lock.model import PlatformLock
from envc.plan.context import ContextFile
from envc.plan.environment import layer_copies
from envc.plan.fetch import CA_BUNDLE
from envc.plan.instruction import (
    Cmd,
    Entrypoint,
    Env,
    Instruction,
    Label,
    Mount,
    Run,
    Stage,
    User,
    Workdir,
)
from envc.plan.label import CONTRACT, CONTRACT_LABEL, ENV_ID_LABEL
from envc.plan.setting import BIN, Settings
from envc.plan.stage import SCRIPTS, choose, script
from envc.plan.step import CopyAction, RunAction, StepAction
from envc.platform import PLATFORMS
from envc.syntax.document import Document

__all__ = ["image_stages", "step_files"]

_IMAGE = "The image."


def image_stages(
    platforms: Mapping[str, PlatformLock],
    settings: Settings,
    env_ids: Mapping[str, str],
    document: Document,
) -> tuple[Stage, ...]:
    """Return the stages `system` and `image`, the last of the build."""
    system = Stage(
        name="system",
        base="base",
        comment="The base, with the user that the image runs as.",
        instructions=(_account(settings),),
    )
    copies = layer_copies(platforms)
    configured = (*copies, *_configure(settings, document, has_environment=bool(copies)))
    labels = {PLATFORMS[name].architecture: _label(env_id) for name, env_id in env_ids.items()}
    if len(labels) == 1:
        instructions = (*configured, *labels.values())
        image = Stage(name="image", base="system", comment=_IMAGE, instructions=instructions)
        return system, image
    runtime = Stage(name="runtime", base="system", comment=_IMAGE, instructions=configured)
    labelled = choose(
        "image",
        dict.fromkeys(labels, "runtime"),
        {architecture: (label,) for architecture, label in labels.items()},
        "Each platform's image is an environment of its own, and says which.",
    )
    return system, runtime, *labelled


def step_files(settings: Settings) -> tuple[ContextFile, ...]:
    """Return the context's files that copy steps bring in: `files/N/` is laid out as the image is."""
    files = []
    for number, action in enumerate(settings.steps, start=1):
        if isinstance(action, CopyAction):
            files += [replace(file, path=f"files/{number}/{file.path}") for file in action.files]
    return tuple(files)


def _account(settings: Settings) -> Run:
    """Return the step that makes the account, or that makes sure that the base has it."""
    owner = settings.account
    if owner.is_made:
        numbers = (str(owner.uid), str(owner.gid), owner.name, owner.home)
        line = shlex.join(script("/bin/sh", "user.sh", *numbers, settings.workdir))
        return Run(words=script("/bin/sh", "step.sh", line), mounts=(SCRIPTS,))
    name = owner.user.partition(":")[0]
    return Run(words=("id", "-u", "--", name))


def _configure(
    settings: Settings, document: Document, *, has_environment: bool
) -> tuple[Instruction, ...]:
    instructions: list[Instruction] = []
    if settings.variables or has_environment:
        sets_path = "PATH" in dict(settings.variables)
        path = BIN if has_environment and not sets_path else None
        origin = document.span(("variables",))
        instructions.append(Env(variables=settings.variables, path=path, origin=origin))
    instructions.append(Workdir(path=settings.workdir, origin=document.span(("workdir",))))
    for number, action in enumerate(settings.steps, start=1):
        instructions.append(_step(number, action))
    instructions.append(User(user=settings.account.user, origin=document.span(("user",))))
    if settings.entrypoint is not None:
        origin = document.span(("entrypoint",))
        instructions.append(Entrypoint(words=settings.entrypoint, origin=origin))
    if settings.command is not None:
        instructions.append(Cmd(words=settings.command, origin=document.span(("command",))))
    return tuple(instructions)


def _step(number: int, action: StepAction) -> Run:
    match action:
        case RunAction():
            lines = action.script.rstrip("\n").split("\n")
            return Run(
                words=script("/bin/sh", "step.sh", *lines),
                mounts=(SCRIPTS,),
                secrets=(CA_BUNDLE,) if action.network else (),
                network=action.network,
                origin=action.origin,
            )
        case CopyAction():
            return Run(
                words=script("/bin/sh", "step.sh", shlex.join(script("/bin/sh", "copy.sh"))),
                comment=action.what,
                mounts=(SCRIPTS, Mount(source=f"files/{number}", target="/mnt/files")),
                origin=action.origin,
            )


def _label(env_id: str) -> Label:
    return Label(labels=((CONTRACT_LABEL, str(CONTRACT)), (ENV_ID_LABEL, env_id)))
