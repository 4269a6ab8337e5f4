"""What builds the sources of an environment: requirements of their backends become pinned wheels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.frozen import frozen
from envc.lock.package import PipPackage, SourcePackage
from envc.resolve.base import Conflict, PipRequest, PipResolution, Requirement
from envc.resolve.pip.input import PipInput
from envc.resolve.project.workshop import Described

__all__ = ["LockedSources", "lock_sources"]


@frozen
class LockedSources:
    """Sources with what builds them, both sorted by name and version."""

    packages: tuple[SourcePackage, ...]
    wheels: tuple[PipPackage, ...]


def lock_sources(
    given: PipInput,
    sources: Iterable[tuple[SourcePackage, Described, Requirement | None]],
    solve: Callable[[PipRequest], PipResolution | Conflict],
) -> LockedSources:
    """Return sources with what builds each: an environment of its own, of wheels only (PEP 517).

    Args:
        sources: Each with what asked for it, where that is the spec.
        solve: Resolves what a backend requires.

    Raises:
        InputError: It cannot be had (E347).
        ToolError: As `solve` does.
    """
    packages: list[SourcePackage] = []
    wheels: dict[tuple[str, str], PipPackage] = {}
    for source, described, asked in sources:
        found = _solve_build(given.request, described, asked, solve)
        for wheel in found:
            wheels.setdefault((wheel.name, wheel.version), wheel)
        build = tuple(f"{wheel.name}=={wheel.version}" for wheel in found)
        packages.append(source.model_copy(update={"build": build}))
    return LockedSources(
        packages=tuple(sorted(packages, key=lambda one: one.name)),
        wheels=tuple(wheels[key] for key in sorted(wheels)),
    )


def _solve_build(
    request: PipRequest,
    described: Described,
    asked: Requirement | None,
    solve: Callable[[PipRequest], PipResolution | Conflict],
) -> tuple[PipPackage, ...]:
    span = asked.span if asked is not None else None
    wanted = replace(
        request,
        requirements=tuple(Requirement(text=text, span=span) for text in described.requires),
        wheels=(),
        provided=(),
        constraints=(),
        overrides=(),
        find_links=(),
        sources=(),
        sdists=frozenset(),
        preferred=request.preferred_build,
        preferred_sources=(),
    )
    message = f"what builds `{described.name}` {described.version} cannot be had"
    labels = (Label(span=span),) if span is not None else ()
    hint = (
        f"it is built from wheels only: take another version of `{described.name}`, or build a "
        "wheel of it and name its file"
    )
    try:
        answer = solve(wanted)
    except InputError as error:
        notes = tuple(problem.message for problem in error.diagnostics)
        problem = Diagnostic(code="E347", message=message, labels=labels, notes=notes, hint=hint)
        raise InputError([problem]) from error
    if isinstance(answer, Conflict):
        notes = tuple(filter(None, (answer.message, answer.explanation)))
        raise InputError(
            [Diagnostic(code="E347", message=message, labels=labels, notes=notes, hint=hint)]
        )
    return answer.packages
