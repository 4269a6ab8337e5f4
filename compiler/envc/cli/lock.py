"""`envc lock`: everything pinned."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.cli.ending import ending_on_signals
from envc.cli.reminder import reminding
from envc.cli.verb import (
    Verb,
    add_choice,
    add_mirror,
    add_variant,
    choice_of,
    machine_of,
    parse_image,
)
from envc.diagnostics import Diagnostic, to_json
from envc.errors import EnvcError, UsageError
from envc.machine import Machine

__all__ = ["VERB"]

_PATIENCE_S = 3.0
"""How long solvers and downloads may take to end after a signal; a lock is written in one step."""
_EXTRAS = re.compile(r"\[[^\]]*\]$")
"""What follows a name in a spec, too, and is no part of it."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "specs",
        metavar="SPEC",
        nargs="+",
        type=Path,
        help="the spec, NAME.envc or NAME.yaml; several are locked side by side",
    )
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
        help="the image with Python that packages are installed in; never part of the result; "
        "ENVC_TOOLS_IMAGE says the same",
    )
    add_variant(
        parser,
        text="the variant to resolve or to compare; repeatable; the lock keeps what it has of the "
        "others; default: all",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="use no network: a lock that is right stays, and any other is refused",
    )
    parser.add_argument(
        "--vendor",
        type=Path,
        metavar="DIR",
        help="with --offline, refuse a lock of which the folder that `envc vendor` filled lacks "
        "anything",
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
        "--outdated",
        action="store_true",
        help="say what is newer than the lock, within the spec and beyond it; write nothing",
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
        "--exit-code", action="store_true", help="with --outdated, exit 4 where anything is"
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
    if text is None:
        return None
    from envc.spec.field import FieldError
    from envc.spec.moment import moment

    try:
        return moment(text)
    except FieldError as error:
        raise UsageError(
            [Diagnostic(code="E461", message=error.message, hint=error.hint)]
        ) from error


def _refuse_what_does_not_fit(arguments: argparse.Namespace) -> None:
    """Check that nothing is to move where nothing is written, and that options fit each other.

    Raises:
        UsageError: Something is, or they do not (E001), or there is no vendor folder (E436).
    """
    if arguments.exit_code and not arguments.outdated:
        message, hint = "`--exit-code` is for `--outdated`", "leave it out"
        raise UsageError([Diagnostic(code="E001", message=message, hint=hint)])
    if arguments.vendor is not None and (
        not arguments.offline or arguments.check or arguments.outdated
    ):
        message = "`--vendor` is for a lock that is made with `--offline`, and for nothing else"
        raise UsageError([Diagnostic(code="E001", message=message, hint="leave it out")])
    if arguments.vendor is not None:
        from envc.pipeline.vendoring import require_folder

        require_folder(arguments.vendor)
    if not (arguments.check or arguments.outdated):
        return
    given = [
        option
        for option, value in (
            ("--upgrade-base", arguments.upgrade_base),
            ("--exclude-newer", arguments.exclude_newer),
        )
        if value
    ]
    if given:
        own = "--check" if arguments.check else "--outdated"
        message = f"`{own}` changes nothing, and `{given[0]}` asks for a change"
        raise UsageError([Diagnostic(code="E001", message=message, hint="use one of them")])


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    machine = machine_of(arguments, console)
    specs: list[Path] = arguments.specs
    _refuse_what_does_not_fit(arguments)
    if arguments.check:
        return _check(specs, machine, arguments, console)
    options = _options(arguments, console)
    if arguments.outdated:
        from envc.cli import outdated

        with ending_on_signals(_PATIENCE_S):
            return outdated.tell(specs, machine, options, arguments, console)
    if len(specs) == 1:
        with ending_on_signals(_PATIENCE_S), reminding(console.note) as report:
            locked = pipeline.lock(specs[0], machine, options, report)
        _tell(locked, console)
        if arguments.json:
            console.print_json(_describe(locked), locked.warnings)
        else:
            console.print(str(locked.path))
        return 0
    with ending_on_signals(_PATIENCE_S), reminding(console.note) as report:
        results = pipeline.lock_all(specs, machine, options, report)
    return _report(results, arguments, console)


def _options(arguments: argparse.Namespace, console: Console) -> pipeline.LockOptions:
    tools_image = arguments.tools_image or console.environment.get("ENVC_TOOLS_IMAGE")
    return pipeline.LockOptions(
        variants=tuple(arguments.variants),
        choice=choice_of(arguments),
        conda_solver=arguments.conda_solver,
        pip_solver=arguments.pip_solver,
        tools_image=parse_image(tools_image, "tools image") if tools_image else None,
        update=arguments.update,
        update_packages=tuple(_EXTRAS.sub("", name) for name in arguments.update_packages),
        upgrade_base=arguments.upgrade_base,
        exclude_newer=_date(arguments.exclude_newer),
        is_offline=arguments.offline,
        vendor=arguments.vendor,
    )


def _check(
    specs: Sequence[Path], machine: Machine, arguments: argparse.Namespace, console: Console
) -> int:
    """Compare specs with their locks and return the exit code."""
    found: dict[Path, pipeline.Agreed | EnvcError] = {}
    for spec in dict.fromkeys(specs):
        try:
            found[spec] = pipeline.check_lock(
                spec,
                machine,
                variants=arguments.variants,
                choice=choice_of(arguments),
                with_warnings=arguments.json,
            )
        except EnvcError as error:
            if len(specs) == 1:
                raise
            found[spec] = error
    for spec, one in found.items():
        if isinstance(one, EnvcError):
            console.show(one.diagnostics)
        elif not arguments.json:
            console.note(f"{pipeline.lock_path(spec)} is the lock of {spec}")
    if arguments.json and len(specs) == 1:
        (agreed,) = (one for one in found.values() if isinstance(one, pipeline.Agreed))
        console.print_json({"environment": agreed.environment}, agreed.warnings)
    elif arguments.json:
        _print_all(
            {
                str(spec): (
                    one.diagnostics if isinstance(one, EnvcError) else one.warnings,
                    {} if isinstance(one, EnvcError) else {"environment": one.environment},
                )
                for spec, one in found.items()
            },
            console,
            code=_worst(found.values()),
        )
    return _worst(found.values())


def _report(
    results: Mapping[Path, pipeline.Locked | EnvcError],
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    """Say what became of several specs and return the exit code of the worst."""
    for spec, one in results.items():
        console.note(f"{spec}:")
        if isinstance(one, EnvcError):
            console.show(one.diagnostics)
        else:
            _tell(one, console)
    if arguments.json:
        _print_all(
            {
                str(spec): (
                    one.diagnostics if isinstance(one, EnvcError) else one.warnings,
                    {} if isinstance(one, EnvcError) else _describe(one),
                )
                for spec, one in results.items()
            },
            console,
            code=_worst(results.values()),
        )
    else:
        for one in results.values():
            if not isinstance(one, EnvcError):
                console.print(str(one.path))
    return _worst(results.values())


def _print_all(
    answers: Mapping[str, tuple[Sequence[Diagnostic], Mapping[str, object]]],
    console: Console,
    *,
    code: int,
) -> None:
    """Write one JSON object about several specs: what there is to say of each, by its path."""
    specs = {
        spec: {"ok": bool(data), **data, "diagnostics": [to_json(one) for one in diagnostics]}
        for spec, (diagnostics, data) in answers.items()
    }
    told = [one for diagnostics, _ in answers.values() for one in diagnostics]
    console.print_json({"specs": specs}, told, ok=code == 0)


def _worst(results: Iterable[object]) -> int:
    """Return the highest of the exit codes: 4 is drift, 3 a failed tool, 1 a wrong spec."""
    return max((one.exit_code for one in results if isinstance(one, EnvcError)), default=0)


def _tell(locked: pipeline.Locked, console: Console) -> None:
    """Say what moved, and what there is now."""
    console.show(locked.warnings)
    for line in _list_lines(locked):
        console.note(line)
    if all(one.is_kept for one in locked.variants.values()) and not locked.dropped:
        console.note("the lock is still right: it stays, and nobody was asked")
    elif not locked.is_written:
        console.note("nothing has changed")


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
    is_changing=lambda arguments: not (arguments.check or arguments.outdated),
    details="The lock is written beside the spec, only when everything is resolved.",
)
