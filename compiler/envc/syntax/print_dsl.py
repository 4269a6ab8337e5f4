"""A spec as plain data in; its text in the DSL out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from envc.syntax import print_text
from envc.syntax.document import Data, Path
from envc.syntax.form import (
    Entries,
    Fields,
    Form,
    Groups,
    Listed,
    Pairs,
    Param,
    Step,
    Steps,
    Strings,
    Text,
    Value,
    Values,
    with_keys,
)
from envc.syntax.layout import LINE_LIMIT, draw
from envc.syntax.literal import dsl_string, dsl_word
from envc.syntax.notes import Notes, Sheet
from envc.syntax.print_text import as_list, as_mapping, as_text
from envc.syntax.words import STATEMENTS

__all__ = ["print_dsl"]

_INDENT = 4
_STEPS = {word: form for word, form in STATEMENTS.items() if isinstance(form, Step)}


def print_dsl(data: dict[str, Data], notes: Notes) -> str:
    """Return the text of a spec that is right, in the DSL's canonical layout.

    Lists and mappings that are empty where that means nothing are left out.
    """
    sheet = Sheet(notes)
    printer = _Printer(sheet)
    words = with_keys(STATEMENTS)
    for key, value in data.items():
        if key == "steps":
            printer.print_steps((key,), as_list(value), _STEPS, 0)
        else:
            word, form = words[key]
            printer.print(word, (key,), value, form, 0)
    sheet.add_notes(notes.take_end(()), 0)
    sheet.skip((), 0)
    return draw(sheet.rows)


class _Printer:
    """Prints statements, one method for each form of the table.

    `word` is what a statement starts with, and the path that of its value.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def print(self, word: str, path: Path, value: Data, form: Form, indent: int) -> None:
        """Print the statement of the value at a path."""
        match form:
            case Fields() if isinstance(value, str):
                self._sheet.add(indent, f"{word} {dsl_word(value)}", path, deep=True)
            case Fields() if form.inline and len(as_mapping(value)) == 1:
                self._sheet.add(indent, _line(word, value, form), path, deep=True)
            case Fields():
                self._print_fields(word, path, as_mapping(value), form, indent)
            case Value() | Strings() if isinstance(value, list):
                self._print_array(word, path, value, indent)
            case Values():
                self._print_values(word, path, as_list(value), form, indent)
            case Value() | Text():
                self._sheet.add(indent, _line(word, value, form), path, deep=True)
            case _:
                self._print_apart(word, path, value, form, indent)

    def _print_apart(self, word: str, path: Path, value: Data, form: Form, indent: int) -> None:
        match form:
            case Pairs():
                self._print_pairs(word, path, as_mapping(value), indent)
            case Groups():
                self._print_groups(word, path, as_mapping(value), indent)
            case Entries():
                self._print_entries(word, path, value, form, indent)
            case Listed():
                self._print_rows(path, _listed(word, path, as_list(value), form), indent)
            case Param():
                names = as_mapping(value)
                lines = [f"{word} {print_text.param(name, names[name])}" for name in names]
                places: list[Path] = [(*path, name) for name in names]
                self._print_rows(path, list(zip(lines, places, strict=True)), indent)
            case Steps():
                self._print_before(word, path, as_list(value), form, indent)
            case _:
                raise TypeError(f"`{word}` has no form for {value!r}")

    def print_steps(
        self, path: Path, steps: list[Data], words: Mapping[str, Step], indent: int
    ) -> None:
        """Print the steps at a path, each in a row of its own."""
        sheet = self._sheet
        above, beside = sheet.notes.take(path, deep=False)
        sheet.add_notes(above, indent)
        for number, step in enumerate(steps):
            has_blank = not number and not above and sheet.notes.has_blank(path)
            self._print_step((*path, number), as_mapping(step), words, indent, has_blank=has_blank)
        sheet.skip(path, indent)
        for text in beside:
            sheet.add_comment(text, indent)

    def _print_step(
        self,
        path: Path,
        step: dict[str, Data],
        words: Mapping[str, Step],
        indent: int,
        *,
        has_blank: bool,
    ) -> None:
        before, inside, after = _step_parts(step, words)
        line = " ".join(part for part in (before, inside, after) if part)
        is_short = indent + len(line) <= LINE_LIMIT and "\n" not in line
        if inside in {"", "[]"} or is_short:
            self._sheet.add(indent, line, path, deep=True, has_blank=has_blank)
            return
        self._sheet.add(indent, f"{before} [", path, deep=True, has_blank=has_blank)
        for text in as_list(as_mapping(step["copy"])["ignore"]):
            self._sheet.add_line(indent + _INDENT, f"{dsl_string(as_text(text))},")
        self._sheet.close(indent, f"] {after}".rstrip())

    def _print_before(
        self, word: str, path: Path, steps: list[Data], form: Steps, indent: int
    ) -> None:
        head = f"{word} {form.after}"
        lines = [
            " ".join(part for part in _step_parts(as_mapping(step), form.words) if part)
            for step in steps
        ]
        if self._print_short(head, path, lines, indent):
            return
        self._open(path, f"{head} {{", indent)
        for number, step in enumerate(steps):
            place = (*path, number)
            self._print_step(place, as_mapping(step), form.words, indent + _INDENT, has_blank=False)
        self._close(path, "}", indent)

    def _print_values(
        self, word: str, path: Path, items: list[Data], form: Values, indent: int
    ) -> None:
        if not items:
            self._sheet.skip(path, indent)
            return
        line = _line(word, items, form)
        is_long = indent + len(line) > LINE_LIMIT or "\n" in line
        if not form.repeatable or not (is_long or self._are_apart(path)):
            self._sheet.add(indent, line, path, deep=True)
            return
        rows = [(_line(word, [item], form), (*path, n)) for n, item in enumerate(items)]
        self._print_rows(path, rows, indent)

    def _print_rows(self, path: Path, rows: Sequence[tuple[str, Path]], indent: int) -> None:
        """Print the parts of a value, each as a statement of its own."""
        above, beside = self._sheet.notes.take(path, deep=False)
        self._sheet.add_notes(above, indent)
        for number, (text, place) in enumerate(rows):
            has_blank = not number and not above and self._sheet.notes.has_blank(path)
            self._sheet.add(indent, text, place, deep=True, has_blank=has_blank)
        for text in beside:
            self._sheet.add_comment(text, indent)
        self._sheet.skip(path, indent)

    def _print_array(self, word: str, path: Path, items: list[Data], indent: int) -> None:
        line = f"{word} {print_text.array(items)}"
        is_short = indent + len(line) <= LINE_LIMIT and "\n" not in line
        if is_short and not self._are_apart(path):
            self._sheet.add(indent, line, path, deep=True)
            return
        self._open(path, f"{word} [", indent)
        for number, item in enumerate(items):
            text = f"{dsl_string(as_text(item))},"
            self._sheet.add(indent + _INDENT, text, (*path, number), deep=True)
        self._close(path, "]", indent)

    def _print_pairs(self, head: str, path: Path, pairs: dict[str, Data], indent: int) -> None:
        rows = {name: list(print_text.pair_lines(name, pairs[name])) for name in pairs}
        if self._print_short(head, path, [text for name in rows for text, _ in rows[name]], indent):
            return
        self._open(path, f"{head} {{", indent)
        for name, lines in rows.items():
            if isinstance(pairs[name], dict):
                places = [(text, (*path, *below)) for text, below in lines]
                self._print_rows((*path, name), places, indent + _INDENT)
            else:
                self._sheet.add(indent + _INDENT, lines[0][0], (*path, name), deep=True)
        self._close(path, "}", indent)

    def _print_groups(self, word: str, path: Path, groups: dict[str, Data], indent: int) -> None:
        if not groups and self._print_short(word, path, [], indent):
            return
        self._open(path, f"{word} {{", indent)
        for name, pairs in groups.items():
            self._print_pairs(dsl_word(name), (*path, name), as_mapping(pairs), indent + _INDENT)
        self._close(path, "}", indent)

    def _print_fields(
        self, word: str, path: Path, fields: dict[str, Data], form: Fields, indent: int
    ) -> None:
        lines = list(_lines(path, fields, form))
        if self._print_short(word, path, lines, indent):
            return
        self._open(path, f"{word} {{", indent)
        words = with_keys(form.words)
        for key, value in fields.items():
            inner, inner_form = words[key]
            self.print(inner, (*path, key), value, inner_form, indent + _INDENT)
        self._close(path, "}", indent)

    def _print_entries(
        self, word: str, path: Path, value: Data, form: Entries, indent: int
    ) -> None:
        lists = value if isinstance(value, dict) else {"": value}
        if all(found == [] for found in lists.values()) and not self._are_apart(path):
            self._sheet.add(indent, f"{word} {{}}", path, deep=True)
            return
        self._open(path, f"{word} {{", indent)
        for name, items in lists.items():
            if isinstance(items, str):
                text = print_text.entry(word, name, items, form)
                self._sheet.add(indent + _INDENT, text, (*path, name), deep=True)
            else:
                place = (*path, name) if name else path
                self._print_list(word, place, items, form, indent + _INDENT)
        self._close(path, "}", indent)

    def _print_list(self, word: str, path: Path, items: Data, form: Entries, indent: int) -> None:
        """Print the entries of one list of a block of packages, which may be all of it."""
        sheet = self._sheet
        name = str(path[-1]) if len(path) > 1 else ""
        above, beside = sheet.notes.take(path, deep=False) if name else ([], [])
        sheet.add_notes(above, indent)
        for text in beside:
            sheet.add_comment(text, indent)
        for number, item in enumerate(as_list(items)):
            text = print_text.entry(word, name, item, form)
            has_blank = bool(name) and not number and sheet.notes.has_blank(path)
            sheet.add(indent, text, (*path, number), deep=True, has_blank=has_blank)
        if name:
            sheet.skip(path, indent)

    def _print_short(self, head: str, path: Path, lines: list[str], indent: int) -> bool:
        """Print a block with at most one line on the line of its word, where it fits."""
        text = f"{head} {{ {lines[0]} }}" if lines else f"{head} {{}}"
        is_long = len(lines) > 1 or indent + len(text) > LINE_LIMIT or "\n" in text
        if is_long or self._are_apart(path):
            return False
        self._sheet.add(indent, text, path, deep=True)
        return True

    def _open(self, path: Path, text: str, indent: int) -> None:
        self._sheet.add(indent, text, path)
        self._sheet.open()

    def _close(self, path: Path, text: str, indent: int) -> None:
        self._sheet.add_notes(self._sheet.notes.take_end(path), indent + _INDENT)
        self._sheet.skip(path, indent + _INDENT)
        self._sheet.close(indent, text)

    def _are_apart(self, path: Path) -> bool:
        return self._sheet.notes.are_apart(path)


def _line(word: str, value: Data, form: Form) -> str:
    """Return a statement that is one line."""
    match form:
        case Value() | Strings() if isinstance(value, list):
            return f"{word} {print_text.array(value)}"
        case Value() | Text() if isinstance(value, str):
            return f"{word} {print_text.value(word, value, form)}"
        case Values():
            return f"{word} {', '.join(print_text.listed(item, form) for item in as_list(value))}"
        case Fields() | Text():
            [(key, inner)] = as_mapping(value).items()
            inner_word, inner_form = with_keys(form.words)[key]
            return f"{word} {_line(inner_word, inner, inner_form)}"
    raise TypeError(f"`{word}` has no form of one line")


def _lines(path: Path, fields: dict[str, Data], form: Fields) -> Iterator[str]:
    """Yield the lines of a block of statements."""
    words = with_keys(form.words)
    for key, value in fields.items():
        word, inner = words[key]
        if isinstance(inner, Listed):
            yield from (text for text, _ in _listed(word, (*path, key), as_list(value), inner))
        elif value != [] or not isinstance(inner, Values):
            yield _line(word, value, inner)


def _listed(word: str, path: Path, items: list[Data], form: Listed) -> list[tuple[str, Path]]:
    """Return the statements of a list of phrases, each with the path of what it says."""
    parts = (print_text.phrase(word, item, form.phrase) for item in items)
    texts = [" ".join(part for part in found if part) for found in parts]
    return [(text, (*path, number)) for number, text in enumerate(texts)]


def _step_parts(step: dict[str, Data], words: Mapping[str, Step]) -> tuple[str, str, str]:
    word = next(word for word in words if word in step)
    return print_text.phrase(word, step[word], words[word].phrase, step.get("on"))
