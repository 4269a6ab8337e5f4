"""What was built unregistered: rows of the store in, records out, and the other way round."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from envc.canonical import digest
from envc.store.catalogue import list_ids
from envc.store.record import Anonymous, Draft, StoredFile

__all__ = ["add", "find", "knows", "list_all", "list_contents", "list_matching", "remove_unused"]

_FILE = ("path", "role", "sha256", "size_bytes", "mode", "link")


def knows(connection: sqlite3.Connection, env_ids: Collection[str], *, is_keepable: bool) -> bool:
    """Say whether all of these ids are known, so that nothing is to be kept.

    Args:
        is_keepable: Whether content can be kept: then an id counts that has some, or too much of it.
    """
    return all(
        connection.execute(
            "SELECT 1 FROM env_ids WHERE env_id = ?1 UNION ALL "
            "SELECT 1 FROM anonymous_env_ids i JOIN anonymous a ON a.id = i.anonymous "
            "WHERE i.env_id = ?1 AND (a.lack IN ('', 'size') OR NOT ?2) LIMIT 1",
            (env_id, is_keepable),
        ).fetchone()
        for env_id in env_ids
    )


def add(connection: sqlite3.Connection, entry: Anonymous) -> None:
    """Keep an environment, once for each content; what lacked the content of its ids goes away."""
    draft, rows = entry.draft, list(list_ids(entry.draft.env_ids))
    connection.executemany(
        "DELETE FROM anonymous WHERE lack <> '' "
        "AND id IN (SELECT anonymous FROM anonymous_env_ids WHERE env_id = ?)",
        [(env_id,) for *_, env_id in rows],
    )
    done = connection.execute(
        "INSERT OR IGNORE INTO anonymous (digest, name, spec_id, origin, created, lack) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            # What has no content is told apart by its ids.
            draft.digest or digest([entry.lack, sorted(map(list, rows))]),
            entry.name,
            draft.spec_id,
            entry.origin,
            entry.created,
            entry.lack,
        ),
    )
    if not done.rowcount:
        return
    connection.executemany(
        f"INSERT INTO anonymous_files (anonymous, {', '.join(_FILE)}) "  # noqa: S608
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(done.lastrowid, *(getattr(one, name) for name in _FILE)) for one in draft.files],
    )
    connection.executemany(
        "INSERT INTO anonymous_env_ids (anonymous, place, variant, platform, env_id) "
        "VALUES (?, ?, ?, ?, ?)",
        [(done.lastrowid, *row) for row in rows],
    )


def list_all(connection: sqlite3.Connection) -> tuple[Anonymous, ...]:
    """Return all of them, the newest first."""
    keys = connection.execute("SELECT id FROM anonymous ORDER BY created DESC, id DESC").fetchall()
    return tuple(_read(connection, key) for (key,) in keys)


def list_matching(connection: sqlite3.Connection, start: str) -> tuple[str, ...]:
    """Return the env ids that start so, sorted, of versions and of what is anonymous."""
    rows = connection.execute(
        "SELECT env_id FROM env_ids WHERE env_id GLOB ?1 "
        "UNION SELECT env_id FROM anonymous_env_ids WHERE env_id GLOB ?1 ORDER BY env_id",
        (f"{start}*",),
    )
    return tuple(env_id for (env_id,) in rows)


def find(connection: sqlite3.Connection, env_id: str) -> Anonymous | None:
    """Return what is anonymous and has an env id: what has its content first, then the newest."""
    row = connection.execute(
        "SELECT a.id FROM anonymous a JOIN anonymous_env_ids i ON i.anonymous = a.id "
        "WHERE i.env_id = ? ORDER BY a.lack <> '', a.created DESC, a.id DESC",
        (env_id,),
    ).fetchone()
    return _read(connection, row[0]) if row is not None else None


def remove_unused(connection: sqlite3.Connection, before: float) -> tuple[Anonymous, ...]:
    """Remove what was kept, built and run before a time, and return it; registered versions stay."""
    keys: Sequence[tuple[int]] = connection.execute(
        "SELECT a.id FROM anonymous a WHERE a.created < ?1 AND NOT EXISTS ("
        "  SELECT 1 FROM anonymous_env_ids i WHERE i.anonymous = a.id AND ("
        "    EXISTS (SELECT 1 FROM builds b WHERE b.env_id = i.env_id AND b.started >= ?1)"
        "    OR EXISTS (SELECT 1 FROM runs r WHERE r.env_id = i.env_id AND r.started >= ?1)"
        ")) ORDER BY a.created, a.id",
        (before,),
    ).fetchall()
    removed = tuple(_read(connection, key) for (key,) in keys)
    connection.executemany("DELETE FROM anonymous WHERE id = ?", keys)
    return removed


def list_contents(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the SHA-256 of all content that something needs."""
    rows = connection.execute("SELECT sha256 FROM files UNION SELECT sha256 FROM anonymous_files")
    return frozenset(sha256 for (sha256,) in rows)


def _read(connection: sqlite3.Connection, key: int) -> Anonymous:
    found, name, spec_id, origin, created, lack = connection.execute(
        "SELECT digest, name, spec_id, origin, created, lack FROM anonymous WHERE id = ?", (key,)
    ).fetchone()
    env_ids: dict[str, dict[str, str]] = {}
    for variant, platform, env_id in connection.execute(
        "SELECT variant, platform, env_id FROM anonymous_env_ids WHERE anonymous = ? "
        "ORDER BY place, platform",
        (key,),
    ):
        env_ids.setdefault(variant, {})[platform] = env_id
    rows = connection.execute(
        f"SELECT {', '.join(_FILE)} FROM anonymous_files WHERE anonymous = ? ORDER BY path",  # noqa: S608
        (key,),
    )
    files = tuple(StoredFile(**dict(zip(_FILE, row, strict=True))) for row in rows)
    return Anonymous(
        name=name,
        draft=Draft(digest="" if lack else found, spec_id=spec_id, env_ids=env_ids, files=files),
        origin=origin,
        created=created,
        lack=lack,
    )
