"""`envc lock`: everything pinned."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

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
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser)
    _add_moving(parser)
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


def _add_moving(parser: argparse.ArgumentParser) -> None:
    """Describe what may change in a lock; by default, what has to."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check",
        action="store_true",
        help="only compare the spec with its lock, with no solver and no network; exit 4 on drift",
    )
    what.add_argument(
        "--update", action="store_true", help="resolve all anew, as if there were no lock"
    )
    what.add_argument(
        "--update-package",
        dest="update_packages",
        action="append",
        default=[],
        metavar="NAME",
        help="resolve this package anew, and let others move only where they must; repeatable",
    )
    parser.add_argument(
        "--upgrade-base",
        action="store_true",
        help="ask the tags of images again for their digests",
    )
    parser.add_argument(
        "--exclude-newer",
        metavar="DATE",
        help="take nothing that came after a date or a time, whatever the spec says of it",
    )


def _date(text: str | None) -> str | None:
    """Return a date or a time that an argument gives.

    Raises:
        UsageError: It is none (E461).
    """
    from envc.spec.field import FieldError
    from envc.spec.moment import moment

    try:
        return moment(text) if text is not None else None
    except FieldError as error:
        raise UsageError(
            [Diagnostic(code="E461", message=error.message, hint=error.hint)]
        ) from error


def _refuse_with_check(arguments: argparse.Namespace) -> None:
    """Check that nothing is to move where the lock is only compared.

    Raises:
        UsageError: Something is (E001).
    """
    given = [
        option
        for option, value in (
            ("--upgrade-base", arguments.upgrade_base),
            ("--exclude-newer", arguments.exclude_newer),
        )
        if value
    ]
    if given:
        message = f"`--check` changes nothing, and `{given[0]}` asks for a change"
        raise UsageError([Diagnostic(code="E001", message=message, hint="use one of them")])


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    if arguments.check:
        _refuse_with_check(arguments)
        checked = pipeline.check_lock(
            arguments.spec,
            machine,
            variants=arguments.variants,
            choice=choice_of(arguments),
            with_warnings=arguments.json,
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
        update=arguments.update,
        update_packages=tuple(arguments.update_packages),
        upgrade_base=arguments.upgrade_base,
        exclude_newer=_date(arguments.exclude_newer),
    )
    with ending_on_signals():
        locked = pipeline.lock(arguments.spec, machine, options, console.note)
    console.show(locked.warnings)
    for line in _list_lines(locked):
        console.note(line)
    if arguments.json:
        console.print_json(_describe(locked), locked.warnings)
        return 0
    if all(one.is_kept for one in locked.variants.values()) and not locked.dropped:
        console.note("the lock is still right: it stays, and nobody was asked")
    elif not locked.is_written:
        console.note("nothing has changed")
    console.print(str(locked.path))
    return 0


def _list_lines(locked: pipeline.Locked) -> Iterator[str]:
    """Yield what has changed and what there is; of a spec with a matrix with the variant's name."""
    from envc.cli.summary import summarise  # loads the lock's model, which `--check` can do without

    for name in locked.dropped:
        yield f"- the variant {name}"
    for name, one in locked.variants.items():
        for line in summarise(one.lock, one.changes, is_new=one.is_new):
            yield f"{name}: {line}" if name else line


def _describe(locked: pipeline.Locked) -> dict[str, object]:
    variants = {name: _describe_variant(one) for name, one in locked.variants.items()}
    own = variants.get("") or {"variants": variants, "dropped": list(locked.dropped)}
    return {"lock": str(locked.path), "written": locked.is_written, **own}


def _describe_variant(locked: pipeline.LockedVariant) -> dict[str, object]:
    from envc.cli.summary import describe_change, describe_platform

    return {
        "platforms": {
            name: describe_platform(platform)
            for name, platform in sorted(locked.lock.platforms.items())
        },
        "changes": [describe_change(change) for change in locked.changes],
        "kept": locked.is_kept,
    }


VERB = Verb(
    name="lock",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The lock is written beside the spec, only when everything is resolved.",
)
