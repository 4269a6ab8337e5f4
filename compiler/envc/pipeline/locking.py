"""A spec becomes its lock: what `lock` does."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, UsageError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.agreement import note_new
from envc.pipeline.front import (
    Checked,
    check_file,
    leave_out_allowed,
    lock_path,
    read,
    read_any_lock,
)
from envc.pipeline.solving import LockOptions, Solvers, ask_ahead, resolve_again
from envc.turn import turn

if TYPE_CHECKING:
    from envc.lock.change import Change
    from envc.lock.model import Lock, LockFile
    from envc.reference import ImageReference
    from envc.resolve.pip.uv_ahead import Ahead

__all__ = ["LockOptions", "Locked", "LockedVariant", "lock", "lock_all"]

_SIDE_BY_SIDE = 4
"""How many specs are locked at once; each may run a solver for each of its platforms."""


@frozen
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


@frozen
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
        InputError: The spec is wrong (E1xx, E2xx), what it asks for cannot be had (E3xx), or the
            lock is damaged where variants of it are to be kept (E40x).
        UsageError: A variant (E007, E008) or a parameter (E006) is meant that the spec does not have, or
            a package (E460) that the lock does not have.
        ToolError: A program, a channel, an index or a registry failed (E33x, E38x), or the lock
            cannot be written (E553).
    """
    with ask_ahead(path, lock_path(path), machine, options) as ahead:
        found = read_any_lock(lock_path(path))
        _refuse_unknown_packages([found] if found is not None else [], options.update_packages)
        with Solvers(machine, options, ahead) as solvers:
            return _lock(path, solvers, report, ahead)


def lock_all(
    paths: Sequence[Path],
    machine: Machine,
    options: LockOptions,
    report: Callable[[str], None],
) -> dict[Path, Locked | EnvcError]:
    """Lock several specs side by side: what becomes of each, by its path, in the order given.

    They share solvers and all that these learn. A package that is to be updated moves in those specs
    whose lock has it.

    Raises:
        UsageError: Two specs have one lock (E462), or no lock has a package that is to be updated
            (E460).
    """
    from concurrent.futures import ThreadPoolExecutor

    places: dict[Path, Path] = {}
    for path in paths:
        places.setdefault(path.resolve(), path)
    _refuse_shared_locks(places.values())
    found = [read_any_lock(lock_path(path)) for path in places.values()]
    _refuse_unknown_packages([one for one in found if one is not None], options.update_packages)
    with (
        Solvers(machine, options) as solvers,
        ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool,
    ):
        futures = {
            path: pool.submit(_lock, path, solvers, _name_in(report, path))
            for path in places.values()
        }
        results: dict[Path, Locked | EnvcError] = {}
        for path, future in futures.items():
            try:
                results[path] = future.result()
            except EnvcError as error:
                results[path] = error
        return results


def _name_in(report: Callable[[str], None], path: Path) -> Callable[[str], None]:
    return lambda text: report(f"{path}: {text}")


def _lock(
    path: Path, solvers: Solvers, report: Callable[[str], None], ahead: Ahead | None = None
) -> Locked:
    with _turn(solvers.machine, lock_path(path), report) as has_waited:
        if has_waited and ahead is not None:
            ahead.drop()  # what was true when it was asked need not be now
        return _lock_alone(path, solvers, report, ahead)


def _lock_alone(
    path: Path, solvers: Solvers, report: Callable[[str], None], ahead: Ahead | None
) -> Locked:
    from envc.lock.change import changes
    from envc.lock.codec import dumps
    from envc.lock.model import LockFile
    from envc.pipeline.output import write_beside
    from envc.variant import choose_variants, tell_variants

    options = solvers.options
    checked = check_file(read(path), solvers.machine, choice=options.choice)
    place = lock_path(path)
    chosen = choose_variants(checked.variants, options.variants)
    old, damage = _read_old(place, is_needed=len(chosen) < len(checked.variants))
    before = old.variants if old is not None else {}
    variants = {name: checked.variants[name] for name in chosen}
    still_right = _find_still_right(path, variants, before, options)
    asked = {name: one for name, one in variants.items() if name not in still_right}
    if asked and options.is_offline:
        raise InputError([*_explain_offline(path, asked, before, options), *damage])
    if options.vendor is not None:
        _require_vendored(options.vendor, still_right.values())
    resolved = resolve_again(path, asked, before, solvers, report) if asked else {}
    locks = {
        name: still_right[name] if name in still_right else resolved[name].lock for name in chosen
    }
    kept = {name: one for name, one in before.items() if name in checked.variants}
    warnings = {
        name: leave_out_allowed(variants[name].document, one.warnings, solvers.machine.cache)
        for name, one in resolved.items()
    }
    if ahead is not None:
        ahead.keep({name: source.text for name, source in checked.files.items()})
    is_written = write_beside(place, dumps(LockFile(variants={**kept, **locks})))
    note_new(path, checked, solvers.machine, options.variants, options.choice)
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
        is_written=is_written,
        warnings=checked.warnings + damage + tell_variants(warnings, len(warnings)),
    )


@contextlib.contextmanager
def _turn(machine: Machine, place: Path, report: Callable[[str], None]) -> Iterator[bool]:
    """Wait until nobody else on this machine locks the same spec, and say so; gives whether it did.

    Where the cache cannot be written there is nothing to wait with; whoever solves is told then.
    """
    folder = machine.cache / "locks"
    name = hashlib.sha256(os.fsencode(place.resolve())).hexdigest()[:32]
    with contextlib.ExitStack() as held:
        has_waited = False
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            text = f"waiting for another envc, which writes {place.name}"
            own = turn(folder / f"{name}.lock", lambda: report(text))
            has_waited = held.enter_context(own)
        yield has_waited


def _find_still_right(
    path: Path, variants: Mapping[str, Checked], before: Mapping[str, Lock], options: LockOptions
) -> dict[str, Lock]:
    """Return the old locks of variants that are what the spec asks for, where nothing is to move."""
    from envc.lock.coherence import contradictions
    from envc.lock.drift import drift
    from envc.lock.intent import intent
    from envc.pipeline.context.digest import digest_local

    found: dict[str, Lock] = {}
    for name, own in variants.items() if not options.asks_for_all else ():
        lock = before.get(name)
        if lock is None or _has_any([lock], options.update_packages):
            continue
        if not _has_tools(lock, options.tools_image) or _lacks_packages(lock):
            continue
        if any(contradictions(lock)):
            continue
        wheels = digest_local(own.spec, own.document, path.parent, lock.local_wheels)
        if not drift(own.spec, own.document, lock, wheels=wheels):
            found[name] = lock.model_copy(update={"intent": intent(own.spec)})
    return found


def _require_vendored(folder: Path, locks: Iterable[Lock]) -> None:
    """Check that a folder holds all that locks pin (E436, E470)."""
    from envc.pipeline.vendoring import require_vendored

    for lock in locks:
        require_vendored(folder, lock.platforms)


def _explain_offline(
    path: Path, asked: Mapping[str, Checked], before: Mapping[str, Lock], options: LockOptions
) -> list[Diagnostic]:
    """Return why a lock cannot stay as it is, where nobody can be asked for another one (E473)."""
    from envc.lock.drift import drift
    from envc.pipeline.context.digest import digest_local

    hint = "lock where there is a network; what is locked and vendored can be built without one"
    reasons: list[Diagnostic] = []
    for name, own in asked.items() if not options.asks_for_all else ():
        lock = before.get(name)
        if lock is not None:
            wheels = digest_local(own.spec, own.document, path.parent, lock.local_wheels)
            reasons += drift(own.spec, own.document, lock, wheels=wheels)
    message = f"`{lock_path(path)}` is to change, and offline nobody can be asked how"
    return [Diagnostic(code="E473", message=message, hint=hint), *reasons]


def _lacks_packages(lock: Lock) -> bool:
    """Say whether there was no engine for a part of a lock: there may be one now."""
    return any(one.unresolved for one in lock.platforms.values())


def _has_tools(lock: Lock, chosen: ImageReference | None) -> bool:
    """Say whether a lock's tools run in the image that the command line chose, if it did.

    Those of a lock of the former form are only for the architecture that the image is for.
    """
    tools = [one.tools for one in lock.platforms.values() if one.tools.packages]
    if chosen is None:
        return all(one.python is not None or len(one.packages) > 1 for one in tools)
    return all(
        chosen.canonical == one.image and chosen.digest in {None, one.digest} for one in tools
    )


def _refuse_shared_locks(paths: Iterable[Path]) -> None:
    """Check that each spec has a lock of its own.

    Raises:
        UsageError: Two have one (E462).
    """
    owners: dict[Path, Path] = {}
    problems = []
    for path in paths:
        other = owners.setdefault(lock_path(path).resolve(), path)
        if other != path:
            message = f"`{other}` and `{path}` have one lock, `{lock_path(path)}`"
            hint = "lock only the one that is meant; `envc convert` makes one of the other"
            problems.append(Diagnostic(code="E462", message=message, hint=hint))
    if problems:
        raise UsageError(problems)


def _refuse_unknown_packages(old: Sequence[LockFile], names: Sequence[str]) -> None:
    """Check that any old lock, where there is one, has the packages that are to move.

    Raises:
        UsageError: None has (E460).
    """
    from envc.diagnostics import suggest

    locks = [lock for file in old for lock in file.variants.values()]
    problems = []
    for name in names if locks else ():
        if _has_any(locks, [name]):
            continue
        meant = suggest(name, _list_packages(locks))
        hint = f"did you mean `{meant}`?" if meant else "name a package that the lock has"
        message = f"the lock has no package `{name}` that could be updated"
        problems.append(Diagnostic(code="E460", message=message, hint=hint))
    if problems:
        raise UsageError(problems)


def _has_any(locks: Iterable[Lock], names: Sequence[str]) -> bool:
    """Say whether any of these packages is in any of these locks."""
    from envc.spec.requirement import normal_name

    known = set(map(normal_name, _list_packages(locks))) if names else set()
    return not known.isdisjoint(map(normal_name, names))


def _list_packages(locks: Iterable[Lock]) -> set[str]:
    platforms = [one for lock in locks for one in lock.platforms.values()]
    kinds = [
        part for one in platforms for part in (one.conda, one.distributions, one.build, one.system)
    ]
    return {package.name for part in kinds for package in part}


def _read_old(place: Path, *, is_needed: bool) -> tuple[LockFile | None, tuple[Diagnostic, ...]]:
    """Return the lock that is there, if any, and a warning where it is damaged, unless it is needed.

    Of one that is not whole, what it has is still what is preferred.

    Raises:
        InputError: It is needed, and cannot be read or is not whole (E40x).
    """
    from envc.files import read_source
    from envc.lock.codec import loads, refuse_contradictions

    if not place.exists():
        return None, ()
    found = None
    try:
        source = read_source(place)
        found = loads(source.text, source.name)
        refuse_contradictions(source, found)
    except InputError as error:
        if is_needed:
            raise
        first = error.diagnostics[0]
        if found is None:
            code, message = "W461", "the old lock cannot be read, and all is resolved anew"
        else:
            code, message = "W390", "the old lock is not whole, and is resolved again"
        warning = Diagnostic(
            code=code,
            message=f"{message}: {first.message}",
            labels=first.labels,
            hint="a lock in version control is the way back to what was locked",
        )
        return found, (warning,)
    return found, ()
