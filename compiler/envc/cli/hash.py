"""`envc hash`: the ids, known without building."""

from __future__ import annotations

import argparse

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_spec, machine_of

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "--spec",
        dest="only_spec",
        action="store_true",
        help="print the spec id, which needs no lock",
    )


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    if arguments.only_spec:
        spec_id = pipeline.spec_id(arguments.spec, machine)
        if arguments.json:
            console.print_json({"spec_id": spec_id})
        else:
            console.print(spec_id)
        return 0
    identity = pipeline.identify(arguments.spec, machine)
    if arguments.json:
        console.print_json({"spec_id": identity.spec_id, "env_ids": dict(identity.env_ids)})
        return 0
    for platform, env_id in identity.env_ids.items():
        console.print(f"{platform} {env_id}")
    return 0


VERB = Verb(
    name="hash",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Needs the spec and its lock, and nothing else.",
)
