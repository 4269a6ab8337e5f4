"""Package indexes: for a distribution's name, the files that the first index which knows it offers."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.files import sha256_of, write_if_changed
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.mirror import MirrorMap
from envc.resolve.base import Cutoff, FindLinks, IndexAccess
from envc.resolve.index.find_links import Links
from envc.resolve.index.kept_size import keep_size, read_size
from envc.resolve.index.page import IndexFile, parse_page
from envc.resolve.index.remote_wheel import read_remote_metadata
from envc.resolve.index.transport import Answer, Transport
from envc.resolve.index.wheel_file import (
    BrokenWheelError,
    distribution_of,
    is_of,
    is_sdist,
    read_metadata,
)
from envc.resolve.once import Once
from envc.resolve.project.workshop import Described, Workshop

__all__ = ["IndexClient", "IndexFile", "Project"]

_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2, */*;q=0.01"
_CONNECTIONS = 16


@frozen
class Project:
    """What there is of a distribution.

    Attributes:
        name: Normalised.
        index: The first index that knows it; where none does, the first place of find-links.
        files: Those of find-links first, then the index's, as pages list them.
        hidden: The index's files that came too late to count, or of which it does not say when.
    """

    name: str
    index: IndexAccess
    files: tuple[IndexFile, ...]
    hidden: tuple[IndexFile, ...] = ()

    def source_of(self, file: IndexFile) -> IndexAccess:
        """Return who offers one of its files."""
        return file.source or self.index


class IndexClient:
    """Asks indexes, each page at most once; safe to use from several threads.

    Args:
        indexes: The first that knows a distribution wins.
        mirrors: From canonical to reachable addresses.
        transport: What fetches.
        cache: A folder for wheels' metadata, which never changes for a SHA-256.
        find_links: Whose files count beside those of the indexes.
        exclude_newer: Hides what indexes got later.
        workshop: Knows the metadata of source distributions; None where nobody asks for them.
    """

    def __init__(
        self,
        indexes: tuple[IndexAccess, ...],
        mirrors: MirrorMap,
        transport: Transport,
        cache: Path,
        *,
        find_links: tuple[FindLinks, ...] = (),
        exclude_newer: Cutoff | None = None,
        workshop: Workshop | None = None,
    ) -> None:
        self._workshop = workshop
        self._indexes = indexes
        self._links = Links(find_links, mirrors, transport)
        self._exclude_newer = exclude_newer
        self._mirrors = mirrors
        self._transport = transport
        self._cache = cache
        self._projects: dict[str, Project | None] = {}
        self._releases: dict[tuple[str, str], Project | None] = {}
        self._described: dict[str, Described] = {}
        self._sizes: dict[str, int] = {}
        self._pages = Once(self._fetch)
        self._asked_sizes = Once(self._ask_size)
        self._lock = threading.Lock()

    def project(self, name: str) -> Project | None:
        """Return what find-links and the first index that knows a normalised name have of it, or None.

        Raises:
            ToolError: An index cannot be reached (E335), refuses (E336) or fails (E337).
        """
        with self._lock:
            if name in self._projects:
                return self._projects[name]
        found = self._find(name)
        with self._lock:
            return self._projects.setdefault(name, found)

    def release(self, name: str, version: str) -> Project | None:
        """Return what `project` does; of other versions than this one, not all need be there.

        That is faster: the others of a page are not even parsed.

        Raises:
            ToolError: As `project` does.
        """
        asked = name, version
        with self._lock:
            if name in self._projects:
                return self._projects[name]
            if asked in self._releases:
                return self._releases[asked]
        found = self._find(name, lambda filename: is_of(filename, name, version))
        with self._lock:
            return self._releases.setdefault(asked, found)

    def linked(self) -> dict[str, tuple[IndexFile, ...]]:
        """Return all that find-links offers, by normalised name.

        Raises:
            ToolError: As `project` does.
        """
        return self._links.all()

    def projects(self, names: Iterable[str]) -> dict[str, Project | None]:
        """Return what `project` does for several names, asked for at the same time.

        Raises:
            ToolError: As `project` does.
        """
        wanted = sorted(set(names))
        with ThreadPoolExecutor(max_workers=_CONNECTIONS) as pool:
            return dict(zip(wanted, pool.map(self.project, wanted), strict=True))

    def releases(self, pins: Mapping[str, str]) -> dict[str, Project | None]:
        """Return what `release` does for several names and their versions, asked for at the same time.

        Raises:
            ToolError: As `project` does.
        """
        wanted = sorted(pins)
        if not wanted:
            return {}
        with ThreadPoolExecutor(max_workers=_CONNECTIONS) as pool:
            found = pool.map(lambda name: self.release(name, pins[name]), wanted)
            return dict(zip(wanted, found, strict=True))

    def metadata(self, project: Project, file: IndexFile) -> str:
        """Return a wheel's METADATA: kept, served by the index, or read from the wheel itself.

        Of a wheel, only the parts that hold it are fetched where its host gives parts.

        Raises:
            InputError: It is a source distribution that is broken (E345, E346).
            ToolError: As `project` does, or the file is not what the index says (E337).
        """
        if is_sdist(file.filename):
            return self.describe(project, file).metadata
        if file.local is not None:
            return self._read_local(project, file, file.local)
        kept = self._cache / file.sha256 if file.sha256 is not None else None
        if kept is not None and kept.is_file():
            return kept.read_text("utf-8")
        text = (
            self._served_metadata(project, file)
            or self._read_remote(project, file)
            or self._read_metadata(project, file)
        )
        if kept is not None:
            # A cache that cannot be written costs time, nothing else.
            with contextlib.suppress(OSError):
                write_if_changed(kept, text.encode())
        return text

    def describe(self, project: Project, file: IndexFile) -> Described:
        """Return what is known of a source distribution.

        Raises:
            InputError: As `metadata` does.
            ToolError: As `metadata` does.
        """
        assert self._workshop is not None, "nobody builds anything here"  # noqa: S101
        with self._lock:
            if file.url in self._described:
                return self._described[file.url]
        with temporary_folder("index") as folder:
            path = Path(folder) / file.filename
            sha256 = self.download(project, file, path)
            described = self._workshop.describe_archive(path, sha256, named=file.filename)
        if (described.name, described.version) != distribution_of(file.filename):
            reason = f"it is `{described.name}` {described.version}"
            raise _bad_file(project.source_of(file), file, reason)
        with self._lock:
            return self._described.setdefault(file.url, described)

    def sha256(self, project: Project, file: IndexFile) -> str:
        """Return a file's SHA-256: as the index states it, or computed from the file itself.

        Raises:
            ToolError: As `project` does.
        """
        if file.sha256 is not None:
            return file.sha256
        if file.local is not None:
            return sha256_of(file.local)
        with temporary_folder("index") as folder:
            return self.download(project, file, Path(folder) / file.filename)

    def size(self, project: Project, file: IndexFile) -> int | None:
        """Return a file's bytes: as the index states them, else as its host does; None where neither does.

        What a host said is kept for a file that the index names by its SHA-256.
        """
        known = self.known_size(file)
        if known is not None:
            return known
        return self._asked_sizes((project.source_of(file), file.url, file.sha256))

    def known_size(self, file: IndexFile) -> int | None:
        """Return a file's bytes as far as nobody has to be asked for them."""
        if file.size is not None:
            return file.size
        if file.local is not None:
            return file.local.stat().st_size
        if file.sha256 is None:
            return None
        with self._lock:
            known = self._sizes.get(file.sha256) or read_size(self._place_of_size(file.sha256))
            if known is not None:
                self._sizes[file.sha256] = known
            return known

    def _ask_size(self, asked: tuple[IndexAccess, str, str | None]) -> int | None:
        source, url, sha256 = asked
        address = self._mirrors.to_mirror(source.url.rstrip("/"))
        size = self._transport.size(url, source, address)
        if sha256 is not None and size is not None:
            keep_size(self._place_of_size(sha256), size)
        return size

    def _place_of_size(self, sha256: str) -> Path:
        return self._cache / f"{sha256}.size"

    def _find(self, name: str, is_wanted: Callable[[str], bool] = lambda _: True) -> Project | None:
        asked = (self._ask(index, name, is_wanted) for index in self._indexes)
        found = next(filter(None, asked), None)
        if linked := self._links.of(name):
            files = found.files if found is not None else ()
            index = found.index if found is not None else self._links.access
            hidden = found.hidden if found is not None else ()
            return Project(name=name, index=index, files=(*linked, *files), hidden=hidden)
        return found

    def _ask(
        self, index: IndexAccess, name: str, is_wanted: Callable[[str], bool]
    ) -> Project | None:
        answer = self._pages((index, name))
        if answer is None:
            return None
        files = parse_page(answer, index, is_wanted)
        seen = tuple(file for file in files if self._is_old_enough(file))
        hidden = tuple(file for file in files if not self._is_old_enough(file))
        return Project(name=name, index=index, files=seen, hidden=hidden)

    def _fetch(self, asked: tuple[IndexAccess, str]) -> Answer | None:
        index, name = asked
        address = self._mirrors.to_mirror(index.url.rstrip("/"))
        return self._transport.get(f"{address}/{name}/", index, address, accept=_ACCEPT)

    def _is_old_enough(self, file: IndexFile) -> bool:
        if self._exclude_newer is None:
            return True
        return file.upload_time is not None and file.upload_time < self._exclude_newer.moment

    def _served_metadata(self, project: Project, file: IndexFile) -> str | None:
        if not file.has_metadata:
            return None
        source = project.source_of(file)
        address = self._mirrors.to_mirror(source.url.rstrip("/"))
        answer = self._transport.get(f"{file.url}.metadata", source, address)
        return answer.content.decode("utf-8", errors="replace") if answer is not None else None

    def _read_remote(self, project: Project, file: IndexFile) -> str | None:
        """Return a wheel's metadata from parts of it, or None where its host gives none that do."""
        source = project.source_of(file)
        address = self._mirrors.to_mirror(source.url.rstrip("/"))
        fetch = partial(self._transport.part, file.url, source, address)
        return read_remote_metadata(file.filename, file.sha256, fetch)

    def _read_metadata(self, project: Project, file: IndexFile) -> str:
        with temporary_folder("index") as folder:
            path = Path(folder) / file.filename
            self.download(project, file, path)
            try:
                return read_metadata(path)
            except BrokenWheelError as error:
                raise _bad_file(project.source_of(file), file, error.reason) from error

    def _read_local(self, project: Project, file: IndexFile, path: Path) -> str:
        try:
            return read_metadata(path)
        except BrokenWheelError as error:
            raise _bad_file(project.source_of(file), file, error.reason) from error

    def download(self, project: Project, file: IndexFile, path: Path) -> str:
        """Write a file of an index to a path and return its SHA-256.

        Raises:
            ToolError: As `project` does, or it is not what the index says (E337).
        """
        source = project.source_of(file)
        address = self._mirrors.to_mirror(source.url.rstrip("/"))
        if not self._transport.download(file.url, source, address, path):
            raise _bad_file(source, file, "it is not there")
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        if file.sha256 not in (None, sha256):
            raise _bad_file(source, file, f"its SHA-256 is {sha256}, not {file.sha256}")
        return sha256


def _bad_file(index: IndexAccess, file: IndexFile, reason: str) -> ToolError:
    whose = f"{index.statement} `{index.url}`"
    message = f"the file `{file.filename}` of {whose} cannot be used: {reason}"
    hint = f"try again later; if it stays so, tell whoever runs the {index.statement}"
    if file.local is not None:
        hint = "build it again, or take it away"
    return ToolError([Diagnostic.at(index.span, "E337", message, hint=hint)])
