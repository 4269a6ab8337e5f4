"""What conda, mamba and micromamba write when they fail, as one form."""

from __future__ import annotations

import json
import re
from typing import Any

from envc.frozen import frozen

__all__ = ["Failure", "read_failure"]

# Of conda's exceptions, those that say that nothing satisfies the requirements.
_CONFLICTS = frozenset(
    {
        "LibMambaUnsatisfiableError",
        "PackagesNotFoundError",
        "PackagesNotFoundInChannelsError",
        "RattlerUnsatisfiableError",
        "ResolvePackageNotFound",
        "SpecsConfigurationConflictError",
        "UnsatisfiableError",
    }
)
_TAIL_LINES = 15


@frozen
class Failure:
    """Why a program failed: whether it proved a conflict, and its own words."""

    is_conflict: bool
    text: str


def read_failure(stdout: str, stderr: str) -> Failure:
    """Return what a program that was called with `--json` says.

    conda gives an `exception_name` and a `message`; mamba and micromamba `solver_problems`, and
    the better story on stderr, under the line that they could not solve.
    """
    said = _find_object(stdout)
    story = re.search(r"Could not solve for environment specs\n((?:[ │├└─].*\n?)+)", stderr)
    if story is not None:
        lines = [line for line in story[1].splitlines() if line.strip()]
        return Failure(is_conflict=True, text="\n".join(line[4:] for line in lines))
    if said.get("solver_problems"):
        return Failure(is_conflict=True, text="\n".join(map(str, said["solver_problems"])))
    tail = "\n".join((stderr.strip() or stdout.strip()).splitlines()[-_TAIL_LINES:])
    text = str(said.get("message") or said.get("error") or tail).strip()
    return Failure(is_conflict=said.get("exception_name") in _CONFLICTS, text=text)


def _find_object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text that may have other lines around it, or an empty one."""
    start, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[start : end + 1]) if start >= 0 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
