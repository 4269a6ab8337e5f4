"""`envc init`: a spec to begin with."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, machine_of
from envc.curated import curated

if TYPE_CHECKING:
    from envc.pipeline.scaffolding import Scaffold

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=Path,
        default=Path(),
        help="where the spec is to be; made where it lacks (default: this folder)",
    )
    parser.add_argument(
        "--from",
        dest="origin",
        metavar="ORIGIN",
        help="a curated environment, or a file of another tool, as `import` takes it (default: such "
        "a file in DIR, else envc/minimal); "
        + "; ".join(f"{name}: {_plain(summary)}" for name, summary in curated().items()),
    )
    parser.add_argument(
        "--form", choices=("dsl", "yaml"), default="dsl", help="the spec's form (default: dsl)"
    )
    parser.add_argument("--name", help="the environment's (default: like the folder's)")


def _plain(summary: str) -> str:
    """Return a summary as a part of a help text, in which argparse replaces what follows a `%`."""
    return summary.removesuffix(".").replace("%", "%%")


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    scaffold = pipeline.init(
        arguments.folder,
        machine_of(arguments, console),
        arguments.form,
        name=arguments.name,
        origin=arguments.origin,
    )
    console.show(scaffold.warnings)
    if arguments.json:
        console.print_json(
            {
                "environment": scaffold.environment,
                "spec": str(scaffold.spec),
                "lock": str(scaffold.lock) if scaffold.lock is not None else None,
                "files": [str(path) for path in scaffold.files],
                "origin": scaffold.origin,
                "format": scaffold.format_name,
            },
            scaffold.warnings,
        )
        return 0
    for path in scaffold.files:
        console.print(str(path))
    for line in _tell(scaffold):
        console.note(line)
    return 0


def _tell(scaffold: Scaffold) -> list[str]:
    """Return what the spec began with, and what to do next."""
    spec = shlex.quote(str(scaffold.spec))
    format_name = scaffold.format_name
    how = f", read as {format_name}" if format_name is not None else ", which is locked"
    lines = [f"began with {scaffold.origin}{how}"]
    if scaffold.passed_over:
        lines.append(f"not read: {', '.join(scaffold.passed_over)} (`--from` names another origin)")
    if scaffold.lock is None:
        lines.append(f"next: `envc lock {spec}`, then `envc build {spec}`")
    else:
        lines.append(f"next: `envc build {spec}`; `envc lock {spec}` after each change of packages")
    return lines


VERB = Verb(
    name="init",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Nothing is overwritten, and no network is used.",
)
