"""The DSL's text in; statements of words, strings, arrays and blocks out, and what is misshapen."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken

from envc.diagnostics import Diagnostic, Label
from envc.frozen import frozen
from envc.source import Source
from envc.syntax.builder import Builder
from envc.syntax.excerpt import excerpt
from envc.syntax.parameter import join_parameters
from envc.syntax.repair import places, repair_statements, virtual

__all__ = ["Array", "Block", "Item", "Line", "Statement", "String", "Word", "read_statements"]


@frozen
class Word:
    """Characters without quotes; those that touch are one word, `${{ name }}` among them."""

    start: int
    end: int


@frozen
class String:
    """Characters in quotes, the quotes included."""

    start: int
    end: int


@frozen
class Array:
    """`[a, b]`, the brackets included; every element is a line without a block."""

    start: int
    end: int
    elements: tuple[Line, ...]


Item: TypeAlias = Word | String | Array


@frozen
class Block:
    """`{ ... }`, the braces included."""

    start: int
    end: int
    lines: tuple[Line, ...]


@frozen
class Line:
    """At least one item, and a block where one follows them."""

    start: int
    end: int
    items: tuple[Item, ...]
    block: Block | None


@frozen
class Statement:
    """A line, and those that follow it after commas."""

    lines: tuple[Line, ...]

    @property
    def start(self) -> int:
        """Where its first word starts."""
        return self.lines[0].start

    @property
    def end(self) -> int:
        """Where its last line ends."""
        return self.lines[-1].end


def read_statements(
    builder: Builder,
    parser: Lark,
    blocks: Container[str],
    words: Container[str] = frozenset(),
) -> Iterator[Statement]:
    """Yield the statements of a text that have a shape; report what has none, each by itself.

    Reported: E101 to E104, E107, E110, E113. For `blocks` and `words` see `repair_statements`.
    """
    tokens = list(parser.lex(builder.source.text))
    if "${{" in builder.source.text:
        tokens = join_parameters(tokens, builder.source.text)
    for statement in repair_statements(tokens, builder, blocks, words):
        tree = _parse(statement, parser, builder)
        if tree is not None:
            yield from (_convert_statement(child) for child in _trees(tree))


_REPAIR_LIMIT = 50


def _parse(tokens: list[Token], parser: Lark, builder: Builder) -> Tree[Token] | None:
    """Return the tree of a statement; what fits nowhere is reported, and left out of it."""
    for _ in range(_REPAIR_LIMIT):
        if not tokens:
            return None
        tree, index, error = _feed(tokens, parser)
        if error is None:
            return tree
        previous = tokens[index - 1] if index else None
        builder.add(_describe(error, previous, builder.source))
        tokens = _repair(tokens, index, builder)
    return None


def _feed(
    tokens: Sequence[Token], parser: Lark
) -> tuple[Tree[Token] | None, int, UnexpectedToken | None]:
    """Return the tree, or the index of the token that fits nowhere; the end is one past the last."""
    state = parser.parse_interactive()
    index = 0
    try:
        for token in tokens:
            state.feed_token(token)
            index += 1
        tree = state.feed_token(Token.new_borrow_pos("$END", "", tokens[-1]))
    except UnexpectedToken as error:
        return None, index, error
    if not isinstance(tree, Tree):
        raise TypeError(f"the grammar's start gives no tree: {tree!r}")
    return tree, index, None


def _repair(tokens: list[Token], index: int, builder: Builder) -> list[Token]:
    """Return tokens without the one that fits nowhere, or without its line."""
    token = tokens[index] if index < len(tokens) else None
    if token is not None and token.type == "_COMMA":
        return [*tokens[:index], *tokens[index + 1 :]]
    previous = tokens[index - 1] if index else None
    if previous is not None and previous.type == "_COMMA":
        return [*tokens[: index - 1], *tokens[index:]]
    if previous is not None and token is not None and previous.type == "RBRACE":
        return [*tokens[:index], virtual("_NEWLINE", places(previous)[1]), *tokens[index:]]
    start, end = _line_around(tokens, index)
    builder.lose(builder.source.span(places(tokens[start])[0], places(tokens[end - 1])[1]))
    is_line_over = end < len(tokens) and tokens[end].type == "_NEWLINE"
    if is_line_over and (not start or tokens[start - 1].type == "_NEWLINE"):
        end += 1
    return [*tokens[:start], *tokens[end:]]


def _line_around(tokens: Sequence[Token], index: int) -> tuple[int, int]:
    """Return the range of the line that a token is on, with all of the brackets that it opens.

    A line of a block, not of an array; at least one token.
    """
    depths: list[int] = []
    depth = 0
    for token in tokens:
        depth -= token.type in ("RBRACE", "RSQUARE")
        depths.append(depth)
        depth += token.type in ("LBRACE", "LSQUARE")
    index = min(index, len(tokens) - 1)
    level = depths[index]
    while index and _opener(tokens, depths, index) == "LSQUARE":
        level -= 1
        index = next(i for i in range(index, -1, -1) if depths[i] == level)
    start = end = index
    while start and not (
        depths[start - 1] < level or (depths[start - 1] == level and _ends_line(tokens[start - 1]))
    ):
        start -= 1
    while end < len(tokens) and not (
        depths[end] < level or (depths[end] == level and _ends_line(tokens[end]))
    ):
        end += 1
    return start, max(end, start + 1)


def _opener(tokens: Sequence[Token], depths: Sequence[int], index: int) -> str:
    """Return the kind of the bracket that a token stands in; may be empty."""
    level = depths[index]
    for i in range(index - 1, -1, -1):
        if depths[i] == level - 1 and tokens[i].type in ("LBRACE", "LSQUARE"):
            return tokens[i].type
    return ""


def _ends_line(token: Token) -> bool:
    return token.type in ("_NEWLINE", "_COMMA")


def _describe(error: UnexpectedToken, previous: Token | None, source: Source) -> Diagnostic:
    """Return E101 for the token that fits nowhere, in the words of the text around it."""
    token = error.token
    is_end = token.type in ("$END", "_NEWLINE")
    if previous is None:
        span = source.span(*places(token))
        message = f"expected a statement, not `{token}`"
        return Diagnostic.at(
            span, "E101", message, hint="a statement starts with a word, as in `python 3.12`"
        )
    before = source.span(*places(previous))
    span = source.span(before.end, before.end) if is_end else source.span(*places(token))
    expected = "a word or a string" if "WORD" in error.expected else "the end of the line"
    found = "" if is_end else f", not `{excerpt(token)}`"
    message = f"expected {expected} after `{excerpt(previous)}`{found}"
    hint = ""
    if previous.type == "_COMMA":
        hint = "remove one comma, or write what is missing between them"
        if token.type != "_COMMA":
            hint = "remove the comma, or write what should follow it on its line"
            span = before
    elif token.type == "_COMMA":
        hint = "remove the comma, or write what should stand before it"
    elif token.type == "LBRACE":
        hint = "a block follows a word, as in `conda { numpy }`"
    elif previous.type == "RBRACE":
        hint = "start a new line for the next statement"
    return Diagnostic(code="E101", message=message, labels=(Label(span=span),), hint=hint)


def _trees(tree: Tree[Token]) -> Iterator[Tree[Token]]:
    return (child for child in tree.children if isinstance(child, Tree))


def _convert_statement(tree: Tree[Token]) -> Statement:
    return Statement(lines=tuple(_convert_line(line) for line in _trees(tree)))


def _convert_line(tree: Tree[Token]) -> Line:
    """Return a `line` or an `element` of the grammar."""
    items: list[Item] = []
    block: Block | None = None
    for child in tree.children:
        if isinstance(child, Tree) and child.data == "block":
            start, end = _ends(child)
            lines = tuple(_convert_line(line) for line in _trees(child))
            block = Block(start=start, end=end, lines=lines)
            continue
        item = _convert_item(child)
        above = items[-1] if items else None
        if isinstance(item, Word) and isinstance(above, Word) and above.end == item.start:
            items[-1] = Word(start=above.start, end=item.end)
        else:
            items.append(item)
    end = block.end if block else items[-1].end
    return Line(start=items[0].start, end=end, items=tuple(items), block=block)


def _convert_item(node: Tree[Token] | Token) -> Item:
    if isinstance(node, Tree):
        start, end = _ends(node)
        elements = tuple(_convert_line(element) for element in _trees(node))
        return Array(start=start, end=end, elements=elements)
    start, end = places(node)
    return String(start=start, end=end) if node.type == "STRING" else Word(start=start, end=end)


def _ends(tree: Tree[Token]) -> tuple[int, int]:
    """Return where an array or a block starts and ends: at its brackets."""
    first, last = tree.children[0], tree.children[-1]
    if not isinstance(first, Token) or not isinstance(last, Token):
        raise TypeError(f"{tree.data} has no brackets")
    return places(first)[0], places(last)[1]
