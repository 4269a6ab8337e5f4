"""Tokens of the DSL in; those without any `}` that closes a block whose lines go on below it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lark import Token

from envc.source import Source
from envc.syntax.builder import Builder

__all__ = ["leave_out_early"]


def leave_out_early(tokens: Sequence[Token], builder: Builder) -> Sequence[Token]:
    """Return the tokens without each `}` that is too much and stands too early, which is reported (E103).

    Where a text has more `}` than `{`, the last one closes nothing, though another was too much: the
    one that lines follow which are indented like those of its block, or the block's own `}`.
    """
    early = frozenset(_find_early(tokens, builder.source))
    for index in sorted(early):
        start = tokens[index].start_pos or 0
        message = "this `}` closes a block that goes on below it"
        hint = "remove it: the block has its own `}` further down"
        builder.report(builder.source.span(start, start + 1), "E103", message, hint=hint)
    return [token for index, token in enumerate(tokens) if index not in early]


def _find_early(tokens: Sequence[Token], source: Source) -> Iterator[int]:
    kinds = [token.type for token in tokens]
    surplus = kinds.count("RBRACE") - kinds.count("LBRACE")
    stack: list[Token] = []
    for index, token in enumerate(tokens):
        if token.type == "LBRACE":
            stack.append(token)
        elif token.type == "RBRACE" and stack:
            if surplus > 0 and _goes_on(tokens, index, stack[-1], source):
                surplus -= 1
                yield index
            else:
                stack.pop()


def _goes_on(tokens: Sequence[Token], index: int, opening: Token, source: Source) -> bool:
    """Return whether the line after that of a `}` is still one of the block that it would close."""
    line_end, below = (*tokens[index + 1 : index + 3], None, None)[:2]
    if line_end is None or below is None or line_end.type != "_NEWLINE":
        return False
    line = source.line(source.position(opening.start_pos or 0).line)
    indent = len(line) - len(line.lstrip())
    column = source.position(below.start_pos or 0).column - 1
    if below.type == "RBRACE":
        is_last = index > 0 and tokens[index - 1].type != "_NEWLINE"
        return is_last and column == indent
    return column > indent
