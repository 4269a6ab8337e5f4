"""A spec's text in; the same spec in its canonical layout, or in the language's other form, out."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import DriftError, InputError
from envc.machine import Machine
from envc.pipeline.front import check_file, lock_path, read, read_any_lock, refuse_foreign

if TYPE_CHECKING:
    from envc.source import Source
    from envc.syntax import Form
    from envc.syntax.document import Document
    from envc.syntax.layout import Comment

__all__ = ["check_format", "check_source", "convert", "format_files", "format_source"]


def format_source(source: Source, machine: Machine, *, form: Form | None = None) -> str:
    """Return a spec in its canonical layout; it says what it said, and has all of its comments.

    Args:
        form: Which of the language's forms it has; None goes by its name.

    Raises:
        InputError: The syntax is wrong (E1xx); whether the meaning is does not matter.
    """
    from envc.source import Source
    from envc.syntax import form_of, parse

    form = form or form_of(source.name)
    refuse_foreign(source)  # a file of another tool may well be YAML
    before = parse(source, cache=_tables(machine), form=form)
    text = _format(source, form, machine)
    after = parse(Source(name=source.name, text=text), cache=_tables(machine), form=form)
    if after.data != before.data:
        raise RuntimeError(f"{source.name}: its canonical layout would mean something else")
    _compare_comments(source, form, after.source, form, machine)
    return text


def check_source(source: Source, machine: Machine, *, form: Form | None = None) -> None:
    """Compare a spec with its canonical layout; `form` is as for `format_source`.

    Raises:
        DriftError: It is not so (E160).
        InputError: Its syntax is wrong (E1xx).
    """
    text = format_source(source, machine, form=form)
    if text != source.text:
        raise DriftError([_explain(source, text)])


def check_format(paths: Iterable[Path], machine: Machine) -> None:
    """Compare specs with their canonical layout; nothing is touched.

    Raises:
        DriftError: Some are not so (E160).
        InputError: Some cannot be read (E15x), or their syntax is wrong (E1xx); those that are not
            so are told as well.
    """
    drift: list[Diagnostic] = []
    problems: list[Diagnostic] = []
    for path in paths:
        try:
            check_source(read(path), machine)
        except InputError as error:
            problems.extend(error.diagnostics)
        except DriftError as error:
            drift.extend(error.diagnostics)
    if problems:
        raise InputError([*problems, *drift])
    if drift:
        raise DriftError(drift)


def format_files(paths: Iterable[Path], machine: Machine) -> tuple[Path, ...]:
    """Write specs in their canonical layout, and return those that were not so.

    A file is replaced in one step and keeps its mode; what is so already is not touched.

    Raises:
        InputError: Some cannot be read (E15x), or their syntax is wrong (E1xx): they stay as they
            are, and the others are written.
        ToolError: One cannot be written (E553).
    """
    from envc.files import unwritable, write_if_changed

    changed: list[Path] = []
    problems: list[Diagnostic] = []
    for path in paths:
        try:
            source = read(path)
            text = format_source(source, machine)
        except InputError as error:
            problems.extend(error.diagnostics)
            continue
        if text == source.text:
            continue
        try:
            place = path.resolve()
            write_if_changed(place, text.encode(), mode=stat.S_IMODE(place.stat().st_mode))
        except OSError as error:
            raise unwritable(path, error) from error
        changed.append(path)
    if problems:
        raise InputError(problems)
    return tuple(changed)


def convert(path: Path, machine: Machine, form: Form) -> str:
    """Return a spec in a form of the language; it is the same spec, with all of its comments.

    Files that it includes or extends, its parameters and its matrix stay what they are: the spec is
    not composed, and may be one that others include. What its values mean does not matter. Lists and
    mappings that are empty where that means nothing may be left out.

    Raises:
        InputError: The spec cannot be read, or has not the shape of one (E1xx, E2xx).
    """
    from envc.source import Source
    from envc.syntax import form_of, parse
    from envc.syntax.notes import Notes
    from envc.syntax.print_dsl import print_dsl
    from envc.syntax.print_yaml import print_yaml
    from envc.syntax.same import without_spellings

    source = read(path)
    own = form_of(source.name)
    before = _parse_fitting(source, path, machine)
    if own == form:
        return format_source(source, machine)
    comments = _find_comments(source, own, machine)
    notes = Notes(before, comments, indented=own == "yaml")
    text = (print_yaml if form == "yaml" else print_dsl)(before.data, notes)
    result = Source(name=f"spec{'.yaml' if form == 'yaml' else '.envc'}", text=text)
    try:
        after = parse(result, cache=_tables(machine))
    except InputError as error:
        raise RuntimeError(f"{path} became a wrong spec:\n{text}") from error
    if without_spellings(after.data) != without_spellings(before.data):
        raise RuntimeError(f"{path} became another spec:\n{text}")
    _compare_comments(source, own, result, form, machine)
    return text


def _parse_fitting(source: Source, path: Path, machine: Machine) -> Document:
    """Return a spec as it is written, whose values all have a place in the language.

    Raises:
        InputError: The syntax is wrong (E1xx), or a value has no place; with all else that is wrong
            with the spec (E2xx).
    """
    from envc.syntax import read as read_draft
    from envc.syntax.fit import fits

    draft = read_draft(source, cache=_tables(machine))
    if not draft.problems and fits(draft.document.data):
        return draft.document
    old = read_any_lock(lock_path(path))
    check_file(source, machine, vouched=old.vouched if old is not None else ())
    raise RuntimeError(f"{source.name} is right, and has no form in the language")


def _format(source: Source, form: Form, machine: Machine) -> str:
    if form == "yaml":
        from envc.syntax.format_yaml import format_yaml

        return format_yaml(source)
    from envc.syntax.format_dsl import format_dsl

    return format_dsl(source, cache=_tables(machine))


def _find_comments(source: Source, form: Form, machine: Machine) -> tuple[Comment, ...]:
    from envc.syntax import find_comments

    return find_comments(source, cache=_tables(machine), form=form)


def _compare_comments(
    before: Source, old_form: Form, after: Source, new_form: Form, machine: Machine
) -> None:
    old = sorted(comment.text for comment in _find_comments(before, old_form, machine))
    new = sorted(comment.text for comment in _find_comments(after, new_form, machine))
    if old != new:
        raise RuntimeError(f"{before.name}: a comment would be lost or changed:\n{after.text}")


def _explain(source: Source, text: str) -> Diagnostic:
    """Return E160, at the first line that would change."""
    pairs = zip(source.text.split("\n"), text.split("\n"), strict=False)
    lines = source.line_count
    first = next((n for n, (old, new) in enumerate(pairs, start=1) if old != new), lines)
    message = f"`{source.name}` is not in the canonical layout"
    is_file = source.name != "<stdin>"
    hint = f"run `envc fmt {source.name}`" if is_file else "run it through `envc fmt -`"
    return Diagnostic.at(source.line_span(min(first, lines)), "E160", message, hint=hint)


def _tables(machine: Machine) -> Path:
    return machine.cache / "grammar"
