"""The stages that are the image: the base with its user, the environment's layers, steps and config."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from envc.plan.artefact import Artefacts
from envc.plan.assembly import account_copies, layer_copies
from envc.plan.context import ContextFile
from envc.plan.fetch import CA_BUNDLE
from envc.plan.instruction import (
    Cmd,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Mount,
    Run,
    Stage,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from envc.plan.label import CONTRACT, CONTRACT_LABEL, CUDA_LABEL, ENV_ID_LABEL
from envc.plan.layout import Layout
from envc.plan.setting import BIN, Settings
from envc.plan.stage import SCRIPTS, choose, script, script_path
from envc.plan.step import CopyAction, RunAction, StepAction
from envc.spec.defaults import Probe
from envc.syntax.document import Document

__all__ = ["IMAGE_STAGES", "image_stages", "step_files", "system_stages"]

IMAGE_STAGES = ("system", "image")
"""What users call the stages that every image has; they need not be told which platforms share."""

_IMAGE = "The image."
_BEFORE = "before-"
_UNLESS_THERE = '[ -d "$0" ] || exec "$@"'
_PACKAGES = "/mnt/packages"


def image_stages(
    layouts: Mapping[str, Layout], env_ids: Mapping[str, str], document: Document
) -> tuple[Stage, ...]:
    """Return the stages that end in `image`, the last of the build.

    Args:
        layouts: By architecture.
        env_ids: Each platform's, by its name.
        document: The whole spec's, for the places of what is said for all platforms.
    """
    configured: dict[str, tuple[Instruction, ...]] = {}
    labels: dict[str, tuple[Instruction, ...]] = {}
    for architecture, layout in layouts.items():
        own = layout.settings
        configured[architecture] = (
            *_place(layout, document),
            *_configure(own, document, has_environment=layout.has_environment),
        )
        labels[architecture] = (_label(env_ids[layout.platform.name], own.cuda),)
    first, *others = configured.values()
    if not others or any(other != first for other in others):
        instructions = {name: (*own, *labels[name]) for name, own in configured.items()}
        return choose("image", dict.fromkeys(labels, "system"), instructions, _IMAGE)
    runtime = Stage(name="runtime", base="system", comment=_IMAGE, instructions=first)
    labelled = choose(
        "image",
        dict.fromkeys(labels, "runtime"),
        labels,
        "Each platform's image is an environment of its own, and says which.",
    )
    return runtime, *labelled


def step_files(settings: Iterable[Settings]) -> tuple[ContextFile, ...]:
    """Return the context's files that copy steps bring in: `files/N/` is laid out as the image is,
    and `files/before-N/` for steps before the environment is there."""
    files: dict[str, ContextFile] = {}
    for own in settings:
        for prefix, actions in ((_BEFORE, own.before), ("", own.steps)):
            for action in actions:
                if isinstance(action, CopyAction):
                    folder = f"files/{prefix}{action.number}"
                    placed = (replace(f, path=f"{folder}/{f.path}") for f in action.files)
                    files |= {file.path: file for file in placed}
    return tuple(files.values())


def system_stages(layouts: Mapping[str, Layout], artefacts: Artefacts) -> tuple[Stage, ...]:
    """Return the stage `system`, which the image starts from: steps come before the user, since they
    may make it. Where there is an environment, a layer of it has the account.

    Args:
        layouts: By architecture.
    """
    parts = []
    if any(layout.locked.system or layout.locked.unresolved for layout in layouts.values()):
        parts.append("its system packages")
    if any(layout.settings.before for layout in layouts.values()):
        parts.append("what comes before the packages")
    if not all(layout.has_environment for layout in layouts.values()):
        parts.append("the user that the image runs as")
    *others, last = parts or ["nothing more"]
    comment = f"The base, with {', '.join(others)}{', and ' if others else ''}{last}."
    instructions = {
        name: (*_system_packages(layout, artefacts), *_system(layout))
        for name, layout in layouts.items()
    }
    return choose("system", dict.fromkeys(instructions, "base"), instructions, comment)


def _system_packages(layout: Layout, artefacts: Artefacts) -> tuple[Run, ...]:
    """Return what installs Debian packages: those of the lock, or else whatever the archive has."""
    locked = layout.locked
    if locked.system:
        shown = artefacts.mounts(layout.architecture, "system", locked.system, _PACKAGES)
        return (Run(words=_installing(_PACKAGES), mounts=(SCRIPTS, *shown)),)
    if locked.unresolved:
        return (
            Run(
                words=_installing("", *locked.unresolved),
                comment="Not pinned: nobody could resolve these when the spec was locked.",
                mounts=(SCRIPTS,),
                secrets=(CA_BUNDLE,),
                network=True,
            ),
        )
    return ()


def _installing(*arguments: str) -> tuple[str, ...]:
    """Return the words that install, and then take out what is for one machine alone."""
    install = script("/bin/sh", "system.sh", *arguments)
    forget = script("/bin/sh", "forget.sh", script_path("forget.pl"))
    return script("/bin/sh", "step.sh", shlex.join(install), shlex.join(forget))


def _system(layout: Layout) -> tuple[Instruction, ...]:
    settings = layout.settings
    instructions: list[Instruction] = []
    if any(isinstance(action, RunAction) for action in settings.before):
        if settings.own_variables:
            instructions.append(Env(variables=settings.own_variables))
        instructions.append(Workdir(path="/"))
    instructions += [_step(f"{_BEFORE}{action.number}", action) for action in settings.before]
    if not layout.has_environment:
        instructions += _account(settings)
    return tuple(instructions)


def _account(settings: Settings) -> Iterator[Run]:
    """Yield the steps that make the account, or that make sure that the base has it, and its folders."""
    owner, folders = settings.account, settings.folders
    if owner.is_made:
        numbers = (str(owner.uid), str(owner.gid), owner.name, owner.home)
        line = shlex.join(script("/bin/sh", "user.sh", *numbers, *folders))
        yield Run(words=script("/bin/sh", "step.sh", line), mounts=(SCRIPTS,))
        return
    yield Run(words=("id", "-u", "--", owner.user.partition(":")[0]))
    if folders:
        # What makes it needs programs that some bases lack, in vain where the base has the folder.
        (folder,) = folders
        make = script("/bin/sh", "step.sh", shlex.join(("mkdir", "-p", "--", folder)))
        yield Run(words=("/bin/sh", "-c", _UNLESS_THERE, folder, *make), mounts=(SCRIPTS,))


def _place(layout: Layout, document: Document) -> tuple[Instruction, ...]:
    """Return what brings the environment in, and says where commands start.

    That is said as low as can be: for its folder, BuildKit puts all together that lies below.
    """
    origin = document.span(("workdir",))
    workdir = Workdir(path=layout.settings.workdir, origin=origin)
    if layout.is_one_layer:
        return (*layer_copies(layout), workdir)
    return (*account_copies(layout), workdir, *layer_copies(layout))


def _configure(
    settings: Settings, document: Document, *, has_environment: bool
) -> tuple[Instruction, ...]:
    instructions: list[Instruction] = []
    if settings.variables or has_environment:
        sets_path = "PATH" in dict(settings.variables)
        path = BIN if has_environment and not sets_path else None
        origin = document.span(("variables",))
        instructions.append(Env(variables=settings.variables, path=path, origin=origin))
    instructions += [_step(str(action.number), action) for action in settings.steps]
    instructions.append(User(user=settings.account.user, origin=document.span(("user",))))
    if settings.interpreter is not None:
        instructions.append(_verify(settings.interpreter, document))
    instructions += _describe_service(settings, document)
    if settings.entrypoint is not None:
        origin = document.span(("entrypoint",))
        instructions.append(Entrypoint(words=settings.entrypoint, origin=origin))
    if settings.command is not None:
        instructions.append(Cmd(words=settings.command, origin=document.span(("command",))))
    if settings.labels:
        instructions.append(Label(labels=settings.labels, origin=document.span(("labels",))))
    return tuple(instructions)


def _describe_service(settings: Settings, document: Document) -> Iterator[Instruction]:
    """Yield what an engine should know of a container that runs."""
    if settings.ports:
        yield Expose(ports=settings.ports, origin=document.span(("ports",)))
    if settings.volumes:
        yield Volume(paths=settings.volumes, origin=document.span(("volumes",)))
    if settings.healthcheck is not None:
        yield _healthcheck(settings.healthcheck, document)
    if settings.stopsignal is not None:
        yield StopSignal(signal=settings.stopsignal, origin=document.span(("stopsignal",)))


def _healthcheck(probe: Probe, document: Document) -> Healthcheck:
    origin = document.span(("healthcheck",))
    if not probe.words:
        return Healthcheck(words=(), origin=origin)
    options = [
        ("interval", _duration(probe.interval_ms)),
        ("timeout", _duration(probe.timeout_ms)),
        ("retries", str(probe.retries)),
    ]
    if probe.start_ms:
        options.insert(2, ("start-period", _duration(probe.start_ms)))
    return Healthcheck(words=probe.words, options=tuple(options), origin=origin)


def _duration(time_ms: int) -> str:
    """Return a time as Docker's options take it, and as linters do, in one unit: `90000` ms are `90s`."""
    for unit, unit_ms in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if time_ms % unit_ms == 0:
            return f"{time_ms // unit_ms}{unit}"
    return f"{time_ms}ms"


def _verify(interpreter: str, document: Document) -> Run:
    """Return the step that makes sure that the spec's own Python is there, for the image's user."""
    # Without -B, root's Python would write byte code of today.
    words = (interpreter, "-B", "-c", "import sys; print(sys.version)")
    comment = "The interpreter that the spec names has to be there, and to work."
    return Run(words=words, comment=comment, origin=document.span(("interpreter",)))


def _step(folder: str, action: StepAction) -> Run:
    """Return a step, whose files are in this folder of the context's `files`."""
    match action:
        case RunAction():
            lines = action.script.rstrip("\n").split("\n")
            words = script("/bin/sh", "step.sh", *lines)
            if action.variables:
                # Not ARG: a variable of the image's would win over it, and `--build-arg` too.
                words = ("env", *(f"{name}={value}" for name, value in action.variables), *words)
            return Run(
                words=words,
                mounts=(SCRIPTS,),
                secrets=(CA_BUNDLE,) if action.network else (),
                network=action.network,
                origin=action.origin,
            )
        case CopyAction():
            own = (action.place, action.owner or "0:0", *((action.mode,) if action.mode else ()))
            arguments = own if action.owner is not None or action.mode is not None else ()
            line = shlex.join(script("/bin/sh", "copy.sh", *arguments))
            return Run(
                words=script("/bin/sh", "step.sh", line),
                comment=action.what,
                mounts=(SCRIPTS, Mount(source=f"files/{folder}", target="/mnt/files")),
                origin=action.origin,
            )


def _label(env_id: str, cuda: str | None) -> Label:
    declared = ((CUDA_LABEL, cuda),) if cuda is not None else ()
    return Label(labels=((CONTRACT_LABEL, str(CONTRACT)), *declared, (ENV_ID_LABEL, env_id)))
