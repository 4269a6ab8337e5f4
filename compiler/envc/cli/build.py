"""`envc build`: the image, found or made."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.console import Console
from envc.cli.ending import ending_on_signals
from envc.cli.progress import Progress
from envc.cli.verb import Verb, add_mirror, add_spec, machine_of, parse_image

if TYPE_CHECKING:
    from envc.build.image import Image

__all__ = ["VERB", "add_build_arguments", "options_of", "provide"]

_MEGABYTE = 1_000_000


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what `build` and `run` have in common."""
    parser.add_argument(
        "--platform", metavar="P", help="one of the spec's; default: the engine's own"
    )
    parser.add_argument(
        "--repository", metavar="R", default="envc", help="the image's name before its tag"
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
    parser.add_argument("--log", metavar="FILE", type=Path, help="where the whole log goes")
    add_mirror(parser)


def options_of(arguments: argparse.Namespace) -> pipeline.BuildOptions:
    """Return what the arguments say of a build.

    Raises:
        UsageError: A name is none that an image can have (E004).
    """
    parse_image(f"{arguments.repository}:tag", "repository")
    for name in getattr(arguments, "tag", ()):
        parse_image(name, "tag")
    return pipeline.BuildOptions(
        platform=arguments.platform,
        repository=arguments.repository,
        tags=tuple(getattr(arguments, "tag", ())),
        is_forced=getattr(arguments, "force", False),
        no_cache=getattr(arguments, "no_cache", False),
        ca_bundle=arguments.ca_bundle,
        network=arguments.network,
        log=arguments.log,
    )


def provide(arguments: argparse.Namespace, console: Console) -> Image:
    """Return the image, with progress shown while it is built."""
    machine = machine_of(arguments, console)
    with ending_on_signals(), Progress(console.err) as progress:
        return pipeline.build(arguments.spec, machine, options_of(arguments), progress)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "-t",
        "--tag",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name for the image; repeatable",
    )
    parser.add_argument(
        "--force", action="store_true", help="build although the engine has the image"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="run every step again; implies --force"
    )
    add_build_arguments(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    image = provide(arguments, console)
    size = f"{image.size_bytes / _MEGABYTE:.0f} MB"
    if image.is_cached:
        console.note(f"the engine has it already ({size})")
    else:
        console.note(f"built in {image.duration_s:.1f} s ({size}, {image.digest})")
    if arguments.json:
        console.print_json(
            {
                "image": image.name,
                "tags": list(arguments.tag),
                "digest": image.digest,
                "env_id": image.env_id,
                "platform": image.platform,
                "size_bytes": image.size_bytes,
                "duration_s": round(image.duration_s, 3),
                "cached": image.is_cached,
            }
        )
        return 0
    console.print(image.name)
    return 0


VERB = Verb(
    name="build",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The last line on stdout is the image's name, whose tag is its env id.",
)
