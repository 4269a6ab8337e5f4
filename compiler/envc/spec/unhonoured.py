"""What a spec may say and no later stage honours yet: a warning, and to `lock` an error if it needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from envc.diagnostics import Diagnostic
from envc.source import Span
from envc.spec.direct import direct_kind
from envc.spec.entry import pip_entries
from envc.spec.requirement import PipRequirement, parse_requirement
from envc.syntax.document import Data, Document, Path

__all__ = ["UNHONOURED", "Construct", "unhonoured", "unhonoured_warnings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Construct:
    """A part of the language that waits for a later stage.

    Attributes:
        sentence: What envc cannot do yet, as a message.
        hint: As in Diagnostic.
        needs_lock: Whether the lock or the image would have it; else it only waits to be used.
    """

    sentence: str
    hint: str
    needs_lock: bool = True


_RUN = "use `envc run` until it can; nothing of it is in the lock or in the image"


UNHONOURED: Mapping[tuple[str, ...], Construct] = {
    ("serve",): Construct(sentence="envc cannot serve a model yet", hint=_RUN, needs_lock=False),
    ("train",): Construct(sentence="envc cannot train yet", hint=_RUN, needs_lock=False),
}
"""By the keys that lead to it, where `*` is any item of a list and any key.

A stage that learns to honour one removes its row.
"""

_DIRECT: Mapping[str | None, Construct] = {
    "git": Construct(
        sentence="envc cannot lock a distribution from a repository yet",
        hint="build a wheel and name its file",
    ),
}


def unhonoured(document: Document) -> tuple[Diagnostic, ...]:
    """Return an error (E290) for all that a valid document says and no lock can have, by place."""
    return _tell(document, "E290", [one for one in _constructs(document) if one[1].needs_lock])


def unhonoured_warnings(document: Document) -> tuple[Diagnostic, ...]:
    """Return a warning (W290) for all that a valid document says and no stage honours, by place."""
    return _tell(document, "W290", _constructs(document))


def _tell(
    document: Document, code: str, found: Iterable[tuple[Span | None, Construct]]
) -> tuple[Diagnostic, ...]:
    problems = [Diagnostic.at(span, code, one.sentence, hint=one.hint) for span, one in found]
    return tuple(sorted(problems, key=document.order))


def _constructs(document: Document) -> Iterator[tuple[Span | None, Construct]]:
    """Yield what a document says of the table, and where."""
    for pattern, construct in UNHONOURED.items():
        for path in _find(document.data, pattern):
            yield document.key_span(path), construct
    yield from _addresses(document)


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


def _addresses(document: Document) -> Iterator[tuple[Span | None, Construct]]:
    for entry in pip_entries(document):
        if "@" not in entry.text:
            continue
        parsed = parse_requirement(entry.text)
        if not isinstance(parsed, PipRequirement) or not parsed.url:
            continue
        if (construct := _DIRECT.get(direct_kind(parsed.url))) is not None:
            start = entry.text.find(parsed.url)
            yield document.part(entry.path, start, start + len(parsed.url)), construct
