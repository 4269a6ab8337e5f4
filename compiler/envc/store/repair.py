"""A damaged store in; a whole one with all that could still be read out, the damaged file put aside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from envc.frozen import frozen
from envc.store.database import DATABASE, create, refuse_newer, unwritable
from envc.store.schema import version_of

__all__ = ["Repaired", "repair"]

_PARENTS = {
    "versions": ("environment", "environments"),
    "files": ("version", "versions"),
    "env_ids": ("version", "versions"),
    "labels": ("version", "versions"),
    "properties": ("version", "versions"),
    "anonymous_files": ("anonymous", "anonymous"),
    "anonymous_env_ids": ("anonymous", "anonymous"),
}
"""What a row of a table is worth nothing without: its column and the table that it points at."""


@frozen
class Repaired:
    """What a repair did.

    Attributes:
        aside: Where the damaged file is now; None where nothing was wrong.
        kept: How many rows of each table there are, by its name.
    """

    aside: Path | None
    kept: Mapping[str, int]


def repair(home: Path, *, stamp: str) -> Repaired:
    """Put a damaged store aside and make a new one of all that can still be read of it.

    No other process may use the store meanwhile. The content of files is not touched.

    Args:
        stamp: Part of the name that the damaged file gets.

    Raises:
        ToolError: It is of a newer envc (E701), or the folder cannot be written (E702).
    """
    place = home / DATABASE
    if not place.exists():
        return Repaired(aside=None, kept={})
    if (found := _count_whole(place)) is not None:
        return Repaired(aside=None, kept=found)
    new, aside = home / f".{DATABASE}.new", home / f"{DATABASE}.damaged-{stamp}"
    try:
        new.unlink(missing_ok=True)
        create(new)
        kept = _salvage(place, new)
        place.rename(aside)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{place}{suffix}").rename(f"{aside}{suffix}")
        new.rename(place)
    except (OSError, sqlite3.Error) as error:
        raise unwritable(place, str(error).lower()) from error
    return Repaired(aside=aside, kept=kept)


def _count_whole(place: Path) -> dict[str, int] | None:
    """Return how many rows each table of a store has; None where it is damaged.

    Raises:
        ToolError: It is of a newer envc (E701).
    """
    try:
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            found = version_of(connection)
            refuse_newer(found, place)
            if not found or connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return None
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                return None
            return _count(connection)
    except sqlite3.Error:
        return None


def _salvage(place: Path, new: Path) -> dict[str, int]:
    """Write a new store with what can be read of a damaged one, and count its rows."""
    address = f"file:{quote(str(place.absolute()))}?mode=ro"
    with closing(sqlite3.connect(new, isolation_level=None)) as target:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as source:
            target.execute("BEGIN")
            for table in _tables(target):
                _copy(source, target, table)
            # A version without files is none, and an environment without versions neither.
            target.execute("DELETE FROM versions WHERE id NOT IN (SELECT version FROM files)")
            target.execute(
                "DELETE FROM anonymous WHERE id NOT IN (SELECT anonymous FROM anonymous_env_ids) "
                "OR lack = '' AND id NOT IN (SELECT anonymous FROM anonymous_files)"
            )
            for table, (column, parent) in _PARENTS.items():
                target.execute(
                    f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})"  # noqa: S608
                )
            target.execute(
                "DELETE FROM environments WHERE id NOT IN (SELECT environment FROM versions)"
            )
            target.execute("COMMIT")
        return _count(target)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    for row in _read(source, table):
        known = {name: value for name, value in row.items() if name in columns}
        names, places = ", ".join(known), ", ".join("?" * len(known))
        with suppress(sqlite3.IntegrityError):
            target.execute(
                f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})",  # noqa: S608
                list(known.values()),
            )


def _read(source: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    """Yield the rows of a table from its start, and from its end, each as far as they can be read."""
    for order in ("", "ORDER BY 1 DESC", "ORDER BY rowid DESC"):
        with suppress(sqlite3.Error):
            rows = source.execute(f"SELECT * FROM {table} {order}")  # noqa: S608
            names = [column[0] for column in rows.description]
            for row in rows:
                yield dict(zip(names, row, strict=True))


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    return [name for (name,) in rows]


def _count(connection: sqlite3.Connection) -> dict[str, int]:
    counts = {}
    for table in _tables(connection):
        (counts[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return counts
