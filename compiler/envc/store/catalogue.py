"""Environments and their versions: rows of the store in, records out, and the other way round."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import field

from envc.frozen import frozen
from envc.store.record import Draft, Environment, StoredFile, Version

__all__ = [
    "Entry",
    "Registered",
    "add_version",
    "archive",
    "find_environment",
    "find_with_id",
    "list_env_ids",
    "list_environments",
    "list_ids",
    "list_versions",
    "read_version",
    "restore",
]


@frozen
class Entry:
    """What is registered, and as what.

    Attributes:
        labels: They point at it from now on, whatever they pointed at.
        properties: What is said of the version; the newest word on a key counts.
        description: None leaves that of a version that is there already.
        now: In s since 1970.
    """

    name: str
    draft: Draft
    labels: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    now: float


@frozen
class Registered:
    """What registering gave.

    Attributes:
        is_new: Whether it is a new version; else the environment had this content already.
        was_archived: Whether it, or the environment, had been put away; it is not any more.
    """

    version: Version
    is_new: bool
    was_archived: bool = False


def add_version(connection: sqlite3.Connection, entry: Entry) -> Registered:
    """Make content the next version of an environment, unless it is one of its versions."""
    environment, was_hidden = _add_environment(connection, entry)
    found = connection.execute(
        "SELECT id, archived FROM versions WHERE environment = ? AND digest = ?",
        (environment, entry.draft.digest),
    ).fetchone()
    if found is None:
        version = _insert_version(connection, environment, entry)
    else:
        version, was_hidden = found[0], was_hidden or found[1] is not None
        connection.execute("UPDATE versions SET archived = NULL WHERE id = ?", (version,))
    if entry.description is not None:
        connection.execute(
            "UPDATE versions SET description = ? WHERE id = ?", (entry.description, version)
        )
    connection.executemany(
        "INSERT OR REPLACE INTO labels (environment, name, version) VALUES (?, ?, ?)",
        [(environment, label, version) for label in entry.labels],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO properties (version, key, value) VALUES (?, ?, ?)",
        [(version, key, value) for key, value in entry.properties.items()],
    )
    return Registered(
        version=_read_row(connection, version), is_new=found is None, was_archived=was_hidden
    )


def list_environments(connection: sqlite3.Connection) -> tuple[Environment, ...]:
    """Return all environments, sorted by name; costs one pass over each table."""
    return _select_environments(connection, None)


def find_environment(connection: sqlite3.Connection, name: str) -> Environment | None:
    """Return the environment of a name; None where there is none."""
    return next(iter(_select_environments(connection, name)), None)


def list_versions(connection: sqlite3.Connection, name: str) -> tuple[Version, ...]:
    """Return the versions of an environment, the newest first; empty where there is none."""
    rows = connection.execute(
        "SELECT v.id FROM versions v JOIN environments e ON e.id = v.environment "
        "WHERE e.name = ? ORDER BY v.number DESC",
        (name,),
    ).fetchall()
    return tuple(_read_row(connection, key) for (key,) in rows)


def read_version(connection: sqlite3.Connection, name: str, number: int) -> Version | None:
    """Return a version; None where there is none of this number."""
    row = connection.execute(
        "SELECT v.id FROM versions v JOIN environments e ON e.id = v.environment "
        "WHERE e.name = ? AND v.number = ?",
        (name, number),
    ).fetchone()
    return _read_row(connection, row[0]) if row is not None else None


def find_with_id(connection: sqlite3.Connection, env_id: str) -> Version | None:
    """Return the version that has an env id: one that is not archived first, then the newest."""
    row = connection.execute(
        "SELECT v.id FROM env_ids i JOIN versions v ON v.id = i.version "
        "JOIN environments e ON e.id = v.environment WHERE i.env_id = ? "
        "ORDER BY v.archived IS NOT NULL OR e.archived IS NOT NULL, v.created DESC, v.id DESC",
        (env_id,),
    ).fetchone()
    return _read_row(connection, row[0]) if row is not None else None


def archive(connection: sqlite3.Connection, name: str, number: int | None, now: float) -> bool:
    """Put a version away, or a whole environment, and return whether that changed anything."""
    return _set_archived(connection, name, number, "IS NULL", now)


def restore(connection: sqlite3.Connection, name: str, number: int | None) -> bool:
    """Take a version or an environment back, and return whether that changed anything."""
    return _set_archived(connection, name, number, "IS NOT NULL", None)


def list_env_ids(connection: sqlite3.Connection) -> Mapping[str, tuple[str, ...]]:
    """Return the env ids that versions have which are not archived, and these versions."""
    found: dict[str, list[str]] = {}
    for env_id, name, number in connection.execute(
        "SELECT DISTINCT i.env_id, e.name, v.number FROM env_ids i "
        "JOIN versions v ON v.id = i.version JOIN environments e ON e.id = v.environment "
        "WHERE v.archived IS NULL AND e.archived IS NULL ORDER BY e.name, v.number"
    ):
        found.setdefault(env_id, []).append(f"{name}@{number}")
    return {env_id: tuple(names) for env_id, names in found.items()}


def _select_environments(
    connection: sqlite3.Connection, only: str | None
) -> tuple[Environment, ...]:
    labels: dict[str, dict[str, int]] = {}
    for name, label, number in connection.execute(
        "SELECT e.name, l.name, v.number FROM labels l JOIN environments e ON e.id = l.environment "
        "JOIN versions v ON v.id = l.version WHERE ?1 IS NULL OR e.name = ?1 ORDER BY l.name",
        (only,),
    ):
        labels.setdefault(name, {})[label] = number
    # The latest version stands for its environment; where all are archived, the newest of them.
    rows = connection.execute(
        "SELECT e.name, e.created, e.archived, c.latest, c.count, v.description, v.created "
        "FROM environments e JOIN ("
        "  SELECT environment, count(*) AS count, max(number) AS newest,"
        "  max(CASE WHEN archived IS NULL THEN number END) AS latest"
        "  FROM versions GROUP BY environment"
        ") c ON c.environment = e.id "
        "JOIN versions v ON v.environment = e.id AND v.number = coalesce(c.latest, c.newest) "
        "WHERE ?1 IS NULL OR e.name = ?1 ORDER BY e.name",
        (only,),
    )
    return tuple(
        Environment(
            name=name,
            latest=latest,
            count=count,
            labels=labels.get(name, {}),
            description=description,
            created=created,
            changed=changed,
            archived=archived,
        )
        for name, created, archived, latest, count, description, changed in rows
    )


def _read_row(connection: sqlite3.Connection, key: int) -> Version:
    name, number, digest, spec_id, description, created, archived = connection.execute(
        "SELECT e.name, v.number, v.digest, v.spec_id, v.description, v.created, v.archived "
        "FROM versions v JOIN environments e ON e.id = v.environment WHERE v.id = ?",
        (key,),
    ).fetchone()
    labels = connection.execute("SELECT name FROM labels WHERE version = ? ORDER BY name", (key,))
    properties = connection.execute(
        "SELECT key, value FROM properties WHERE version = ? ORDER BY key", (key,)
    )
    return Version(
        name=name,
        number=number,
        draft=Draft(
            digest=digest,
            spec_id=spec_id,
            env_ids=_read_env_ids(connection, key),
            files=_read_files(connection, key),
        ),
        labels=tuple(label for (label,) in labels),
        properties=dict(properties.fetchall()),
        description=description,
        created=created,
        archived=archived,
    )


def _add_environment(connection: sqlite3.Connection, entry: Entry) -> tuple[int, bool]:
    """Return the row of an environment that is not archived, and whether it was."""
    found = connection.execute(
        "SELECT id, archived FROM environments WHERE name = ?", (entry.name,)
    ).fetchone()
    if found is None:
        done = connection.execute(
            "INSERT INTO environments (name, created) VALUES (?, ?)", (entry.name, entry.now)
        )
        return int(done.lastrowid or 0), False
    connection.execute("UPDATE environments SET archived = NULL WHERE id = ?", (found[0],))
    return found[0], found[1] is not None


def _insert_version(connection: sqlite3.Connection, environment: int, entry: Entry) -> int:
    """Return the row of a new version."""
    (newest,) = connection.execute(
        "SELECT coalesce(max(number), 0) FROM versions WHERE environment = ?", (environment,)
    ).fetchone()
    draft = entry.draft
    done = connection.execute(
        "INSERT INTO versions (environment, number, digest, spec_id, description, created) "
        "VALUES (?, ?, ?, ?, '', ?)",
        (environment, newest + 1, draft.digest, draft.spec_id, entry.now),
    )
    version = int(done.lastrowid or 0)
    connection.executemany(
        "INSERT INTO files (version, path, role, sha256, size_bytes, mode, link) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (version, one.path, one.role, one.sha256, one.size_bytes, one.mode, one.link)
            for one in draft.files
        ],
    )
    connection.executemany(
        "INSERT INTO env_ids (version, place, variant, platform, env_id) VALUES (?, ?, ?, ?, ?)",
        [(version, *row) for row in list_ids(draft.env_ids)],
    )
    return version


def list_ids(
    env_ids: Mapping[str, Mapping[str, str]],
) -> Iterable[tuple[int, str, str, str]]:
    """Yield a row for each env id: its variant's place, the variant, the platform and the id."""
    for place, (variant, own) in enumerate(env_ids.items()):
        for platform, env_id in own.items():
            yield place, variant, platform, env_id


def _read_env_ids(connection: sqlite3.Connection, version: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for variant, platform, env_id in connection.execute(
        "SELECT variant, platform, env_id FROM env_ids WHERE version = ? ORDER BY place, platform",
        (version,),
    ):
        found.setdefault(variant, {})[platform] = env_id
    return found


def _read_files(connection: sqlite3.Connection, version: int) -> tuple[StoredFile, ...]:
    names = ("path", "role", "sha256", "size_bytes", "mode", "link")
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM files WHERE version = ? ORDER BY path",  # noqa: S608
        (version,),
    )
    return tuple(StoredFile(**dict(zip(names, row, strict=True))) for row in rows)


def _set_archived(
    connection: sqlite3.Connection,
    name: str,
    number: int | None,
    condition: str,
    archived: float | None,
) -> bool:
    if number is None:
        done = connection.execute(
            f"UPDATE environments SET archived = ? WHERE name = ? AND archived {condition}",  # noqa: S608
            (archived, name),
        )
        return done.rowcount > 0
    done = connection.execute(
        f"UPDATE versions SET archived = ? WHERE number = ? AND archived {condition} "  # noqa: S608
        "AND environment = (SELECT id FROM environments WHERE name = ?)",
        (archived, number, name),
    )
    return done.rowcount > 0
