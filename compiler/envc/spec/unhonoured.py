"""What a spec may say and no later stage honours yet: an error to `lock`, and a warning to `check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from envc.diagnostics import Diagnostic
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
    """

    sentence: str
    hint: str


UNHONOURED: Mapping[tuple[str, ...], Construct] = {
    ("base", "dockerfile"): Construct(
        sentence="envc cannot lock a base that is built from a Dockerfile yet",
        hint="build it, push it to a registry, and name it as `image`",
    ),
    ("system",): Construct(
        sentence="envc cannot lock `system` packages yet",
        hint="choose a base that has them, or install them in a `run` step with network",
    ),
    ("pip", "sources"): Construct(
        sentence="envc cannot lock distributions that are built from `sources` yet",
        hint="build a wheel and name its file",
    ),
    ("pip", "sdists"): Construct(
        sentence="envc cannot lock source distributions yet",
        hint="build a wheel and name its file",
    ),
}
"""By the keys that lead to it, where `*` is any item of a list and any key.

A stage that learns to honour one removes its row.
"""

_DIRECT: Mapping[str | None, Construct] = {
    "sdist": Construct(
        sentence="envc cannot lock a source distribution by its address yet",
        hint="build a wheel and name its file",
    ),
    "git": Construct(
        sentence="envc cannot lock a distribution from a repository yet",
        hint="build a wheel and name its file",
    ),
}


def unhonoured(document: Document) -> tuple[Diagnostic, ...]:
    """Return an error (E290) for all that a valid document says and no stage honours yet, by place."""
    found = [
        Diagnostic.at(document.key_span(path), "E290", construct.sentence, hint=construct.hint)
        for pattern, construct in UNHONOURED.items()
        for path in _find(document.data, pattern)
    ]
    found += _addresses(document)
    return tuple(sorted(found, key=document.order))


def unhonoured_warnings(document: Document) -> tuple[Diagnostic, ...]:
    """Return the same as warnings (W290), by place."""
    return tuple(replace(problem, code="W290") for problem in unhonoured(document))


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


def _addresses(document: Document) -> Iterator[Diagnostic]:
    for entry in pip_entries(document):
        if "@" not in entry.text:
            continue
        parsed = parse_requirement(entry.text)
        if not isinstance(parsed, PipRequirement) or not parsed.url:
            continue
        if (construct := _DIRECT.get(direct_kind(parsed.url))) is not None:
            start = entry.text.find(parsed.url)
            span = document.part(entry.path, start, start + len(parsed.url))
            yield Diagnostic.at(span, "E290", construct.sentence, hint=construct.hint)
