"""A spec is compared with the lock that it has: what `lock --check` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import DriftError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.front import (
    CheckedFile,
    compare_with_lock,
    lock_path,
    read_lock,
    read_locked,
)

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.model import LockFile

__all__ = ["Agreed", "check_agreement", "check_lock"]


@frozen
class Agreed:
    """That a lock is the one of its spec; `warnings` are about the spec."""

    environment: str
    warnings: tuple[Diagnostic, ...] = ()


def check_lock(
    path: Path,
    machine: Machine,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    with_warnings: bool = True,
) -> Agreed:
    """Compare a spec with its lock: no solver, no network; what was right and is as it was, still is.

    Args:
        variants: Those to compare; empty for all, and then the lock may have no others.
        choice: What the command line chose of the spec's parameters.
        with_warnings: Whether to tell what is odd about the spec, for which it has to be read again.

    Raises:
        DriftError: The lock is not that of the spec, or its wheels have changed (E410 to E419).
        InputError: The spec is wrong (E1xx, E2xx), or the lock is missing or damaged (E40x).
        UsageError: A variant (E007, E008) or a parameter (E006) is meant that the spec does not have.
    """
    from envc.pipeline.memo import Agreement, Question, recall_agreement, remember_agreement

    question = Question(
        spec=path,
        lock=lock_path(path),
        sets=tuple(sorted(choice.sets.items())) if choice is not None else (),
        variants=tuple(sorted(set(variants))),
        cache=machine.cache,
    ).ask()
    known = recall_agreement(question)
    if known is not None and not (with_warnings and known.has_warnings):
        return Agreed(environment=known.environment)
    checked, wheels = _compare(path, machine, variants, choice)
    agreement = Agreement(
        environment=checked.environment,
        has_warnings=bool(checked.warnings),
        wheels=wheels,
        texts={name: source.text for name, source in checked.files.items()},
    )
    remember_agreement(question, agreement)
    return Agreed(environment=checked.environment, warnings=checked.warnings)


def check_agreement(
    path: Path, machine: Machine, *, variants: Sequence[str] = (), choice: Choice | None = None
) -> tuple[CheckedFile, LockFile, tuple[str, ...]]:
    """Return a spec, its lock, and the names of the variants that are meant.

    Raises:
        EnvcError: As `check_lock`.
    """
    from envc.variant import choose_variants

    checked, _ = _compare(path, machine, variants, choice)
    return checked, read_lock(lock_path(path)), choose_variants(checked.variants, variants)


def _compare(
    path: Path, machine: Machine, variants: Sequence[str], choice: Choice | None
) -> tuple[CheckedFile, dict[str, str]]:
    """Return a spec that its lock is right for, and the SHA-256 of its local wheels.

    Raises:
        EnvcError: As `check_lock`.
    """
    from envc.lock.drift import drift
    from envc.pipeline.context.digest import digest_local
    from envc.variant import choose_variants, tell_variants

    checked, locked = read_locked(path, machine, choice)
    chosen = choose_variants(checked.variants, variants)
    if found := compare_with_lock(checked, locked, chosen, choice):
        raise DriftError(found)
    problems: dict[str, tuple[Diagnostic, ...]] = {}
    brought: dict[str, str] = {}
    for name in chosen:
        own = checked.variants[name]
        lock = locked.variants[name]
        wheels = digest_local(own.spec, own.document, path.parent, lock.local_wheels)
        problems[name] = drift(
            own.spec,
            own.document,
            lock,
            wheels=wheels,
            sets=choice.sets if choice is not None else None,
        )
        brought |= {place: sha256 for place, sha256 in wheels.items() if sha256 is not None}
    if told := tell_variants(problems, len(chosen)):
        raise DriftError(told)
    return checked, brought
