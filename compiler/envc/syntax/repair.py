"""Tokens of the DSL in; statements out whose brackets and strings close, and what was amiss with them.

A mistake must not hide another: what is missing is added, what is too much is left out, and only the
line that cannot be read is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence, Set
from typing import TypeAlias

from lark import Token

from envc.source import Source
from envc.syntax.builder import DEPTH_LIMIT, Builder
from envc.syntax.early import leave_out_early
from envc.syntax.excerpt import excerpt
from envc.syntax.quote import find_curly_quote, refuse_curly_quote

__all__ = ["Tokens", "places", "repair_statements", "virtual"]

Tokens: TypeAlias = Sequence[Token]

_OPENING = {"LBRACE": "RBRACE", "LSQUARE": "RSQUARE"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_TEXTS = {"LBRACE": "{", "RBRACE": "}", "LSQUARE": "[", "RSQUARE": "]", "_NEWLINE": "\n"}
_RECOVERY_LIMIT = 20
_SEPARATORS = frozenset({"_NEWLINE", "_COMMA", *_OPENING, *_CLOSING})


def repair_statements(
    tokens: Tokens, builder: Builder, blocks: Container[str], words: Container[str]
) -> Iterator[list[Token]]:
    """Yield the tokens of each statement, repaired; what was repaired is reported.

    Reported: E101 to E104, E107, E110, E113.

    Args:
        tokens: Of the whole text.
        builder: Gets the problems, and the parts of the text that are lost.
        blocks: The words that a block follows, for the block whose `{` is missing.
        words: The words that a statement starts with, for the block whose `}` is missing.
    """
    tokens = leave_out_early(tokens, builder)
    start = strays = recoveries = 0
    unclosed = [token for token in tokens if token.type == "UNCLOSED"]
    while start < len(tokens):
        walk = _Walk(tokens, builder, blocks, words, unclosed, strays)
        start = walk.run(start)
        strays = walk.strays
        if walk.kept:
            yield walk.kept
        recoveries += walk.is_recovered
        if recoveries > _RECOVERY_LIMIT:
            builder.lose(
                builder.source.span(places(tokens[start - 1])[0], len(builder.source.text))
            )
            return


def virtual(kind: str, place: int) -> Token:
    """Return a token that is not in the text, at an offset of it."""
    return Token(kind, _TEXTS[kind], start_pos=place, end_pos=place)


def places(token: Token) -> tuple[int, int]:
    """Return where a token starts and ends in the text."""
    start, end = token.start_pos, token.end_pos
    if start is None or end is None:
        raise TypeError(f"the lexer gave {token!r} no place")
    return start, end


class _Walk:
    """A walk over one statement, to its line end outside of brackets.

    Attributes:
        kept: The statement's tokens, repaired; empty where nothing of it can be read.
        strays: How many `{` stood at a line's start so far, whose `}` is still to come.
        is_recovered: Whether a bracket was never closed, so that the end is a guess.
    """

    def __init__(
        self,
        tokens: Tokens,
        builder: Builder,
        blocks: Container[str],
        words: Container[str],
        unclosed: Tokens,
        strays: int,
    ) -> None:
        self.kept: list[Token] = []
        self.strays = strays
        self.is_recovered = False
        self._unclosed = unclosed
        self._tokens = tokens
        self._builder = builder
        self._source = builder.source
        self._blocks = blocks
        self._words = words
        self._open: list[Token] = []
        self._opened: Counter[str] = Counter()
        self._is_too_deep = False

    def run(self, start: int) -> int:
        """Repair the statement that starts at an index, and return where the next one starts."""
        index = self._start_block(start)
        end = _find_end(self._tokens, index, self._source, self._open, self._words)
        while index < end:
            index = self._read(index)
        self.is_recovered = bool(self._open)
        if self._is_too_deep:
            self._lose(self.kept)
            self.kept = []
            if self._open:
                self._report_bracket(self._open[0])
        else:
            self._close_open()
        return end + 1

    def _start_block(self, start: int) -> int:
        """Report a block whose `{` is missing or on a line of its own, and supply it."""
        word, line_end, *following = (*self._tokens[start : start + 3], None, None)
        below = following[0] if following else None
        if (
            word is None
            or word not in self._blocks
            or line_end is None
            or line_end.type != "_NEWLINE"
            or below is None
        ):
            return start
        message = f"expected `{{` after `{word}` on its line"
        if below.type == "LBRACE":
            self._report(below, "E101", message, f"write `{word} {{` on one line")
            self.kept += [word, below]
            self._push(below)
            return start + 3
        if _column(below, self._source) <= _column(word, self._source):
            return start
        hint = f"write `{word} {{`, and `}}` after the last line of the block"
        self._report(word, "E101", message, hint)
        brace = virtual("LBRACE", places(word)[1])
        self.kept += [word, brace]
        self._push(brace)
        return start + 1

    def _read(self, index: int) -> int:
        """Keep, replace or leave out a token, and return the index of the next one."""
        token = self._tokens[index]
        match token.type:
            case "LBRACE" if _is_stray(self._tokens, index):
                self._refuse_stray(token)
                return index + 1
            case "LBRACE" | "LSQUARE":
                self._enter(token)
            case "RBRACE" | "RSQUARE" if not self._leave(token):
                return index + 1
            case "UNCLOSED":
                self._report_string(token)
                self._drop_line(token)
                self._close_eaten(token)
                return index + 1
            case "WORD" if found := find_curly_quote(token):
                place = self._source.span(*places(token)).within(*found)
                code, message, hint = refuse_curly_quote(place.text)
                self._builder.report(place, code, message, hint=hint)
                self._drop_line(token)
                return self._skip_line(index)
            case "_NEWLINE" if not self.kept or self.kept[-1].type == "_NEWLINE":
                return index + 1  # its line was left out
            case "WORD" if token.startswith("#"):
                self._report(
                    token,
                    "E107",
                    "a comment needs a space before its `#`",
                    "put a space before it, or the text into quotes",
                )
                return _line_end(self._tokens, index, frozenset())
        self.kept.append(token)
        return index + 1

    def _enter(self, token: Token) -> None:
        self._push(token)
        if len(self._open) == DEPTH_LIMIT + 1:
            self._is_too_deep = True
            self._report(
                token,
                "E110",
                f"brackets nest more than {DEPTH_LIMIT} deep here",
                "no spec needs that; is one never closed?",
            )

    def _leave(self, token: Token) -> bool:
        """Close what a bracket closes, and say whether that was anything."""
        if not self._opened[_CLOSING[token.type]]:
            if self.strays and token.type == "RBRACE":
                self.strays -= 1
                return False
            hint = "remove it, or write what it should close before it"
            self._report(token, "E103", f"this `{token}` closes nothing", hint)
            return False
        while (opening := self._pop()).type != _CLOSING[token.type]:
            self._report_bracket(opening)
            self.kept.append(virtual(_OPENING[opening.type], places(token)[0]))
        return True

    def _push(self, token: Token) -> None:
        self._open.append(token)
        self._opened[token.type] += 1

    def _pop(self) -> Token:
        token = self._open.pop()
        self._opened[token.type] -= 1
        return token

    def _close_open(self) -> None:
        """Report what is still open, unless a string ate its partner, and close it."""
        for opening in reversed(self._open):
            self._report_bracket(opening)
            self.kept.append(virtual(_OPENING[opening.type], places(self.kept[-1])[1]))
        self._open.clear()

    def _report_bracket(self, opening: Token) -> None:
        start, end = places(opening)
        closing = _TEXTS[_OPENING[opening.type]]
        is_virtual = start == end
        if is_virtual or self._is_eaten(opening, closing):
            return
        message = f"this `{opening}` is never closed"
        self._report(opening, "E102", message, f"write `{closing}` after it")

    def _close_eaten(self, token: Token) -> None:
        """Close the brackets of a line whose partners are in a string that nothing closes."""
        for _ in range(_count_eaten(token, self._open)):
            opening = self._pop()
            self.kept.append(virtual(_OPENING[opening.type], places(token)[1]))

    def _is_eaten(self, opening: Token, closing: str) -> bool:
        """Return whether a string that nothing closes has a bracket's partner in it."""
        start, line = places(opening)[0], opening.line
        return any(
            token.type == "UNCLOSED"
            and places(token)[0] > start
            and closing in token
            and (token.line == line or token.startswith(('"""', "'''")))
            for token in self._unclosed
        )

    def _refuse_stray(self, token: Token) -> None:
        previous = self.kept[-1] if self.kept else None
        if previous is None or previous.type == "_NEWLINE":
            self.strays += 1
            message = "expected a statement, not `{`"
            hint = "a block follows a word on its line, as in `conda { numpy }`"
        else:
            message = f"expected a word or a string after `{excerpt(previous)}`, not `{{`"
            hint = "remove one `{`, or write the word that it belongs to before it"
        self._report(token, "E101", message, hint)

    def _report_string(self, token: Token) -> None:
        quotes = token[:3] if token.startswith(('"""', "'''")) else token[:1]
        message = f"this string is never closed: there is no {quotes} after it"
        hint = f"write {quotes} where it ends"
        if len(quotes) == 1:
            message = f"this string is never closed: there is no {quotes} after it on its line"
            hint += f"; text of several lines stands in {quotes * 3}"
        self._report(token, "E104", message, hint)

    def _drop_line(self, token: Token) -> None:
        """Leave out what stands before a token on its line, up to a comma or a bracket."""
        dropped = [token]
        while self.kept and self.kept[-1].type not in _SEPARATORS:
            dropped.insert(0, self.kept.pop())
        self._lose(dropped)

    def _skip_line(self, index: int) -> int:
        """Return where the line of a token that is left out ends; in an array, its element."""
        if not self._open:
            return _line_end(self._tokens, index, frozenset())
        if self._open[-1].type == "LBRACE":
            return _line_end(self._tokens, index, {"LBRACE", "RBRACE"})
        end = _line_end(self._tokens, index, {"_COMMA", "RSQUARE", "RBRACE"})
        is_comma = end < len(self._tokens) and self._tokens[end].type == "_COMMA"
        return end + 1 if is_comma else end

    def _lose(self, tokens: Tokens) -> None:
        if tokens:
            span = self._source.span(places(tokens[0])[0], places(tokens[-1])[1])
            self._builder.lose(span)

    def _report(self, token: Token, code: str, message: str, hint: str) -> None:
        start, end = places(token)
        length = len(token.split("\n", 1)[0].rstrip())
        span = self._source.span(start, min(end, start + length))
        self._builder.report(span, code, message, hint=hint)


def _find_end(
    tokens: Tokens, start: int, source: Source, opened: Tokens, words: Container[str]
) -> int:
    """Return where a statement ends: the index of a line end, or how many tokens there are."""
    stack = list(opened)
    counts = Counter(token.type for token in opened)
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.type == "_NEWLINE" and not stack:
            return index
        if token.type == "_NEWLINE" and _is_left(tokens, index, stack[0], source, words):
            return index
        if token.type in _OPENING and not _is_stray(tokens, index):
            stack.append(token)
            counts[token.type] += 1
        elif token.type in _CLOSING and counts[_CLOSING[token.type]]:
            kind = ""
            while kind != _CLOSING[token.type]:
                kind = stack.pop().type
                counts[kind] -= 1
        elif token.type == "UNCLOSED":
            for _ in range(_count_eaten(token, stack)):
                counts[stack.pop().type] -= 1
    if not stack:
        return len(tokens)
    return _find_restart(tokens, start, stack[0], source)


def _count_eaten(token: Token, stack: Tokens) -> int:
    """Return how many of the open brackets a string that nothing closes has the partners of."""
    if token.startswith(('"""', "'''")):
        return 0
    tail = [char for char in token if char in "}]"]
    eaten = 0
    for opening in reversed(stack):
        closing = _TEXTS[_OPENING[opening.type]]
        if opening.line != token.line or closing not in tail:
            break
        tail = tail[tail.index(closing) + 1 :]
        eaten += 1
    return eaten


def _is_left(
    tokens: Tokens, line_end: int, opening: Token, source: Source, words: Container[str]
) -> bool:
    """Return whether the next line is a statement beside the block that is still open.

    It is where the block's first line is indented, and this one is not and starts with a known word.
    """
    if line_end + 1 >= len(tokens) or tokens[line_end + 1] not in words:
        return False
    line = source.line(source.position(places(opening)[0]).line)
    indent = len(line) - len(line.lstrip())
    inside = source.position(places(opening)[0]).line + 1
    first = source.line(inside) if inside <= source.line_count else ""
    is_indented = len(first) - len(first.lstrip()) > indent and first.strip() != ""
    return is_indented and _column(tokens[line_end + 1], source) <= indent


def _find_restart(tokens: Tokens, start: int, opening: Token, source: Source) -> int:
    """Return the line end before the next line that stands no deeper than that of a bracket."""
    place = places(opening)[0]
    line = source.line(source.position(place).line)
    indent = len(line) - len(line.lstrip())
    for index in range(start, len(tokens) - 1):
        following = tokens[index + 1]
        if (
            tokens[index].type == "_NEWLINE"
            and following.type == "WORD"
            and places(following)[0] > place
            and _column(following, source) <= indent
        ):
            return index
    return len(tokens)


def _is_stray(tokens: Tokens, index: int) -> bool:
    """Return whether a `{` has no word before it that it could belong to."""
    if tokens[index].type != "LBRACE":
        return False
    is_line_start = index == 0 or tokens[index - 1].type in ("_NEWLINE", "_COMMA")
    return is_line_start or tokens[index - 1].type == "LBRACE"


def _line_end(tokens: Tokens, start: int, others: Set[str]) -> int:
    """Return the index of the next line end, or of the next token of another kind that ends a line."""
    ends = {"_NEWLINE", *others}
    return next((i for i in range(start, len(tokens)) if tokens[i].type in ends), len(tokens))


def _column(token: Token, source: Source) -> int:
    return source.position(places(token)[0]).column - 1
