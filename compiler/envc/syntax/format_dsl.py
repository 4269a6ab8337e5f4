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
from envc.syntax.entries import find_entries
from envc.syntax.grammar import load_parser
from envc.syntax.layout import LINE_LIMIT, Comment, Writer, comments_in, draw
from envc.syntax.reading import Reading
from envc.syntax.repair import places
from envc.syntax.shape import (
    Array,
    Block,
    Item,
    Line,
    Statement,
    String,
    read_statements,
)
from envc.syntax.words import STATEMENTS, Entries, Fields, Form, Pairs, Strings, Text, Value, Values

__all__ = ["find_comments", "format_dsl"]

_INDENT = 4
_SIMPLE_LITERAL = re.compile(r"'([^'\"\\\x00-\x1f\x7f]*)'")
_NO_VALUES = Values(example="")


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
        elif isinstance(form, Values) or not self._is_long(statement, indent, inline):
            self._write_line(statement, inline, indent)
        elif isinstance(form, Strings) or _has_array(statement, form):
            self._write_array(statement, indent)
        elif isinstance(form, Pairs | Entries) or (
            isinstance(form, Fields) and not form.inline and statement.lines[0].block is not None
        ):
            self._write_block(statement, form, indent)
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
        writer = self._writer
        word, array = statement.lines[0].items
        if not isinstance(array, Array):
            raise TypeError(f"no array follows `{self._reading.text(word)}`")
        if not array.elements and not writer.has_comment(array.end):
            writer.put(indent, f"{self._reading.text(word)} []", statement.start, array.end)
            return
        writer.put(indent, f"{self._reading.text(word)} [", statement.start, array.start + 1)
        writer.open()
        for element in array.elements:
            writer.flush(element.start, indent + _INDENT)
            text = f"{self._items(element.items)},"
            writer.put(indent + _INDENT, text, element.start, element.end)
        writer.flush(array.end - 1, indent + _INDENT)
        writer.close(indent, "]", array.end)

    def _write_block(self, statement: Statement, form: Form, indent: int) -> None:
        writer = self._writer
        line = statement.lines[0]
        block = _block_of(line)
        head = self._items(line.items)
        if not block.lines and not writer.has_comment(block.end):
            writer.put(indent, f"{head} {{}}", line.start, block.end)
            return
        writer.put(indent, f"{head} {{", line.start, block.start + 1)
        writer.open()
        inner = indent + _INDENT
        if isinstance(form, Fields):
            for below in self._group(block.lines, form.words):
                self._write(below, form.words, inner)
        else:
            for text, start, end in self._parts(block, form):
                writer.flush(start, inner)
                writer.put(inner, text, start, end)
        writer.flush(block.end - 1, inner)
        writer.close(indent, "}", block.end)

    def _inline(self, statement: Statement, words: Mapping[str, Form]) -> str:
        """Return a statement without the line ends that it need not have."""
        form = self._form(statement, words)
        first, *more = statement.lines
        if form is None:
            return self._text[statement.start : statement.end]
        if isinstance(form, Text) and (len(first.items) > 2 or more):
            written = self._text[first.items[1].start : statement.end]
            return f"{self._reading.text(first.items[0])} {written}"
        if isinstance(form, Fields) and form.inline and len(first.items) > 1:
            start, *items = first.items
            line = replace(first, start=items[0].start, items=tuple(items))
            rest = self._inline(Statement(lines=(line, *more)), form.words)
            return f"{self._reading.text(start)} {rest}"
        text = ", ".join([self._items(line.items) for line in statement.lines])
        if first.block is None:
            return text
        if isinstance(form, Fields):
            groups = self._group(first.block.lines, form.words)
            inner = [self._inline(group, form.words) for group in groups]
        else:
            inner = [part for part, _, _ in self._parts(first.block, form)]
        return f"{text} {{ {', '.join(inner)} }}" if inner else f"{text} {{}}"

    def _form(self, statement: Statement, words: Mapping[str, Form]) -> Form | None:
        return words.get(self._reading.text(statement.lines[0].items[0]))

    def _parts(self, block: Block, form: Form) -> Iterator[tuple[str, int, int]]:
        """Yield the text of each pair or entry of a block, and where it stands."""
        if isinstance(form, Entries):
            for entry in find_entries(block, form, self._reading):
                yield self._entry(entry.keyword, entry.items, entry.start, entry.end)
            return
        for line in block.lines:
            yield self._pair(line), line.start, line.end

    def _entry(
        self, keyword: str, items: Sequence[Item], start: int, end: int
    ) -> tuple[str, int, int]:
        if not keyword:
            is_string = len(items) == 1 and isinstance(items[0], String)
            return (self._items(items) if is_string else self._text[start:end]), start, end
        address, *secret = (self._item(item) for item in items)
        return " secret ".join([f"{keyword} {address}", *secret]), start, end

    def _pair(self, line: Line) -> str:
        name, _, value = self._reading.text(line).partition("=")
        value = value.lstrip()
        if isinstance(line.items[-1], String):
            value = self._item(line.items[-1])
        elif value.startswith("#"):  # a comment, once a blank stands before it
            value = f'"{value}"'
        return f"{name.rstrip()} = {value}"

    def _group(self, lines: Sequence[Line], words: Mapping[str, Form]) -> list[Statement]:
        """Return a block's lines as statements: a single item after a comma goes on with a list."""
        groups: list[list[Line]] = []
        for line in lines:
            above = groups[-1] if groups else None
            if (
                above is not None
                and isinstance(words.get(self._reading.text(above[0].items[0]), _NO_VALUES), Values)
                and len(line.items) == 1
                and line.block is None
                and self._reading.has_comma(above[-1], line)
            ):
                above.append(line)
            else:
                groups.append([line])
        return [Statement(lines=tuple(group)) for group in groups]

    def _items(self, items: Sequence[Item]) -> str:
        return " ".join([self._item(item) for item in items])

    def _item(self, item: Item) -> str:
        if isinstance(item, Array):
            return f"[{', '.join([self._items(element.items) for element in item.elements])}]"
        written = self._reading.text(item)
        if not isinstance(item, String):
            return written
        simple = _SIMPLE_LITERAL.fullmatch(written)
        return f'"{simple[1]}"' if simple else written.replace("\r\n", "\n")


def _has_array(statement: Statement, form: Form) -> bool:
    is_array = isinstance(statement.lines[0].items[-1], Array)
    return isinstance(form, Value) and form.may_be_array and is_array


def _block_of(line: Line) -> Block:
    if line.block is None:
        raise TypeError("a block must follow")
    return line.block
