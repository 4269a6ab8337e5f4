"""A spec in YAML whose syntax is right in; the same spec in its canonical layout out.

Only layout changes: two columns a level, one blank after `:` and `-`, and lists or mappings in
brackets that go over several lines become blocks. Scalars stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import yaml

from envc.frozen import frozen
from envc.source import BYTE_ORDER_MARK, Source
from envc.syntax.layout import LINE_LIMIT, Comment, Writer, comments_in, draw
from envc.syntax.literal import yaml_block, yaml_plain, yaml_quoted

__all__ = ["find_comments", "format_yaml"]

_INDENT = 2
_LINE_END = "\n"
_BREAKS = "\n\r\x85\u2028\u2029"
_KEY_LIMIT = 1000
_HEADER = re.compile(r"[|>][-+0-9]*")
_FLOW_PLAIN = re.compile(r"[A-Za-z0-9_./].*(?<!:)")
_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


@frozen
class _Leaf:
    """A scalar; `style` is that of PyYAML."""

    start: int
    end: int
    style: str
    value: str
    is_in_flow: bool


@frozen
class _Map:
    start: int
    end: int
    is_flow: bool
    pairs: tuple[tuple[_Node, _Node], ...]


@frozen
class _List:
    start: int
    end: int
    is_flow: bool
    items: tuple[_Node, ...]


_Node: TypeAlias = _Leaf | _Map | _List


@frozen
class _File:
    """A text's parts; `mark` is where `---` starts, if it is there."""

    root: _Node | None
    mark: int | None


def format_yaml(source: Source) -> str:
    """Return a spec in its canonical layout; its syntax is right, what its keys mean does not matter."""
    text = source.text.removeprefix(BYTE_ORDER_MARK)
    return _Formatter(text).run()


def find_comments(source: Source) -> tuple[Comment, ...]:
    """Return the comments of a spec in YAML, in their order; offsets are those of the source."""
    text = source.text
    offset = len(text) - len(text.removeprefix(BYTE_ORDER_MARK))
    return tuple(_find_comments(text, _read(text[offset:]), offset))


def _find_comments(text: str, file: _File, offset: int = 0) -> Iterator[Comment]:
    end = 0
    if file.mark is not None:
        for line in re.finditer(r"^[ \t]*#.*$", text[: file.mark + offset], re.MULTILINE):
            yield from comments_in(text, *line.span(), _BREAKS)
        end = file.mark + offset
    for leaf in _leaves(file.root):
        start = leaf.start + offset
        yield from comments_in(text, end, start, _BREAKS)
        end = leaf.end + offset
        if leaf.style in ("|", ">"):
            header = _HEADER.match(text, start)
            line_end = re.compile(f"[{_BREAKS}]|\\Z").search(text, start)
            if header and line_end:
                yield from comments_in(text, header.end(), line_end.start(), _BREAKS)
    yield from comments_in(text, end, len(text), _BREAKS)


def _leaves(node: _Node | None) -> Iterator[_Leaf]:
    match node:
        case _Leaf():
            yield node
        case _Map():
            for pair in node.pairs:
                for part in pair:
                    yield from _leaves(part)
        case _List():
            for item in node.items:
                yield from _leaves(item)


def _read(text: str) -> _File:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = iter(yaml.parse(text, Loader=loader))
    root: _Node | None = None
    mark: int | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent) and event.explicit:
            mark = _places(event)[1] - len("---")
        elif isinstance(event, yaml.NodeEvent):
            root = _read_node(event, events)
    return _File(root=root, mark=mark)


def _read_node(
    event: yaml.Event, events: Iterator[yaml.Event], *, is_in_flow: bool = False
) -> _Node:
    start, end = _places(event)
    if isinstance(event, yaml.ScalarEvent):
        style = event.style or ""
        return _Leaf(start=start, end=end, style=style, value=event.value, is_in_flow=is_in_flow)
    nodes: list[_Node] = []
    is_flow = bool(getattr(event, "flow_style", False))
    for following in events:
        if isinstance(following, yaml.CollectionEndEvent):
            end = _places(following)[1]
            break
        nodes.append(_read_node(following, events, is_in_flow=is_flow))
    if isinstance(event, yaml.MappingStartEvent):
        pairs = tuple(zip(nodes[::2], nodes[1::2], strict=True))
        return _Map(start=start, end=end, is_flow=is_flow, pairs=pairs)
    if not isinstance(event, yaml.SequenceStartEvent):
        raise TypeError(f"{event!r} is no value")
    return _List(start=start, end=end, is_flow=is_flow, items=tuple(nodes))


def _places(event: yaml.Event) -> tuple[int, int]:
    if event.start_mark is None or event.end_mark is None:
        raise TypeError(f"{event!r} has no place")
    return event.start_mark.index, event.end_mark.index


class _Formatter:
    """Writes nodes one after the other.

    Attributes:
        closed: The blocks that have ended since the last row: their columns in the text, and their
            new indents. A comment below them belongs to the one that it is aligned with.
    """

    def __init__(self, text: str) -> None:
        self.closed: list[tuple[int, int]] = []
        self._text = text
        self._file = _read(text)
        self._writer = Writer(text, tuple(_find_comments(text, self._file)), _BREAKS)

    def run(self) -> str:
        self._write_head()
        match self._file.root:
            case _Leaf() as leaf if leaf.start < leaf.end:
                self._row(0, self._text[leaf.start : leaf.end], leaf.start, leaf.end)
            case _Map() | _List() as root:
                self._write_root(root)
        self._flush(len(self._text) + 1, 0, -1)
        return draw(self._writer.rows)

    def _write_head(self) -> None:
        """Write the directives and the `---`."""
        mark = self._file.mark
        if mark is None:
            return
        for line in re.finditer(r"^%.*$", self._text[:mark], re.MULTILINE):
            self._row(0, line.group().rstrip(), *line.span())
        self._row(0, "---", mark, mark + 3)

    def _write_root(self, root: _Map | _List) -> None:
        inline = self._inline(root, LINE_LIMIT)
        if inline is None:
            self._write_block(root, 0)
        else:
            self._row(0, inline, root.start, root.end)

    def _row(self, indent: int, text: str, start: int, end: int) -> None:
        self._flush(start, indent, self._column(start))
        self._writer.put(indent, text, start, end)

    def _flush(self, end: int, indent: int, column: int) -> None:
        """Put the comments before an offset, where the next row has an indent and a column."""

        def place(comment: Comment) -> int:
            return max(
                (
                    new
                    for old, new in self.closed
                    if column < old <= comment.column and comment.is_own_line
                ),
                default=indent,
            )

        self._writer.flush(end, place)
        self.closed.clear()

    def _write_block(self, node: _Map | _List, indent: int, *, is_compact: bool = False) -> None:
        """Write a collection, a line an entry; a compact one goes on in the last row."""
        column = self._column(node.start)
        if isinstance(node, _Map):
            for number, (key, value) in enumerate(node.pairs):
                follows = is_compact and not number
                self._write_pair(key, value, indent, follows=follows)
        else:
            for number, item in enumerate(node.items):
                place = column if not node.is_flow else self._column(item.start)
                self._write_head_of(
                    "-", item.start, item.start, indent, place, is_compact and not number
                )
                self._write_value(item, indent, 1, is_item=True)
        if node.is_flow:
            self._writer.flush(node.end, indent)
        else:
            self.closed.append((column, indent))

    def _write_pair(self, key: _Node, value: _Node, indent: int, *, follows: bool) -> None:
        head = self._key(key)
        column = self._column(key.start)
        if len(head) > _KEY_LIMIT:
            self._write_head_of(f"? {head}", key.start, key.end, indent, column, follows)
            head, follows = "", False
        start = key.start if head else value.start
        self._write_head_of(f"{head}:", start, max(start, key.end), indent, column, follows)
        self._write_value(value, indent, len(head) + 1, is_item=False)

    def _write_head_of(
        self, head: str, start: int, end: int, indent: int, column: int, follows: bool
    ) -> None:
        """Write what comes before a value: in a row of its own, or in the last one."""
        if follows:
            self._writer.extend(f" {head}", end)
            return
        self._flush(start, indent, column)
        self._writer.put(indent, head, start, end)

    def _write_value(self, value: _Node, indent: int, width: int, *, is_item: bool) -> None:
        """Write a value after its key or its `-`, or below."""
        writer = self._writer
        body: list[str] = []
        end = value.end
        if isinstance(value, _Leaf) and value.style in ("|", ">"):
            text, body = self._block_scalar(value, " " * (indent + _INDENT))
            if not text.endswith("+"):
                end = value.start + len(self._text[value.start : value.end].rstrip())
        elif isinstance(value, _Leaf):
            text = self._scalar(value, " " * (indent + _INDENT))
        else:
            inline = self._inline(value, LINE_LIMIT - indent - width - 1)
            if inline is None:
                if not is_item:
                    writer.open()
                self._write_block(value, indent + _INDENT, is_compact=is_item)
                return
            text = inline
        for comment in writer.take(value.end):
            writer.comment_before(comment)
        writer.extend(f" {text}", end)
        writer.add_body(body)

    def _inline(self, node: _Node, room: int) -> str | None:
        """Return a collection in brackets; None where it is none, or goes over several lines."""
        if isinstance(node, _Leaf):
            return self._text[node.start : node.end]
        if not node.is_flow:
            return None
        opening, closing = ("{", "}") if isinstance(node, _Map) else ("[", "]")
        parts: list[str | None] = []
        if isinstance(node, _Map):
            for key, value in node.pairs:
                name, written = self._key(key), self._inline(value, room)
                is_short = written is not None and len(name) <= _KEY_LIMIT
                parts.append(f"{name}: {written}" if is_short else None)
        else:
            parts = [self._inline(item, room) for item in node.items]
        whole = [part for part in parts if part is not None]
        text = f"{opening}{', '.join(whole)}{closing}"
        if not parts:
            return text
        has_break = re.search(f"[{_BREAKS}]", self._text[node.start : node.end])
        is_whole = not has_break and len(whole) == len(parts)
        return text if is_whole and len(text) <= room else None

    def _key(self, key: _Node) -> str:
        if not isinstance(key, _Leaf):
            raise TypeError(f"a key is text: {key!r}")
        written = self._text[key.start : key.end]
        is_marker = written.startswith(("---", "...")) and not key.style
        if is_marker or key.style in ("|", ">") or re.search(f"[{_BREAKS}]", written):
            return yaml_quoted(key.value)
        return written

    def _scalar(self, leaf: _Leaf, pad: str) -> str:
        """Return a plain or quoted scalar, its further lines indented by `pad`."""
        written = self._text[leaf.start : leaf.end]
        if _ODD_BREAK.search(written):
            return yaml_quoted(leaf.value)
        if leaf.is_in_flow and not leaf.style and not _FLOW_PLAIN.fullmatch(written):
            # A block takes it for something else, as in `[-, ?]`, or for two items.
            return yaml_plain(leaf.value) if "\n" in written else yaml_quoted(leaf.value)
        first, *more = re.split("\r?\n", written)
        lines = [first, *(line.lstrip(" \t") for line in more)]
        lines = [
            line if number == len(more) else _strip_end(line) for number, line in enumerate(lines)
        ]
        return "\n".join([lines[0], *(pad + line if line else "" for line in lines[1:])])

    def _block_scalar(self, leaf: _Leaf, pad: str) -> tuple[str, list[str]]:
        """Return the mark of a block scalar, and its lines; else a string, and no lines."""
        written = self._text[leaf.start : leaf.end]
        header = _HEADER.match(written)
        folded = _unfold(written) if leaf.style == ">" else None
        if header and folded:
            end = "" if "+" not in header[0] else "+"
            return f">{end if leaf.value.endswith(_LINE_END) else '-'}", _indent(folded, pad)
        block = yaml_block(leaf.value)
        if block is None:
            return yaml_quoted(leaf.value), []
        return block[0], _indent(block[1], pad)

    def _column(self, offset: int) -> int:
        start = offset
        while start and self._text[start - 1] not in _BREAKS:
            start -= 1
        return offset - start


def _indent(lines: list[str], pad: str) -> list[str]:
    return [pad + line if line else "" for line in lines]


def _strip_end(line: str) -> str:
    """Return a line of a scalar without the blanks at its end, unless a backslash makes them text."""
    stripped = line.rstrip(" \t")
    return line if stripped.endswith("\\") else stripped


def _unfold(written: str) -> list[str] | None:
    """Return the lines of a folded block scalar without their indent; None where that is not plain."""
    header, *lines = re.split("\r?\n", written)
    mark = _HEADER.match(header)
    content = next((line for line in lines if line.strip(" ")), None)
    if mark is None or re.search("[0-9]", mark[0]) or _ODD_BREAK.search(written) or not content:
        return None
    depth = len(content) - len(content.lstrip(" "))
    lines = [line[depth:] for line in lines]
    if lines and not lines[-1]:
        lines.pop()  # what follows the last line end
    while "+" not in mark[0] and lines and not lines[-1]:
        lines.pop()
    return lines
