"""`envc env prune` and `repair`: what keeps a store small and whole."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from envc.cli.console import Console
from envc.cli.verb import machine_of

if TYPE_CHECKING:
    from envc.store.store import Store

__all__ = ["add_prune", "add_repair", "find_store", "prune", "repair"]


def find_store(console: Console) -> Store | None:
    """Return the store of this machine; None where nothing was ever kept."""
    from envc.machine import Machine
    from envc.store.store import Store

    return Store.find(Machine.here(console.environment).home)


def add_prune(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of `prune`."""
    parser.add_argument(
        "--older-than",
        type=_age,
        required=True,
        metavar="AGE",
        help="what was last built, found or run so long ago goes: 12h, 30d, 8w",
    )


def _age(text: str) -> float:
    from envc.pipeline.retention import parse_age

    try:
        return parse_age(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def prune(arguments: argparse.Namespace, console: Console) -> int:
    """Drop what was built long ago and is not registered."""
    from envc.cli import env_anonymous

    return env_anonymous.prune(
        find_store(console),
        console,
        age_s=arguments.older_than,
        now=time.time(),
        as_json=arguments.json,
    )


def add_repair(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of `repair`: none."""


def repair(arguments: argparse.Namespace, console: Console) -> int:
    """Make a damaged store usable."""
    from envc.store import repair as repairing

    home = machine_of(arguments, console).home
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    done = repairing.repair(home, stamp=stamp)
    if arguments.json:
        aside = str(done.aside) if done.aside is not None else None
        console.print_json({"aside": aside, "kept": dict(done.kept)})
        return 0
    if done.aside is None:
        console.note("nothing is wrong with the store")
        return 0
    kept = ", ".join(
        f"{done.kept[name]} {name}" for name in ("environments", "versions", "builds", "runs")
    )
    console.note(f"kept {kept}")
    console.print(str(done.aside))
    return 0
