"""`envc compile`: the Dockerfile and all that it needs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.hash import describe, list_ids
from envc.cli.summary import format_size
from envc.cli.verb import (
    Verb,
    add_choice,
    add_mirror,
    add_spec,
    add_templates,
    add_variant,
    choice_of,
    machine_of,
)
from envc.machine import parse_mirrors

__all__ = ["VERB", "list_layers"]

_SHOWN = 6


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, required=True, help="the folder to write"
    )
    parser.add_argument(
        "--depfile",
        metavar="FILE",
        type=Path,
        help="write a rule for Make there: all files that DIR/image.json was made from",
    )
    parser.add_argument(
        "--layers",
        action="store_true",
        help="print a table of the environment's layers, and of the packages in each",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 4 and list the files that would change",
    )
    add_variant(
        parser,
        text="the variant to compile, straight into DIR; repeatable; default: all, each into a "
        "folder of its name in DIR, as of several",
    )
    add_choice(parser)
    add_templates(parser)
    parser.add_argument(
        "--vendor",
        metavar="DIR",
        type=Path,
        help="take all files from the folder that `envc vendor` filled, the build context `vendor`; "
        "the ids are the same",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="use no network: refuse what needs one, which is a commit that the cache does not have",
    )
    add_mirror(parser, has_variable=False)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    mirrors, variants = parse_mirrors(arguments.mirror), arguments.variants
    compiler = (
        pipeline.check_compiled
        if arguments.check
        else partial(pipeline.compile, is_offline=arguments.offline)
    )
    done = compiler(
        arguments.spec,
        arguments.output,
        machine,
        mirrors=mirrors,
        variants=variants,
        choice=choice_of(arguments),
        templates=arguments.templates,
        vendor=arguments.vendor,
    )
    if arguments.depfile is not None and not arguments.check:
        pipeline.write_depfile(arguments.depfile, done)
    if arguments.json:
        console.print_json(_describe(done), done.warnings)
        return 0
    console.show(done.warnings)
    for line in list_layers(done) if arguments.layers else list_ids(done.identity):
        console.print(line)
    written, removed = len(done.changes.written), len(done.changes.removed)
    state = f"{written} written, {removed} removed" if done.changes else "nothing has changed"
    console.note(f"{done.folder}: {state}")
    return 0


def list_layers(done: pipeline.Compiled) -> Iterator[str]:
    """Yield a table for each platform of each variant: layers in the order of the image."""
    for variant, platforms in done.layers.items():
        for platform, layers in platforms.items():
            yield " ".join(filter(None, (variant, platform)))
            width = max((len(layer["name"]) for layer in layers), default=0)
            for layer in layers:
                size = layer["size_bytes"]
                shown = format_size(size) if size is not None else "?"
                packages = layer["packages"]
                listed = ", ".join(packages[:_SHOWN])
                listed += f" and {len(packages) - _SHOWN} more" if len(packages) > _SHOWN else ""
                yield f"  {layer['name']:{width}}  {shown:>8}  {len(packages):>3}  {listed}"
                if layer["reason"]:
                    yield f"  {'':{width}}  {'':8}  {'':3}  ({layer['reason']})"


def _describe(done: pipeline.Compiled) -> dict[str, object]:
    ids = describe(done.identity)
    if isinstance(variants := ids.get("variants"), dict):
        ids["variants"] = {
            name: {"folder": str(done.folders[name]), **own, "layers": dict(done.layers[name])}
            for name, own in variants.items()
        }
    else:
        ids["layers"] = dict(done.layers[""])
    return {
        "folder": str(done.folder),
        "written": list(done.changes.written),
        "removed": list(done.changes.removed),
        **ids,
        "sources": [str(source) for source in done.sources],
    }


VERB = Verb(
    name="compile",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Needs no engine, and a network only for commits of repositories that the cache does not "
    "have; `docker build DIR` accepts the result.",
)
