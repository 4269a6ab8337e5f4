"""Problems with a composed document in; the same, with what parameters have to do with them, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envc.diagnostics import Diagnostic, Label
from envc.source import Span
from envc.syntax.document import Document
from envc.syntax.excerpt import excerpt
from envc.syntax.origin import Use

__all__ = ["explain", "explain_variants"]


def explain(document: Document, problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return problems with the values of the parameters that stand at their places.

    A value of the spec is shown where it was set; one of the command line is told.
    """
    if not problems or not document.origins:
        return list(problems)
    uses = [(document.span(path), origin.uses) for path, origin in document.origins.items()]
    return [_explain(problem, uses) for problem in problems]


def explain_variants(
    documents: Mapping[str, Document], problems: Mapping[str, Sequence[Diagnostic]]
) -> dict[str, list[Diagnostic]]:
    """Return the problems of variants, explained where that does not tell one several times.

    What all variants have, with different values, is left as it is: no value is to blame.

    Args:
        documents: By the name of the variant.
        problems: The same; each variant's own.
    """
    explained = {
        name: dict(zip(own, explain(documents[name], own), strict=True))
        for name, own in problems.items()
    }
    first, *others = explained.values()
    differ = {
        problem
        for problem, said in first.items()
        if all(problem in other for other in others)
        and any(other[problem] != said for other in others)
    }
    return {
        name: [problem if problem in differ else said for problem, said in own.items()]
        for name, own in explained.items()
    }


def _explain(problem: Diagnostic, uses: Sequence[tuple[Span, tuple[Use, ...]]]) -> Diagnostic:
    found = dict.fromkeys(_find_uses(problem, uses))
    shown = {label.span for label in problem.labels}
    labels = tuple(
        Label(span=use.span, text=f"`{use.name}` is {_show(use)}")
        for use in found
        if use.span is not None and use.span not in shown
    )
    notes = tuple(
        f"`--set` says that `{use.name}` is {_show(use)}" for use in found if use.span is None
    )
    return replace(problem, labels=(*problem.labels, *labels), notes=(*notes, *problem.notes))


def _find_uses(problem: Diagnostic, uses: Sequence[tuple[Span, tuple[Use, ...]]]) -> Iterator[Use]:
    for label in problem.labels:
        for span, found in uses:
            if _is_within(label.span, span):
                yield from found


def _is_within(one: Span, other: Span) -> bool:
    is_same = one.source.name == other.source.name
    return is_same and other.start <= one.start and one.end <= other.end


def _show(use: Use) -> str:
    return f"`{excerpt(use.value)}`" if use.value else "empty"
