"""Builds and runs: rows of the store in, records out, the newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from envc.store.activity import Build, Run

__all__ = ["add_build", "add_run", "last_uses", "list_builds", "list_runs"]

_BUILD = (
    "env_id", "variant", "platform", "image", "digest", "size_bytes", "spec", "started",
    "duration_s", "outcome", "exit_code", "log",
)  # fmt: skip
_RUN = (
    "env_id", "variant", "platform", "image", "digest", "spec", "command", "started",
    "duration_s", "exit_code", "log",
)  # fmt: skip


def add_build(connection: sqlite3.Connection, build: Build) -> int:
    """Record a build and return its number."""
    return _insert(connection, "builds", _BUILD, [getattr(build, name) for name in _BUILD])


def add_run(connection: sqlite3.Connection, run: Run) -> int:
    """Record a run and return its number."""
    values = [getattr(run, name) for name in _RUN]
    values[_RUN.index("command")] = json.dumps(run.command)
    return _insert(connection, "runs", _RUN, values)


def list_builds(
    connection: sqlite3.Connection, env_id: str | None, limit: int | None
) -> tuple[Build, ...]:
    """Return builds, the newest first."""
    rows = _select(connection, "builds", _BUILD, env_id, limit)
    return tuple(Build(**row) for row in rows)


def list_runs(
    connection: sqlite3.Connection, env_id: str | None, limit: int | None
) -> tuple[Run, ...]:
    """Return runs, the newest first."""
    rows = _select(connection, "runs", _RUN, env_id, limit)
    return tuple(Run(**{**row, "command": tuple(json.loads(row["command"]))}) for row in rows)


def last_uses(connection: sqlite3.Connection) -> dict[str, float]:
    """Return when each environment was last built, found or run, by env id."""
    found = connection.execute(
        "SELECT env_id, max(started) FROM "
        "(SELECT env_id, started FROM builds UNION ALL SELECT env_id, started FROM runs) "
        "GROUP BY env_id"
    )
    return dict(found.fetchall())


def _insert(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], values: Sequence[object]
) -> int:
    places = ", ".join("?" * len(columns))
    done = connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
        values,
    )
    return int(done.lastrowid or 0)


def _select(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    env_id: str | None,
    limit: int | None,
) -> list[dict[str, Any]]:
    names = (*columns, "number")
    where, values = ("WHERE env_id = ?", [env_id]) if env_id is not None else ("", [])
    found = connection.execute(
        f"SELECT {', '.join(names)} FROM {table} {where} "  # noqa: S608
        "ORDER BY started DESC, number DESC LIMIT ?",
        [*values, -1 if limit is None else limit],
    )
    return [dict(zip(names, row, strict=True)) for row in found]
