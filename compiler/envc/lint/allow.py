"""Comments that allow what a rule finds: `# envc: allow W210`, beside a line or above it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from envc.diagnostics import Diagnostic, suggest
from envc.frozen import frozen
from envc.source import Source, Span
from envc.syntax.document import Document, Path
from envc.syntax.layout import Comment

__all__ = ["MARK", "Allowance", "allowances", "complain"]

MARK = "envc: allow"
"""What every such comment has in it: a text without it has none."""

# A code with a letter for a digit is one that does not exist, and no reason to read no further.
_ALLOW = re.compile(
    r"#\s*envc:\s*allow(?P<codes>(?:[\s,]+[EWew][0-9][0-9A-Za-z]*)+)(?=[\s,.:;(-]|$)"
)
_CODE = re.compile(r"[EWew][0-9][0-9A-Za-z]*")


@frozen
class Allowance:
    """One code that a comment allows.

    Attributes:
        code: In capital letters; it need not be one.
        span: Where the code stands in the comment.
        places: Where it is allowed.
    """

    code: str
    span: Span
    places: tuple[Span, ...]

    def covers(self, warning: Diagnostic) -> bool:
        """Say whether a warning is allowed by it."""
        if warning.code != self.code or not warning.labels:
            return False
        found = warning.labels[0].span
        return any(
            place.source == found.source and place.start <= found.start and found.end <= place.end
            for place in self.places
        )


def allowances(
    document: Document, source: Source, comments: Iterable[Comment]
) -> tuple[Allowance, ...]:
    """Return what the comments of a text allow.

    A comment beside a value is about that line; one on a line of its own is about the next line that
    is no comment. Where a block starts on the line, all of it is meant.

    Args:
        document: What the text says, alone or with that of other texts.
        comments: Of the text, in their order.
    """
    own = [comment for comment in comments if comment.is_own_line]
    own_lines = {source.position(comment.start).line for comment in own}
    found = []
    for comment in comments:
        match = _ALLOW.match(comment.text)
        if match is None:
            continue
        line = source.position(comment.start).line
        if comment.is_own_line:
            while line in own_lines:
                line += 1
        places = tuple(_starting_on(document, source, line))
        for code in _CODE.finditer(comment.text, *match.span("codes")):
            span = source.span(comment.start + code.start(), comment.start + code.end())
            found.append(Allowance(code=code.group().upper(), span=span, places=places))
    return tuple(found)


def complain(allowance: Allowance, known: Collection[str]) -> Diagnostic:
    """Return the warning about a comment that allows nothing (W249).

    Args:
        known: All codes, of errors and of warnings.
    """
    code = allowance.code
    if code in known and code.startswith("E"):
        message, hint = f"`{code}` is an error, and cannot be allowed", "correct what it says"
    elif code in known:
        message, hint = f"there is no {code} here to allow", "remove it"
    else:
        digits = code.replace("O", "0")
        # Any number is next to others: only one with the same digits may be meant.
        meant = suggest(digits, (one for one in known if sorted(one) == sorted(digits)))
        message = f"`{code}` is not the code of a warning"
        hint = f"did you mean `{meant}`?" if meant else "docs/diagnostics.md lists them"
    return Diagnostic.at(allowance.span, "W249", message, hint=hint)


def _starting_on(document: Document, source: Source, line: int) -> Iterator[Span]:
    """Yield the line itself, and the whole of what starts on it."""
    if line <= source.line_count:
        yield source.line_span(line)
    for path, span in document.spans.items():
        if not path or span.source != source:
            continue
        start = min(document.key_span(path).start, span.start)
        if source.position(start).line == line and not _starts_as_its_first(document, path, start):
            yield source.span(start, span.end)


def _starts_as_its_first(document: Document, path: Path, start: int) -> bool:
    """Say whether a list has no start of its own: several statements make one of them."""
    first = document.spans.get((*path, 0))
    return first is not None and first.start == start
