"""`envc verify`: two builds, compared."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc import pipeline
from envc.cli.build import refuse_absent_files
from envc.cli.compression import add_compression, compression_of
from envc.cli.console import Console
from envc.cli.ending import ending_on_signals
from envc.cli.progress import Progress, add_progress
from envc.cli.verb import (
    Verb,
    add_builder,
    add_choice,
    add_mirror,
    add_spec,
    add_templates,
    add_variant,
    choice_of,
    machine_of,
    parse_image,
)
from envc.errors import DriftError

if TYPE_CHECKING:
    from envc.build.comparison.verdict import Verified

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "--platform",
        dest="platforms",
        action="append",
        default=[],
        metavar="P",
        help="one of the spec's; repeatable; default: the engine's own",
    )
    parser.add_argument(
        "--against",
        metavar="REF",
        help="build once, and compare with this image of the engine, else of its registry",
    )
    parser.add_argument(
        "--ca-bundle",
        metavar="FILE",
        type=Path,
        help="certificates that steps with a network trust; never part of the image",
    )
    parser.add_argument(
        "--network",
        choices=("default", "host", "none"),
        help="the network of the steps that use one",
    )
    add_builder(parser)
    add_compression(parser)
    add_progress(parser)
    parser.add_argument(
        "--log", metavar="FILE", type=Path, help="where the log goes; the second build's: FILE.2"
    )
    add_variant(parser, text="the variant to verify; repeatable; default: all")
    add_choice(parser)
    add_templates(parser)
    parser.add_argument(
        "--vendor",
        metavar="DIR",
        type=Path,
        help="take files and images from the folder that `envc vendor` filled",
    )
    add_mirror(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    against = parse_image(arguments.against, "image") if arguments.against else None
    refuse_absent_files(arguments)
    options = pipeline.BuildOptions(
        variants=tuple(arguments.variants),
        choice=choice_of(arguments),
        compression=compression_of(arguments, machine.environment),
        ca_bundle=arguments.ca_bundle,
        network=arguments.network,
        log=arguments.log,
        templates=arguments.templates,
        vendor=arguments.vendor,
        builder=arguments.builder,
    )
    with ending_on_signals(), Progress(console.err, arguments.progress) as progress:
        found = pipeline.verify(
            arguments.spec,
            machine,
            options,
            progress,
            progress.begin,
            platforms=arguments.platforms,
            against=against,
        )
    problems = [problem for one in found for problem in one.problems]
    is_same = all(problem.severity != "error" for problem in problems)
    console.show(problems)
    if arguments.json:
        console.print_json({"images": [_describe(one) for one in found]}, problems, ok=is_same)
    else:
        for one in found:
            console.print(_tell(one))
        for text in dict.fromkeys(text for one in found for text in one.outside):
            console.note(f"outside of the promise: {text}")
    return 0 if is_same else DriftError.exit_code


def _tell(one: Verified) -> str:
    words = [one.variant, one.platform] if one.variant else [one.platform]
    if one.has_same_manifest:
        return " ".join((*words, "same", one.digests[0]))
    return " ".join(
        (*words, "same-content" if one.difference is None else "different", *one.digests)
    )


def _describe(one: Verified) -> dict[str, Any]:
    return {
        "variant": one.variant,
        "platform": one.platform,
        "env_id": one.env_id,
        "digests": list(one.digests),
        "same_content": one.difference is None,
        "same_manifest": one.has_same_manifest,
        "difference": asdict(one.difference) if one.difference is not None else None,
        "outside": list(one.outside),
    }


VERB = Verb(
    name="verify",
    add_arguments=_add_arguments,
    execute=_execute,
    details="Every step runs again in both builds, more than a second apart. Prints a line for each "
    "image: its platform, `same`, `same-content` (with another manifest) or `different`, and the "
    "digests. Exits with 4 where the content is not the same.",
)
