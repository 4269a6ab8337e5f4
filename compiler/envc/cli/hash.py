"""`envc hash`: the ids, known without building."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import (
    Verb,
    add_choice,
    add_spec,
    add_templates,
    add_variant,
    choice_of,
    machine_of,
)

__all__ = ["VERB", "describe", "list_ids"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "--spec",
        dest="only_spec",
        action="store_true",
        help="print the spec id, which needs no lock; with --variant that of each variant",
    )
    add_variant(parser, text="the variant to print; repeatable; default: all")
    add_choice(parser)
    add_templates(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    if arguments.only_spec:
        return _print_spec_ids(arguments, console)
    identity = pipeline.identify(
        arguments.spec,
        machine,
        variants=arguments.variants,
        choice=choice_of(arguments),
        templates=arguments.templates,
    )
    if arguments.json:
        console.print_json(describe(identity))
        return 0
    for line in list_ids(identity):
        console.print(line)
    return 0


def describe(identity: pipeline.Identity) -> dict[str, object]:
    """Return ids as JSON data; those of variants by name, where the spec has a matrix."""
    variants: dict[str, dict[str, object]] = {
        name: {"spec_id": one.spec_id, "env_ids": dict(one.env_ids)}
        for name, one in identity.variants.items()
    }
    if "" in variants:
        return variants[""]
    return {"spec_id": identity.spec_id, "variants": variants}


def list_ids(identity: pipeline.Identity) -> Iterator[str]:
    """Yield a line for each platform, of each variant where the spec has a matrix."""
    for name, one in identity.variants.items():
        for platform, env_id in one.env_ids.items():
            yield " ".join(filter(None, (name, platform, env_id)))


def _print_spec_ids(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    choice = choice_of(arguments)
    spec_id = pipeline.spec_id(arguments.spec, machine, choice=choice)
    if not arguments.variants:
        if arguments.json:
            console.print_json({"spec_id": spec_id})
        else:
            console.print(spec_id)
        return 0
    ids = pipeline.variant_spec_ids(arguments.spec, machine, arguments.variants, choice=choice)
    if arguments.json:
        variants = {name: {"spec_id": own} for name, own in ids.items()}
        console.print_json({"spec_id": spec_id, "variants": variants})
        return 0
    for name, own in ids.items():
        console.print(f"{name} {own}")
    return 0


VERB = Verb(
    name="hash",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Needs the spec and its lock, and nothing else.",
)
