"""The actions of a verb that has several: each with arguments of its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from envc.cli.console import Console
from envc.frozen import frozen

__all__ = ["Action", "add_actions", "execute_action"]


@frozen
class Action:
    """One thing that a verb can do.

    Attributes:
        name: As the user writes it after the verb.
        summary: What it does, in small letters.
        add_arguments: Describes its arguments.
        execute: Does it, and returns the exit code.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace, Console], int]


def add_actions(parser: argparse.ArgumentParser, actions: Sequence[Action]) -> None:
    """Describe the actions of a verb."""
    added = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in actions:
        own = added.add_parser(
            action.name,
            help=action.summary,
            description=f"{action.summary[0].upper()}{action.summary[1:]}.",
            allow_abbrev=False,
        )
        action.add_arguments(own)
        own.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="print one JSON object; its shape is in docs/cli.md",
        )
        own.set_defaults(execute=action.execute)


def execute_action(arguments: argparse.Namespace, console: Console) -> int:
    """Do the action that was chosen, and return the exit code."""
    execute: Callable[[argparse.Namespace, Console], int] = arguments.execute
    return execute(arguments, console)
