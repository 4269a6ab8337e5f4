"""A spec in envc's own language in; a Document out, or everything that is wrong with its syntax."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import assert_never

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import BYTE_ORDER_MARK, Source, Span
from envc.syntax.builder import Builder, visible
from envc.syntax.document import Draft, Path
from envc.syntax.entries import read_entries
from envc.syntax.excerpt import excerpt
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
    key_of,
)
from envc.syntax.grammar import load_parser
from envc.syntax.grouping import group_lines
from envc.syntax.pairs import read_groups, read_pairs, read_param
from envc.syntax.reading import Call, Reading
from envc.syntax.shape import Array, Line, Statement, Word, read_statements
from envc.syntax.steps import read_before, read_listed, read_step
from envc.syntax.unknown import read_unknown
from envc.syntax.values import read_values
from envc.syntax.words import STATEMENTS

__all__ = ["read"]

_BLOCKS = frozenset(
    word for word, form in STATEMENTS.items() if isinstance(form, Entries | Fields | Groups | Pairs)
)
_ELSEWHERE = {
    "before-packages": 'write it as `before packages { run "groupadd -r pets" }`',
    "mounts": 'write a `mount` statement for each: `mount "data/" to "/data"`',
    "params": 'write a `param` statement for each: `param cuda = "12.4"`',
    "steps": "write the steps themselves: each `copy` and `run` is one, in their order",
}
_SURELY, _LIKELY = 0.8, 0.75
_HEAD_OF_LINE = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]*)(:(?=[ \t\r\n]|\Z))?", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read(source: Source, *, cache: FilePath | None = None) -> Draft:
    """Read a spec in the DSL; a statement that is wrong hides no other (E101 to E113).

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
        call = self._take_apart(statement, words)
        if call is None:
            return
        form = words.get(call.keyword)
        if form is None:
            self._read_misspelt((*parent, call.keyword), call, words)
        else:
            self._read_form((*parent, key_of(call.keyword, form)), call, form)

    def _read_misspelt(self, path: Path, call: Call, words: Mapping[str, Form]) -> None:
        """Put what a statement says whose word no table knows; the next stage names the word.

        Where it was surely meant to add to another key than its own word, its data would not be
        found there: that is said here.
        """
        if call.keyword.isupper() and (form := words.get(call.keyword.lower())) is not None:
            message = f"expected a statement, not `{excerpt(call.keyword)}`"
            self._reading.report(call.key, message, f"write it as `{form.example}`")
            self._reading.builder.lose(self._reading.source.span(call.key.start, call.end))
            return
        meant = next(iter(get_close_matches(call.keyword, words, n=1, cutoff=_LIKELY)), "")
        form = words.get(meant)
        if form is not None and key_of(meant, form) != meant:
            message = f"expected a statement, not `{excerpt(call.keyword)}`"
            self._reading.report(call.key, message, f"did you mean `{meant}`?")
            self._reading.builder.lose(self._reading.source.span(call.key.start, call.end))
        elif form is not None and get_close_matches(call.keyword, [meant], cutoff=_SURELY):
            self._read_form(path, call, form)
        else:
            read_unknown(path, call, self._reading)

    def _read_form(self, path: Path, call: Call, form: Form) -> None:
        match form:
            case Value(may_be_array=True) if call.items and isinstance(call.items[0], Array):
                self._read_strings(path, call)
            case Value():
                self._read_value(path, call)
            case Text():
                self._read_text(path, call, form)
            case Values():
                read_values(path, call, form, self._reading)
            case Strings():
                self._read_strings(path, call)
            case Fields():
                self._read_fields(path, call, form)
            case _:
                _read_apart(path, call, form, self._reading)

    def _take_apart(self, statement: Statement, words: Mapping[str, Form]) -> Call | None:
        first, *more = statement.lines
        key = self._reading.span(first.items[0])
        keyword = key.text
        if (meant := visible(keyword)) != keyword and meant in words:
            self._reading.builder.check_plain(key)
            keyword = meant
        form = words.get(keyword)
        if (
            isinstance(first.items[0], Word)
            and _NAME.fullmatch(keyword)
            and keyword not in _ELSEWHERE
        ):
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

    def _read_text(self, path: Path, call: Call, form: Text) -> None:
        reading = self._reading
        if len(call.items) > 1 and reading.text(call.items[0]) in form.words:
            self._read_inline(path, call, form.words)
            return
        is_text = bool(call.items) and call.block is None and reading.text(call.items[0]) != "="
        if not is_text or (len(call.items) == 1 and not call.more):
            self._read_value(path, call)
            return
        span = reading.source.span(call.items[0].start, call.end)
        reading.builder.check_plain(span)
        reading.builder.put(path, span.text, span, key=call.key)

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
        if form.inline and (call.items or call.block is None):
            self._read_inline(path, call, form.words, may_go_on=True)
            return
        if form.instead and len(call.items) == 1 and call.block is None:
            self._read_value(path, call)
            return
        block = self._reading.only_block(call)
        if block is None or not self._open(path, self._reading.span(block), call, form.inline):
            return
        for statement in group_lines(block.lines, form.words, self._reading):
            self.read(path, statement, form.words)

    def _read_inline(
        self, path: Path, call: Call, words: Mapping[str, Form], *, may_go_on: bool = False
    ) -> None:
        """Read one field of a block; where it `may_go_on`, it adds to those that are there."""
        reading = self._reading
        if not call.items or not isinstance(call.items[0], Word):
            place = reading.span(call.items[0]) if call.items else None
            *others, last = (f"`{word}`" for word in words)
            wanted = f"{', '.join(others)} or {last}" if others else last
            reading.expect(wanted, call, place)
            return
        start = call.items[0].start
        if not self._open(path, reading.source.span(start, call.end), call, may_go_on):
            return
        line = Line(start=start, end=call.end, items=call.items, block=call.block)
        self.read(path, Statement(lines=(line, *call.more)), words)

    def _open(self, path: Path, span: Span, call: Call, may_go_on: bool) -> bool:
        """Put a mapping at a path, or go on with the one that is there; say whether there is one."""
        builder = self._reading.builder
        if may_go_on and builder.has(path):
            builder.stretch(path, span.end)
            return True
        return builder.put(path, {}, span, key=call.key)


def _read_apart(
    path: Path,
    call: Call,
    form: Entries | Groups | Listed | Pairs | Param | Step | Steps,
    reading: Reading,
) -> None:
    """Read a statement whose form has a module of its own."""
    match form:
        case Entries():
            read_entries(path, call, form, reading)
        case Groups():
            read_groups(path, call, reading)
        case Listed():
            read_listed(path, call, form, reading)
        case Pairs():
            read_pairs(path, call, form, reading)
        case Param():
            read_param(path, call, reading)
        case Step():
            read_step(path, call, form, reading)
        case Steps():
            read_before(path, call, form, reading)
        case _:
            assert_never(form)


def _advise(written: str, words: Mapping[str, Form]) -> str:
    """Return what to write in the place of something that is no statement."""
    if written in _ELSEWHERE:
        return _ELSEWHERE[written]
    form = words.get(re.split("[:=]", written.strip("\"'"))[0])
    if form is not None:
        return f"write it as `{form.example}`"
    if written.endswith(":"):
        return "a spec in YAML has a name that ends in `.yaml`"
    return "a statement starts with a word, as in `python 3.12`"
