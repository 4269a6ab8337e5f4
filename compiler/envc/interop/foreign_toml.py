"""A TOML file of another tool as plain data, and where a word of it stands."""

from __future__ import annotations

import re
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import Source, Span

__all__ = ["find", "read_toml"]


def read_toml(source: Source) -> dict[str, Any]:
    """Return what a TOML file says: TOML 1.1, since pixi reads that too, and tomllib 1.0 only.

    Raises:
        InputError: It is not TOML (E431).
    """
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        data: dict[str, Any] = tomlkit.parse(source.text).unwrap()
    except (TOMLKitError, RecursionError) as error:
        line = error.line if isinstance(error, ParseError) else 1
        span = source.line_span(max(1, min(line, source.line_count)))
        reason = re.sub(r" at line .*", "", str(error))
        reason = "it ends too early" if r"\x00" in reason else reason  # what tomlkit calls the end
        message = f"`{source.name}` is not TOML: {reason[:1].lower()}{reason[1:]}"
        hint = "check the file with the tool that it is for"
        raise InputError([Diagnostic.at(span, "E431", message, hint=hint)]) from error
    return data


def find(source: Source, table: str, key: str) -> Span | None:
    """Return where a key of a table stands; None where it is not written in the plain way.

    Args:
        table: As its header has it, without brackets.
    """
    header = re.search(rf"^\s*\[\s*{re.escape(table)}\s*\]", source.text, re.MULTILINE)
    start = header.end() if header is not None else 0
    following = re.compile(r"^\s*\[", re.MULTILINE).search(source.text, start)
    end = following.start() if following is not None else len(source.text)
    own = re.compile(rf"^[ \t]*(\"?{re.escape(key)}\"?)[ \t]*[=.]", re.MULTILINE)
    found = own.search(source.text, start, end) if header is not None else None
    return source.line_span(source.position(found.start(1)).line) if found is not None else None
