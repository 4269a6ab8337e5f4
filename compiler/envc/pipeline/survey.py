"""What the world has newer than a lock: what `lock --outdated` does. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.errors import InputError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.comparison import check_agreement
from envc.pipeline.solving import LockOptions, Solvers, find_withdrawn_wheels, resolve_again

if TYPE_CHECKING:
    from envc.lock.change import Change
    from envc.lock.model import Lock
    from envc.pipeline.front import Checked

__all__ = ["Outdated", "outdated"]


@frozen
class Outdated:
    """A pinned thing that the world has newer.

    Attributes:
        variant: Of a spec with a matrix, its name; else empty.
        kind: `base`, `conda`, `pip`, or `tools` for the image that tools run in.
        locked: What is pinned, as people say it.
        within: What the spec would get if all were resolved anew; None where that is the same.
        beyond: What it would get if it limited no versions; None where that is not newer still, or
            nobody can tell.
        note: Why it should not be used any more; empty for most.
    """

    variant: str
    platform: str
    kind: str
    name: str
    locked: str
    within: str | None = None
    beyond: str | None = None
    note: str = ""


def outdated(
    path: Path, machine: Machine, options: LockOptions, report: Callable[[str], None]
) -> tuple[Outdated, ...]:
    """Return what is newer than the lock of a spec, by variant, platform, kind and name.

    All is resolved anew twice: as the spec asks for it, and without its limits on versions. What
    only other packages need, and what none needs any more, is not told.

    Raises:
        DriftError: The lock is not that of the spec (E410 to E419).
        InputError: The spec is wrong, its lock is missing or damaged, or what it asks for cannot be
            had any more.
        ToolError: A program, a channel, an index or a registry failed.
    """
    checked, locked, chosen = check_agreement(
        path, machine, variants=options.variants, choice=options.choice
    )
    variants = {name: checked.variants[name] for name in chosen}
    with Solvers(machine, replace(options, update=True)) as solvers:
        within = _resolve(path, variants, solvers, report)
        beyond: dict[str, Lock] = {}
        report("looking beyond the versions that the spec allows")
        try:
            beyond = _resolve(path, _loosen_all(variants), solvers, report)
        except InputError as error:
            report(f"nobody can tell what is newer beyond them: {error.diagnostics[0].message}")
        notes = find_withdrawn_wheels(
            path, variants, {name: locked.variants[name] for name in chosen}, solvers
        )
    return tuple(
        one
        for name in chosen
        for one in _compare(
            name, locked.variants[name], within[name], beyond.get(name), notes[name]
        )
    )


def _resolve(
    path: Path, variants: Mapping[str, Checked], solvers: Solvers, report: Callable[[str], None]
) -> dict[str, Lock]:
    found = resolve_again(path, variants, {}, solvers, report)
    return {name: one.lock for name, one in found.items()}


def _loosen_all(variants: Mapping[str, Checked]) -> dict[str, Checked]:
    from envc.spec.loosen import loosen

    loosened = {name: loosen(own.spec, own.document) for name, own in variants.items()}
    return {
        name: replace(variants[name], spec=spec, document=document)
        for name, (spec, document) in loosened.items()
    }


def _compare(
    variant: str, old: Lock, within: Lock, beyond: Lock | None, notes: Mapping[str, str]
) -> Iterator[Outdated]:
    near, far = _moves(old, within), _moves(old, beyond) if beyond is not None else {}
    withdrawn = {
        (platform, "pip", package.name): package.version
        for platform, locked in old.platforms.items()
        for package in locked.pip
        if package.name in notes
    }
    for key in sorted({*near, *far, *withdrawn}):
        platform, kind, name = key
        first, second = near.get(key), far.get(key)
        within_text = _say(first, first.new) if first is not None else None
        is_up = second is not None and second.move == "up"
        beyond_text = _say(second, second.new) if second is not None and is_up else None
        note = notes.get(name, "") if kind == "pip" else ""
        if within_text is None and beyond_text is None and not note:
            continue
        told = first or second
        yield Outdated(
            variant=variant,
            platform=platform,
            kind=kind,
            name=name,
            locked=_say(told, told.old) if told is not None else withdrawn[key],
            within=within_text,
            beyond=beyond_text if beyond_text != within_text else None,
            note=note,
        )


def _say(change: Change, text: str | None) -> str:
    """Return a side of a change: of Conda's builds only where the version is the same."""
    is_build = change.kind != "conda" or change.move == "other"
    return (text or "") if is_build else (text or "").partition(" ")[0]


def _moves(old: Lock, new: Lock) -> dict[tuple[str, str, str], Change]:
    """Return what both locks have and what is another in the second; of the tools only the image."""
    from envc.lock.change import changes

    return {
        (one.platform, one.kind, one.name): one
        for one in changes(old, new)
        if one.old is not None and one.new is not None and (one.kind != "tools" or "/" in one.name)
    }
