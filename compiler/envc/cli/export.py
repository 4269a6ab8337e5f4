"""`envc export`: a lock in the format of another tool."""

from __future__ import annotations

import argparse
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_choice, add_spec, add_variant, choice_of, machine_of
from envc.interop.exporting import EXPORTS

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser, text="the spec, NAME.envc or NAME.yaml, with its lock beside it")
    listed = "; ".join(f"{name}: {one.summary}" for name, one in EXPORTS.items())
    parser.add_argument(
        "--format", required=True, choices=tuple(EXPORTS), metavar="FORMAT", help=listed
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write there instead of to stdout"
    )
    parser.add_argument(
        "--platform",
        dest="platforms",
        action="append",
        default=[],
        metavar="PLATFORM",
        help="the platform to write; repeatable where the format has several; default: all",
    )
    add_variant(parser, text="the variant to write")
    add_choice(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.pipeline.output import write_beside

    exported = pipeline.export(
        arguments.spec,
        machine_of(arguments, console),
        arguments.format,
        platforms=arguments.platforms,
        variants=arguments.variants,
        choice=choice_of(arguments),
    )
    console.show(exported.warnings)
    output: Path | None = arguments.output
    is_written = write_beside(output, exported.text) if output is not None else False
    if arguments.json:
        where = {"output": str(output), "written": is_written} if output is not None else {}
        data = {"format": arguments.format, **(where or {"text": exported.text})}
        console.print_json(data, exported.warnings)
    elif output is None:
        console.out.write(exported.text)
    else:
        console.print(str(output))
    return 0


VERB = Verb(
    name="export",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The same lock gives the same file; what a format has no place for is a warning.",
)
