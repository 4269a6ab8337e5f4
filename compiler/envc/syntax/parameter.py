"""Tokens of the DSL in; the same tokens out, a `${{` that is not closed as it should be as one word.

So it stays in the value that it was meant for, and is reported as a parameter, not as brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

__all__ = ["join_parameters"]

_BRACES = ("LBRACE", "LBRACE")


def join_parameters(tokens: Sequence[Token], text: str) -> list[Token]:
    """Return the tokens of a text without the brackets of a `${{` that lacks its `}}`."""
    joined: list[Token] = []
    index = 0
    while index < len(tokens):
        end = _end_of_parameter(tokens, index)
        if end is None:
            joined.append(tokens[index])
            index += 1
            continue
        joined.append(_join(tokens[index:end], text))
        index = end
    return joined


def _end_of_parameter(tokens: Sequence[Token], start: int) -> int | None:
    """Return the index after a broken parameter that starts in a token; None where none does.

    It ends with its last brace, else before the line does.
    """
    token = tokens[start]
    opening = tuple(following.type for following in tokens[start + 1 : start + 3])
    if token.type != "WORD" or not token.endswith("$") or opening != _BRACES:
        return None
    if not _touch(token, tokens[start + 1]) or not _touch(tokens[start + 1], tokens[start + 2]):
        return None
    index = start + 3
    while index < len(tokens) and tokens[index].type in ("WORD", "PARAMETER", "STRING"):
        index += 1
    if index < len(tokens) and tokens[index].type == "RBRACE":
        index += 1
        is_double = index < len(tokens) and tokens[index].type == "RBRACE"
        index += is_double and _touch(tokens[index - 1], tokens[index])
    return index


def _touch(token: Token, following: Token) -> bool:
    return token.end_pos == following.start_pos


def _join(tokens: Sequence[Token], text: str) -> Token:
    """Return one word that reaches from the first token to the last."""
    first, last = tokens[0], tokens[-1]
    word = text[first.start_pos : last.end_pos]
    return Token("WORD", word, start_pos=first.start_pos, line=first.line, end_pos=last.end_pos)
