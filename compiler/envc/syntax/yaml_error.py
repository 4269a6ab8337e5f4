"""An error of PyYAML in; the same in our words, at the place where people look for it, out."""

from __future__ import annotations

import re

import yaml

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.source import Source, Span

__all__ = ["MISLED", "describe", "misplaced", "missing_colon", "unclosed_string"]


@frozen
class _Translation:
    """How one problem is said: `pattern` is searched in PyYAML's context and problem.

    PyYAML has two scanners, its own and libyaml; their words differ, so most patterns know both.
    Where `at_context`, the place is where the surrounding construct starts, not where it broke.
    """

    pattern: str
    message: str
    hint: str = ""
    at_context: bool = False


_PARAMETER = re.compile(
    r"[^\s{}]*?\$\{\{[^{}\n]*\}\}(?:\$\{\{[^{}\n]*\}\}|[^\s,{}\[\]$]|\$(?!\{\{))*"
)
_INDENT = "start all keys of a mapping in one column, and indent with spaces"
_QUOTE = "put the text into quotes"
_NO_KEY = "mapping values are not allowed"
_INDENTED = _Translation(
    pattern="",
    message="this line is indented, so it goes on with the value of the line above",
    hint=_INDENT,
)
_NO_COLON = "could not find expected ':'"
_TRANSLATIONS = (
    _Translation(
        pattern=_NO_KEY,
        message="no `:` can stand here",
        hint="put text that has `: ` in it into quotes, or start a new line for a key",
    ),
    _Translation(
        pattern=_NO_COLON,
        message="",
        at_context=True,
    ),
    _Translation(
        pattern=r"quoted scalar.*(unexpected end of stream|document (separator|indicator))",
        message="this string is never closed",
        hint="write the same quote where it ends",
        at_context=True,
    ),
    _Translation(
        pattern=r"flow sequence.*(but got '<stream end>'|expected ',' or '\]')",
        message="this list lacks a `,` or its `]`",
        hint="write what is missing; put text that has `,`, `[`, `]`, `{`, `}` or `: ` in it into quotes",
        at_context=True,
    ),
    _Translation(
        pattern=r"flow mapping.*(but got '<stream end>'|expected ',' or '\}')",
        message="this mapping lacks a `,` or its `}`",
        hint="write what is missing; put text that has `,`, `[`, `]`, `{`, `}` or `: ` in it into quotes",
        at_context=True,
    ),
    _Translation(
        pattern="unknown escape character|escape sequence of|hexdecimal number|escape code",
        message="this escape means nothing",
        hint="write `\\\\` for a backslash, or the text in '...', where all is as it stands",
    ),
    _Translation(
        pattern=r"tab character|'\\t' that cannot start",
        message="a tab cannot indent YAML",
        hint="indent with spaces",
    ),
    _Translation(
        pattern="cannot start any token",
        message="text without quotes cannot start with this character",
        hint=_QUOTE,
    ),
    _Translation(
        pattern="sequence entries are not allowed",
        message="no list can start here",
        hint="start it on a line of its own, below its key",
    ),
    _Translation(
        pattern="mapping keys are not allowed",
        message="no key can stand here",
        hint=_INDENT,
    ),
    _Translation(
        pattern=r"block collection.*(block end|expected '-')",
        message="expected another item of the list, `- ...`, or a key further left",
        hint="start all items of a list in one column",
    ),
    _Translation(
        pattern=r"block mapping.*(block end|expected key)",
        message="expected a key, `key: value`, in the column of the one above",
        hint=_INDENT,
    ),
    _Translation(
        pattern="<document start>|document start",
        message="expected the end of the file here",
        hint="indent what belongs to the key above; one file holds one spec",
    ),
    _Translation(
        pattern="node content",
        message="expected a value here",
        hint="write one, or put the text into quotes",
    ),
    _Translation(
        pattern="block scalar",
        message="text without quotes cannot start with `|` or `>`",
        hint="put it into quotes; text of several lines starts on the line after the `|`",
        at_context=True,
    ),
    _Translation(
        pattern="directive|incompatible YAML document|%TAG|%YAML",
        message="this `%` line is no directive that YAML knows",
        hint="remove it; text that starts with `%` stands in quotes",
    ),
    _Translation(
        pattern=r"\btag\b|tag handle",
        message="tags are not allowed, and this is not even one",
        hint="remove it, or put the text into quotes",
    ),
    _Translation(
        pattern="scanning an (anchor|alias)",
        message="text without quotes cannot start with `&` or `*`",
        hint=_QUOTE,
    ),
    _Translation(
        pattern="plain scalar.*unexpected ':'",
        message="no `:` can stand here",
        hint=_QUOTE,
    ),
)

MISLED = frozenset(
    {
        "no `:` can stand here",
        "this line is indented, so it goes on with the value of the line above",
        "this goes on with the text of the line above",
        "expected `- ` before this item of a list",
        "expected a key, `key: value`, in the column of the one above",
        "expected another item of the list, `- ...`, or a key further left",
        "this line stands in another column than those below it",
    }
)
"""What is said of a line where a key above it may lack its `:`."""


def describe(error: Exception, source: Source, offset: int) -> Diagnostic:
    """Return E120 for what PyYAML raised; `offset` is where the text it was given starts."""
    problem = str(error)
    mark = context_mark = None
    if isinstance(error, yaml.MarkedYAMLError):
        problem = f"{error.context or ''} {error.problem or ''}".strip()
        mark, context_mark = error.problem_mark, error.context_mark
    if mark is not None and source.text.startswith("\t", offset + mark.index):
        problem += " (tab character)"
    if mark is not None and (found_there := _describe_text(problem, source, offset + mark.index)):
        return found_there
    found = next((item for item in _TRANSLATIONS if re.search(item.pattern, problem)), None)
    if found is None:
        found = _Translation(pattern="", message=f"this is no YAML: {problem}")
    if found.at_context and context_mark is not None:
        mark = context_mark
    place = offset + (mark.index if mark is not None else 0)
    if source.text[max(place - 1, 0) : place] == "\\":
        place -= 1  # libyaml points at the backslash of an escape, PyYAML after it
    if found.pattern == _NO_KEY and _is_indented_key(source, place):
        found = _INDENTED
        place = source.line_start(place)
        place += len(source.text[place:]) - len(source.text[place:].lstrip(" "))
    if found.pattern == _NO_COLON:
        return missing_colon(source, place)
    return Diagnostic.at(_span_at(source, place), "E120", found.message, hint=found.hint)


def _describe_text(problem: str, source: Source, place: int) -> Diagnostic | None:
    """Return E120 where the text at a place tells more than PyYAML; else None."""
    char = source.text[place : place + 1]
    if char in ("]", "}") and "flow" not in problem:
        hint = "remove it, or write what it should close before it"
        span = source.span(place, place + 1)
        return Diagnostic.at(span, "E120", f"this `{char}` closes nothing", hint=hint)
    if parameter := _parameter_at(source, place):
        message = "a parameter needs quotes inside of brackets"
        return Diagnostic.at(parameter, "E120", message, hint=f'write "{parameter.text}"')
    return None


def missing_colon(source: Source, start: int) -> Diagnostic:
    """Return E120 for a key without a `:`, or without what must follow that."""
    line = source.line_span(source.position(start).line)
    text = line.text[start - line.start :]
    if re.match("-[A-Za-z]", text):
        return misplaced(source, start)
    hint = "write `key: value`; a list's item starts with `- `"
    if found := re.match(r"([A-Za-z_][A-Za-z0-9_-]*)[ \t]*(:|=(?!=)|\uff1a)", text):
        char = found[2]
        place = source.span(start + found.start(2), start + found.end(2))
        if char == "=":
            message, hint = f"`{found[1]}` takes no `=`", f"write `{found[1]}: ...`"
        elif char == ":":
            message, hint = "expected a space after this `:`", f"write `{found[1]}: ...`"
        else:
            message = "this is no `:`, but a wide one, U+FF1A"
            hint = f"type `:` and a space, as in `{found[1]}: ...`"
        return Diagnostic.at(place, "E120", message, hint=hint)
    place = source.span(start, start + 1)
    return Diagnostic.at(place, "E120", "expected `:` after this key", hint=hint)


def misplaced(source: Source, start: int) -> Diagnostic:
    """Return E120 for a line that stands in another column than those that belong to it."""
    span = source.line_span(source.position(start).line)
    span = span.within(len(span.text) - len(span.text.lstrip()), len(span.text))
    if re.match("-[A-Za-z]", span.text):
        hint = f"write an item of a list as `- {span.text[1:].split(':')[0]}`"
        return Diagnostic.at(span.within(0, 1), "E120", "expected a space after `-`", hint=hint)
    message = "this line stands in another column than those below it"
    hint = "start all keys of a mapping, and all items of a list, in one column"
    return Diagnostic.at(span, "E120", message, hint=hint)


def _parameter_at(source: Source, brace: int) -> Span | None:
    """Return the text without quotes around the `${{ name }}` whose first brace YAML fell over."""
    if brace < 1 or not source.text.startswith("${{", brace - 1):
        return None
    start = brace - 1
    while start and source.text[start - 1] not in " \t\r\n[{,":
        start -= 1
    found = _PARAMETER.match(source.text, start)
    return source.span(start, found.end()) if found else None


def _is_indented_key(source: Source, place: int) -> bool:
    """Return whether the `:` at a place belongs to a key that is deeper than the one above it."""
    start = source.line_start(place)
    if not re.fullmatch(r" +[A-Za-z_][A-Za-z0-9_-]*", source.text[start:place]):
        return False
    above = source.text[:start].rstrip().rpartition("\n")[2]
    indent = len(above) - len(above.lstrip())
    return indent < place - start - len(source.text[start:place].lstrip()) and ":" in above


def unclosed_string(source: Source, start: int) -> Diagnostic:
    """Return E120 for a string that runs on to a quote on another line."""
    quote = source.text[start]
    message = f"this string is never closed: there is no {quote} after it on its line"
    hint = f"write {quote} where it ends"
    span = source.span(start, source.line_span(source.position(start).line).end)
    return Diagnostic.at(span, "E120", message, hint=hint)


def _span_at(source: Source, start: int) -> Span:
    """Return the character at a place; at the end of a text, or of a line, the place before it."""
    text = source.text
    start = min(start, len(text))
    if text[start:].strip() == "":
        start = len(text.rstrip())
    is_line_end = text[start : start + 1] in ("", "\r", "\n")
    return source.span(start, start if is_line_end else start + 1)
