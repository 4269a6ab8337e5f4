"""The tables of the store, as the steps that lead to them from an empty file."""

from __future__ import annotations

import sqlite3

__all__ = ["CURRENT", "MIGRATIONS", "migrate", "version_of"]

_FIRST = (
    """CREATE TABLE environments (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created REAL NOT NULL,
        archived REAL
    )""",
    """CREATE TABLE versions (
        id INTEGER PRIMARY KEY,
        environment INTEGER NOT NULL REFERENCES environments (id),
        number INTEGER NOT NULL,
        digest TEXT NOT NULL,
        spec_id TEXT NOT NULL,
        description TEXT NOT NULL,
        created REAL NOT NULL,
        archived REAL,
        UNIQUE (environment, number),
        UNIQUE (environment, digest)
    )""",
    """CREATE TABLE files (
        version INTEGER NOT NULL REFERENCES versions (id),
        path TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('spec', 'lock', 'file')),
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        mode INTEGER NOT NULL,
        link TEXT,
        PRIMARY KEY (version, path)
    ) WITHOUT ROWID""",
    """CREATE TABLE env_ids (
        version INTEGER NOT NULL REFERENCES versions (id),
        variant TEXT NOT NULL,
        place INTEGER NOT NULL,
        platform TEXT NOT NULL,
        env_id TEXT NOT NULL,
        PRIMARY KEY (version, variant, platform)
    ) WITHOUT ROWID""",
    "CREATE INDEX env_ids_by_id ON env_ids (env_id)",
    """CREATE TABLE labels (
        environment INTEGER NOT NULL REFERENCES environments (id),
        name TEXT NOT NULL,
        version INTEGER NOT NULL REFERENCES versions (id),
        PRIMARY KEY (environment, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE properties (
        version INTEGER NOT NULL REFERENCES versions (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (version, key)
    ) WITHOUT ROWID""",
    """CREATE TABLE builds (
        number INTEGER PRIMARY KEY,
        env_id TEXT NOT NULL,
        variant TEXT NOT NULL,
        platform TEXT NOT NULL,
        image TEXT NOT NULL,
        digest TEXT,
        size_bytes INTEGER,
        spec TEXT NOT NULL,
        started REAL NOT NULL,
        duration_s REAL NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('built', 'cached', 'failed')),
        exit_code INTEGER NOT NULL,
        log TEXT
    )""",
    "CREATE INDEX builds_by_env_id ON builds (env_id)",
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        env_id TEXT NOT NULL,
        variant TEXT NOT NULL,
        platform TEXT NOT NULL,
        image TEXT NOT NULL,
        digest TEXT,
        spec TEXT NOT NULL,
        command TEXT NOT NULL,
        started REAL NOT NULL,
        duration_s REAL NOT NULL,
        exit_code INTEGER NOT NULL,
        log TEXT
    )""",
    "CREATE INDEX runs_by_env_id ON runs (env_id)",
)

_ANONYMOUS = (
    """CREATE TABLE anonymous (
        id INTEGER PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        spec_id TEXT NOT NULL,
        origin TEXT NOT NULL,
        created REAL NOT NULL,
        lack TEXT NOT NULL CHECK (lack IN ('', 'size', 'given', 'files'))
    )""",
    """CREATE TABLE anonymous_files (
        anonymous INTEGER NOT NULL REFERENCES anonymous (id) ON DELETE CASCADE,
        path TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('spec', 'lock', 'file')),
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        mode INTEGER NOT NULL,
        link TEXT,
        PRIMARY KEY (anonymous, path)
    ) WITHOUT ROWID""",
    """CREATE TABLE anonymous_env_ids (
        anonymous INTEGER NOT NULL REFERENCES anonymous (id) ON DELETE CASCADE,
        variant TEXT NOT NULL,
        place INTEGER NOT NULL,
        platform TEXT NOT NULL,
        env_id TEXT NOT NULL,
        PRIMARY KEY (anonymous, variant, platform)
    ) WITHOUT ROWID""",
    "CREATE INDEX anonymous_env_ids_by_id ON anonymous_env_ids (env_id)",
)

MIGRATIONS = (_FIRST, _ANONYMOUS)
"""Step N leads from schema N to schema N + 1. One that has been released is never changed."""

CURRENT = len(MIGRATIONS)
"""The schema that this envc writes, as `user_version` of the file says it."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a store to the current schema, all of it or not at all; other processes wait.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read here: another process may have done it while this one waited.
        for step in MIGRATIONS[version_of(connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {CURRENT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema of a store; 0 is an empty file's."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
