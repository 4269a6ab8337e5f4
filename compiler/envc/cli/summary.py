"""What a lock has, and what moved in it, as lines for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from envc.cli.size import format_size
from envc.lock.change import Change, Move, size_of
from envc.lock.model import Lock, PlatformLock

__all__ = [
    "align",
    "describe_change",
    "describe_platform",
    "format_size",
    "group_changes",
    "summarise",
    "tell_growth",
    "tell_move",
    "tell_versions",
]

_MOVES: Sequence[Move] = ("removed", "added", "up", "down", "other")
_PACKAGES = frozenset({"conda", "pip", "source", "system"})
_KINDS = ("base", "system", "conda", "pip", "source", "build", "tools")


def summarise(lock: Lock, changes: Sequence[Change], *, is_new: bool) -> Iterator[str]:
    """Yield a line per thing that moved, in columns, and a line per platform with its totals.

    The same change on several platforms is one line. Of a new lock, and of a platform that is new or
    no longer locked, only the totals are told: that all in it was added or removed goes without
    saying.
    """
    if is_new:
        changes = ()
    came = _find_new(changes)
    stayed = tuple(sorted(lock.platforms.keys() - came))
    yield from _list_changes([change for change in changes if change.platform in stayed], stayed)
    for platform in sorted({*lock.platforms, *(change.platform for change in changes)}):
        own = [change for change in changes if change.platform == platform]
        locked = lock.platforms.get(platform)
        if locked is None:
            yield _count_gone(platform, own)
        elif platform in came:
            yield f"{_count(platform, locked, ())} (new)"
        else:
            yield _count(platform, locked, own)


def _find_new(changes: Sequence[Change]) -> set[str]:
    """Return the platforms that were not locked before: they had no base, and lost none."""
    bases = [change for change in changes if change.kind == "base"]
    lost = {change.platform for change in bases if change.old is not None}
    return {change.platform for change in bases} - lost


def describe_platform(locked: PlatformLock) -> dict[str, Any]:
    """Return what `--json` says of a platform."""
    return {
        "base": f"{locked.base.image}@{locked.base.digest}",
        "python": locked.python.version if locked.python is not None else None,
        "conda": len(locked.conda),
        "pip": len(locked.pip),
        **({"sources": len(locked.sources)} if locked.sources else {}),
        "size_bytes": size_of(locked),
    }


def describe_change(change: Change) -> dict[str, Any]:
    """Return what `--json` says of a change."""
    return {
        "platform": change.platform,
        "kind": change.kind,
        "name": change.name,
        "move": change.move,
        "old": change.old,
        "new": change.new,
        "old_size_bytes": change.old_size,
        "new_size_bytes": change.new_size,
    }


def _list_changes(changes: Sequence[Change], platforms: Sequence[str]) -> Iterator[str]:
    rows = []
    for group in group_changes(changes):
        first = group[0]
        found = sorted(change.platform for change in group)
        where = "" if found == list(platforms) else f"only {', '.join(found)}"
        versions = tell_versions(first)
        rows.append((tell_move(first), first.kind, first.name, versions, tell_growth(group), where))
    yield from align(rows)


def group_changes(changes: Sequence[Change]) -> list[list[Change]]:
    """Return changes by what a reader is told of them: the same on several platforms is told once."""
    groups: dict[tuple[int, int, str, str], list[Change]] = {}
    for change in changes:
        order = _KINDS.index(change.kind), _MOVES.index(change.move)
        groups.setdefault((*order, change.name, tell_versions(change)), []).append(change)
    return [group for _, group in sorted(groups.items(), key=lambda item: item[0])]


def align(rows: Sequence[Sequence[str]], indent: str = "") -> Iterator[str]:
    """Yield rows as lines of columns; one that is empty in all of them is left out."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        filled = "  ".join(cell for cell, width in zip(cells, widths, strict=True) if width)
        yield f"{indent}{filled}".rstrip()


def tell_move(change: Change) -> str:
    """Return in one word what happened."""
    return "changed" if change.move == "other" else change.move


def tell_versions(change: Change) -> str:
    """Return what was pinned and what is now; of Conda's builds only where versions are the same."""
    texts = [text for text in (change.old, change.new) if text is not None]
    if change.kind == "conda" and change.move != "other":
        texts = [text.partition(" ")[0] for text in texts]
    return " -> ".join(texts)


def tell_growth(group: Sequence[Change]) -> str:
    """Return the bytes of a change, which its platforms may not share."""
    found = {change.growth for change in group}
    if None in found or group[0].kind == "base":
        return ""
    texts = [format_size(growth, signed=True) for growth in sorted(one or 0 for one in found)]
    return " to ".join(dict.fromkeys([texts[0], texts[-1]]))


def _count_gone(platform: str, changes: Sequence[Change]) -> str:
    packages = _pick_packages(changes)
    counted = f"{len(packages)} package{'' if len(packages) == 1 else 's'}"
    facts = filter(None, (counted, _tell_total(packages)))
    return f"{platform}: no longer locked ({', '.join(facts)})"


def _pick_packages(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.kind in _PACKAGES]


def _tell_total(packages: Sequence[Change]) -> str:
    """Return by how many bytes packages grew together; empty where the locks do not state enough."""
    growths = [change.growth for change in packages]
    return (
        "" if None in growths else format_size(sum(growth or 0 for growth in growths), signed=True)
    )


def _count(platform: str, locked: PlatformLock, changes: Sequence[Change]) -> str:
    text = f"{platform}: {len(locked.conda)} Conda and {len(locked.pip)} pip packages"
    if locked.system:
        text += f", {len(locked.system)} of Debian's"
    if locked.sources:
        text += f", {len(locked.sources)} built from source"
    if locked.python is not None:
        text += f", Python {locked.python.version}"
    size = size_of(locked)
    if size:
        text += f", {format_size(size)}"
    packages = _pick_packages(changes)
    if not packages:
        return text
    counts = Counter(change.move for change in packages)
    parts = [
        f"{counts[move]} {'changed' if move == 'other' else move}"
        for move in _MOVES
        if counts[move]
    ]
    return f"{text} ({', '.join(filter(None, (*parts, _tell_total(packages))))})"
