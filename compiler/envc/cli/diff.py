"""`envc diff`: how two environments differ, for a reader, as data, or for a pull request."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.referring import resolve_spec
from envc.cli.verb import (
    Verb,
    add_choice,
    add_templates,
    add_variant,
    choice_of,
    machine_of,
)
from envc.diagnostics import Diagnostic
from envc.errors import DriftError, UsageError
from envc.machine import Machine
from envc.pipeline.side import is_path

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sides",
        metavar="SIDE",
        nargs="+",
        help="two of: a spec (with its lock), a lock, `REV:FILE`, `NAME@VERSION`, an image; or "
        "`REV..REV SPEC`, `REV SPEC`, and a spec alone, compared with that of the last commit",
    )
    parser.add_argument("--markdown", action="store_true", help="print it for a pull request")
    parser.add_argument(
        "--exit-code", action="store_true", help="exit 4 where the environments differ"
    )
    add_variant(parser, text="the variant to compare; repeatable; default: all")
    add_choice(parser)
    add_templates(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli import diff_data, diff_markdown, diff_text

    if arguments.json and arguments.markdown:
        message = "`--json` and `--markdown` were given"
        hint = "leave one of them out"
        raise UsageError([Diagnostic(code="E001", message=message, hint=hint)])
    machine = machine_of(arguments, console)
    found, warnings = pipeline.diff(
        arguments.sides,
        machine,
        pipeline.DiffOptions(
            variants=tuple(arguments.variants),
            choice=choice_of(arguments),
            templates=arguments.templates,
        ),
        registered=_find_registered(arguments.sides, machine),
    )
    if arguments.json:
        console.print_json(diff_data.describe(found), warnings)
    else:
        console.show(warnings)
        teller = diff_markdown if arguments.markdown else diff_text
        console.print("\n".join(teller.list_lines(found)))
    return DriftError.exit_code if arguments.exit_code and not found.is_same else 0


def _find_registered(words: Sequence[str], machine: Machine) -> dict[str, Path]:
    """Return where the specs of words lie that name registered versions.

    `NAME:LABEL` may be an image, too, which is meant where there is no such version.

    Raises:
        UsageError: There is no such version (E704).
        ToolError: The store (E70x) or the cache (E553) cannot be used.
    """
    found: dict[str, Path] = {}
    for word in words:
        if is_path(word):
            continue
        try:
            path = resolve_spec(Path(word), machine)
        except UsageError:
            if "@" in word:
                raise
            continue
        if path != Path(word):
            found[word] = path
    return found


VERB = Verb(
    name="diff",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Needs no network, and no engine but for images.",
)
