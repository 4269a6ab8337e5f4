"""A spec becomes its lock, or is compared with the one that it has: what `lock` does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import DriftError, EnvcError, InputError
from envc.front import (
    Checked,
    CheckedFile,
    check_file,
    compare_with_lock,
    lock_path,
    read,
    read_any_lock,
    read_lock,
    read_locked,
    refuse_unhonoured,
)
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.change import Change
    from envc.lock.model import Lock, LockFile
    from envc.reference import ImageReference
    from envc.resolve.choice import CondaSolverName, PipSolverName
    from envc.resolve.environment import World

__all__ = ["LockOptions", "Locked", "LockedVariant", "check_lock", "lock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """How to lock.

    Attributes:
        variants: Of a spec with a matrix, those to resolve: the lock keeps what it has of the
            others. Empty for all.
        choice: What the command line chose of the spec's parameters.
        tools_image: None leaves the choice to envc.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    conda_solver: CondaSolverName = "rattler"
    pip_solver: PipSolverName = "uv"
    tools_image: ImageReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedVariant:
    """The lock of a variant that was resolved.

    Attributes:
        changes: From the old lock; all there is where there was none.
        is_new: Whether there was no old lock of it that could be read.
    """

    lock: Lock
    changes: tuple[Change, ...]
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A lock that was written to `path`.

    Attributes:
        variants: Those that were resolved, by name, in the spec's order; of a spec without a
            matrix, the only name is the empty one.
        dropped: The variants that only the old lock had, sorted.
        is_written: Whether the file had to be written: False where it was so already.
    """

    path: Path
    variants: Mapping[str, LockedVariant]
    dropped: tuple[str, ...]
    is_written: bool
    warnings: tuple[Diagnostic, ...]


def lock(
    path: Path, machine: Machine, options: LockOptions, report: Callable[[str], None]
) -> Locked:
    """Resolve a spec for all its platforms and write its lock; the old one stays if that fails.

    Variants are resolved side by side, and what they say is reported with their names.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx) or asks for what cannot be locked yet (E290), what
            it asks for cannot be had (E3xx), or the
            lock is damaged where variants of it are to be kept (E40x).
        UsageError: A variant (E007, E008) or a parameter (E006) is meant that the spec does not have.
        ToolError: A program, a channel, an index or a registry failed (E33x, E38x), or the lock
            cannot be written (E553).
    """
    from envc.lock.change import changes
    from envc.lock.codec import dumps
    from envc.lock.model import LockFile
    from envc.output import write_beside
    from envc.resolve.matrix import Wanted, resolve_variants
    from envc.variant import choose_variants, tell_variants

    checked = check_file(read(path), machine, choice=options.choice)
    place = lock_path(path)
    chosen = choose_variants(checked.variants, options.variants)
    refuse_unhonoured(checked, chosen)
    old = _read_old(place, is_needed=len(chosen) < len(checked.variants))
    with contextlib.ExitStack() as stack:
        worlds = _open_worlds(
            path, {name: checked.variants[name] for name in chosen}, machine, options, stack
        )
        wanted = {
            name: Wanted(
                spec=checked.variants[name].spec,
                document=checked.variants[name].document,
                world=world,
            )
            for name, world in worlds.items()
        }
        resolved = resolve_variants(wanted, report)
    before = old.variants if old is not None else {}
    kept = {name: one for name, one in before.items() if name in checked.variants}
    file = LockFile(variants={**kept, **{name: one.lock for name, one in resolved.items()}})
    warnings = {name: one.warnings for name, one in resolved.items()}
    return Locked(
        path=place,
        variants={
            name: LockedVariant(
                lock=one.lock,
                changes=changes(before.get(name), one.lock),
                is_new=name not in before,
            )
            for name, one in resolved.items()
        },
        dropped=tuple(sorted(set(before) - set(checked.variants) - {""})),
        is_written=write_beside(place, dumps(file)),
        warnings=checked.warnings + tell_variants(warnings, len(warnings)),
    )


def check_lock(
    path: Path,
    machine: Machine,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
) -> CheckedFile:
    """Compare a spec with its lock: no solver, no network.

    Args:
        variants: Those to compare; empty for all, and then the lock may have no others.
        choice: What the command line chose of the spec's parameters.

    Raises:
        DriftError: The lock is not that of the spec, or its wheels have changed (E410 to E419).
        InputError: The spec is wrong (E1xx, E2xx), or the lock is missing or damaged (E40x).
        UsageError: A variant (E007, E008) or a parameter (E006) is meant that the spec does not have.
    """
    from envc.context import digest_wheels
    from envc.lock.drift import drift
    from envc.variant import choose_variants, tell_variants

    checked, locked = read_locked(path, machine, choice)
    chosen = choose_variants(checked.variants, variants)
    refuse_unhonoured(checked, chosen)
    if found := compare_with_lock(checked, locked, chosen):
        raise DriftError(found)
    problems: dict[str, tuple[Diagnostic, ...]] = {}
    for name in chosen:
        own = checked.variants[name]
        lock = locked.variants[name]
        wheels = digest_wheels(own.spec, own.document, path.parent, lock.local_wheels)
        problems[name] = drift(own.spec, own.document, lock, wheels=wheels)
    if told := tell_variants(problems, len(chosen)):
        raise DriftError(told)
    return checked


def _read_old(place: Path, *, is_needed: bool) -> LockFile | None:
    """Return the lock that is there, if any; one that cannot be read is none, unless it is needed."""
    return read_lock(place) if is_needed and place.exists() else read_any_lock(place)


def _open_worlds(
    path: Path,
    variants: Mapping[str, Checked],
    machine: Machine,
    options: LockOptions,
    stack: contextlib.ExitStack,
) -> dict[str, World]:
    """Return what each variant is resolved with; solvers and images are shared."""
    from envc.context import read_wheels
    from envc.resolve.access import access_find_links, access_indexes
    from envc.resolve.choice import conda_solver, pip_solver
    from envc.resolve.environment import World
    from envc.resolve.inspector import ImageInspector
    from envc.resolve.uv import Uv
    from envc.variant import merge_variants

    images = ImageInspector(environment=machine.environment, mirrors=machine.mirrors)
    shared = World(
        images=stack.enter_context(contextlib.closing(images)),
        conda=conda_solver(options.conda_solver, machine.cache, machine.environment),
        pip=pip_solver(options.pip_solver, machine.cache, machine.environment),
        tools=Uv(cache=machine.cache, environment=machine.environment),
        tools_image=options.tools_image,
        mirrors=machine.mirrors,
    )
    worlds: dict[str, World] = {}
    failures: dict[str, EnvcError] = {}
    for name, own in variants.items():
        try:
            worlds[name] = replace(
                shared,
                indexes=access_indexes(own.spec, own.document, machine.environment),
                find_links=access_find_links(
                    own.spec, own.document, machine.environment, path.parent
                ),
                wheels=read_wheels(own.spec, own.document, path.parent),
            )
        except InputError as error:
            failures[name] = error
    if failures:
        raise merge_variants(failures, len(variants))
    return worlds
