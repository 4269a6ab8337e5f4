"""A spec in the DSL whose syntax is right in; the same spec in its canonical layout out.

Only layout changes: words, requirements and long strings stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from envc.source import Source
from envc.syntax.builder import Builder
from envc.syntax.entries import Entry, find_entries
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
)
from envc.syntax.grammar import load_parser
from envc.syntax.grouping import group_lines
from envc.syntax.layout import LINE_LIMIT, Comment, Writer, comments_in, draw
from envc.syntax.reading import Reading
from envc.syntax.repair import places
from envc.syntax.selector import find_selector
from envc.syntax.shape import (
    Array,
    Block,
    Item,
    Line,
    Statement,
    String,
    read_statements,
)
from envc.syntax.words import STATEMENTS

__all__ = ["find_comments", "format_dsl"]

_INDENT = 4
_SIMPLE_LITERAL = re.compile(r"'([^'\"\\\x00-\x1f\x7f]*)'")
_PAIRS = Pairs(example="")


def format_dsl(source: Source, *, cache: FilePath | None = None) -> str:
    """Return a spec in its canonical layout.

    Args:
        source: Its syntax is right; what its words mean does not matter.
        cache: A folder to keep the parser's tables in; None keeps nothing.
    """
    builder = Builder(source)
    statements = read_statements(builder, load_parser(cache), frozenset())
    formatter = _Formatter(Reading(builder), find_comments(source, cache=cache))
    return formatter.run(statements)


def find_comments(source: Source, *, cache: FilePath | None = None) -> tuple[Comment, ...]:
    """Return the comments of a spec in the DSL, in their order."""
    found: list[Comment] = []
    end = 0
    for token in load_parser(cache).lex(source.text):
        if token.type == "_NEWLINE":
            continue
        start, after = places(token)
        found.extend(comments_in(source.text, end, start))
        end = after
    return (*found, *comments_in(source.text, end, len(source.text)))


class _Formatter:
    """Writes statements one after the other.

    What stands on one line stays there where it fits; what goes over several lines gets a line for
    each of its parts.
    """

    def __init__(self, reading: Reading, comments: Sequence[Comment]) -> None:
        self._reading = reading
        self._text = reading.source.text
        self._writer = Writer(self._text, comments)

    def run(self, statements: Iterator[Statement]) -> str:
        for statement in statements:
            self._write(statement, STATEMENTS, 0)
        self._writer.flush(len(self._text) + 1, 0)
        return draw(self._writer.rows)

    def _write(self, statement: Statement, words: Mapping[str, Form], indent: int) -> None:
        writer = self._writer
        start, end = statement.start, statement.end
        writer.flush(start, indent)
        inline = self._inline(statement, words)
        form = self._form(statement, words)
        if form is None:
            # What no table knows is data by its text, so that nothing of it may change.
            writer.take(end)
            writer.put(indent, inline, start, end)
        elif isinstance(form, Values | Listed) or not self._is_long(statement, indent, inline):
            self._write_line(statement, inline, indent)
        elif self._has_one_array(statement, form):
            self._write_array(statement, indent)
        elif statement.lines[0].block is not None and self._inner_words(statement, form) is None:
            self._write_block(statement.lines[0], form, indent)
        else:
            writer.put(indent, inline, start, end)

    def _is_long(self, statement: Statement, indent: int, inline: str) -> bool:
        written = self._text[statement.start : statement.end]
        return "\n" in written or indent + len(inline) > LINE_LIMIT

    def _write_line(self, statement: Statement, inline: str, indent: int) -> None:
        """Write a statement whose values may be on several lines, each line end after a comma."""
        writer = self._writer
        first, *more = statement.lines
        breaks = [
            "\n" in self._text[above.end : line.start]
            for above, line in zip(statement.lines, more, strict=False)
        ]
        if not any(breaks):
            writer.put(indent, inline, statement.start, statement.end)
            return
        writer.put(indent, self._items(first.items), first.start, first.end)
        for above, line, is_broken in zip(statement.lines, more, breaks, strict=False):
            text = self._items(line.items)
            if not is_broken:
                writer.extend(f", {text}", line.end)
                continue
            writer.extend(",", self._text.index(",", above.end) + 1)
            writer.flush(line.start, indent + _INDENT)
            writer.put(indent + _INDENT, text, line.start, line.end)

    def _write_array(self, statement: Statement, indent: int) -> None:
        """Write a statement with an array, an element a line; what follows it goes below."""
        writer = self._writer
        items = statement.lines[0].items
        at, array = next((n, item) for n, item in enumerate(items) if isinstance(item, Array))
        head = self._items(items[:at])
        tail = f"] {self._items(items[at + 1 :])}".rstrip()
        if not array.elements and not writer.has_comment(array.end):
            writer.put(indent, f"{head} [{tail}", statement.start, statement.end)
            return
        writer.put(indent, f"{head} [", statement.start, array.start + 1)
        writer.open()
        for element in array.elements:
            writer.flush(element.start, indent + _INDENT)
            text = f"{self._items(element.items)},"
            writer.put(indent + _INDENT, text, element.start, element.end)
        writer.flush(array.end - 1, indent + _INDENT)
        writer.close(indent, tail, statement.end)

    def _write_block(self, line: Line, form: Form, indent: int) -> None:
        writer = self._writer
        block = _block_of(line)
        head = self._items(line.items)
        if not block.lines and not writer.has_comment(block.end):
            writer.put(indent, f"{head} {{}}", line.start, block.end)
            return
        writer.put(indent, f"{head} {{", line.start, block.start + 1)
        writer.open()
        inner = indent + _INDENT
        match form:
            case Fields() | Steps():
                for below in group_lines(block.lines, form.words, self._reading):
                    self._write(below, form.words, inner)
            case Groups():
                for group in block.lines:
                    self._write_group(group, inner)
            case _:
                for text, start, end in self._parts(block, form):
                    writer.flush(start, inner)
                    writer.put(inner, text, start, end)
        writer.flush(block.end - 1, inner)
        writer.close(indent, "}", block.end)

    def _write_group(self, line: Line, indent: int) -> None:
        self._writer.flush(line.start, indent)
        text = self._group(line)
        statement = Statement(lines=(line,))
        if line.block is None or not self._is_long(statement, indent, text):
            self._writer.put(indent, text, line.start, line.end)
        else:
            self._write_block(line, _PAIRS, indent)

    def _inline(self, statement: Statement, words: Mapping[str, Form]) -> str:
        """Return a statement without the line ends that it need not have."""
        form = self._form(statement, words)
        first, *more = statement.lines
        if form is None:
            return self._text[statement.start : statement.end]
        inner = self._inner_words(statement, form)
        if inner is not None:
            start, *items = first.items
            line = replace(first, start=items[0].start, items=tuple(items))
            rest = self._inline(Statement(lines=(line, *more)), inner)
            return f"{self._reading.text(start)} {rest}"
        if isinstance(form, Text) and (len(first.items) > 2 or more):
            written = self._text[first.items[1].start : statement.end]
            return f"{self._reading.text(first.items[0])} {written}"
        if isinstance(form, Param):
            name, *items = first.items
            return f"{self._reading.text(name)} {self._assignment(items)}".rstrip()
        text = ", ".join([self._items(line.items) for line in statement.lines])
        return text if first.block is None else f"{text} {self._braces(first.block, form)}"

    def _inner_words(self, statement: Statement, form: Form) -> Mapping[str, Form] | None:
        """Return the words of a block one of whose fields stands on this line; None where none does."""
        items = statement.lines[0].items
        if isinstance(form, Fields) and form.inline and len(items) > 1:
            return form.words
        if isinstance(form, Text) and len(items) > 2 and self._reading.text(items[1]) in form.words:
            return form.words
        return None

    def _braces(self, block: Block, form: Form) -> str:
        """Return a block on one line."""
        match form:
            case Fields() | Steps():
                groups = group_lines(block.lines, form.words, self._reading)
                inner = [self._inline(group, form.words) for group in groups]
            case Groups():
                inner = [self._group(line) for line in block.lines]
            case _:
                inner = [part for part, _, _ in self._parts(block, form)]
        return f"{{ {', '.join(inner)} }}" if inner else "{}"

    def _group(self, line: Line) -> str:
        head = self._items(line.items)
        return f"{head} {self._braces(_block_of(line), _PAIRS)}"

    def _form(self, statement: Statement, words: Mapping[str, Form]) -> Form | None:
        return words.get(self._reading.text(statement.lines[0].items[0]))

    def _parts(self, block: Block, form: Form) -> Iterator[tuple[str, int, int]]:
        """Yield the text of each pair or entry of a block, and where it stands."""
        if isinstance(form, Entries):
            for entry in find_entries(block, form, self._reading):
                yield self._entry(entry), entry.start, entry.end
            return
        for line in block.lines:
            yield self._pair(line), line.start, line.end

    def _entry(self, entry: Entry) -> str:
        parts = [part for part in (entry.keyword, entry.name) if part]
        if entry.keyword or (len(entry.items) == 1 and isinstance(entry.items[0], String)):
            parts.append(self._items(entry.items))
        else:
            parts.append(self._text[entry.items[0].start : entry.items[-1].end])
        if entry.secret is not None:
            parts += ["secret", self._item(entry.secret)]
        if entry.selector is not None:
            parts += ["on", self._simple(entry.selector.span.text)]
        return " ".join(parts)

    def _pair(self, line: Line) -> str:
        at = find_selector(line.items, self._reading)
        if at is None:
            return self._assignment(line.items)
        return f"{self._assignment(line.items[:at])} {self._items(line.items[at:])}"

    def _assignment(self, items: Sequence[Item]) -> str:
        """Return a name and its value, or a name alone."""
        if not items:
            return ""
        written = self._text[items[0].start : items[-1].end]
        name, sign, value = written.partition("=")
        value = value.lstrip()
        if isinstance(items[-1], String):
            value = self._item(items[-1])
        elif value.startswith("#"):  # a comment, once a blank stands before it
            value = f'"{value}"'
        return f"{name.rstrip()} = {value}" if sign else name

    def _items(self, items: Sequence[Item]) -> str:
        return " ".join([self._item(item) for item in items])

    def _item(self, item: Item) -> str:
        if isinstance(item, Array):
            return f"[{', '.join([self._items(element.items) for element in item.elements])}]"
        written = self._reading.text(item)
        if not isinstance(item, String):
            return written
        return self._simple(written)

    def _simple(self, written: str) -> str:
        """Return a word or a string, in plain quotes where those mean the same."""
        simple = _SIMPLE_LITERAL.fullmatch(written)
        return f'"{simple[1]}"' if simple else written.replace("\r\n", "\n")

    def _has_one_array(self, statement: Statement, form: Form) -> bool:
        """Return whether a statement can be written with its array over several lines."""
        is_one = isinstance(form, Strings | Step) or (isinstance(form, Value) and form.may_be_array)
        return is_one and any(isinstance(item, Array) for item in statement.lines[0].items)


def _block_of(line: Line) -> Block:
    if line.block is None:
        raise TypeError("a block must follow")
    return line.block
