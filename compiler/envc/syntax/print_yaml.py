"""A spec as plain data in; its text in YAML out."""

from __future__ import annotations

import re

from envc.syntax.document import Data, Path
from envc.syntax.form import NO, YES, Entries, Groups, Pairs, Param, key_of
from envc.syntax.layout import LINE_LIMIT, draw
from envc.syntax.literal import yaml_block, yaml_flow, yaml_plain
from envc.syntax.notes import Notes, Sheet
from envc.syntax.words import STATEMENTS

__all__ = ["print_yaml"]

_INDENT = 2
_FLOW_LIMIT = 3
_KEY_LIMIT = 1000
_BARE = re.compile(r"(?!0[0-9])[0-9]+(?:\.[0-9]+)*|true|false")
_FLAGS = frozenset({"managed", "network", "read-only", "required"})
_PACKAGES = frozenset(key for key, form in STATEMENTS.items() if isinstance(form, Entries))
_OPEN = frozenset(
    key_of(word, form)
    for word, form in STATEMENTS.items()
    if isinstance(form, Pairs | Groups | Param)
)


def print_yaml(data: dict[str, Data], notes: Notes) -> str:
    """Return the text of a spec in YAML's canonical layout; any data has one."""
    sheet = Sheet(notes)
    printer = _Printer(sheet)
    printer.print_mapping(data, (), 0)
    sheet.add_notes(notes.take_end(()), 0)
    sheet.skip((), 0)
    return draw(sheet.rows)


class _Printer:
    """Prints values: short ones that hold no others on one line, others a line an entry.

    `lead` is what comes before the first entry of a collection on its line: the `- ` of an item.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def print_mapping(
        self, data: dict[str, Data], path: Path, indent: int, *, lead: str = ""
    ) -> None:
        """Print a mapping, an entry a line."""
        for key, value in data.items():
            place = (*path, key)
            head = _key(key, place)
            if len(head) > _KEY_LIMIT:
                self._sheet.add(indent - len(lead), f"{lead}? {head}", place)
                head, lead = "", ""
            self._print_entry(f"{head}:", value, place, indent, lead)
            lead = ""

    def _print_list(self, items: list[Data], path: Path, indent: int, lead: str) -> None:
        for number, item in enumerate(items):
            self._print_entry("-", item, (*path, number), indent, lead)
            lead = ""

    def _print_entry(self, head: str, value: Data, path: Path, indent: int, lead: str) -> None:
        sheet = self._sheet
        row_indent = indent - len(lead)
        if isinstance(value, str):
            block = yaml_block(value)
            mark, lines = block or (_scalar(value, path), [])
            body = [" " * (indent + _INDENT) + line if line else "" for line in lines]
            sheet.add(row_indent, f"{lead}{head} {mark}", path, deep=True, body=body)
            return
        room = LINE_LIMIT - indent - len(head) - 1
        inline = self._inline(value, path, room)
        if inline is not None:
            sheet.add(row_indent, f"{lead}{head} {inline}", path, deep=True)
            return
        if head == "-":
            sheet.announce(path, row_indent)
            self._print_below(value, path, indent + _INDENT, f"{lead}- ")
        else:
            sheet.add(row_indent, lead + head, path)
            sheet.open()
            self._print_below(value, path, indent + _INDENT, "")
        sheet.add_notes(sheet.notes.take_end(path), indent + _INDENT)
        sheet.skip(path, indent + _INDENT)

    def _print_below(
        self, value: list[Data] | dict[str, Data], path: Path, indent: int, lead: str
    ) -> None:
        if isinstance(value, dict):
            self.print_mapping(value, path, indent, lead=lead)
        else:
            self._print_list(value, path, indent, lead)

    def _inline(self, value: list[Data] | dict[str, Data], path: Path, room: int) -> str | None:
        """Return a collection in brackets; None where it reads better a line an entry."""
        if not value:
            return "{}" if isinstance(value, dict) else "[]"
        is_part = path[0] in _PACKAGES and isinstance(value, dict) and "on" in value
        is_item = isinstance(value, dict) and isinstance(path[-1], int) and not is_part
        is_packages = isinstance(value, list) and path[1:] in {(), ("packages",)}
        if is_item or (is_packages and path[0] in _PACKAGES) or self._sheet.notes.are_apart(path):
            return None
        parts = _flow_parts(value, path)
        if parts is None or (isinstance(value, dict) and len(value) > _FLOW_LIMIT):
            return None
        text = ", ".join(parts)
        text = f"{{{text}}}" if isinstance(value, dict) else f"[{text}]"
        return text if len(text) <= room else None


def _flow_parts(value: list[Data] | dict[str, Data], path: Path) -> list[str] | None:
    """Return the parts of a collection in brackets; None where it holds more than short texts."""
    parts = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        if not isinstance(item, str) or "\n" in item or len(str(key)) > _KEY_LIMIT:
            return None
        place = (*path, key)
        text = item if _is_bare(item, place) else yaml_flow(item)
        parts.append(f"{_key(key, place)}: {text}" if isinstance(key, str) else text)
    return parts


def _key(key: str, path: Path) -> str:
    """Return a key; `on` needs no quotes where it is the language's own."""
    return key if key == "on" and path[0] not in _OPEN else yaml_flow(key)


def _scalar(text: str, path: Path) -> str:
    return text if _is_bare(text, path) else yaml_plain(text)


def _is_bare(text: str, path: Path) -> bool:
    """Return whether a number or a truth value needs no quotes: other readers take it for no text.

    They may where envc means one, as in `python: 3.12`, not where the user wants a text.
    """
    if path[-1] in _FLAGS and text in YES | NO:
        return True
    is_own = isinstance(path[-1], str) and path[0] not in _OPEN and path[-1] != "prints"
    return is_own and _BARE.fullmatch(text) is not None
