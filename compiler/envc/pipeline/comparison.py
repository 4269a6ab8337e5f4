"""A spec is compared with the lock that it has: what `lock --check` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.agreement import ask, compare, keep
from envc.pipeline.front import CheckedFile, read_locked

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
    from envc.pipeline.memo import recall_agreement

    question = ask(path, machine, variants, choice)
    known = recall_agreement(question)
    if known is not None and not (with_warnings and known.has_warnings):
        return Agreed(environment=known.environment)
    checked, locked = read_locked(path, machine, choice)
    keep(question, checked, compare(path, checked, locked, variants, choice))
    return Agreed(environment=checked.environment, warnings=checked.warnings)


def check_agreement(
    path: Path, machine: Machine, *, variants: Sequence[str] = (), choice: Choice | None = None
) -> tuple[CheckedFile, LockFile, tuple[str, ...]]:
    """Return a spec, its lock, and the names of the variants that are meant.

    Raises:
        EnvcError: As `check_lock`.
    """
    from envc.variant import choose_variants

    checked, locked = read_locked(path, machine, choice)
    compare(path, checked, locked, variants, choice)
    return checked, locked, choose_variants(checked.variants, variants)
