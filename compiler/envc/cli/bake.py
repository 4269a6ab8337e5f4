"""`envc bake`: the images of many specs, side by side."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc import pipeline
from envc.cli.build import add_build_arguments, describe, options_of
from envc.cli.console import Console
from envc.cli.ending import ending_on_signals
from envc.cli.recording import Recorder
from envc.cli.verb import Verb, machine_of
from envc.diagnostics import Diagnostic, to_json
from envc.machine import Machine
from envc.pipeline.building import log_place

if TYPE_CHECKING:
    from envc.pipeline.baking import Baked

__all__ = ["VERB"]

_AT_ONCE = 4
_PATIENCE_S = 15.0
"""How long checks may take to end after a signal; the next process clears up what they leave."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "specs", metavar="SPEC", nargs="+", type=Path, help="a spec, NAME.envc or NAME.yaml"
    )
    parser.add_argument(
        "--plan",
        metavar="DIR",
        type=Path,
        help="build nothing: write the plan and its contexts there, for `docker buildx bake`",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_parse_jobs,
        default=_AT_ONCE,
        help=f"how many are built side by side; default: {_AT_ONCE}",
    )
    parser.add_argument(
        "--force", action="store_true", help="build although the images are there already"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="run every step again; implies --force"
    )
    parser.add_argument(
        "--push", action="store_true", help="have the images in their registry in the end"
    )
    add_build_arguments(parser, takes_several=True, has_log=False)


def _parse_jobs(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    options = options_of(arguments, machine, is_single=False)
    if arguments.plan is not None:
        plan, failed = pipeline.write_bake(arguments.specs, machine, options, arguments.plan)
        return _report(failed, console, arguments, plan)
    from envc.cli.board import Board

    log_of = partial(log_place, options, cache=machine.cache)
    recorders = {
        path: Recorder(
            argparse.Namespace(**{**vars(arguments), "spec": path}), console, machine.home, log_of
        )
        for path in dict.fromkeys(arguments.specs)
    }

    def record_cut_off(error: BaseException, ended: Sequence[Baked]) -> None:
        _record(recorders, ended, machine)
        for path, recorder in recorders.items():
            recorder.record_cut_off({one.variant for one in ended if one.path == path}, error)

    with ending_on_signals(_PATIENCE_S), Board(console.err) as board:
        done = pipeline.bake(
            arguments.specs,
            machine,
            options,
            board,
            at_once=arguments.jobs,
            on_wanted=lambda path, variant, wanted: recorders[path].begin(variant, wanted),
            on_cut_off=record_cut_off,
        )
    _record(recorders, done, machine)
    return _report(done, console, arguments, None)


def _record(recorders: Mapping[Path, Recorder], done: Sequence[Baked], machine: Machine) -> None:
    """Record what became of these."""
    for path, recorder in recorders.items():
        own = [one for one in done if one.path == path]
        for one in own:
            if one.error is not None:
                recorder.record_failure(one.variant, one.error)
        if images := {one.variant: one.image for one in own if one.image}:
            recorder.record_images(images, machine)


def _report(
    done: Sequence[Baked], console: Console, arguments: argparse.Namespace, plan: Path | None
) -> int:
    """Say what became of all, and return the exit code of the worst."""
    for one in done:
        console.show(_diagnostics(one))
    code = max((one.error.exit_code for one in done if one.error is not None), default=0)
    if arguments.json:
        told: dict[str, Any] = {"images": [_describe(one) for one in done]}
        if plan is not None:
            told["plan"] = str(plan)
        console.print_json(told, ok=code == 0)
        return code
    if plan is not None:
        console.print(str(plan))
    for one in done:
        if one.image is not None:
            console.print(f"{one.name} {one.image.name}")
    return code


def _diagnostics(one: Baked) -> tuple[Diagnostic, ...]:
    if one.error is not None:
        return tuple(one.error.diagnostics)
    return one.image.warnings if one.image is not None else ()


def _describe(one: Baked) -> dict[str, Any]:
    return {
        "spec": str(one.path),
        "variant": one.variant,
        "ok": one.error is None,
        **(describe(one.image, ()) if one.image is not None else {}),
        "diagnostics": [to_json(problem) for problem in _diagnostics(one)],
    }


VERB = Verb(
    name="bake",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Of a spec with a matrix, those of all variants. One that fails stops no other; the exit "
    "code is the worst one's. Prints a line for each image: the spec, the variant, the image's name. "
    "With `--cache REF`, each has a cache of its own there",
)
