"""`envc image`: the images of environments, what needs them, and what may go."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from envc.cli.action import Action, add_actions, execute_action
from envc.cli.console import Console
from envc.cli.size import format_size
from envc.cli.verb import Verb, machine_of, parse_image
from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.pipeline.retention import Kept, Rule, parse_age, tell_age

if TYPE_CHECKING:
    from envc.store import Build, Run

__all__ = ["VERB"]

_HEX_SHORTEST = 6
_SHOWN, _DIGITS = 10, 12
_USUAL_AGE = "30d"


def _add_list(parser: argparse.ArgumentParser) -> None:
    _add_repository(parser)


def _add_repository(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repository",
        metavar="R",
        help="those of a repository in a registry, such as ghcr.io/TEAM/envs; default: the engine's",
    )


def _list(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli.columns import align

    images = _find(arguments, console)
    if arguments.json:
        console.print_json({"images": [_describe(image) for image in images]})
    elif images:
        console.print("\n".join(align([_row(image, time.time()) for image in images])))
        console.note(f"{len(images)} images; layers that they share count in each")
    else:
        console.note("there is no image of an environment")
    return 0


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "image",
        metavar="IMAGE",
        help="a name, a digest, or an env id, of which a few digits will do",
    )
    _add_repository(parser)


def _show(arguments: argparse.Namespace, console: Console) -> int:
    from envc.store import Store

    images = _find(arguments, console)
    chosen = [image for image in images if _is_meant(image, arguments.image)]
    if not chosen:
        raise UsageError([_explain_unknown(arguments.image, images)])
    builds: tuple[Build, ...] = ()
    runs: tuple[Run, ...] = ()
    store = Store.find(machine_of(arguments, console).home)
    if store is not None:
        with store:
            for env_id in dict.fromkeys(image.env_id for image in chosen):
                builds += store.builds(env_id=env_id, limit=_SHOWN)
                runs += store.runs(env_id=env_id, limit=_SHOWN)
    if arguments.json:
        from envc.cli.history import describe_build, describe_run

        console.print_json(
            {
                "images": [_describe(image) for image in chosen],
                "builds": [describe_build(one) for one in builds],
                "runs": [describe_run(one) for one in runs],
            }
        )
        return 0
    console.print("\n".join(_tell(chosen, builds, runs)))
    return 0


def _add_gc(parser: argparse.ArgumentParser) -> None:
    _add_repository(parser)
    parser.add_argument(
        "--keep",
        metavar="N",
        type=_count,
        default=0,
        help="keep the N that were used last, however long ago",
    )
    parser.add_argument(
        "--older-than",
        dest="age_s",
        metavar="AGE",
        type=_age,
        default=_age(_USUAL_AGE),
        help=f"keep what was used since, such as 12h, 30d or 8w; default: {_USUAL_AGE}",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")


def _gc(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli.columns import align
    from envc.pipeline.housekeeping import collect

    _check_repository(arguments)
    now = time.time()
    done = collect(
        machine_of(arguments, console),
        Rule(newest=arguments.keep, age_s=arguments.age_s, now=now),
        repository=arguments.repository,
        is_dry=arguments.dry_run,
    )
    if arguments.json:
        console.print_json(
            {
                "dry_run": arguments.dry_run,
                "dropped": [_describe(image) for image in done.dropped],
                "kept": [{**_describe(image), "reason": reason} for image, reason in done.kept],
            }
        )
        return 0
    rows = [(*_row(image, now)[:3], reason) for image, reason in done.kept]
    if arguments.dry_run and rows:
        console.note("\n".join(("these stay:", *align(rows))))
    if done.dropped:
        console.print("\n".join(align([_row(image, now) for image in done.dropped])))
    size = format_size(sum(image.size_bytes for image in done.dropped))
    what = "would go" if arguments.dry_run else "are gone"
    console.note(
        f"{len(done.dropped)} of {len(done.dropped) + len(done.kept)} images {what} ({size}; "
        "layers that others share stay)"
    )
    return 0


def _find(arguments: argparse.Namespace, console: Console) -> tuple[Kept, ...]:
    from envc.pipeline.housekeeping import list_images

    _check_repository(arguments)
    return list_images(machine_of(arguments, console), arguments.repository)


def _check_repository(arguments: argparse.Namespace) -> None:
    if arguments.repository is not None:
        parse_image(f"{arguments.repository}:tag", "repository")


def _row(image: Kept, now: float) -> tuple[str, ...]:
    used = f"used {tell_age(now - image.used)} ago" if image.used is not None else ""
    return (_name(image), image.platform, format_size(image.size_bytes), used, image.need)


def _name(image: Kept) -> str:
    return image.names[0] if image.names else image.digest[: len("sha256:") + _DIGITS]


def _is_meant(image: Kept, text: str) -> bool:
    """Say whether a text is a name, a digest, or the first digits of an env id."""
    digits = text.removeprefix("sha256:")
    is_start = len(digits) >= _HEX_SHORTEST and any(
        one.startswith(f"sha256:{digits}") for one in (image.env_id, image.digest)
    )
    return text in image.names or is_start


def _tell(images: Sequence[Kept], builds: Sequence[Build], runs: Sequence[Run]) -> Iterator[str]:
    from envc.cli.columns import align, format_time
    from envc.cli.history import build_row, run_row

    for image in images:
        yield _name(image)
        rows = [
            *(("", "also", name) for name in image.names[1:]),
            ("", "env id", image.env_id),
            ("", "digest", image.digest),
            ("", "platform", image.platform),
            ("", "size", format_size(image.size_bytes)),
            ("", "used", format_time(image.used) if image.used is not None else "nobody knows"),
            *(("", "registered", one) for one in image.versions),
            *(("", "container", one) for one in image.containers),
            *(("", "part of", one) for one in image.part_of),
        ]
        yield from (f"  {line}" for line in align(rows))
    for title, listed in (
        ("builds", [build_row(one) for one in builds]),
        ("runs", [run_row(one) for one in runs]),
    ):
        if listed:
            yield title
            yield from (f"  {line}" for line in align(listed))


def _describe(image: Kept) -> dict[str, Any]:
    from envc.cli.columns import exact_time

    return {
        "names": list(image.names),
        "digest": image.digest,
        "env_id": image.env_id,
        "platform": image.platform,
        "size_bytes": image.size_bytes,
        "used": exact_time(image.used),
        "versions": list(image.versions),
        "containers": list(image.containers),
        "part_of": list(image.part_of),
    }


def _age(text: str) -> float:
    try:
        return parse_age(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"`{text}` is no number of images")
    return int(text)


def _explain_unknown(text: str, images: Sequence[Kept]) -> Diagnostic:
    meant = suggest(text, [name for image in images for name in image.names])
    hint = f"did you mean `{meant}`?" if meant else "`envc image list` says what there is"
    return Diagnostic(code="E676", message=f"there is no image `{text}`", hint=hint)


VERB = Verb(
    name="image",
    add_arguments=lambda parser: add_actions(
        parser,
        (
            Action(
                name="list",
                summary="list the images of environments, and what needs them",
                add_arguments=_add_list,
                execute=_list,
            ),
            Action(
                name="show",
                summary="say what is known of an image, and of its builds and runs",
                add_arguments=_add_show,
                execute=_show,
            ),
            Action(
                name="gc",
                summary="drop images that nothing needs and nobody has used for a while",
                add_arguments=_add_gc,
                execute=_gc,
            ),
        ),
    ),
    execute=execute_action,
    details="What a container is made of, what a registered version needs and what has a name of "
    "somebody's own always stays.",
)
