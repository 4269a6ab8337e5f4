"""What a spec may say and no later stage honours yet: a warning, so that nothing is ignored silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.source import Span
from envc.syntax.document import Data, Document, Path

__all__ = ["UNHONOURED", "Construct", "unhonoured_warnings"]


@frozen
class Construct:
    """A part of the language that waits for a later stage; no lock and no image would have it.

    Attributes:
        sentence: What envc cannot do yet, as a message.
        hint: As in Diagnostic.
    """

    sentence: str
    hint: str


_RUN = "use `envc run` until it can; nothing of it is in the lock or in the image"


UNHONOURED: Mapping[tuple[str, ...], Construct] = {
    ("serve",): Construct(sentence="envc cannot serve a model yet", hint=_RUN),
    ("train",): Construct(sentence="envc cannot train yet", hint=_RUN),
}
"""By the keys that lead to it, where `*` is any item of a list and any key.

A stage that learns to honour one removes its row.
"""


def unhonoured_warnings(document: Document) -> tuple[Diagnostic, ...]:
    """Return a warning (W290) for all that a valid document says and no stage honours, by place."""
    problems = [
        Diagnostic.at(span, "W290", one.sentence, hint=one.hint)
        for span, one in _constructs(document)
    ]
    return tuple(sorted(problems, key=document.order))


def _constructs(document: Document) -> Iterator[tuple[Span | None, Construct]]:
    """Yield what a document says of the table, and where."""
    for pattern, construct in UNHONOURED.items():
        for path in _find(document.data, pattern):
            yield document.key_span(path), construct


def _find(data: Data, pattern: tuple[str, ...]) -> Iterator[Path]:
    """Yield the paths below some data that a pattern means; what is empty says nothing."""
    if not pattern:
        if data:
            yield ()
        return
    first, rest = pattern[0], pattern[1:]
    items: list[tuple[str | int, Data]] = []
    match data:
        case list() if first == "*":
            items = list(enumerate(data))
        case dict() if first == "*":
            items = list(data.items())
        case dict() if first in data:
            items = [(first, data[first])]
    for key, value in items:
        for path in _find(value, rest):
            yield (key, *path)
