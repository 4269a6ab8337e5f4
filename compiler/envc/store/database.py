"""The store's SQLite file: opened, brought up to date, and what goes wrong with it told in our words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.store.schema import CURRENT, migrate, version_of

__all__ = ["DATABASE", "Database", "create", "refuse_newer", "unwritable"]

DATABASE = "store.db"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_UNWRITABLE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PERM: "permission denied",
    sqlite3.SQLITE_IOERR: "the disk failed, or is full",
}


class Database:
    """An open file with the store's tables.

    Attributes:
        place: Where it lies.
    """

    def __init__(self, place: Path, connection: sqlite3.Connection) -> None:
        """Take over a connection to a store of the current schema."""
        self.place = place
        self._connection = connection

    @classmethod
    def open(cls, place: Path, *, timeout_s: float) -> Database:
        """Open a store, and make it where there is none; nobody but the user may read it.

        Args:
            timeout_s: How long to wait for other processes.

        Raises:
            ToolError: It is damaged (E700), of a newer envc (E701), cannot be written (E702) or is
                busy (E703).
        """
        if not place.exists():
            _create(place, timeout_s)
        _refuse_folder(place)
        with _explaining(place):
            connection = sqlite3.connect(place, timeout=timeout_s, isolation_level=None)
            try:
                _prepare(connection, place)
            except BaseException:
                connection.close()
                raise
        return cls(place, connection)

    @classmethod
    def open_frozen(cls, place: Path) -> Database:
        """Open a store that can only be read, such as one on a read-only or a full disk.

        Raises:
            ToolError: It is damaged (E700), of a newer envc (E701), or of an older one, which has
                to be brought up to date (E702).
        """
        from urllib.parse import quote

        _refuse_folder(place)
        with _explaining(place):
            # Where nobody can write, no lock can be taken, and none is needed. A log with nothing in it
            # is what SQLite leaves where the disk is too full for it to begin.
            log = place.with_name(f"{place.name}-wal")
            has_log = log.exists() and log.stat().st_size > 0
            how = "mode=ro" if has_log else "mode=ro&immutable=1"
            address = f"file:{quote(str(place.absolute()))}?{how}"
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
            try:
                found = version_of(connection)
                refuse_newer(found, place)
                if found < CURRENT:
                    raise unwritable(
                        place, "it is an older envc's, and cannot be brought up to date"
                    )
            except BaseException:
                connection.close()
                raise
        return cls(place, connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the tables as they are at one moment.

        Raises:
            ToolError: As `open`.
        """
        with _explaining(self.place), self._transaction("BEGIN"):
            yield self._connection

    @contextmanager
    def writing(self, *, is_lasting: bool = False) -> Iterator[sqlite3.Connection]:
        """Give the tables to one writer at a time; all that it does is done, or nothing is.

        Args:
            is_lasting: Whether it must survive that the power fails the moment after; costs a few ms.

        Raises:
            ToolError: As `open`.
        """
        with _explaining(self.place):
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if is_lasting else 'NORMAL'}")
            with self._transaction("BEGIN IMMEDIATE"):
                yield self._connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        connection = self._connection
        connection.execute(begin)
        try:
            # A newer envc may have changed the tables since they were opened.
            refuse_newer(version_of(connection), self.place)
            yield
            connection.execute("COMMIT")
        except BaseException:
            # SQLite itself ends a transaction that met a full disk.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def unwritable(place: Path, reason: str) -> ToolError:
    """Return what to raise where the store cannot be written (E702)."""
    hint = "check the disk and its permissions, or let `ENVC_HOME` name a folder that you can write"
    message = f"the store `{place}` cannot be written: {reason}"
    return ToolError([Diagnostic(code="E702", message=message, hint=hint)])


def _refuse_folder(place: Path) -> None:
    """Refuse what is no file: to SQLite, a folder is a disk that fails."""
    if place.is_dir():
        raise unwritable(place, "it is a folder")


def create(place: Path) -> None:
    """Write a new store where none is.

    Raises:
        OSError: The folder cannot be written.
        sqlite3.Error: The file cannot be written.
    """
    new = place.with_name(f".{place.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as connection:
            # Readers do not wait for writers; a file system without it keeps the usual journal.
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection)
        new.chmod(0o600)
        new.rename(place)
    finally:
        new.unlink(missing_ok=True)


def _create(place: Path, timeout_s: float) -> None:
    """Make a store and its folder; of several processes, one does it, and none sees half of one."""
    from filelock import FileLock, Timeout  # loads slowly, and most find a store

    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(place.with_name(f".{place.name}.lock"), timeout=timeout_s):
            if not place.exists():
                create(place)
    except Timeout as error:
        raise _busy(place) from error
    except sqlite3.DatabaseError as error:
        raise _explain(error, place) or error from error
    except OSError as error:
        raise unwritable(place.parent, (error.strerror or "unknown error").lower()) from error


def _prepare(connection: sqlite3.Connection, place: Path) -> None:
    found = version_of(connection)
    refuse_newer(found, place)
    if not found:
        raise _damaged(place, "it is empty, or another program's")
    connection.execute("PRAGMA foreign_keys = ON")
    if found < CURRENT:
        migrate(connection)


@contextmanager
def _explaining(place: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explain(error, place) or error from error


def _explain(error: sqlite3.DatabaseError, place: Path) -> ToolError | None:
    """Return what to tell of an error of SQLite's; None where it is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _UNWRITABLE:
        return unwritable(place, _UNWRITABLE[code])
    if code in _DAMAGED:
        return _damaged(place, str(error))
    return _busy(place) if code in _BUSY else None


def _busy(place: Path) -> ToolError:
    message = f"the store `{place}` is busy: another process has not let go of it"
    hint = "try again when other envc processes have ended"
    return ToolError([Diagnostic(code="E703", message=message, hint=hint)])


def _damaged(place: Path, reason: str) -> ToolError:
    message = f"the store `{place}` is damaged: {reason}"
    hint = "`envc env repair` keeps what can still be read, and puts the damaged file aside"
    return ToolError([Diagnostic(code="E700", message=message, hint=hint)])


def refuse_newer(found: int, place: Path) -> None:
    """Refuse a store of a schema that this envc does not know.

    Raises:
        ToolError: It is one (E701).
    """
    if found <= CURRENT:
        return
    message = f"the store `{place}` is a newer envc's: it has schema {found}"
    hint = f"use an envc that knows it (this one knows {CURRENT}), or let `ENVC_HOME` name another"
    raise ToolError([Diagnostic(code="E701", message=message, hint=hint)])
