"""`envc lock`: everything pinned."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from envc import pipeline
from envc.cli.console import Console
from envc.cli.ending import ending_on_signals
from envc.cli.verb import (
    Verb,
    add_choice,
    add_mirror,
    add_spec,
    add_variant,
    choice_of,
    machine_of,
    parse_image,
)
from envc.lock.change import Change
from envc.lock.model import Lock

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="only compare the spec with its lock, with no solver and no network; exit 4 on drift",
    )
    parser.add_argument(
        "--conda-solver",
        choices=("rattler", "conda-lock"),
        default="rattler",
        help="default: rattler",
    )
    parser.add_argument(
        "--pip-solver", choices=("uv", "pip-tools"), default="uv", help="default: uv"
    )
    parser.add_argument(
        "--tools-image",
        metavar="REF",
        help="the image with Python that Conda packages are installed in; never part of the result; "
        "ENVC_TOOLS_IMAGE says the same",
    )
    add_variant(
        parser,
        text="the variant to resolve or to compare; repeatable; the lock keeps what it has of the "
        "others; default: all",
    )
    add_choice(parser)
    add_mirror(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    if arguments.check:
        checked = pipeline.check_lock(
            arguments.spec, machine, variants=arguments.variants, choice=choice_of(arguments)
        )
        if arguments.json:
            console.print_json({"environment": checked.environment}, checked.warnings)
        else:
            console.note(f"{pipeline.lock_path(arguments.spec)} is the lock of {arguments.spec}")
        return 0
    tools_image = arguments.tools_image or console.environment.get("ENVC_TOOLS_IMAGE")
    options = pipeline.LockOptions(
        variants=tuple(arguments.variants),
        choice=choice_of(arguments),
        conda_solver=arguments.conda_solver,
        pip_solver=arguments.pip_solver,
        tools_image=parse_image(tools_image, "tools image") if tools_image else None,
    )
    with ending_on_signals():
        locked = pipeline.lock(arguments.spec, machine, options, console.note)
    console.show(locked.warnings)
    for line in _list_lines(locked):
        console.note(line)
    if arguments.json:
        console.print_json(_describe(locked), locked.warnings)
        return 0
    if not locked.is_written:
        console.note("nothing has changed")
    console.print(str(locked.path))
    return 0


def _list_lines(locked: pipeline.Locked) -> Iterator[str]:
    """Yield what has changed and what there is; of a spec with a matrix with the variant's name."""
    for name in locked.dropped:
        yield f"- the variant {name}"
    for name, one in locked.variants.items():
        changes = _list_changes(one.changes) if not one.is_new else ()
        for line in (*changes, *_count(one.lock)):
            yield f"{name}: {line}" if name else line


def _list_changes(changes: Iterable[Change]) -> Iterable[str]:
    """Return a line per change; the same change on several platforms is one line."""
    platforms: dict[tuple[str, str, str | None, str | None], list[str]] = {}
    for change in changes:
        key = (change.kind, change.name, change.old, change.new)
        platforms.setdefault(key, []).append(change.platform)
    for (kind, name, old, new), names in sorted(platforms.items(), key=lambda item: item[0][:2]):
        sign = "+" if old is None else "-" if new is None else "~"
        versions = " -> ".join(text for text in (old, new) if text is not None)
        yield f"{sign} {name} {versions} ({kind}, {', '.join(names)})"


def _count(lock: Lock) -> Iterable[str]:
    for platform, locked in sorted(lock.platforms.items()):
        python = f", Python {locked.python.version}" if locked.python is not None else ""
        yield f"{platform}: {len(locked.conda)} Conda and {len(locked.pip)} pip packages{python}"


def _describe(locked: pipeline.Locked) -> dict[str, object]:
    variants = {name: _describe_variant(one) for name, one in locked.variants.items()}
    own = variants.get("") or {"variants": variants, "dropped": list(locked.dropped)}
    return {"lock": str(locked.path), "written": locked.is_written, **own}


def _describe_variant(locked: pipeline.LockedVariant) -> dict[str, object]:
    return {
        "platforms": {
            name: {
                "base": f"{platform.base.image}@{platform.base.digest}",
                "python": platform.python.version if platform.python is not None else None,
                "conda": len(platform.conda),
                "pip": len(platform.pip),
            }
            for name, platform in sorted(locked.lock.platforms.items())
        },
        "changes": [
            {
                "platform": change.platform,
                "kind": change.kind,
                "name": change.name,
                "old": change.old,
                "new": change.new,
            }
            for change in locked.changes
        ],
    }


VERB = Verb(
    name="lock",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The lock is written beside the spec, only when everything is resolved.",
)
