"""`envc build`: the image, found or made."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.compression import add_compression, compression_of
from envc.cli.console import Console
from envc.cli.ending import ending_on_signals
from envc.cli.progress import Progress, add_progress
from envc.cli.recording import Recorder
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
from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.machine import Machine
from envc.pipeline.building import log_place
from envc.variant import tell_variants

if TYPE_CHECKING:
    from envc.build.image import Image

__all__ = [
    "VERB",
    "add_build_arguments",
    "describe",
    "options_of",
    "provide",
    "refuse_absent_files",
    "tell",
]

_MEGABYTE = 1_000_000
_REPOSITORY = "envc"
_NO_CACHE = "none"


def add_build_arguments(
    parser: argparse.ArgumentParser, *, takes_several: bool = False, has_log: bool = True
) -> None:
    """Describe what `build` and `run` have in common.

    Args:
        takes_several: Whether several platforms can be meant.
        has_log: Whether there is one log, which can be somewhere else.
    """
    if takes_several:
        parser.add_argument(
            "--platform",
            action="append",
            metavar="P",
            help="one of the spec's, or `all`; repeatable: the image has them all; "
            "default: the engine's own",
        )
    else:
        parser.add_argument(
            "--platform", metavar="P", help="one of the spec's; default: the engine's own"
        )
    parser.add_argument(
        "--repository",
        metavar="R",
        help="the image's name before its tag; one that starts with a registry's host is looked for "
        f"there, too; default: ENVC_REPOSITORY, else {_REPOSITORY}",
    )
    parser.add_argument(
        "--from",
        dest="others",
        action="append",
        default=[],
        metavar="R",
        help="look for the image in this repository, too; repeatable; ENVC_FROM names more",
    )
    parser.add_argument(
        "--pull",
        choices=pipeline.PULLS,
        default="missing",
        help="when registries are asked for the image: never, where the engine does not have it "
        "(missing: the default), or always, and the engine gets theirs",
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
    parser.add_argument(
        "--cache",
        dest="caches",
        action="append",
        default=[],
        metavar="REF",
        help="take finished steps from this image of a registry, and leave them there; repeatable; "
        f"with --push, one beside the image unless this is `{_NO_CACHE}`",
    )
    if has_log:
        add_progress(parser)
        parser.add_argument("--log", metavar="FILE", type=Path, help="where the whole log goes")
    add_choice(parser)
    add_templates(parser)
    parser.add_argument(
        "--vendor",
        metavar="DIR",
        type=Path,
        help="take files and images from the folder that `envc vendor` filled",
    )
    parser.add_argument(
        "--offline", action="store_true", help="use no network, and refuse what needs one"
    )
    add_mirror(parser)


def provide(
    arguments: argparse.Namespace, console: Console, *, is_single: bool = False
) -> dict[str, Image]:
    """Return the image of each variant, with progress shown while one is built.

    Args:
        is_single: Whether only one variant may be built.

    Raises:
        UsageError: A name is none that an image can have (E004), there are several variants where
            only one can be (E009), or there is no registry to push to (E673).
    """
    machine = machine_of(arguments, console)
    options = options_of(arguments, machine, is_single=is_single)
    log_of = partial(log_place, options, cache=machine.cache)
    recorder = Recorder(arguments, console, machine.home, log_of)
    with (
        recorder.recording_failure(),
        ending_on_signals(),
        Progress(console.err, arguments.progress) as progress,
    ):
        images = pipeline.build(
            arguments.spec, machine, options, progress, progress.begin, recorder.begin
        )
    recorder.record_images(images, machine)
    return images


def _list_warnings(images: Mapping[str, Image]) -> tuple[Diagnostic, ...]:
    """Return what the checks of all variants' images found that does not forbid their use."""
    own = {name: image.warnings for name, image in images.items()}
    return tell_variants(own, len(images))


def options_of(
    arguments: argparse.Namespace, machine: Machine, *, is_single: bool
) -> pipeline.BuildOptions:
    """Return how to build, as the arguments say.

    Raises:
        UsageError: As `provide`.
    """
    refuse_absent_files(arguments)
    return pipeline.BuildOptions(
        variants=tuple(getattr(arguments, "variants", ())),
        choice=choice_of(arguments),
        is_single=is_single,
        terms=_terms_of(arguments, machine, is_run=is_single),
        no_cache=getattr(arguments, "no_cache", False),
        compression=compression_of(arguments, machine.environment),
        ca_bundle=arguments.ca_bundle,
        network=arguments.network,
        log=getattr(arguments, "log", None),
        templates=arguments.templates,
        vendor=arguments.vendor,
        is_offline=arguments.offline,
        builder=arguments.builder,
        caches=_caches_of(arguments),
        has_own_cache=not arguments.caches,
    )


def refuse_absent_files(arguments: argparse.Namespace) -> None:
    """Check what a build would stumble over, also where none turns out to be needed.

    Raises:
        UsageError: There are no certificates where they should be (E677), there is no folder for
            the log (E678), or none that `envc vendor` has written (E436).
    """
    problems = []
    bundle: Path | None = arguments.ca_bundle
    if bundle is not None and not bundle.is_file():
        message = f"there are no certificates at `{bundle}`"
        hint = "name a file with certificates in PEM form"
        problems.append(Diagnostic(code="E677", message=message, hint=hint))
    log: Path | None = getattr(arguments, "log", None)
    if log is not None and not log.parent.is_dir():
        message = f"there is no folder `{log.parent}` for the log"
        hint = "make the folder, or name a file in another one with `--log`"
        problems.append(Diagnostic(code="E678", message=message, hint=hint))
    if arguments.vendor is not None:
        from envc.pipeline.vendoring import require_folder

        try:
            require_folder(arguments.vendor)
        except UsageError as error:
            problems += error.diagnostics
    if problems:
        raise UsageError(problems)


def _caches_of(arguments: argparse.Namespace) -> tuple[str, ...]:
    named = tuple(name for name in dict.fromkeys(arguments.caches) if name != _NO_CACHE)
    for name in named:
        parse_image(name, "cache")
    if named and arguments.offline:
        raise UsageError([_explain_offline("--cache")])
    return named


def _terms_of(arguments: argparse.Namespace, machine: Machine, *, is_run: bool) -> pipeline.Terms:
    usual = machine.environment.get("ENVC_REPOSITORY") or _REPOSITORY
    repository = arguments.repository or usual
    others = (*arguments.others, *machine.environment.get("ENVC_FROM", "").split())
    tags, is_pushed = getattr(arguments, "tag", ()), getattr(arguments, "push", False)
    for name in (repository, *others):
        parse_image(f"{name}:tag", "repository")
    for name in tags:
        parse_image(name, "tag")
    if is_pushed and "/" not in repository:
        raise UsageError([_explain_homeless(repository)])
    if arguments.offline and (is_pushed or arguments.pull == "always"):
        raise UsageError([_explain_offline("--push" if is_pushed else "--pull always")])
    return pipeline.Terms(
        platforms=_platforms_of(arguments.platform),
        repository=repository,
        tags=tuple(tags),
        others=others,
        pull="never" if arguments.offline else arguments.pull,
        is_forced=getattr(arguments, "force", False) or getattr(arguments, "no_cache", False),
        is_pushed=is_pushed,
        is_loaded=is_run,
    )


def _explain_homeless(repository: str) -> Diagnostic:
    return Diagnostic(
        code="E673",
        message=f"`{repository}` names no registry to push to",
        hint="name a repository of one, such as `--repository ghcr.io/TEAM/envs`, or let "
        "`ENVC_REPOSITORY` do so",
    )


def _explain_offline(option: str) -> Diagnostic:
    return Diagnostic(
        code="E673",
        message=f"`{option}` needs a registry, and `--offline` allows no network",
        hint="leave out one of them",
    )


def _platforms_of(value: str | list[str] | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(value or ())


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
        "--force", action="store_true", help="build although the image is there already"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="run every step again; implies --force"
    )
    parser.add_argument(
        "--push",
        action="store_true",
        help="have the image in its registry in the end, under all of its names",
    )
    add_variant(parser, text="the variant to build; repeatable; default: all, one after the other")
    add_build_arguments(parser, takes_several=True)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    images = provide(arguments, console)
    warnings = _list_warnings(images)
    console.show(warnings)
    for name, image in images.items():
        console.note(f"{name}: {tell(image)}" if name else tell(image))
    if arguments.json:
        described = {name: describe(image, arguments.tag) for name, image in images.items()}
        console.print_json(described.get("") or {"variants": described}, warnings)
        return 0
    for name, image in images.items():
        console.print(f"{name} {image.name}" if len(images) > 1 else image.name)
    return 0


def tell(image: Image) -> str:
    """Return what became of an image, in one line."""
    size = f"{image.size_bytes / _MEGABYTE:.0f} MB"
    facts = f"{size}, {image.digest}, {image.duration_s:.1f} s"
    if not image.is_local:
        told = f"{image.registry} has it already, the engine has not ({facts})"
    elif image.registry:
        told = f"pulled from {image.registry} ({facts})"
    elif image.is_cached:
        told = f"the engine has it already ({facts})"
    else:
        told = f"built in {image.duration_s:.1f} s ({size}, {image.digest})"
    return f"{told}; pushed {', '.join(image.pushed)}" if image.pushed else told


def describe(image: Image, tags: Sequence[str]) -> dict[str, object]:
    """Return what `--json` says of an image."""
    return {
        "image": image.name,
        "tags": list(tags),
        "digest": image.digest,
        "env_id": image.env_id,
        "platform": image.platform,
        "size_bytes": image.size_bytes,
        "duration_s": round(image.duration_s, 3),
        "cached": image.is_cached,
        "registry": image.registry or None,
        "local": image.is_local,
        "pushed": list(image.pushed),
        **(
            {"platforms": {part.platform: describe(part, ()) for part in image.parts}}
            if image.parts
            else {}
        ),
    }


VERB = Verb(
    name="build",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The engine is asked for it first, then registries. The last line on stdout is the image's "
    "name, whose tag is its env id. Where several variants are built, each has a line, which starts "
    "with the variant's name.",
)
