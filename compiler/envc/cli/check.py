"""`envc check`: what is wrong with a spec, and what is odd about it."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import Verb, add_choice, add_spec, choice_of, machine_of
from envc.diagnostics import Diagnostic, to_json
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.source import Source

__all__ = ["VERB"]

_STDIN = Path("-")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_spec(parser, text="the spec, NAME.envc or NAME.yaml; `-` reads the DSL from stdin")
    parser.add_argument(
        "--lint", action="store_true", help="say too what experienced people would change"
    )
    parser.add_argument(
        "--fix", action="store_true", help="lint, and write what can be put right safely"
    )
    parser.add_argument(
        "--diff", action="store_true", help="lint, and print what --fix would change; write nothing"
    )
    add_choice(parser)
    parser.add_argument("--strict", action="store_true", help="exit 1 where there are warnings")


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.fix and arguments.diff:
        raise UsageError(
            [_refuse("`--diff` writes nothing, and `--fix` writes", "use one of them")]
        )
    if arguments.fix and arguments.spec == _STDIN:
        raise UsageError([_refuse("`--fix` is for files", "`--diff` shows what it would change")])
    machine, choice = machine_of(arguments, console), choice_of(arguments)
    today = datetime.now(tz=UTC).date()
    folder = arguments.spec.parent if arguments.spec != _STDIN else None
    data: dict[str, Any] = {}
    if arguments.fix or arguments.diff:
        source = _read(arguments.spec)
        if arguments.fix:
            fixed = pipeline.fix(arguments.spec, machine, today, choice)
        else:
            fixed = pipeline.fix_source(source, machine, today, choice, folder)
        checked = fixed.checked
        data["fixed"] = [to_json(warning) for warning in fixed.warnings]
        if arguments.diff:
            data["diff"] = _compare(source, fixed.source)
        _report_fixes(fixed, data.get("diff"), arguments, console)
    else:
        source = _read(arguments.spec)
        checked = pipeline.lint(
            source, machine, today, all_rules=arguments.lint, choice=choice, folder=folder
        )
    pipeline.require_files(checked)
    return _report(source, checked, data, arguments, console)


def _read(path: Path) -> Source:
    if path != _STDIN:
        return pipeline.read(path)
    from envc.files import decode_source

    return decode_source(sys.stdin.buffer.read(), "<stdin>")


def _report_fixes(
    fixed: pipeline.Fixed, diff: str | None, arguments: argparse.Namespace, console: Console
) -> None:
    """Say what was put right, or would be."""
    for warning in fixed.warnings:
        verb = "fixed" if diff is None else "would fix"
        place = f"{warning.labels[0].span}: " if warning.labels else ""
        console.note(f"{place}{verb} {warning.code}: {warning.message}")
    if diff and not arguments.json:
        console.out.write(diff)


def _report(
    source: Source,
    checked: pipeline.CheckedFile,
    data: dict[str, Any],
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    """Say what is odd, and return the exit code."""
    warnings = checked.warnings
    count = len(warnings)
    is_failed = arguments.strict and count > 0
    console.show(warnings)
    if arguments.json:
        console.print_json({**_describe(checked), **data}, warnings, ok=not is_failed)
    else:
        also = _count(count, "warning")
        variants = f" with {_count(len(checked.variants), 'variant')}" if checked.spans else ""
        name = f"{source.name}: `{checked.environment}`{variants}"
        if is_failed:
            console.note(f"{name} has {also}, and `--strict` takes none")
        else:
            console.note(f"{name} is right{f', with {also}' if count else ''}")
    return 1 if is_failed else 0


def _describe(checked: pipeline.CheckedFile) -> dict[str, Any]:
    """Return a spec as JSON data: all of its platforms, and those of each variant of a matrix."""
    variants = {name: list(one.spec.platforms) for name, one in checked.variants.items()}
    platforms = list(dict.fromkeys(one for own in variants.values() for one in own))
    about: dict[str, Any] = {"environment": checked.environment, "platforms": platforms}
    if checked.spans:
        about["variants"] = {name: {"platforms": own} for name, own in variants.items()}
    return about


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"


def _compare(before: Source, after: Source) -> str:
    """Return what changes between two texts as a unified diff."""
    import difflib

    lines = difflib.unified_diff(
        before.text.splitlines(keepends=True),
        after.text.splitlines(keepends=True),
        before.name,
        after.name,
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _refuse(message: str, hint: str) -> Diagnostic:
    return Diagnostic(code="E001", message=message, hint=hint)


VERB = Verb(
    name="check",
    add_arguments=_add_arguments,
    execute=_execute,
    is_changing=lambda arguments: arguments.fix,
    details="Without `--lint`, only those warnings are told that are mistakes for certain. "
    "A comment `# envc: allow W210` beside a line or above it silences one.",
)
