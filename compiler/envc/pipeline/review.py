"""A spec's text in; what is odd about it, and the text with what anybody would do about that, out."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.front import Checked, CheckedFile, allowances, check_file, read

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lint.finding import Finding, Fix
    from envc.source import Source
    from envc.syntax.document import Document, Path

__all__ = ["Fixed", "fix", "fix_source", "lint", "require_files"]

_ROUNDS = 10
"""More than any text needs: what a fix uncovers, and what two fixes of one value leave for later."""


@frozen
class Fixed:
    """A spec that was put right as far as that is safe.

    Attributes:
        source: The text it has now.
        warnings: What was put right, in the order of the places in the old text.
        checked: The spec, with what is odd about it still.
    """

    source: Source
    warnings: tuple[Diagnostic, ...]
    checked: CheckedFile


def lint(
    source: Source,
    machine: Machine,
    today: date,
    *,
    all_rules: bool = True,
    choice: Choice | None = None,
    folder: FilePath | None = None,
) -> CheckedFile:
    """Return the spec that a text says, with what experienced people would change in it.

    Args:
        today: The day to judge ages by.
        all_rules: Whether to ask every rule, and not those only that find sure mistakes.
        choice: What the command line chose.
        folder: Where to look whether the files that it names are there; None does not.

    Raises:
        InputError: The syntax (E1xx) or the meaning (E2xx) is wrong; then files that are not there
            are told, too.
        UsageError: A parameter is set that the spec does not have (E006).
    """
    return _review(source, machine, today, choice, folder, all_rules=all_rules)[0]


def fix_source(
    source: Source,
    machine: Machine,
    today: date,
    choice: Choice | None = None,
    folder: FilePath | None = None,
) -> Fixed:
    """Return a spec with every fix that is safe: it changes its own value, and no comment.

    Raises:
        InputError: As `lint`.
    """
    from envc.source import Source

    warnings: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        checked, found = _review(source, machine, today, choice, folder, all_rules=True)
        text, done = _fix_once(source, checked.document, found, machine, choice)
        if not done:
            return Fixed(source=source, warnings=tuple(warnings), checked=checked)
        warnings += done
        source = Source(name=source.name, text=text)
    raise RuntimeError(f"{source.name}: its fixes ask for more fixes:\n{source.text}")


def fix(path: FilePath, machine: Machine, today: date, choice: Choice | None = None) -> Fixed:
    """Put a spec's file right as far as that is safe; it is replaced in one step and keeps its mode.

    Raises:
        InputError: The spec cannot be read (E15x) or is wrong (E1xx, E2xx): it stays as it is.
        ToolError: The file cannot be written (E553).
    """
    from envc.files import unwritable, write_if_changed

    source = read(path)
    fixed = fix_source(source, machine, today, choice, path.parent)
    if fixed.source.text != source.text:
        try:
            place = path.resolve()
            mode = stat.S_IMODE(place.stat().st_mode)
            write_if_changed(place, fixed.source.text.encode(), mode=mode)
        except OSError as error:
            raise unwritable(path, error) from error
    return fixed


def require_files(checked: CheckedFile) -> None:
    """See that what a spec names beside itself is there.

    Args:
        checked: What `lint` or a fix found, which looked for it.

    Raises:
        InputError: Something is not there (E155, E156); it holds the warnings, too, all in the
            order of their places.
    """
    if checked.missing:
        found = (*checked.missing, *checked.warnings)
        raise InputError(sorted(found, key=checked.document.order))


def _review(
    source: Source,
    machine: Machine,
    today: date,
    choice: Choice | None,
    folder: FilePath | None,
    *,
    all_rules: bool,
) -> tuple[CheckedFile, tuple[Finding, ...]]:
    """Return a spec with all warnings about it, and what the rules find in every variant of it."""
    from envc.explanation import codes
    from envc.lint.allow import complain
    from envc.lint.rule import CODES, find

    checked = check_file(source, machine, choice=choice, folder=folder)
    found = {
        name: find(one.document, one.spec, today, all_rules=all_rules, unused=checked.unused)
        for name, one in checked.variants.items()
    }
    warnings = [finding.warning for findings in found.values() for finding in findings]
    allowed = allowances(checked.document, source, warnings, machine.cache)
    kept = {
        name: [one for one in findings if not any(it.covers(one.warning) for it in allowed)]
        for name, findings in found.items()
    }
    known = codes()
    warnable = {code for code in known if code.startswith("W")}
    looked_for = CODES if all_rules else ()
    idle = [
        complain(one, known)
        for one in allowed
        if one.span.source == source
        and (one.code not in warnable or one.code in looked_for)
        and not any(map(one.covers, warnings))
    ]
    variants = {
        name: replace(one, warnings=_sort(one, [it.warning for it in kept[name]] + idle))
        for name, one in checked.variants.items()
    }
    first, *others = kept.values()
    shared = tuple(finding for finding in first if all(finding in other for other in others))
    return replace(checked, variants=variants), shared


def _sort(checked: Checked, warnings: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(warnings, key=checked.document.order))


def _fix_once(
    source: Source,
    document: Document,
    found: Sequence[Finding],
    machine: Machine,
    choice: Choice | None,
) -> tuple[str, list[Diagnostic]]:
    """Return the text with the fixes that can be made in it, and the warnings that they are for.

    Args:
        document: What the text says together with others.
    """
    from envc.lint.fix import fix as fix_text
    from envc.syntax import parse

    tables = machine.cache / "grammar"
    own = parse(source, cache=tables)

    def read_right(text: Source) -> Document | None:
        try:
            check_file(text, machine, choice=choice)
        except InputError:
            return None
        return parse(text, cache=tables)

    wanted = [
        (finding.fix, path)
        for finding in found
        if finding.fix is not None and (path := _own_path(own, document, finding.fix)) is not None
    ]
    fixed = fix_text(own, wanted, read_right)
    return fixed.text, [finding.warning for finding in found if finding.fix in fixed.done]


def _own_path(own: Document, whole: Document, fix: Fix) -> Path | None:
    """Return where in a text's own document the value of a fix is; None where it is in another text."""
    from envc.lint.finding import Add

    if isinstance(fix, Add):
        return () if fix.key not in own.data else None
    span = whole.spans.get(fix.path)
    if span is None or span.source != own.source:
        return None
    value = whole.data_at(fix.path)
    same = (path for path, other in own.spans.items() if other == span)
    return next((path for path in same if own.data_at(path) == value), None)
