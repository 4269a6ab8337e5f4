"""A spec in YAML in; a Document out, or what is wrong with its syntax: all of it at once.

What breaks the text's structure is left out, and the rest is read again: one reading is
`envc.syntax.yaml_composer`.
"""

from __future__ import annotations

import yaml

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import Source, Span
from envc.syntax.builder import Builder
from envc.syntax.document import Draft
from envc.syntax.yaml_composer import Composer, MisreadError, TooDeepError
from envc.syntax.yaml_error import MISLED, describe, misplaced, missing_colon, unclosed_string
from envc.syntax.yaml_recovery import (
    find_keyless,
    find_misplaced,
    find_odd,
    find_open_string,
    lines_to_lose,
)

__all__ = ["read"]

_RECOVERY_LIMIT = 30


def read(source: Source) -> Draft:
    """Read a spec in YAML 1.1 (E106 to E113, E120 to E125).

    What breaks the file's structure (E120) is left out with what is indented below it, and the rest
    is read.

    Raises:
        InputError: The text is no mapping (E122), so that nothing of it is a spec.
    """
    broken: list[Diagnostic] = []
    lost: list[Span] = []
    while True:
        builder = Builder(source)
        composer = Composer(builder, lost)
        found = _try_read(composer)
        if found is None and not composer.has_root and not broken:
            raise InputError(builder.finish().problems)
        if found is None and not composer.has_root:  # nothing is left of the mapping that broke
            lost.append(source.span(0, len(source.text)))
            builder = Builder(source)
            break
        if found is None:
            break
        problem, place = found
        broken.append(problem)
        more = lines_to_lose(source, place, lost) if len(lost) < _RECOVERY_LIMIT else None
        if more is None:
            lost.append(source.span(place.start, len(source.text)))
            break
        lost.append(more)
    for problem in broken:
        builder.add(problem)
    for span in lost:
        builder.lose(span)
    return builder.finish()


def _try_read(composer: Composer) -> tuple[Diagnostic, Span] | None:
    """Read the text; return what broke its structure, and where, or None where nothing did.

    An empty place is a line with all that is indented below it.
    """
    try:
        composer.read()
    except TooDeepError:
        return None
    except MisreadError as error:
        return _blame_above(composer, error.problem, error.place)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        if composer.has_root:
            return _blame_above(composer, *_place(composer, error))
    return None


def _place(composer: Composer, error: Exception) -> tuple[Diagnostic, Span]:
    """Return E120 for what YAML raised, and where it is: on the line where the mistake was made."""
    source = composer.source
    problem = describe(error, source, composer.offset)
    place = problem.labels[0].span.start
    start = find_open_string(source, composer.offset, composer.text, place)
    if start is not None:
        return unclosed_string(source, start), source.span(start, start)
    context = getattr(error, "context_mark", None)
    context = place if context is None else composer.offset + context.index
    start = find_misplaced(source, str(error), context, place)
    if start is None:
        return problem, source.span(place, place)
    problem = misplaced(source, start)
    is_dash = problem.labels[0].span.text == "-"
    return problem, source.span(start, start if is_dash else source.line_start(place))


def _blame_above(composer: Composer, problem: Diagnostic, place: Span) -> tuple[Diagnostic, Span]:
    """Return a problem and its place, or those of a line above it by which YAML was misled."""
    if problem.message not in MISLED:
        return problem, place
    start, text = problem.labels[0].span.start, composer.text
    if keyless := find_keyless(composer.source, text, start):
        return missing_colon(composer.source, keyless[0]), keyless[1]
    if odd := find_odd(composer.source, text, start):
        return misplaced(composer.source, odd.start), odd
    return problem, place
