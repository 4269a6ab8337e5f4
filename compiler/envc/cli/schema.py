"""`envc schema`: the JSON Schema of the YAML form."""

from __future__ import annotations

import argparse

from envc.cli.console import Console
from envc.cli.verb import Verb

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none but those of every verb."""


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    import json

    from envc.spec.schema import schema

    if arguments.json:
        console.print_json({"schema": schema()})
        return 0
    console.print(json.dumps(schema(), indent=2))
    return 0


VERB = Verb(
    name="schema",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Editors use it to complete and check NAME.yaml; `envc check` knows more.",
)
