"""What builds leave in BuildKit's cache, taken away again: of envc's own builds, and of no others."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import field

from envc.engine.buildx import buildx_command
from envc.frozen import frozen
from envc.process import ProgramMissingError, run

__all__ = ["Traces", "look", "remove_since"]

_TIMEOUT_S = 120.0
_AT_ONCE = 200


@frozen
class Traces:
    """What BuildKit keeps: `records` of its cache and `builds` of its history, by their ids."""

    records: frozenset[str]
    builds: frozenset[str]
    environment: Mapping[str, str] = field(repr=False)


def look(environment: Mapping[str, str]) -> Traces | None:
    """Return what BuildKit keeps now; None where it does not say."""
    records = _list(environment, "du", "ID")
    builds = _list(environment, "history", "ref")
    if records is None or builds is None:
        return None
    return Traces(
        records=frozenset(records), builds=frozenset(map(_plain, builds)), environment=environment
    )


def remove_since(before: Traces | None, builds: Collection[str]) -> bool:
    """Drop what some builds have left, and say whether that was done.

    A record does not say which build made it. Where anybody else's build has run meanwhile, all stays.

    Args:
        before: What there was when they began; None keeps all.
        builds: Their references, as buildx gives them.
    """
    own = frozenset(map(_plain, builds))
    now = look(before.environment) if before is not None else None
    if before is None or now is None or now.builds - before.builds - own:
        return False
    records = sorted(now.records - before.records)
    done = True
    for start in range(0, len(records), _AT_ONCE):
        names = "|".join(records[start : start + _AT_ONCE])
        done &= _buildx(before.environment, "prune", "--force", f"--filter=id~=^({names})$")
    if own & now.builds:
        done &= _buildx(before.environment, "history", "rm", *sorted(own & now.builds))
    return done


def _plain(reference: str) -> str:
    """Return a build's id of `builder/node/id`."""
    return reference.rpartition("/")[2]


def _list(environment: Mapping[str, str], what: str, key: str) -> list[str] | None:
    words = ("history", "ls", "--no-trunc") if what == "history" else (what,)
    try:
        done = run(
            [*buildx_command(environment), *words, "--format=json"],
            environment=environment,
            timeout_s=_TIMEOUT_S,
        )
        if done.returncode != 0:
            return None
        return [str(json.loads(line)[key]) for line in done.stdout.splitlines() if line.strip()]
    except (ProgramMissingError, TimeoutError, ValueError, LookupError, TypeError):
        return None


def _buildx(environment: Mapping[str, str], *words: str) -> bool:
    try:
        done = run(
            [*buildx_command(environment), *words], environment=environment, timeout_s=_TIMEOUT_S
        )
    except (ProgramMissingError, TimeoutError):
        return False
    return done.returncode == 0
