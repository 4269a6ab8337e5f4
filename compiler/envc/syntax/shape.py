"""The DSL's text in; statements of words, strings, arrays and blocks out, and what is misshapen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken

from envc.diagnostics import Diagnostic, Label
from envc.source import Source
from envc.syntax.builder import DEPTH_LIMIT, Builder
from envc.syntax.excerpt import excerpt

__all__ = ["Array", "Block", "Item", "Line", "Statement", "String", "Word", "read_statements"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Characters without quotes; those that touch are one word, `${{ name }}` among them."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class String:
    """Characters in quotes, the quotes included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """`[a, b]`, the brackets included; every element is a line without a block."""

    start: int
    end: int
    elements: tuple[Line, ...]


Item: TypeAlias = Word | String | Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`{ ... }`, the braces included."""

    start: int
    end: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """At least one item, and a block where one follows them."""

    start: int
    end: int
    items: tuple[Item, ...]
    block: Block | None


@dataclass(frozen=True, slots=True, kw_only=True)
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


def read_statements(builder: Builder, parser: Lark) -> Iterator[Statement]:
    """Yield the statements of a text that have a shape; report the others, each by itself.

    Reported: E101, E102, E103, E104, E107, E110.
    """
    tokens = list(parser.lex(builder.source.text))
    for statement in _split(tokens, builder):
        tree = _parse(statement, parser, builder)
        if tree is not None:
            yield from (_convert_statement(child) for child in _trees(tree))


_OPENING = {"LBRACE": "RBRACE", "LSQUARE": "RSQUARE"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_RECOVERY_LIMIT = 20


def _split(tokens: Sequence[Token], builder: Builder) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each statement whose strings and brackets close."""
    start = recoveries = 0
    while start < len(tokens):
        scan = _Scan(builder)
        end = scan.run(tokens, start)
        if scan.open:
            recoveries += 1
            end = _find_restart(tokens, scan.open[0], builder.source)
            scan.report_open()
        if not scan.is_broken and end > start:
            yield tokens[start:end]
        if recoveries > _RECOVERY_LIMIT:
            return
        start = end + 1


class _Scan:
    """A walk over one statement, to its line end outside of brackets."""

    def __init__(self, builder: Builder) -> None:
        self.open: list[int] = []
        self.is_broken = False
        self._builder = builder
        self._tokens: Sequence[Token] = ()
        self._has_unclosed_string = False

    def run(self, tokens: Sequence[Token], start: int) -> int:
        """Return where the statement ends: the index of a line end, or how many tokens there are."""
        self._tokens = tokens
        for index in range(start, len(tokens)):
            token = tokens[index]
            match token.type:
                case "_NEWLINE" if not self.open:
                    return index
                case "LBRACE" | "LSQUARE":
                    self._enter(index)
                case "RBRACE" | "RSQUARE":
                    self._leave(token)
                case "UNCLOSED":
                    self._has_unclosed_string = True
                    self._report_string(token)
                case "WORD" if token.startswith("#"):
                    self._report(
                        token,
                        "E107",
                        "a comment needs a space before its `#`",
                        "put a space before it, or the text into quotes",
                    )
        return len(tokens)

    def report_open(self) -> None:
        """Report the outermost bracket that is still open; a string may have eaten its partner."""
        self.is_broken = True
        if not self._has_unclosed_string:
            self._report_bracket(self._tokens[self.open[0]])

    def _enter(self, index: int) -> None:
        self.open.append(index)
        if len(self.open) == DEPTH_LIMIT + 1:
            self._report(
                self._tokens[index],
                "E110",
                f"brackets nest more than {DEPTH_LIMIT} deep here",
                "no spec needs that; is one never closed?",
            )

    def _leave(self, token: Token) -> None:
        kinds = [self._tokens[index].type for index in self.open]
        if _CLOSING[token.type] not in kinds:
            self._report(
                token,
                "E103",
                f"this `{token}` closes nothing",
                "remove it, or write what it should close before it",
            )
            return
        while kinds.pop() != _CLOSING[token.type]:
            self._report_bracket(self._tokens[self.open.pop()])
        self.open.pop()

    def _report_bracket(self, token: Token) -> None:
        closing = "}" if token.type == "LBRACE" else "]"
        self._report(
            token, "E102", f"this `{token}` is never closed", f"write `{closing}` after it"
        )

    def _report_string(self, token: Token) -> None:
        quotes = token[:3] if token.startswith(('"""', "'''")) else token[:1]
        message = f"this string is never closed: there is no {quotes} after it"
        hint = f"write {quotes} where it ends"
        if len(quotes) == 1:
            message = f"this string is never closed: there is no {quotes} after it on its line"
            hint += f"; text of several lines stands in {quotes * 3}"
        self._report(token, "E104", message, hint)

    def _report(self, token: Token, code: str, message: str, hint: str) -> None:
        self.is_broken = True
        start, end = _places(token)
        length = len(token.split("\n", 1)[0].rstrip())
        self._builder.report(
            self._builder.source.span(start, min(end, start + length)), code, message, hint=hint
        )


def _find_restart(tokens: Sequence[Token], opening: int, source: Source) -> int:
    """Return the line end before the next line that stands no deeper than that of a bracket."""
    line = source.line(source.position(_places(tokens[opening])[0]).line)
    indent = len(line) - len(line.lstrip())
    for index in range(opening + 1, len(tokens) - 1):
        following = tokens[index + 1]
        if tokens[index].type != "_NEWLINE" or following.type != "WORD":
            continue
        column = source.position(_places(following)[0]).column - 1
        if column <= indent:
            return index
    return len(tokens)


def _parse(tokens: Sequence[Token], parser: Lark, builder: Builder) -> Tree[Token] | None:
    state = parser.parse_interactive()
    previous: Token | None = None
    try:
        for token in tokens:
            state.feed_token(token)
            previous = token
        tree = state.feed_token(Token.new_borrow_pos("$END", "", tokens[-1]))
    except UnexpectedToken as error:
        builder.add(_describe(error, previous, builder.source))
        return None
    if not isinstance(tree, Tree):
        raise TypeError(f"the grammar's start gives no tree: {tree!r}")
    return tree


def _describe(error: UnexpectedToken, previous: Token | None, source: Source) -> Diagnostic:
    """Return E101 for the token that fits nowhere, in the words of the text around it."""
    token = error.token
    is_end = token.type in ("$END", "_NEWLINE")
    if previous is None:
        span = source.span(*_places(token))
        message = f"expected a statement, not `{token}`"
        return Diagnostic.at(
            span, "E101", message, hint="a statement starts with a word, as in `python 3.12`"
        )
    before = source.span(*_places(previous))
    span = source.span(before.end, before.end) if is_end else source.span(*_places(token))
    expected = "a word or a string" if "WORD" in error.expected else "the end of the line"
    found = "" if is_end else f", not `{excerpt(token)}`"
    message = f"expected {expected} after `{excerpt(previous)}`{found}"
    hint = ""
    if previous.type == "_COMMA":
        hint = "remove one comma, or write what is missing between them"
        if is_end:
            hint = "remove the comma, or write what should follow it on its line"
    elif token.type == "LBRACE":
        hint = "a block follows a word, as in `conda { numpy }`"
    elif previous.type == "RBRACE":
        hint = "start a new line for the next statement"
    return Diagnostic(code="E101", message=message, labels=(Label(span=span),), hint=hint)


def _places(token: Token) -> tuple[int, int]:
    start, end = token.start_pos, token.end_pos
    if start is None or end is None:
        raise TypeError(f"the lexer gave {token!r} no place")
    return start, end


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
    start, end = _places(node)
    return String(start=start, end=end) if node.type == "STRING" else Word(start=start, end=end)


def _ends(tree: Tree[Token]) -> tuple[int, int]:
    """Return where an array or a block starts and ends: at its brackets."""
    first, last = tree.children[0], tree.children[-1]
    if not isinstance(first, Token) or not isinstance(last, Token):
        raise TypeError(f"{tree.data} has no brackets")
    return _places(first)[0], _places(last)[1]
