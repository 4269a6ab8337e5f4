"""A spec in envc's own language in; a Document out, or everything that is wrong with its syntax."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import assert_never

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import BYTE_ORDER_MARK, Source
from envc.syntax.builder import Builder, visible
from envc.syntax.document import Draft, Path
from envc.syntax.entries import read_entries
from envc.syntax.excerpt import excerpt
from envc.syntax.grammar import load_parser
from envc.syntax.reading import Call, Reading
from envc.syntax.shape import Array, Line, Statement, String, Word, read_statements
from envc.syntax.steps import read_step
from envc.syntax.unknown import read_unknown
from envc.syntax.words import (
    STATEMENTS,
    Entries,
    Fields,
    Form,
    Pairs,
    Step,
    Strings,
    Text,
    Value,
    Values,
)

__all__ = ["read"]

_BLOCKS = frozenset(
    word for word, form in STATEMENTS.items() if isinstance(form, Entries | Fields | Pairs)
)
_SURELY = 0.8
_HEAD_OF_LINE = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]*)(:(?=[ \t\r\n]|\Z))?", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# A name may stand in quotes, where it is one that needs none.
_ASSIGNMENT = re.compile(
    r"""(?:(?P<quote>["'])(?P<quoted>[^\s="'\[\]{},#]+)(?P=quote)|(?P<bare>[^\s="'\[\]]+))\s*=\s*"""
)
_WORD = re.compile(
    r"""(?:\$\{\{[^{}\n]*\}\} | \$(?!\{\{[^{}\n]*\}\}) | [^\s"'\[\]$])+""", re.VERBOSE
)


def read(source: Source, *, cache: FilePath | None = None) -> Draft:
    """Read a spec in the DSL; a statement that is wrong hides no other (E101 to E112).

    Args:
        source: The text.
        cache: A folder to keep the parser's tables in; None keeps nothing.
    """
    _refuse_other_form(source)
    builder = Builder(source)
    reader = _Reader(builder)
    for statement in read_statements(builder, load_parser(cache), _BLOCKS, STATEMENTS):
        reader.read((), statement, STATEMENTS)
    return builder.finish()


def _refuse_other_form(source: Source) -> None:
    """Refuse a text that is YAML or JSON throughout, once and not for every line of it.

    Raises:
        InputError: It is (E101).
    """
    text = source.text.removeprefix(BYTE_ORDER_MARK)
    is_json = re.match(r"\s*\{\s*[\"}]", text) is not None
    heads = list(_HEAD_OF_LINE.finditer(source.text))
    is_yaml = len(heads) > 1 and all(match[2] for match in heads)
    if not is_json and not is_yaml:
        return
    start = len(source.text) - len(text.lstrip()) if is_json else heads[0].start(1)
    end = start + 1 if is_json else heads[0].end(2)
    name = "JSON" if is_json else "YAML"
    hint = "a spec in YAML, which JSON is a part of, has a name that ends in `.yaml`"
    if source.name.endswith(".lock"):
        hint = "name the spec, and not its lock"
    message = f"expected a statement, not `{source.text[start:end]}`: this looks like {name}"
    raise InputError([Diagnostic.at(source.span(start, end), "E101", message, hint=hint)])


class _Reader:
    """Gives statements their meaning, one method for each form of the table."""

    def __init__(self, builder: Builder) -> None:
        self._reading = Reading(builder)

    def read(self, parent: Path, statement: Statement, words: Mapping[str, Form]) -> None:
        """Put what a statement says below a path."""
        call = self._open(statement, words)
        if call is None:
            return
        path = (*parent, call.keyword)
        form = words.get(call.keyword) or _meant_form(call, words)
        if form is None:
            read_unknown(path, call, self._reading)
            return
        self._read_form(path, call, form)

    def _read_form(self, path: Path, call: Call, form: Form) -> None:
        match form:
            case Value(may_be_array=True) if call.items and isinstance(call.items[0], Array):
                self._read_strings(path, call)
            case Value():
                self._read_value(path, call)
            case Text():
                self._read_text(path, call)
            case Values():
                self._read_values(path, call, form)
            case Strings():
                self._read_strings(path, call)
            case Pairs():
                self._read_pairs(path, call)
            case Fields():
                self._read_fields(path, call, form)
            case Entries():
                read_entries(path, call, form, self._reading)
            case Step():
                read_step(call, self._reading)
            case _:
                assert_never(form)

    def _open(self, statement: Statement, words: Mapping[str, Form]) -> Call | None:
        first, *more = statement.lines
        key = self._reading.span(first.items[0])
        keyword = key.text
        if (meant := visible(keyword)) != keyword and meant in words:
            self._reading.builder.check_plain(key)
            keyword = meant
        form = words.get(keyword)
        if isinstance(first.items[0], Word) and _NAME.fullmatch(keyword) and keyword != "steps":
            return Call(
                keyword=keyword,
                key=key,
                items=first.items[1:],
                block=first.block,
                more=tuple(more),
                end=statement.end,
                example=form.example if form else "",
            )
        if self._reading.builder.check_plain(key):
            message = f"expected a statement, not `{excerpt(key.text)}`"
            self._reading.report(key, message, _advise(key.text, words))
        return None

    def _read_value(self, path: Path, call: Call) -> None:
        item = self._reading.one_item(call)
        if item is not None:
            self._reading.put_scalar(path, item, call)

    def _read_text(self, path: Path, call: Call) -> None:
        reading = self._reading
        is_text = bool(call.items) and call.block is None and reading.text(call.items[0]) != "="
        if not is_text or (len(call.items) == 1 and not call.more):
            self._read_value(path, call)
            return
        span = reading.source.span(call.items[0].start, call.end)
        reading.builder.check_plain(span)
        reading.builder.put(path, span.text, span, key=call.key)

    def _read_values(self, path: Path, call: Call, form: Values) -> None:
        reading = self._reading
        first = Line(start=call.key.end, end=call.key.end, items=call.items, block=call.block)
        items = [reading.sole_item(line, call) for line in (first, *call.more)]
        found = [item for item in items if item is not None]
        strays = [item for item in found if form.is_string and not isinstance(item, String)]
        for stray in strays:
            reading.expect("a string", call, reading.span(stray))
        if len(found) < len(items) or strays:
            return
        span = reading.source.span(found[0].start, found[-1].end)
        if form.repeatable and reading.builder.has(path):
            reading.builder.stretch(path, span.end)
        elif not reading.builder.put(path, [], span, key=call.key):
            return
        for item in found:
            reading.append_scalar(path, item, call)

    def _read_strings(self, path: Path, call: Call) -> None:
        reading = self._reading
        if not call.items or not isinstance(call.items[0], Array):
            place = reading.span(call.items[0]) if call.items else None
            reading.expect("an array", call, place)
            return
        array = reading.one_item(call)
        if not isinstance(array, Array) or not reading.put(path, [], array, call.key):
            return
        for element in array.elements:
            item = reading.sole_item(element, call)
            if item is not None:
                reading.append_scalar(path, item, call)

    def _read_fields(self, path: Path, call: Call, form: Fields) -> None:
        if form.inline:
            self._read_inline(path, call, form)
            return
        if form.instead and len(call.items) == 1 and call.block is None:
            self._read_value(path, call)
            return
        block = self._reading.only_block(call)
        if block is None or not self._reading.put(path, {}, block, call.key):
            return
        for statement in self._group(block.lines, form.words):
            self.read(path, statement, form.words)

    def _read_inline(self, path: Path, call: Call, form: Fields) -> None:
        reading = self._reading
        if not call.items or not isinstance(call.items[0], Word):
            place = reading.span(call.items[0]) if call.items else None
            reading.expect(" or ".join(f"`{word}`" for word in form.words), call, place)
            return
        start = call.items[0].start
        if not reading.builder.put(path, {}, reading.source.span(start, call.end), key=call.key):
            return
        line = Line(start=start, end=call.end, items=call.items, block=call.block)
        self.read(path, Statement(lines=(line, *call.more)), form.words)

    def _group(self, lines: Sequence[Line], words: Mapping[str, Form]) -> list[Statement]:
        """Return a block's lines as statements: a single item after a comma goes on with a list."""
        reading = self._reading
        groups: list[list[Line]] = []
        for line in lines:
            above = groups[-1] if groups else None
            if (
                above is not None
                and isinstance(
                    words.get(reading.text(above[0].items[0]), Values(example="")), Values
                )
                and len(line.items) == 1
                and line.block is None
                and reading.has_comma(above[-1], line)
            ):
                above.append(line)
            else:
                groups.append([line])
        return [Statement(lines=tuple(group)) for group in groups]

    def _read_pairs(self, path: Path, call: Call) -> None:
        block = self._reading.only_block(call)
        if block is not None and self._reading.put(path, {}, block, call.key):
            for line in block.lines:
                self._read_pair(path, line, call)

    def _read_pair(self, path: Path, line: Line, call: Call) -> None:
        reading = self._reading
        span = reading.span(line)
        match = _ASSIGNMENT.match(span.text)
        if match is None or line.block is not None:
            message = f"expected a name, `=` and a value, not `{excerpt(span.text)}`"
            reading.report(span, message, f"write it as `{call.example}`")
            return
        key = span.within(*match.span("quoted" if match["quoted"] else "bare"))
        place = span.within(match.end(), len(span.text))
        items = [item for item in line.items if item.start >= place.start]
        reading.builder.check_plain(key)
        if not place.text:
            message = f"expected a value after `{excerpt(span.text)}`"
            reading.report(place, message, 'write `""` for an empty one')
        elif len(items) == 1 and isinstance(items[0], String):
            value = reading.value(items[0])
            if value is not None:
                reading.builder.put((*path, key.text), value, place, key=key)
        elif _WORD.fullmatch(place.text):
            reading.builder.check_plain(place)
            reading.builder.put((*path, key.text), place.text, place, key=key)
        else:
            message = f"expected one word or one string after `{key.text} =`"
            reading.report(place, message, "put the value into quotes")


def _meant_form(call: Call, words: Mapping[str, Form]) -> Form | None:
    """Return the form of what a misspelt word was surely meant to say, or None; steps have no key."""
    meant = get_close_matches(call.keyword, words, n=1, cutoff=_SURELY)
    form = words[meant[0]] if meant else None
    return None if isinstance(form, Step) else form


def _advise(written: str, words: Mapping[str, Form]) -> str:
    """Return what to write in the place of something that is no statement."""
    if written == "steps":
        return "write the steps themselves: each `copy` and `run` is one, in their order"
    form = words.get(re.split("[:=]", written.strip("\"'"))[0])
    if form is not None:
        return f"write it as `{form.example}`"
    if written.endswith(":"):
        return "a spec in YAML has a name that ends in `.yaml`"
    return "a statement starts with a word, as in `python 3.12`"
