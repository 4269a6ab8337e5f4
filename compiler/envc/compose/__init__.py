"""A spec with files that it includes, parameters and variants in; one plain document per variant out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from envc.frozen import frozen

if TYPE_CHECKING:
    from envc.compose.file import Load
    from envc.source import Source, Span
    from envc.syntax.document import Draft

__all__ = ["WORDS", "Choice", "Composition", "compose", "unused_params"]

WORDS = ("extends", "include", "params", "matrix")
"""The keys that no document has after it was composed."""


@frozen
class Choice:
    """What the command line chose.

    Attributes:
        sets: Values of parameters by name; they go before what the spec says.
    """

    sets: Mapping[str, str] = field(default_factory=dict)


@frozen
class Composition:
    """What a spec and all of its files say together.

    Attributes:
        variants: A document by the name of each variant, in the order of the matrix; where there is
            no matrix, the only name is the empty one.
        files: The files that it extends and includes, by POSIX path relative to its folder, in the
            order in which they were met.
        spans: Where each variant is named.
        params: Where each parameter is declared.
        used: The parameters that some variant uses.
    """

    variants: Mapping[str, Draft]
    files: Mapping[str, Source]
    spans: Mapping[str, Span]
    params: Mapping[str, Span]
    used: frozenset[str]


def compose(draft: Draft, load: Load, choice: Choice | None = None) -> Composition:
    """Return the documents that a spec stands for, one for each variant of its matrix.

    What is wrong (E111, E114 to E118, E130 to E140), and what is wrong with the syntax of any of its
    files, are problems of each draft that has them. A spec that uses none of it is its own document.

    Args:
        draft: The spec as it was read.
        load: Reads a further file by its path relative to the spec's folder; what it raises as an
            InputError becomes a problem at the place that names the file.
        choice: What the command line chose.

    Raises:
        UsageError: A parameter is set that the spec does not have (E006).
    """
    choice = choice or Choice()
    document = draft.document
    is_plain = not any(word in document.data for word in WORDS) and not choice.sets
    if is_plain and "${{" not in document.source.text:
        return Composition(variants={"": draft}, files={}, spans={}, params={}, used=frozenset())
    from envc.compose.composing import compose_files

    return compose_files(draft, load, choice)


def unused_params(composition: Composition) -> Mapping[str, Span]:
    """Return the parameters that no variant uses, and where each is declared."""
    return {name: span for name, span in composition.params.items() if name not in composition.used}
