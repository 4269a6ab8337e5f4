"""The store of a folder: what is recorded in it, and what is asked of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from envc.errors import ToolError
from envc.store import history
from envc.store.activity import Build, Run
from envc.store.database import DATABASE, Database

if TYPE_CHECKING:
    from envc.store.catalogue import Entry, Registered
    from envc.store.content import Content
    from envc.store.record import Anonymous, Environment, Version

__all__ = ["Store"]

_TIMEOUT_S = 10.0
_GRACE_S = 3600.0
"""How long content may lie there before the row that names it comes."""


class Store:
    """Environments and their versions, builds and runs.

    All times are given, in s since 1970: the store asks no clock. Every method that writes does all
    of it or nothing, also where several processes do so at once. Any method may raise a ToolError:
    the store is damaged (E700), of a newer envc (E701), cannot be written (E702), or is busy (E703).
    """

    def __init__(self, home: Path, database: Database) -> None:
        """Take over the open database of a folder."""
        self._home = home
        self._database = database

    @classmethod
    def open(cls, home: Path, *, timeout_s: float = _TIMEOUT_S) -> Store:
        """Open the store of a folder to write to it, and make it where there is none.

        Args:
            timeout_s: How long to wait for other processes.
        """
        return cls(home, Database.open(home / DATABASE, timeout_s=timeout_s))

    @classmethod
    def find(cls, home: Path) -> Store | None:
        """Open the store of a folder to read it; None where there is none yet."""
        place = home / DATABASE
        if not place.exists():
            return None
        try:
            return cls.open(home)
        except ToolError as error:
            if error.diagnostics[0].code != "E702":
                raise
        return cls(home, Database.open_frozen(place))

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self._database.close()

    @cached_property
    def content(self) -> Content:
        """The files of versions."""
        from envc.store.content import Content

        return Content(self._home / "content")

    def register(self, entry: Entry) -> Registered:
        """Make content the next version of an environment, unless it is one of its versions.

        Its files must be in `content` before.
        """
        from envc.store import catalogue

        with self._database.writing(is_lasting=True) as connection:
            return catalogue.add_version(connection, entry)

    def environments(self) -> tuple[Environment, ...]:
        """Return all environments, with those that are archived, sorted by name."""
        from envc.store import catalogue

        with self._database.reading() as connection:
            return catalogue.list_environments(connection)

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return all versions of an environment, the newest first; empty where there is none."""
        from envc.store import catalogue

        with self._database.reading() as connection:
            return catalogue.list_versions(connection, name)

    def environment(self, name: str) -> Environment | None:
        """Return one environment; None where there is none of this name."""
        from envc.store import catalogue

        with self._database.reading() as connection:
            return catalogue.find_environment(connection, name)

    def version(self, name: str, number: int) -> Version | None:
        """Return one version; None where there is none of this number."""
        from envc.store import catalogue

        with self._database.reading() as connection:
            return catalogue.read_version(connection, name, number)

    def archive(self, name: str, number: int | None, *, now: float) -> bool:
        """Put a version away, or with None the whole environment, and say whether it was not yet."""
        from envc.store import catalogue

        with self._database.writing(is_lasting=True) as connection:
            return catalogue.archive(connection, name, number, now)

    def restore(self, name: str, number: int | None) -> bool:
        """Take a version or an environment back, and say whether it had been put away."""
        from envc.store import catalogue

        with self._database.writing(is_lasting=True) as connection:
            return catalogue.restore(connection, name, number)

    def env_ids(self) -> Mapping[str, tuple[str, ...]]:
        """Return the env ids of all versions that are not archived, and which versions these are.

        Whoever cleans up images must keep theirs.
        """
        from envc.store import catalogue

        with self._database.reading() as connection:
            return catalogue.list_env_ids(connection)

    def knows(self, env_ids: Collection[str], *, is_keepable: bool = True) -> bool:
        """Say whether what was built need not be kept, since all of its env ids are known.

        Args:
            is_keepable: Whether its content can be kept; then ids whose content is not do not count.
        """
        from envc.store import anonymous

        with self._database.reading() as connection:
            return anonymous.knows(connection, env_ids, is_keepable=is_keepable)

    def keep(self, entry: Anonymous) -> None:
        """Keep what was built, unregistered. Its files must be in `content` before."""
        from envc.store import anonymous

        with self._database.writing() as connection:
            anonymous.add(connection, entry)

    def anonymous(self) -> tuple[Anonymous, ...]:
        """Return all that is kept unregistered, the newest first."""
        from envc.store import anonymous

        with self._database.reading() as connection:
            return anonymous.list_all(connection)

    def ids_starting(self, start: str) -> tuple[str, ...]:
        """Return the env ids, sorted, that start so and are those of something here.

        Args:
            start: `sha256:` and hexadecimal digits.
        """
        from envc.store import anonymous

        with self._database.reading() as connection:
            return anonymous.list_matching(connection, start)

    def with_id(self, env_id: str) -> Version | Anonymous | None:
        """Return what has an env id: a version before what is anonymous; None where nothing has."""
        from envc.store import anonymous, catalogue

        with self._database.reading() as connection:
            version = catalogue.find_with_id(connection, env_id)
            return version or anonymous.find(connection, env_id)

    def prune(self, *, before: float, now: float) -> tuple[tuple[Anonymous, ...], int]:
        """Drop what is anonymous and was not used since a time, and all content that nothing needs.

        Content that came within the last hour stays: whoever brought it may be about to name it.

        Returns:
            What was dropped, and how many bytes that freed.
        """
        from envc.store import anonymous

        with self._database.writing() as connection:
            removed = anonymous.remove_unused(connection, before)
        # No earlier: should the rows stay after all, so must their content.
        with self._database.writing() as connection:
            needed = anonymous.list_contents(connection)
            return removed, self.content.sweep(needed, before=now - _GRACE_S)

    def record_build(self, *builds: Build) -> None:
        """Record what came of builds, all in one step."""
        with self._database.writing() as connection:
            for build in builds:
                history.add_build(connection, build)

    def record_run(self, run: Run) -> None:
        """Record a command that ran."""
        with self._database.writing() as connection:
            history.add_run(connection, run)

    def builds(self, *, env_id: str | None = None, limit: int | None = None) -> tuple[Build, ...]:
        """Return builds, the newest first.

        Args:
            env_id: Only this environment's.
            limit: At most so many; None is all.
        """
        with self._database.reading() as connection:
            return history.list_builds(connection, env_id, limit)

    def runs(self, *, env_id: str | None = None, limit: int | None = None) -> tuple[Run, ...]:
        """Return runs, the newest first; arguments as `builds`."""
        with self._database.reading() as connection:
            return history.list_runs(connection, env_id, limit)

    def last_uses(self) -> Mapping[str, float]:
        """Return when each environment was last built, found or run, by env id, in s since 1970."""
        with self._database.reading() as connection:
            return history.last_uses(connection)
