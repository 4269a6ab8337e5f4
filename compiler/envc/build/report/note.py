"""What the build's own scripts tell about an environment: lines of JSON become diagnostics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from envc.diagnostics import Diagnostic

__all__ = ["NOTED", "Note", "explain_notes", "find_problem", "read_note"]

Note: TypeAlias = dict[str, Any]
"""A line's data: `assemble.py` says what there is."""

NOTED = frozenset({"W651", "W652"})
"""The codes of what notes are about."""

_MARK = "envc: {"
_SHOWN = 8


def read_note(line: str) -> Note | None:
    """Return what a line of a step's output tells envc; None where it is for people.

    >>> read_note('envc: {"more": 3}')
    {'more': 3}
    """
    if not line.startswith(_MARK):
        return None
    try:
        data = json.loads(line[len(_MARK) - 1 :])
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def explain_notes(notes: Sequence[Note]) -> tuple[Diagnostic, ...]:
    """Return what is odd about an environment that was built: W651 for files that several packages
    own with different content, W652 for activation scripts that have to run at every start."""
    warnings = []
    clashes = [note for note in notes if "clash" in note]
    if clashes:
        warnings.append(_explain_clashes(clashes, sum(note.get("more", 0) for note in notes)))
    scripts = [one for note in notes for one in note.get("activation", ())]
    if scripts:
        warnings.append(_explain_activation(scripts))
    return tuple(warnings)


def find_problem(lines: Iterable[str]) -> tuple[str, str] | None:
    """Return the problem with a base that a step's output tells, and what to do; None without one."""
    for line in lines:
        note = read_note(line)
        if note is not None and "problem" in note:
            return str(note["problem"]), str(note.get("hint", ""))
    return None


def _explain_clashes(clashes: Sequence[Note], more: int) -> Diagnostic:
    shown = [_describe(note) for note in clashes[:_SHOWN]]
    others = len(clashes) - len(shown) + more
    if others:
        shown.append(f"and {others} more")
    count = len(clashes) + more
    files = "a file" if count == 1 else f"{count} files"
    return Diagnostic(
        code="W651",
        message=f"several packages own {files}, with different content",
        notes=("\n".join(shown),),
        hint="leave out a package that another one replaces; else nothing is to do, if the right "
        "one was kept",
    )


def _describe(note: Note) -> str:
    *others, last = (str(name) for name in note.get("packages", ()))
    return f"{note['clash']}: that of {last} is kept, not that of {', '.join(others)}"


def _explain_activation(scripts: Sequence[Sequence[str]]) -> Diagnostic:
    """Return what is to be known of scripts, given with the packages that bring them."""
    said = (f"`{name}` of `{package}`" for name, package in scripts)
    return Diagnostic(
        code="W652",
        message="activation scripts do more than set variables, and run at every start",
        notes=(f"they are {', '.join(said)}",),
        hint="nothing is to do where they work; where a program starts beside the entrypoint, as by "
        "`docker exec`, `envc-activate PROGRAM` runs them first",
    )
