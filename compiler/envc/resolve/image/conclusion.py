"""Facts about a base and what a spec claims of it in; what the lock says of it, or what is wrong, out."""

from __future__ import annotations

from dataclasses import field, replace

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.lock.model import BaseImage, Built
from envc.platform import Architecture, Platform
from envc.resolve.image.facts import Facts
from envc.resolve.image.fitness import Fitness
from envc.source import Span

__all__ = ["CONSERVATIVE_GLIBC", "Claims", "Inspected", "Subject", "conclude"]

CONSERVATIVE_GLIBC = "2.28"
"""What counts where nobody can tell: of manylinux_2_28, the oldest that new wheels are still made for."""


@frozen
class Inspected:
    """An image as the lock has it, and what had to be assumed.

    Attributes:
        index: The digest of the index of all its platforms; None where it is in none, or where
            nobody was asked.
        architectures: Those that the index has and envc knows, by Docker's names, sorted; of an
            image that was given by its digest, all that envc knows; of tools without an index, their
            own. Empty where nobody was asked, and for a base without an index.
    """

    base: BaseImage
    warnings: tuple[Diagnostic, ...] = ()
    fitness: Fitness = field(default_factory=Fitness)
    index: str | None = None
    architectures: tuple[Architecture, ...] = ()


@frozen
class Subject:
    """A base that is looked into: how people know it, for which platform, and where it is named."""

    name: str
    platform: Platform
    span: Span | None

    def fail(self, code: str, message: str, hint: str) -> InputError:
        """Return what to raise about it."""
        return InputError([Diagnostic.at(self.span, code, message, hint=hint)])


@frozen
class Claims:
    """What a spec says of its base.

    Attributes:
        needs_python: Whether the base's Python becomes the environment's.
        python: A series (`3.12`) or a version; None where it says nothing.
        glibc: What counts where nobody can tell the base's; None where it says nothing.
    """

    needs_python: bool
    python: str | None = None
    glibc: str | None = None


def conclude(
    subject: Subject,
    image: str,
    digest: str,
    facts: Facts,
    claims: Claims,
    reason: str,
    built: Built | None = None,
) -> Inspected:
    """Return what the lock says of a base of which these facts are known.

    Args:
        image: As the lock has it.
        digest: As the lock has it.
        reason: Why nobody could tell more; may be empty.
        built: As the lock has it.

    Raises:
        InputError: As `inspect_base`.
    """
    if facts.is_musl:
        raise subject.fail(
            "E374",
            f"the base `{subject.name}` uses musl, and packages need glibc",
            "take a base of Debian or Ubuntu, such as `debian:bookworm-slim`",
        )
    python = facts.python
    if claims.needs_python:
        python = _choose_python(subject, facts, claims.python)
    assumed = []
    if claims.needs_python and facts.python is None:
        first = f" (its first release, {python}.0)" if (python or "").count(".") == 1 else ""
        assumed.append(f"Python {python}{first}, which the spec declares")
    if facts.glibc is None and claims.glibc is not None:
        assumed.append(f"glibc {claims.glibc}, which the spec declares")
    elif facts.glibc is None:
        assumed.append(f"glibc {CONSERVATIVE_GLIBC}, which fits most bases")
    base = BaseImage(
        image=image,
        digest=digest,
        python=python,
        glibc=facts.glibc or claims.glibc or CONSERVATIVE_GLIBC,
        interpreter=facts.interpreter if claims.needs_python else None,
        built=built,
    )
    warnings = (_warn(subject, assumed, reason),) if assumed else ()
    return Inspected(base=base, warnings=warnings, fitness=facts.fitness)


def _choose_python(subject: Subject, facts: Facts, declared: str | None) -> str:
    if facts.python is None and facts.knows_python:
        series = declared or "3.12"
        raise subject.fail(
            "E372",
            f"the base `{subject.name}` has no `python3`",
            f"take a base that has it, such as `python:{series}-slim-bookworm`; "
            "or ask for a Conda package, which brings its own Python",
        )
    if facts.python is None:
        if declared is None or "." not in declared:
            raise subject.fail(
                "E376",
                f"nobody can tell which Python the base `{subject.name}` has",
                "declare it, as in `python 3.12`; or start a Docker engine, which can look",
            )
        return declared
    if declared is not None and not _fits(facts.python, declared):
        raise subject.fail(
            "E373",
            f"the base `{subject.name}` has Python {facts.python}, the spec asks for {declared}",
            f"take a base with that Python, such as `python:{declared}-slim-bookworm`; "
            f"or ask for `python {'.'.join(facts.python.split('.')[:2])}`",
        )
    return facts.python


def _fits(version: str, declared: str) -> bool:
    """Say whether a version is of a series, part by part: 3.1 is not the series of 3.12.

    >>> _fits("3.12.4", "3.12"), _fits("3.12.4", "3.1")
    (True, False)
    """
    wanted = declared.split(".")
    return version.split(".")[: len(wanted)] == wanted


def _warn(subject: Subject, assumed: list[str], reason: str) -> Diagnostic:
    diagnostic = Diagnostic.at(
        subject.span,
        "W370",
        f"the base `{subject.name}` could not be looked into for `{subject.platform.name}`",
        hint="lock where a Docker engine of that platform runs",
    )
    notes = (f"assumed: {'; '.join(assumed)}",)
    return replace(diagnostic, notes=notes + ((reason,) if reason else ()))
