"""Whether a lock is that of its spec: compared once, and known from then on while neither changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import DriftError, InputError
from envc.machine import Machine
from envc.pipeline.front import CheckedFile, compare_with_lock, lock_path, read, read_lock

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.model import LockFile
    from envc.pipeline.memo import Question

__all__ = ["ask", "compare", "keep", "note_new"]


def ask(
    path: Path, machine: Machine, variants: Sequence[str] = (), choice: Choice | None = None
) -> Question:
    """Return the question whether a lock is right, as its files are now."""
    from envc.pipeline.memo import Question

    return Question(
        spec=path,
        lock=lock_path(path),
        sets=tuple(sorted(choice.sets.items())) if choice is not None else (),
        variants=tuple(sorted(set(variants))),
        cache=machine.cache,
    ).ask()


def compare(
    path: Path,
    checked: CheckedFile,
    locked: LockFile,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
) -> dict[str, str]:
    """Return the SHA-256 of the local wheels, by path, of a spec that its lock is right for.

    Args:
        variants: Those to compare; empty for all, and then the lock may have no others.

    Raises:
        DriftError: The lock is not that of the spec, or its wheels have changed (E410 to E419).
        UsageError: A variant is meant that the spec does not have (E007, E008).
    """
    from envc.lock.drift import drift
    from envc.pipeline.context.digest import digest_local
    from envc.variant import choose_variants, tell_variants

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
    return brought


def keep(question: Question, checked: CheckedFile, wheels: dict[str, str]) -> None:
    """Keep that a lock is right, unless a file was edited meanwhile."""
    from envc.pipeline.memo import Agreement, remember_agreement

    agreement = Agreement(
        environment=checked.environment,
        has_warnings=bool(checked.warnings),
        wheels=wheels,
        texts={name: source.text for name, source in checked.files.items()},
    )
    remember_agreement(question, agreement)


def note_new(
    path: Path,
    checked: CheckedFile,
    machine: Machine,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
) -> None:
    """Keep that a lock is right which was made just now, as far as a comparison says so, too.

    Args:
        checked: The spec that it was made from: the text may be another one by now.
    """
    question = ask(path, machine, variants, choice)
    if question.agreement_place.exists():
        return
    try:
        if read(path).text == checked.document.source.text:
            locked = read_lock(lock_path(path))
            keep(question, checked, compare(path, checked, locked, variants, choice))
    except (InputError, DriftError):
        return  # whoever asks is told
