"""What solvers and tools have to say, as diagnostics: placed in the spec, and each told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from envc import diagnostics
from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError
from envc.resolve.base import Conflict
from envc.source import Span

__all__ = ["explain_conflict", "merge", "placed", "side_by_side", "tell_once"]

_First = TypeVar("_First")
_Second = TypeVar("_Second")


def explain_conflict(code: str, conflict: Conflict, fallback: Span | None = None) -> Diagnostic:
    """Return a conflict as a diagnostic with a label for each cause; without any, at `fallback`."""
    place = (Label(span=fallback),) if fallback is not None else ()
    labels = tuple(
        Label(span=cause.span, text=f"asks for `{cause.text}`")
        for cause in conflict.causes
        if cause.span is not None
    )
    return Diagnostic(
        code=code,
        message=conflict.message,
        labels=labels or place,
        notes=(conflict.explanation,) if conflict.explanation else (),
        hint=conflict.hint or "relax one of these requirements",
    )


@contextmanager
def placed(span: Span) -> Iterator[None]:
    """Point what a solver says without a place at the part of the spec that it was asked for."""
    try:
        yield
    except EnvcError as error:
        label = (Label(span=span),)
        raise type(error)(
            problem if problem.labels else replace(problem, labels=label)
            for problem in error.diagnostics
        ) from error


def side_by_side(
    first: Callable[[], _First], second: Callable[[], _Second]
) -> tuple[_First, _Second]:
    """Return what two calls give that know nothing of each other; the second runs in a thread of its own.

    Raises:
        EnvcError: Either one failed, or both: what is wrong with the spec is told before failed tools.
    """
    failures: list[EnvcError] = []
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(second)
        try:
            found = first()
        except EnvcError as error:
            failures.append(error)
    try:
        beside = future.result()
    except EnvcError as error:
        failures.append(error)
    if failures:
        kind = _worst_kind(failures)
        raise kind(
            problem for one in failures if isinstance(one, kind) for problem in one.diagnostics
        ) from failures[0]
    return found, beside


def merge(failures: Mapping[str, EnvcError], count: int) -> EnvcError:
    """Return one error for all platforms; what is wrong with the spec is told before failed tools."""
    kind = _worst_kind(failures.values())
    problems = {
        platform: failure.diagnostics
        for platform, failure in failures.items()
        if isinstance(failure, kind)
    }
    return kind(tell_once(problems, count))


def _worst_kind(failures: Iterable[EnvcError]) -> type[EnvcError]:
    return InputError if any(isinstance(one, InputError) for one in failures) else ToolError


def tell_once(problems: Mapping[str, Sequence[Diagnostic]], count: int) -> tuple[Diagnostic, ...]:
    """Return what platforms have to say, each once; of `count`, those that do not all say it are named."""
    return diagnostics.tell_once(problems, count, lambda names: f"only on {' and '.join(names)}")
