"""Package indexes: for a distribution's name, the files that the first index which knows it offers."""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import re
import tempfile
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.files import write_if_changed
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess
from envc.resolve.transport import Answer, Transport
from envc.resolve.wheel_file import BrokenWheelError, read_metadata

__all__ = ["IndexClient", "IndexFile", "Project"]

_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2, */*;q=0.01"
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """A file as an index offers it.

    Attributes:
        filename: Its name.
        url: Where it lies, without a fragment; a mirror's address where a mirror was asked.
        sha256: As the index states it, in hex, or None.
        size: As the index states it, in bytes, or None.
        requires_python: The Python versions it is for, or None for all.
        yanked: Whether it was withdrawn (PEP 592).
        has_metadata: Whether the index serves its metadata by itself (PEP 658).
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: bool = False
    has_metadata: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What an index has of a distribution: `name` is normalised, `files` are as the page lists them."""

    name: str
    index: IndexAccess
    files: tuple[IndexFile, ...]


class IndexClient:
    """Asks indexes, each page at most once; safe to use from several threads.

    Args:
        indexes: The first that knows a distribution wins.
        mirrors: From canonical to reachable addresses.
        transport: What fetches.
        cache: A folder for wheels' metadata, which never changes for a SHA-256.
    """

    def __init__(
        self,
        indexes: tuple[IndexAccess, ...],
        mirrors: MirrorMap,
        transport: Transport,
        cache: Path,
    ) -> None:
        self._indexes = indexes
        self._mirrors = mirrors
        self._transport = transport
        self._cache = cache
        self._projects: dict[str, Project | None] = {}
        self._lock = threading.Lock()

    def project(self, name: str) -> Project | None:
        """Return what the first index that knows a normalised name has of it, or None.

        Raises:
            ToolError: An index cannot be reached (E335), refuses (E336) or fails (E337).
        """
        with self._lock:
            if name in self._projects:
                return self._projects[name]
        found = next(filter(None, (self._ask(index, name) for index in self._indexes)), None)
        with self._lock:
            return self._projects.setdefault(name, found)

    def projects(self, names: Iterable[str]) -> dict[str, Project | None]:
        """Return what `project` does for several names, asked for at the same time.

        Raises:
            ToolError: As `project` does.
        """
        wanted = sorted(set(names))
        with ThreadPoolExecutor(max_workers=_CONNECTIONS) as pool:
            return dict(zip(wanted, pool.map(self.project, wanted), strict=True))

    def metadata(self, project: Project, file: IndexFile) -> str:
        """Return a wheel's METADATA: kept, served by the index, or read from the wheel itself.

        Raises:
            ToolError: As `project` does, or the file is not what the index says (E337).
        """
        kept = self._cache / file.sha256 if file.sha256 is not None else None
        if kept is not None and kept.is_file():
            return kept.read_text("utf-8")
        text = self._served_metadata(project, file) or self._read_metadata(project, file)
        if kept is not None:
            # A cache that cannot be written costs time, nothing else.
            with contextlib.suppress(OSError):
                write_if_changed(kept, text.encode())
        return text

    def sha256(self, project: Project, file: IndexFile) -> str:
        """Return a file's SHA-256: as the index states it, or computed from the file itself.

        Raises:
            ToolError: As `project` does.
        """
        if file.sha256 is not None:
            return file.sha256
        with tempfile.TemporaryDirectory() as folder:
            return self._download(project, file, Path(folder) / file.filename)

    def _ask(self, index: IndexAccess, name: str) -> Project | None:
        address = self._mirrors.to_mirror(index.url.rstrip("/"))
        answer = self._transport.get(f"{address}/{name}/", index, address, accept=_ACCEPT)
        if answer is None:
            return None
        return Project(name=name, index=index, files=_parse_page(answer, index))

    def _served_metadata(self, project: Project, file: IndexFile) -> str | None:
        if not file.has_metadata:
            return None
        address = self._mirrors.to_mirror(project.index.url.rstrip("/"))
        answer = self._transport.get(f"{file.url}.metadata", project.index, address)
        return answer.content.decode("utf-8", errors="replace") if answer is not None else None

    def _read_metadata(self, project: Project, file: IndexFile) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / file.filename
            self._download(project, file, path)
            try:
                return read_metadata(path)
            except BrokenWheelError as error:
                raise _bad_file(project.index, file, error.reason) from error

    def _download(self, project: Project, file: IndexFile, path: Path) -> str:
        address = self._mirrors.to_mirror(project.index.url.rstrip("/"))
        if not self._transport.download(file.url, project.index, address, path):
            raise _bad_file(project.index, file, "it is not there")
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        if file.sha256 not in (None, sha256):
            raise _bad_file(project.index, file, f"its SHA-256 is {sha256}, not {file.sha256}")
        return sha256


def _bad_file(index: IndexAccess, file: IndexFile, reason: str) -> ToolError:
    message = f"the file `{file.filename}` of index `{index.url}` cannot be used: {reason}"
    hint = "try again later; if it stays so, tell whoever runs the index"
    return ToolError([Diagnostic(code="E337", message=message, hint=hint)])


def _parse_page(answer: Answer, index: IndexAccess) -> tuple[IndexFile, ...]:
    if "json" not in answer.content_type:
        return tuple(_files_from_html(answer.url, answer.content.decode("utf-8", errors="replace")))
    try:
        return tuple(
            _file_from_json(answer.url, entry) for entry in json.loads(answer.content)["files"]
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"index `{index.url}` answered with a page that is not of PEP 691"
        hint = "check the address: an index ends in `/simple` as a rule"
        raise ToolError([Diagnostic(code="E337", message=message, hint=hint)]) from error


def _file_from_json(page: str, entry: Mapping[str, Any]) -> IndexFile:
    """Return a file of a JSON page (PEP 691, PEP 700, PEP 714).

    Raises:
        KeyError: It lacks what every file has.
        TypeError: A value is of another type than it says.
        ValueError: Its name is a path.
    """
    size, requires_python = entry.get("size"), entry.get("requires-python")
    if not isinstance(size, int | None) or not isinstance(requires_python, str | None):
        raise TypeError(entry)
    if "/" in entry["filename"]:
        raise ValueError(entry)
    metadata = entry.get("core-metadata", entry.get("dist-info-metadata", False))
    return IndexFile(
        filename=entry["filename"],
        url=_resolve_link(page, entry["url"])[0],
        sha256=_sha256_or_none(entry["hashes"].get("sha256")),
        size=size,
        requires_python=requires_python,
        yanked=entry.get("yanked", False) is not False,
        has_metadata=bool(metadata),
    )


# Machines write these pages, and big ones have thousands of links: the standard library's parser
# takes twice as long for them.
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"""<(a|base)\s((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


def _files_from_html(page: str, text: str) -> Iterable[IndexFile]:
    """Return the files of an HTML page (PEP 503, PEP 592, PEP 658, PEP 714)."""
    base = page
    for tag, attributes in _TAG.findall(_COMMENT.sub("", text)):
        found = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(attributes)
        }
        if "href" not in found:
            continue
        if tag.lower() == "base":
            base = urljoin(base, found["href"])
        elif file := _file_from_link(base, found):
            yield file


def _file_from_link(base: str, attributes: Mapping[str, str]) -> IndexFile | None:
    url, fragment = _resolve_link(base, attributes["href"])
    filename = unquote(url.partition("?")[0].rpartition("/")[2])
    if not filename:
        return None
    stated = dict(part.partition("=")[::2] for part in fragment.split("&"))
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    return IndexFile(
        filename=filename,
        url=url,
        sha256=_sha256_or_none(stated.get("sha256")),
        requires_python=attributes.get("data-requires-python") or None,
        yanked="data-yanked" in attributes,
        has_metadata=metadata not in (None, "false"),
    )


def _resolve_link(page: str, link: str) -> tuple[str, str]:
    """Return a link's absolute address and its fragment; absolute links, the many, take no time."""
    address, _, fragment = link.strip().partition("#")
    is_absolute = address.startswith(("https://", "http://"))
    return address if is_absolute else urljoin(page, address), fragment


_SHA256 = re.compile(r"[0-9a-f]{64}")


def _sha256_or_none(text: str | None) -> str | None:
    """Return a SHA-256 in the lock's form; what is not one counts as not stated."""
    lowered = (text or "").lower()
    return lowered if _SHA256.fullmatch(lowered) else None
