"""The variants of a spec and of its lock compared: which of them only one of the two has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from envc.diagnostics import Diagnostic, Label
from envc.lock.command import advise_lock
from envc.lock.model import LockFile
from envc.source import Span
from envc.syntax.document import Document

__all__ = ["compare_variants"]


def compare_variants(
    document: Document,
    spans: Mapping[str, Span],
    lock: LockFile,
    *,
    wanted: Collection[str],
    sets: Mapping[str, str] | None = None,
) -> tuple[Diagnostic, ...]:
    """Return in which variants a lock is not that of its spec (E417 to E419), in spec order.

    Args:
        document: Of any of the spec's variants.
        spans: Where the name of each variant stands; empty for a spec without a matrix.
        wanted: The variants that the lock must know; where they are all of the spec's, those that
            it has too many are told as well.
        sets: As of `drift`.
    """
    hint = advise_lock(document.source.name, sets)
    return tuple(
        Diagnostic(code=code, message=message, labels=(Label(span=span),), hint=hint)
        for code, message, span in _compare(document, spans, lock, wanted)
    )


def _compare(
    document: Document, spans: Mapping[str, Span], lock: LockFile, wanted: Collection[str]
) -> Iterator[tuple[str, str, Span]]:
    first = document.key_span(("environment",))
    if not spans:
        if lock.has_matrix:
            yield "E418", f"the lock has {_list(lock.variants)}, and the spec has no matrix", first
        return
    if not lock.has_matrix:
        message = f"the spec has {_list(spans)}, and the lock was made without a matrix"
        yield "E417", message, next(iter(spans.values()))
        return
    for name in spans:
        if name in wanted and name not in lock.variants:
            yield "E419", f"the lock does not know the variant `{name}`", spans[name]
    if set(wanted) != set(spans):
        return
    for name in sorted(set(lock.variants) - set(spans)):
        message = f"the lock has the variant `{name}`, which the spec does not have"
        yield "E419", message, next(iter(spans.values()))


def _list(names: Collection[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    word = "variant" if len(quoted) == 1 else "variants"
    return f"the {word} {', '.join(quoted)}"
