"""`envc vendor`: all that locks pin, in one folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.summary import format_size
from envc.cli.verb import Verb, add_choice, add_mirror, add_variant, choice_of, machine_of

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "envc vendor SPEC [SPEC ...] DIR [options]"
    parser.add_argument(
        "specs", metavar="SPEC", nargs="+", type=Path, help="a spec, with its lock beside it"
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder; several may share it")
    parser.add_argument(
        "--platform",
        dest="platforms",
        action="append",
        default=[],
        metavar="P",
        help="a platform to gather for; repeatable; default: all of the lock's",
    )
    parser.add_argument(
        "--no-images", action="store_true", help="leave out the images that builds start from"
    )
    parser.add_argument(
        "--prune", action="store_true", help="remove what these specs do not need any more"
    )
    add_variant(parser, text="the variant to gather for; repeatable; default: all")
    add_choice(parser)
    add_mirror(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    done = pipeline.vendor(
        arguments.specs,
        arguments.folder,
        machine_of(arguments, console),
        pipeline.VendorOptions(
            variants=tuple(arguments.variants),
            choice=choice_of(arguments),
            platforms=tuple(arguments.platforms),
            has_images=not arguments.no_images,
            is_pruned=arguments.prune,
        ),
        console.note,
    )
    if arguments.json:
        console.print_json(
            {
                "folder": str(done.folder),
                "artefacts": done.artefacts,
                "images": list(done.images),
                "fetched_bytes": done.fetched_bytes,
                "mended": done.mended,
                "pruned": done.pruned,
                "pruned_bytes": done.pruned_bytes,
            }
        )
        return 0
    console.print(str(done.folder))
    text = f"{done.artefacts} files and {len(done.images)} images"
    text += f", {format_size(done.fetched_bytes)} of files fetched" if done.fetched_bytes else ""
    text += f", {done.mended} with other bytes mended" if done.mended else ""
    text += f", {done.pruned} removed ({format_size(done.pruned_bytes)})" if done.pruned else ""
    console.note(text)
    return 0


VERB = Verb(
    name="vendor",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Every file by its SHA-256, and the images as an OCI layout. `compile` and `build` take "
    "all of it from there with `--vendor DIR`.",
)
