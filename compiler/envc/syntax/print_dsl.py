"""A spec as plain data in; its text in the DSL out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envc.source import Source
from envc.syntax.document import Data, Path
from envc.syntax.dsl import read
from envc.syntax.entries import LISTS
from envc.syntax.layout import LINE_LIMIT, draw
from envc.syntax.literal import dsl_string, dsl_word
from envc.syntax.notes import Notes, Sheet
from envc.syntax.words import (
    STATEMENTS,
    Entries,
    Fields,
    Form,
    Pairs,
    Strings,
    Text,
    Value,
    Values,
)

__all__ = ["print_dsl"]

_INDENT = 4
_SIMPLE_ENTRY = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?: ?[<>=!~]=?[A-Za-z0-9.*+_-]+(?:,[<>=!~]=?[A-Za-z0-9.*+_-]+)*)?"
)


def print_dsl(data: dict[str, Data], notes: Notes) -> str:
    """Return the text of a spec that is right, in the DSL's canonical layout.

    Lists and mappings that are empty where that means nothing are left out.
    """
    sheet = Sheet(notes)
    printer = _Printer(sheet)
    for key, value in data.items():
        if key == "steps":
            printer.print_steps(_list(value))
        else:
            printer.print((key,), value, STATEMENTS[key], 0)
    sheet.add_notes(notes.take_end(()), 0)
    sheet.skip((), 0)
    return draw(sheet.rows)


class _Printer:
    """Prints statements, one method for each form of the table."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def print(self, path: Path, value: Data, form: Form, indent: int) -> None:
        """Print the statement of the value at a path."""
        match form:
            case Fields() if isinstance(value, str):
                self._sheet.add(indent, f"{path[-1]} {dsl_word(value)}", path, deep=True)
            case Value() if isinstance(value, list):
                self._print_array(path, value, indent)
            case Fields() if not form.inline:
                self._print_fields(path, _dict(value), form, indent)
            case Pairs():
                self._print_pairs(path, _dict(value), indent)
            case Entries():
                self._print_entries(path, value, indent)
            case Strings():
                self._print_array(path, _list(value), indent)
            case Values():
                self._print_values(path, _list(value), form, indent)
            case _:
                self._sheet.add(indent, _line(path, value, form), path, deep=True)

    def print_steps(self, steps: list[Data]) -> None:
        """Print the steps, each in a row of its own."""
        sheet = self._sheet
        above, beside = sheet.notes.take(("steps",), deep=False)
        sheet.add_notes(above, 0)
        for number, step in enumerate(steps):
            has_blank = not number and not above and sheet.notes.has_blank(("steps",))
            sheet.add(0, _step(_dict(step)), ("steps", number), deep=True, has_blank=has_blank)
        sheet.skip(("steps",), 0)
        for text in beside:
            sheet.add_comment(text, 0)

    def _print_values(self, path: Path, items: list[Data], form: Values, indent: int) -> None:
        if not items:
            self._sheet.skip(path, indent)
            return
        line = _line(path, items, form)
        is_long = indent + len(line) > LINE_LIMIT or "\n" in line
        if not form.repeatable or not (form.is_string or is_long or self._are_apart(path)):
            self._sheet.add(indent, line, path, deep=True)
            return
        above, beside = self._sheet.notes.take(path, deep=False)
        self._sheet.add_notes(above, indent)
        for number, item in enumerate(items):
            place = (*path, number)
            has_blank = not number and not above and self._sheet.notes.has_blank(path)
            self._sheet.add(
                indent, _line(path, [item], form), place, deep=True, has_blank=has_blank
            )
        for text in beside:
            self._sheet.add_comment(text, indent)
        self._sheet.skip(path, indent)

    def _print_array(self, path: Path, items: list[Data], indent: int) -> None:
        words = [dsl_string(_str(item)) for item in items]
        line = _array(path, items)
        is_short = indent + len(line) <= LINE_LIMIT and "\n" not in line
        if is_short and not self._are_apart(path):
            self._sheet.add(indent, line, path, deep=True)
            return
        self._open(path, f"{path[-1]} [", indent)
        for number, word in enumerate(words):
            self._sheet.add(indent + _INDENT, f"{word},", (*path, number), deep=True)
        self._close(path, "]", indent)

    def _print_pairs(self, path: Path, pairs: dict[str, Data], indent: int) -> None:
        rows = [(f"{name} = {dsl_string(_str(pairs[name]))}", name) for name in pairs]
        if self._print_short(path, [text for text, _ in rows], indent):
            return
        self._open(path, f"{path[-1]} {{", indent)
        for text, name in rows:
            self._sheet.add(indent + _INDENT, text, (*path, name), deep=True)
        self._close(path, "}", indent)

    def _print_fields(self, path: Path, fields: dict[str, Data], form: Fields, indent: int) -> None:
        lines = list(_lines(path, fields, form))
        if self._print_short(path, lines, indent):
            return
        self._open(path, f"{path[-1]} {{", indent)
        for name, value in fields.items():
            self.print((*path, name), value, form.words[name], indent + _INDENT)
        self._close(path, "}", indent)

    def _print_entries(self, path: Path, value: Data, indent: int) -> None:
        lists = value if isinstance(value, dict) else {"": value}
        if not any(lists.values()) and not self._are_apart(path):
            self._sheet.add(indent, f"{path[-1]} {{}}", path, deep=True)
            return
        self._open(path, f"{path[-1]} {{", indent)
        for name, items in lists.items():
            place = (*path, name) if name else path
            above, beside = self._sheet.notes.take(place, deep=False) if name else ([], [])
            self._sheet.add_notes(above, indent + _INDENT)
            for text in beside:
                self._sheet.add_comment(text, indent + _INDENT)
            for number, item in enumerate(_list(items)):
                text = _entry(str(path[-1]), name, item)
                has_blank = bool(name) and not number and self._sheet.notes.has_blank(place)
                item_place = (*place, number)
                self._sheet.add(indent + _INDENT, text, item_place, deep=True, has_blank=has_blank)
            if name:
                self._sheet.skip(place, indent + _INDENT)
        self._close(path, "}", indent)

    def _print_short(self, path: Path, lines: list[str], indent: int) -> bool:
        """Print a block with at most one line on the line of its word, where it fits."""
        text = f"{path[-1]} {{ {lines[0]} }}" if lines else f"{path[-1]} {{}}"
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


def _line(path: Path, value: Data, form: Form) -> str:
    """Return a statement that is one line."""
    key = str(path[-1])
    match form:
        case Value() if isinstance(value, list):
            return _array(path, value)
        case Value() | Text():
            return f"{key} {_value(key, _str(value), form)}"
        case Values():
            write = dsl_string if form.is_string else dsl_word
            return f"{key} {', '.join(write(_str(item)) for item in _list(value))}"
        case Fields():
            [(name, inner)] = _dict(value).items()
            return f"{key} {_line((*path, name), inner, form.words[name])}"
    raise TypeError(f"`{key}` has no form of one line")


def _array(path: Path, items: list[Data]) -> str:
    """Return a statement that is one array on one line."""
    return f"{path[-1]} [{', '.join(dsl_string(_str(item)) for item in items)}]"


def _lines(path: Path, fields: dict[str, Data], form: Fields) -> Iterator[str]:
    """Return the lines of a block of statements."""
    for name, value in fields.items():
        inner = form.words[name]
        if isinstance(inner, Values) and inner.is_string:
            yield from (_line((*path, name), [item], inner) for item in _list(value))
        elif value != [] or isinstance(inner, Value):
            yield _line((*path, name), value, inner)


def _value(key: str, text: str, form: Value | Text) -> str:
    if '"' in form.example:
        return dsl_string(text)
    word = dsl_word(text)
    if word == text or not isinstance(form, Text) or not _stays(key, f"{key} {text}", text):
        return word
    return text


def _entry(keyword: str, name: str, item: Data) -> str:
    for word, its_list in LISTS.items():
        if name == its_list and isinstance(item, dict):
            secret = f" secret {dsl_word(_str(item['secret']))}" if "secret" in item else ""
            return f"{word} {dsl_string(_str(item['url']))}{secret}"
        if name == its_list:
            return f"{word} {dsl_string(_str(item))}"
    text = _str(item)
    if _SIMPLE_ENTRY.fullmatch(text) or _stays(keyword, f"{keyword} {{\n{text}\n}}", [text]):
        return text
    return dsl_string(text)


def _stays(key: str, written: str, value: Data) -> bool:
    """Return whether a statement means a value, without quotes around what it says."""
    draft = read(Source(name="<text>", text=f"{written}\n"))
    return not draft.problems and draft.document.data == {key: value}


def _step(step: dict[str, Data]) -> str:
    match step:
        case {"copy": {"from": str(source), "to": str(to)}}:
            return f"copy {dsl_string(source)} to {dsl_string(to)}"
        case {"run": {"command": str(command), **fields}}:
            return f"run {dsl_string(command)}{' network' * (fields.get('network') == 'true')}"
        case {"run": str(command)}:
            return f"run {dsl_string(command)}"
    raise TypeError(f"not a step: {step!r}")


def _str(value: Data) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _list(value: Data) -> list[Data]:
    if not isinstance(value, list):
        raise TypeError(f"not a list: {value!r}")
    return value


def _dict(value: Data) -> dict[str, Data]:
    if not isinstance(value, dict):
        raise TypeError(f"not a mapping: {value!r}")
    return value
