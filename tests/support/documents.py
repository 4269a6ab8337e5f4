"""Documents for tests of what comes after the syntax: any data, written out with its spans."""

from __future__ import annotations

import json
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import Source, Span
from envc.spec.load import load
from envc.syntax.document import Document, Path

__all__ = ["Everything", "document", "problems", "write"]


class Everything:
    """Vouches for every MatchSpec: a test that says so asks no solver."""

    def __contains__(self, text: object) -> bool:
        return True


def document(data: dict[str, Any], *, name: str = "spec.json") -> Document:
    """Return data as if a front end had read it from JSON, a top-level key a line."""
    text, spans, key_spans = write(data)
    source = Source(name=name, text=text)

    def to_span(place: tuple[int, int]) -> Span:
        return source.span(*place)

    return Document(
        source=source,
        data=data,
        spans={path: to_span(place) for path, place in spans.items()},
        key_spans={path: to_span(place) for path, place in key_spans.items()},
    )


def write(
    data: dict[str, Any],
) -> tuple[str, dict[Path, tuple[int, int]], dict[Path, tuple[int, int]]]:
    """Return data as JSON, with start and end of each value and of each key."""
    parts: list[str] = []
    spans: dict[Path, tuple[int, int]] = {}
    keys: dict[Path, tuple[int, int]] = {}
    length = 0

    def put(text: str) -> tuple[int, int]:
        nonlocal length
        parts.append(text)
        length += len(text)
        return length - len(text), length

    def put_value(path: Path, value: Any) -> None:
        start = length
        match value:
            case dict():
                put("{")
                for number, (key, item) in enumerate(value.items()):
                    put(("," if number else "") + ("\n  " if not path else " "))
                    keys[(*path, key)] = put(json.dumps(key, ensure_ascii=False))
                    put(": ")
                    put_value((*path, key), item)
                put("\n}\n" if not path else "}")
            case list():
                put("[")
                for number, item in enumerate(value):
                    put(", " if number else "")
                    put_value((*path, number), item)
                put("]")
            case _:
                put(json.dumps(value, ensure_ascii=False))
        spans[path] = (start, length)

    put_value((), data)
    return "".join(parts), spans, keys


def problems(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return code, marked text and message of all that is wrong with a spec's data."""
    try:
        load(document(data))
    except InputError as error:
        return [_summary(diagnostic) for diagnostic in error.diagnostics]
    return []


def _summary(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.code, diagnostic.labels[0].span.text, diagnostic.message
