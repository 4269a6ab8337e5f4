"""`envc check`: what is wrong with a spec."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_spec, machine_of

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser, text="the spec, NAME.envc or NAME.yaml; `-` reads the DSL from stdin")


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.spec == Path("-"):
        from envc.files import decode_source

        source = decode_source(sys.stdin.buffer.read(), "<stdin>")
    else:
        source = pipeline.read(arguments.spec)
    checked = pipeline.check(source, machine_of(arguments, console))
    console.show(checked.warnings)
    spec = checked.spec
    if arguments.json:
        console.print_json(
            {"environment": spec.environment, "platforms": list(spec.platforms)}, checked.warnings
        )
        return 0
    count = len(checked.warnings)
    also = f", with {count} warning{'s' if count > 1 else ''}" if count else ""
    console.note(f"{source.name}: `{spec.environment}` is right{also}")
    return 0


VERB = Verb(name="check", add_arguments=_add_arguments, execute=_execute)
