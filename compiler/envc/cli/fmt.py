"""`envc fmt`: specs in their canonical layout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, machine_of
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.syntax import Form

__all__ = ["VERB"]

_STDIN = Path("-")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "specs",
        metavar="SPEC",
        type=Path,
        nargs="+",
        help="the specs, NAME.envc or NAME.yaml; `-` reads stdin and writes stdout",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 4 and show what would change"
    )
    parser.add_argument(
        "--form", choices=("dsl", "yaml"), help="what stdin is written in; default: dsl"
    )


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    if _STDIN in arguments.specs:
        return _format_stdin(arguments, machine, console)
    if arguments.form is not None:
        raise UsageError([_refuse("`--form` is for stdin", "a file's name says what it holds")])
    if arguments.check:
        pipeline.check_format(arguments.specs, machine)
        changed: tuple[Path, ...] = ()
    else:
        changed = pipeline.format_files(arguments.specs, machine)
    if arguments.json:
        console.print_json({"changed": [str(path) for path in changed]})
        return 0
    for path in changed:
        console.print(str(path))
    if not changed:
        console.note("nothing has changed" if not arguments.check else "nothing would change")
    return 0


def _format_stdin(
    arguments: argparse.Namespace, machine: pipeline.Machine, console: Console
) -> int:
    if arguments.specs != [_STDIN]:
        raise UsageError([_refuse("`-` stands alone", "format files by another command")])
    from envc.files import decode_source

    source = decode_source(sys.stdin.buffer.read(), "<stdin>")
    form: Form = arguments.form or "dsl"
    if arguments.check:
        pipeline.check_source(source, machine, form=form)
        if arguments.json:
            console.print_json({"changed": []})
        return 0
    text = pipeline.format_source(source, machine, form=form)
    if arguments.json:
        console.print_json({"text": text})
    else:
        console.out.write(text)
    return 0


def _refuse(message: str, hint: str) -> Diagnostic:
    return Diagnostic(code="E001", message=message, hint=hint)


VERB = Verb(
    name="fmt",
    add_arguments=_add_arguments,
    execute=_execute,
    is_changing=lambda arguments: not arguments.check,
    details="What a spec means stays as it is, and so do its comments.",
)
