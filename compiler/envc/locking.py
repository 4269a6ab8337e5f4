"""A spec becomes its lock: what `lock` does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, UsageError
from envc.front import (
    Checked,
    check_file,
    lock_path,
    read,
    read_lock,
    refuse_unhonoured,
)
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.change import Change
    from envc.lock.model import Lock, LockFile
    from envc.reference import ImageReference
    from envc.resolve.choice import CondaSolverName, PipSolverName
    from envc.resolve.environment import Resolved
    from envc.resolve.keeping import Keeping
    from envc.resolve.world import World
    from envc.spec.model import EnvSpec

__all__ = ["LockOptions", "Locked", "LockedVariant", "lock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """How to lock.

    Attributes:
        variants: Of a spec with a matrix, those to resolve: the lock keeps what it has of the
            others. Empty for all.
        choice: What the command line chose of the spec's parameters.
        tools_image: None leaves the choice to envc.
        update: Whether all is to be resolved as if there were no old lock.
        update_packages: Names of packages that are to get what they would get with no old lock.
        upgrade_base: Whether tags are asked again for their digests.
        exclude_newer: A date or a time instead of the spec's own; None for the spec's own.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    conda_solver: CondaSolverName = "rattler"
    pip_solver: PipSolverName = "uv"
    tools_image: ImageReference | None = None
    update: bool = False
    update_packages: tuple[str, ...] = ()
    upgrade_base: bool = False
    exclude_newer: str | None = None

    @property
    def asks_to_move(self) -> bool:
        """Whether anything is to be resolved again, whatever the lock has."""
        asked = self.update or self.update_packages or self.upgrade_base
        return bool(asked) or self.exclude_newer is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedVariant:
    """The lock of a variant that was resolved.

    Attributes:
        changes: From the old lock; all there is where there was none.
        is_new: Whether there was no old lock of it that could be read.
        is_kept: Whether the old lock is still right, so that nobody was asked.
    """

    lock: Lock
    changes: tuple[Change, ...]
    is_new: bool
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A lock that was written to `path`.

    Attributes:
        variants: Those that were asked for, by name, in the spec's order; of a spec without a
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

    What the old lock has stays where it is still right: where the spec asks for nothing else and
    nothing is to move, no solver runs and no network is used.

    Variants are resolved side by side, and what they say is reported with their names.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx) or asks for what cannot be locked yet (E290), what
            it asks for cannot be had (E3xx), or the
            lock is damaged where variants of it are to be kept (E40x).
        UsageError: A variant (E007, E008) or a parameter (E006) is meant that the spec does not have, or
            a package (E460) that the lock does not have.
        ToolError: A program, a channel, an index or a registry failed (E33x, E38x), or the lock
            cannot be written (E553).
    """
    from envc.lock.change import changes
    from envc.lock.codec import dumps
    from envc.lock.model import LockFile
    from envc.output import write_beside
    from envc.variant import choose_variants, tell_variants

    checked = check_file(read(path), machine, choice=options.choice)
    place = lock_path(path)
    chosen = choose_variants(checked.variants, options.variants)
    refuse_unhonoured(checked, chosen)
    old, damage = _read_old(place, is_needed=len(chosen) < len(checked.variants))
    before = old.variants if old is not None else {}
    _refuse_unknown_packages(before, options.update_packages)
    variants = {name: checked.variants[name] for name in chosen}
    still_right = _find_still_right(path, variants, before, options)
    asked = {name: one for name, one in variants.items() if name not in still_right}
    resolved = _resolve(path, asked, before, machine, options, report) if asked else {}
    locks = {
        name: still_right[name] if name in still_right else resolved[name].lock for name in chosen
    }
    kept = {name: one for name, one in before.items() if name in checked.variants}
    warnings = {name: one.warnings for name, one in resolved.items()}
    return Locked(
        path=place,
        variants={
            name: LockedVariant(
                lock=one,
                changes=changes(before.get(name), one),
                is_new=name not in before,
                is_kept=name in still_right,
            )
            for name, one in locks.items()
        },
        dropped=tuple(sorted(set(before) - set(checked.variants) - {""})),
        is_written=write_beside(place, dumps(LockFile(variants={**kept, **locks}))),
        warnings=checked.warnings + damage + tell_variants(warnings, len(warnings)),
    )


def _resolve(
    path: Path,
    variants: Mapping[str, Checked],
    before: Mapping[str, Lock],
    machine: Machine,
    options: LockOptions,
    report: Callable[[str], None],
) -> dict[str, Resolved]:
    """Return the locks of variants that are not right any more, or that are to move."""
    from envc.lock.intent import intent
    from envc.resolve.matrix import Wanted, resolve_variants
    from envc.spec.moment import moment_text

    own = {name: before[name] for name in variants if name in before and not options.update}
    with contextlib.ExitStack() as stack:
        worlds = _open_worlds(path, variants, machine, options, stack)
        resolved = resolve_variants(
            {
                name: Wanted(
                    spec=_limit(variants[name].spec, options),
                    document=variants[name].document,
                    world=world,
                    keeping=_keep(path, variants[name], own[name], options)
                    if name in own
                    else None,
                )
                for name, world in worlds.items()
            },
            report,
        )
    if options.exclude_newer is None:
        return resolved
    until = {"exclude_newer": moment_text(options.exclude_newer)}
    return {
        name: replace(
            one,
            lock=one.lock.model_copy(update={"intent": intent(variants[name].spec), **until}),
        )
        for name, one in resolved.items()
    }


def _limit(spec: EnvSpec, options: LockOptions) -> EnvSpec:
    """Return a spec with the date that the command line gives, if any."""
    if options.exclude_newer is None:
        return spec
    return spec.model_copy(update={"exclude_newer": options.exclude_newer})


def _keep(path: Path, own: Checked, lock: Lock, options: LockOptions) -> Keeping:
    from envc.context import digest_wheels
    from envc.resolve.keeping import Keeping, normal_name

    return Keeping(
        lock=lock,
        moving=frozenset(map(normal_name, options.update_packages)),
        keeps_images=not options.upgrade_base,
        keeps_parts=options.exclude_newer is None,
        wheels=digest_wheels(own.spec, own.document, path.parent, lock.local_wheels),
    )


def _find_still_right(
    path: Path, variants: Mapping[str, Checked], before: Mapping[str, Lock], options: LockOptions
) -> dict[str, Lock]:
    """Return the old locks of variants that are what the spec asks for, where nothing is to move."""
    from envc.context import digest_wheels
    from envc.lock.drift import drift
    from envc.lock.intent import intent

    found: dict[str, Lock] = {}
    for name, own in variants.items() if not options.asks_to_move else ():
        lock = before.get(name)
        if lock is None or not _has_tools(lock, options.tools_image):
            continue
        wheels = digest_wheels(own.spec, own.document, path.parent, lock.local_wheels)
        if not drift(own.spec, own.document, lock, wheels=wheels):
            found[name] = lock.model_copy(update={"intent": intent(own.spec)})
    return found


def _has_tools(lock: Lock, chosen: ImageReference | None) -> bool:
    """Say whether a lock's tools run in the image that the command line chose, if it did."""
    return chosen is None or all(
        not one.tools.packages
        or (chosen.canonical == one.tools.image and chosen.digest in {None, one.tools.digest})
        for one in lock.platforms.values()
    )


def _refuse_unknown_packages(before: Mapping[str, Lock], names: Sequence[str]) -> None:
    """Check that the old lock, where there is one, has the packages that are to move.

    Raises:
        UsageError: It has not (E460).
    """
    from envc.diagnostics import suggest
    from envc.resolve.keeping import normal_name

    platforms = [one for lock in before.values() for one in lock.platforms.values()]
    known = {package.name for one in platforms for package in one.conda}
    known |= {package.name for one in platforms for package in one.pip}
    missing = [name for name in names if normal_name(name) not in set(map(normal_name, known))]
    if not before or not missing:
        return
    problems = []
    for name in missing:
        meant = suggest(name, known)
        hint = f"did you mean `{meant}`?" if meant else "name a package that the lock has"
        message = f"the lock has no package `{name}` that could be updated"
        problems.append(Diagnostic(code="E460", message=message, hint=hint))
    raise UsageError(problems)


def _read_old(place: Path, *, is_needed: bool) -> tuple[LockFile | None, tuple[Diagnostic, ...]]:
    """Return the lock that is there, if any; of one that cannot be read, a warning, unless it is needed.

    Raises:
        InputError: It is needed, and cannot be read (E40x).
    """
    if not place.exists():
        return None, ()
    try:
        return read_lock(place), ()
    except InputError as error:
        if is_needed:
            raise
        first = error.diagnostics[0]
        warning = Diagnostic(
            code="W461",
            message=f"the old lock cannot be read, and all is resolved anew: {first.message}",
            labels=first.labels,
            hint="a lock in version control is the way back to what was locked",
        )
        return None, (warning,)


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
    from envc.resolve.inspector import ImageInspector
    from envc.resolve.uv import Uv
    from envc.resolve.world import World
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
