"""A command runs in the image of a spec: what `run` does once the image is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.front import check_vouched
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.build.image import Image
    from envc.compose import Choice
    from envc.diagnostics import Diagnostic
    from envc.engine.docker import Engine
    from envc.engine.foreground import Streams
    from envc.syntax.document import Document

__all__ = ["run"]


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


def _check_gpus(
    engine: Engine, image: Image, machine: Machine, document: Document
) -> tuple[Diagnostic, ...]:
    from envc.engine.gpu import check_gpus
    from envc.plan.label import CUDA_LABEL

    found = engine.find(image.name)
    cuda = found.labels.get(CUDA_LABEL) if found is not None else None
    span = document.span(("runtime", "gpus"))
    return check_gpus(cuda, engine.describe(), machine.environment, span)
