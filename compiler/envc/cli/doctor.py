"""`envc doctor`: what is wrong with this machine, and the command that mends it."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_mirror, machine_of
from envc.errors import ToolError

__all__ = ["VERB"]

_MARKS = {"ok": "ok", "note": "note", "warning": "warning", "fault": "FAULT"}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--registry",
        dest="registries",
        action="append",
        default=[],
        metavar="HOST",
        help="a registry to ask; repeatable; default: docker.io",
    )
    parser.add_argument(
        "--offline", action="store_true", help="leave out indexes, channels and registries"
    )
    add_mirror(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    findings = pipeline.examine(
        machine_of(arguments, console),
        registries=arguments.registries or ["docker.io"],
        offline=arguments.offline,
        now=time.time(),
    )
    is_well = all(finding.state != "fault" for finding in findings)
    if arguments.json:
        console.print_json({"findings": [asdict(finding) for finding in findings]}, ok=is_well)
        return 0 if is_well else ToolError.exit_code
    subjects = max(len(finding.subject) for finding in findings)
    for finding in findings:
        console.print(f"{_MARKS[finding.state]:7}  {finding.subject:{subjects}}  {finding.text}")
        if finding.hint:
            console.print(f"{'':7}  {'':{subjects}}  -> {finding.hint}")
    return 0 if is_well else ToolError.exit_code


VERB = Verb(
    name="doctor",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Looks at the engine, BuildKit, solvers, cache, disk, clock, GPU, indexes and registries. "
    "Exits with 3 where something has to be mended.",
)
