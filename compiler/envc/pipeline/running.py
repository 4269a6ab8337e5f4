"""A command runs in an image: in that of a spec, once it is there, or in one that is named itself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError, UsageError
from envc.machine import Machine
from envc.pipeline.front import check_vouched
from envc.platform import PLATFORMS
from envc.reference import ImageReference

if TYPE_CHECKING:
    from envc.build.image import Image
    from envc.build.terms import Pull
    from envc.compose import Choice
    from envc.engine.docker import Engine
    from envc.engine.foreground import Streams
    from envc.syntax.document import Document

__all__ = ["provide_image", "run", "run_image"]

_ENV_ID_TAG = re.compile(r"[0-9a-f]{32}")


def run(
    path: Path,
    image: Image,
    command: Sequence[str],
    machine: Machine,
    streams: Streams,
    *,
    variant: str = "",
    choice: Choice | None = None,
    on_warning: Callable[[Diagnostic], None] = lambda _: None,
) -> int:
    """Run a command in the image of a spec, as its `runtime` says, and return its exit code.

    Args:
        command: Empty runs what the image runs by default.
        variant: The image's; empty for a spec without a matrix.
        choice: What the command line chose of the spec's parameters.
        on_warning: Told before it starts what it will probably miss.

    Raises:
        EnvcError: The container cannot be started (E63x): InputError where the spec is to blame.
    """
    from envc.engine.docker import Engine
    from envc.engine.runtime import run_options

    checked = check_vouched(path, machine, choice).variants[variant]
    is_terminal = streams.stdin is not None and streams.stdin.isatty() and streams.stdout.isatty()
    options = run_options(
        checked.spec,
        checked.document,
        path.parent,
        platform=image.platform,
        terminal=is_terminal,
    )
    with Engine.connect(machine.environment) as engine:
        if options.gpus is not None:
            for warning in _check_gpus(engine, image, machine, checked.document):
                on_warning(warning)
        return engine.run(image.name, command, options=options, streams=streams)


def provide_image(
    name: str,
    machine: Machine,
    *,
    platform: str | None = None,
    pull: Pull = "missing",
    reasons: tuple[str, ...] = (),
    report: Callable[[str], None] = lambda _: None,
) -> Image:
    """Return an image that is named itself, pulled where the engine does not have it.

    Registries are asked for names with a `/` only: nobody runs a stranger's image by a slip.

    Args:
        platform: None is the one that the engine has, else the engine's own.
        reasons: Why the name is nothing but an image's, for diagnostics.
        report: Told that it is pulled.

    Raises:
        UsageError: There is no such image (E736), it is an environment (E737), or it is not for the
            platform (E739).
        ToolError: It is not the image that its tag names (E670), the engine cannot be used (E60x), or
            the registry cannot (E38x).
    """
    from envc.build.image import Image
    from envc.engine.docker import Engine
    from envc.plan.label import ENV_ID_LABEL

    started = time.monotonic()
    _check_platform(platform)
    reference = ImageReference.parse(name)
    with Engine.connect(machine.environment) as engine:
        found = engine.find(name)
        has_platform = found is not None and platform in (None, found.platform)
        is_cached = has_platform and (pull != "always" or "/" not in name)
        if not is_cached and pull != "never" and "/" in name:
            name = _pull(engine, name, machine, platform or engine.platform(), reasons, report)
            found = engine.find(name)
        if found is None:
            raise UsageError(
                [_explain_absence(name, reasons, "the Docker engine has no such image")]
            )
    if platform not in (None, found.platform):
        raise UsageError([_explain_platform(name, str(platform), found.platform)])
    env_id = found.labels.get(ENV_ID_LABEL, "")
    _check_tag(reference, env_id)
    return Image(
        name=name,
        env_id=env_id,
        platform=found.platform,
        digest=found.digest or found.id,
        size_bytes=found.size_bytes,
        duration_s=time.monotonic() - started,
        is_cached=is_cached,
    )


def run_image(image: Image, command: Sequence[str], machine: Machine, streams: Streams) -> int:
    """Run a command in an image, without anything that a spec's `runtime` says; see `run`."""
    from envc.engine.docker import Engine
    from envc.engine.foreground import RunOptions

    is_terminal = streams.stdin is not None and streams.stdin.isatty() and streams.stdout.isatty()
    options = RunOptions(platform=image.platform, terminal=is_terminal)
    with Engine.connect(machine.environment) as engine:
        return engine.run(image.name, command, options=options, streams=streams)


def _pull(
    engine: Engine,
    name: str,
    machine: Machine,
    platform: str,
    reasons: tuple[str, ...],
    report: Callable[[str], None],
) -> str:
    """Have the engine fetch an image, and return what it is called there."""
    from envc.registry.artifact import is_environment
    from envc.registry.asked import mirror_reference
    from envc.registry.client import Registry

    reference = ImageReference.parse(name)
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    try:
        there = registry.find(reference)
    except InputError as error:
        said = f"the registry `{reference.registry}` has no such image"
        raise UsageError([_explain_absence(name, reasons, said)]) from error
    if is_environment(there):
        message = f"`{name}` is a registered environment, not an image"
        hint = f"`envc env pull {name}` registers it here, then `envc run NAME@VERSION` builds its image"
        raise UsageError([Diagnostic(code="E737", message=message, hint=hint)])
    try:
        registry.resolve(reference, PLATFORMS[platform])
    except InputError as error:
        offered = error.diagnostics[0].notes[-1].removeprefix("it exists for: ")
        raise UsageError([_explain_platform(name, platform, offered)]) from error
    source = mirror_reference(reference, machine.mirrors)
    engine.pull(source, PLATFORMS[platform], report)
    if source == reference:
        return name
    which = f"@{source.digest}" if source.digest else f":{source.tag}"
    mirrored = f"{source.registry}/{source.repository}{which}"
    if source.digest:
        return mirrored
    engine.tag(mirrored, name)
    engine.untag(mirrored)
    return name


def _check_platform(platform: str | None) -> None:
    if platform is not None and platform not in PLATFORMS:
        known = ", ".join(f"`{one}`" for one in PLATFORMS)
        message = f"`{platform}` is no platform that images are for"
        raise UsageError([Diagnostic(code="E739", message=message, hint=f"choose one of {known}")])


def _check_tag(reference: ImageReference, env_id: str) -> None:
    """Refuse an image under an env id's tag that is not of this environment."""
    from envc.plan.label import ENV_ID_LABEL, tag

    said = reference.tag or ""
    if _ENV_ID_TAG.fullmatch(said) and tag(env_id) != said:
        message = f"`{reference.familiar}` is not the image of the environment that its tag names"
        says = f"its label says {env_id}" if env_id else f"it has no label `{ENV_ID_LABEL}`"
        hint = "find out who pushed it; `--pull always` fetches what the registry has now"
        raise ToolError([Diagnostic(code="E670", message=message, notes=(says,), hint=hint)])


def _explain_absence(name: str, reasons: tuple[str, ...], said: str) -> Diagnostic:
    hint = "check the spelling; `envc env list` and `envc image list` say what there is"
    if "/" not in name:
        hint = f"{hint}; an image that is to be pulled is named with its registry"
    return Diagnostic(
        code="E736",
        message=f"`{name}` is neither a file, nor registered, nor an image that can be found",
        notes=(*reasons, said),
        hint=hint,
    )


def _explain_platform(name: str, platform: str, offered: str) -> Diagnostic:
    return Diagnostic(
        code="E739",
        message=f"the image `{name}` is not for `{platform}`",
        notes=(f"it is for: {offered}",),
        hint="choose one of these with `--platform`",
    )


def _check_gpus(
    engine: Engine, image: Image, machine: Machine, document: Document
) -> tuple[Diagnostic, ...]:
    from envc.engine.gpu import check_gpus
    from envc.plan.label import CUDA_LABEL

    found = engine.find(image.name)
    cuda = found.labels.get(CUDA_LABEL) if found is not None else None
    span = document.span(("runtime", "gpus"))
    return check_gpus(cuda, engine.describe(), machine.environment, span)
