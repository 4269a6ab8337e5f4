"""`envc lock --outdated`: a table of what is newer than a lock."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from envc import pipeline
from envc.cli.console import Console
from envc.errors import DriftError

__all__ = ["tell"]

_HEAD = ("", "package", "locked", "within the spec", "beyond it", "")


def tell(
    specs: Sequence[Path],
    machine: pipeline.Machine,
    options: pipeline.LockOptions,
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    """Say what is newer than the locks of some specs, one after the other; return the exit code."""
    found = {
        spec: pipeline.outdated(spec, machine, options, console.note)
        for spec in dict.fromkeys(specs)
    }
    if arguments.json:
        rows = {str(spec): [asdict(row) for row in own] for spec, own in found.items()}
        single = {"outdated": next(iter(rows.values()))} if len(rows) == 1 else {"specs": rows}
        console.print_json(single)
    for spec, own in found.items():
        if not own:
            console.note(f"nothing is newer than the lock of {spec}")
        elif not arguments.json:
            for line in _list_rows(spec, own, is_only=len(found) == 1):
                console.print(line)
    is_any = any(found.values())
    return DriftError.exit_code if arguments.exit_code and is_any else 0


def _list_rows(spec: Path, found: Sequence[pipeline.Outdated], *, is_only: bool) -> Iterator[str]:
    """Yield a table with a head; what platforms or variants share is one row."""
    if not is_only:
        yield f"{spec}:"
    places = {(one.variant, one.platform) for one in found}
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        row = (one.kind, one.name, one.locked, one.within or "-", one.beyond or "-", one.note)
        groups.setdefault(row, []).append(f"{one.variant} {one.platform}".strip())
    rows = [
        (*row[:5], "; ".join(filter(None, (row[5], _name(where, len(places))))))
        for row, where in sorted(groups.items())
    ]
    table: list[tuple[str, ...]] = [_HEAD, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        cells = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _name(where: Sequence[str], count: int) -> str:
    return "" if len(where) == count else f"only {', '.join(where)}"
