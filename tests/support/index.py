"""A package index on 127.0.0.1 (PEP 503 and PEP 691) that serves small real wheels and sdists."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from support.http_server import LoopbackServer, QuietHandler

__all__ = ["Dist", "IndexFile", "IndexServer", "wheel_bytes", "write_wheel"]

_ZIP_TIME = (2020, 1, 1, 0, 0, 0)
_HTML = "text/html; charset=utf-8"
_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dist:
    """One version of a distribution as an index offers it.

    Attributes:
        name: As its author spells it.
        requires: Its dependencies, a PEP 508 requirement each.
        extras: Further dependencies by extra.
        requires_python: Its `Requires-Python`, or None.
        page_python: What pages say of that, where it is something else; empty for nothing.
        tags: Of its wheels, one wheel each; none for a distribution without wheels.
        sdist: Whether it has a source distribution.
        source: What that holds, by path; none for one whose build always fails.
        yanked: The reason for which all its files are yanked, or None.
        hashed: Whether the index states hashes.
        metadata: Whether the index serves the wheels' metadata by itself (PEP 658).
        uploaded: When the index got it, as PEP 700 has it, or None where it does not say.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requires_python: str | None = None
    page_python: str | None = None
    tags: tuple[str, ...] = ("py3-none-any",)
    sdist: bool = False
    source: Mapping[str, str] = field(default_factory=dict)
    yanked: str | None = None
    hashed: bool = True
    metadata: bool = False
    uploaded: str | None = None

    @property
    def stated_python(self) -> str | None:
        """What pages say of the Pythons it is for."""
        return self.requires_python if self.page_python is None else self.page_python


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """A file of an index."""

    dist: Dist
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def wheel_bytes(dist: Dist, tag: str = "py3-none-any") -> bytes:
    """Return a wheel: the same bytes for the same distribution and tag."""
    module = canonicalize_name(dist.name).replace("-", "_")
    folder = f"{module}-{dist.version}.dist-info"
    files = {
        f"{module}/__init__.py": f"__version__ = {dist.version!r}\n",
        f"{folder}/METADATA": _metadata(dist),
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},{_record_hash(text)},{len(text)}\n" for path, text in files.items())
    files[f"{folder}/RECORD"] = record + f"{folder}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, _ZIP_TIME), text)
    return buffer.getvalue()


def write_wheel(folder: Path, dist: Dist, tag: str = "py3-none-any") -> Path:
    """Write a wheel into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_stem(dist)}-{tag}.whl"
    path.write_bytes(wheel_bytes(dist, tag))
    return path


class IndexServer:
    """Serves distributions until it is left; a context manager.

    Args:
        form: What its pages are: `html`, `json`, or `both`, as the client asks.
        links: Whether links to files are relative to the page, or absolute.
        credentials: `user:password` that every request must carry, or None.
        failures: Answers by path prefix: a status to give instead, such as `{"/simple/": 503}`.
        pages: Page bodies by normalised name, to serve instead of the real ones, as HTML.
        files_url: Where absolute links point; by default at the server itself.
        retry_after: When a 429 says to ask again; empty where it does not say.
        watch: Called before every answer, such as to look at who asks.
        parts: Whether it gives parts of files.
        head: What it answers when it is asked for the size of a file only, instead of the size.
    """

    def __init__(
        self,
        dists: Sequence[Dist] = (),
        *,
        form: Literal["html", "json", "both"] = "both",
        links: Literal["relative", "absolute"] = "relative",
        credentials: str | None = None,
        failures: Mapping[str, int] | None = None,
        pages: Mapping[str, str] | None = None,
        files_url: str | None = None,
        retry_after: str = "",
        watch: Callable[[], object] | None = None,
        head: int | None = None,
        parts: bool = False,
    ) -> None:
        self._parts = parts
        self.requests: list[str] = []
        self.retry_after = retry_after
        self.heads: list[str] = []
        self._head = head
        self._form = form
        self._links = links
        self._credentials = credentials
        self.failures = dict(failures or {})
        self._pages = dict(pages or {})
        self._files_url = files_url
        self._watch = watch
        self._files: dict[str, list[IndexFile]] = {}
        self.offer(dists)
        self._server = LoopbackServer(self._handler())

    @property
    def address(self) -> str:
        """The server's own address, without a path."""
        return self._server.url

    @property
    def url(self) -> str:
        """The index's address."""
        return f"{self.address}/simple"

    @property
    def links_url(self) -> str:
        """The address of a page that links to all files."""
        return f"{self.address}/links/"

    def offer(self, dists: Sequence[Dist]) -> None:
        """Serve these distributions from now on, and no others."""
        self._files.clear()
        for dist in dists:
            self._files.setdefault(canonicalize_name(dist.name), []).extend(_files_of(dist))

    def file(self, name: str) -> IndexFile:
        """Return the file of this name.

        Raises:
            KeyError: The index has none.
        """
        for files in self._files.values():
            for file in files:
                if file.name == name:
                    return file
        raise KeyError(name)

    def file_url(self, name: str) -> str:
        """Return the address that the index gives a file."""
        base = self._files_url if self._links == "absolute" and self._files_url else self.address
        return f"{base}/files/{name}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    def _handler(self) -> type[QuietHandler]:
        index = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, kind, body = index._answer(self.path, self.headers)
                found = (
                    index._find_part(self.headers.get("Range", ""), body) if status == 200 else None
                )
                headers = {"Content-Type": kind, "Last-Modified": formatdate(0, usegmt=True)}
                if found is not None:
                    part = f"bytes {found.start}-{found.stop - 1}/{len(body)}"
                    headers["Content-Range"] = part
                    status, body = 206, body[found]
                if status == 401:
                    headers["WWW-Authenticate"] = 'Basic realm="index"'
                if status == 429 and index.retry_after:
                    headers["Retry-After"] = index.retry_after
                self.reply(status, headers, body)

            def do_HEAD(self) -> None:
                index.heads.append(self.path)
                if index._head is None:
                    self.do_GET()
                else:
                    self.reply(index._head)

        return Handler

    def _find_part(self, wanted: str, body: bytes) -> slice | None:
        """Return which part of a body a `Range` asks for, where this server gives parts."""
        if not self._parts or not wanted:
            return None
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        return slice(start, min(int(last) + 1, len(body)) if first else len(body))

    def _answer(self, path: str, headers: Message) -> tuple[int, str, bytes]:
        if self._watch is not None:
            self._watch()
        # To a proxy, clients give the whole address.
        path = unquote(urlsplit(path).path)
        self.requests.append(path)
        for prefix, status in self.failures.items():
            if path.startswith(prefix):
                return status, _HTML, b"failure asked for"
        if self._credentials is not None and not self._is_authorised(headers):
            return 401, _HTML, b"who are you?"
        match path.strip("/").split("/"):
            case ["simple", name] if name in self._pages:
                return 200, _HTML, self._pages[name].encode()
            case ["links"]:
                return 200, _HTML, self._links_page().encode()
            case ["simple", name] if name in self._files:
                return self._page(name, headers.get("Accept", ""))
            case ["files", name]:
                return self._content(name)
        return 404, _HTML, b"no such thing"

    def _is_authorised(self, headers: Message) -> bool:
        wanted = base64.b64encode((self._credentials or "").encode()).decode()
        return headers.get("Authorization") == f"Basic {wanted}"

    def _content(self, name: str) -> tuple[int, str, bytes]:
        try:
            file = self.file(name.removesuffix(".metadata"))
        except KeyError:
            return 404, _HTML, b"no such file"
        if name.endswith(".metadata"):
            return 200, "text/plain", _metadata(file.dist).encode()
        return 200, "application/octet-stream", file.content

    def _page(self, name: str, accept: str) -> tuple[int, str, bytes]:
        if self._form == "json" or (self._form == "both" and _JSON in accept):
            return 200, _JSON, json.dumps(self._json_page(name)).encode()
        return 200, _HTML, self._html_page(name).encode()

    def _link(self, file: IndexFile, folder: str = "../../files") -> str:
        return f"{folder}/{file.name}" if self._links == "relative" else self.file_url(file.name)

    def _links_page(self) -> str:
        files = [file for group in self._files.values() for file in group]
        return self._html(files, "../files")

    def _html_page(self, name: str) -> str:
        return self._html(self._files[name], "../../files")

    def _html(self, files: Sequence[IndexFile], folder: str) -> str:
        lines = ["<!DOCTYPE html><html><body>"]
        for file in files:
            attributes = {"href": self._link(file, folder)}
            if file.dist.hashed:
                attributes["href"] += f"#sha256={file.sha256}"
            if file.dist.stated_python:
                attributes["data-requires-python"] = file.dist.stated_python
            if file.dist.yanked is not None:
                attributes["data-yanked"] = file.dist.yanked
            if file.dist.uploaded is not None:
                attributes["data-upload-time"] = file.dist.uploaded
            if file.dist.metadata and file.name.endswith(".whl"):
                attributes["data-core-metadata"] = f"sha256={_sha256(_metadata(file.dist))}"
            written = " ".join(f'{key}="{html.escape(text)}"' for key, text in attributes.items())
            lines.append(f"<a {written}>{file.name}</a><br/>")
        return "\n".join([*lines, "</body></html>"])

    def _json_page(self, name: str) -> dict[str, object]:
        files = []
        for file in self._files[name]:
            entry: dict[str, object] = {
                "filename": file.name,
                "url": self._link(file),
                "hashes": {"sha256": file.sha256} if file.dist.hashed else {},
                "size": len(file.content),
                "yanked": file.dist.yanked if file.dist.yanked is not None else False,
            }
            if file.dist.uploaded is not None:
                entry["upload-time"] = file.dist.uploaded
            if file.dist.stated_python:
                entry["requires-python"] = file.dist.stated_python
            if file.dist.metadata and file.name.endswith(".whl"):
                entry["core-metadata"] = {"sha256": _sha256(_metadata(file.dist))}
            files.append(entry)
        return {"meta": {"api-version": "1.1"}, "name": name, "files": files}


def _files_of(dist: Dist) -> list[IndexFile]:
    files = [
        IndexFile(dist=dist, name=f"{_stem(dist)}-{tag}.whl", content=wheel_bytes(dist, tag))
        for tag in dist.tags
    ]
    if dist.sdist:
        files.append(IndexFile(dist=dist, name=f"{_stem(dist)}.tar.gz", content=_sdist_bytes(dist)))
    return files


def _stem(dist: Dist) -> str:
    return f"{canonicalize_name(dist.name).replace('-', '_')}-{dist.version}"


def _metadata(dist: Dist) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {dist.name}", f"Version: {dist.version}"]
    if dist.requires_python is not None:
        lines.append(f"Requires-Python: {dist.requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in dist.requires]
    for extra, requirements in dist.extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {text} ; extra == "{extra}"' for text in requirements]
    return "\n".join([*lines, ""])


def _sdist_bytes(dist: Dist) -> bytes:
    """Return an sdist; one without a source of its own is one that nobody is meant to build."""
    buffer = io.BytesIO()
    broken = {"PKG-INFO": _metadata(dist), "setup.py": "raise SystemExit('built an sdist')\n"}
    files = dist.source or broken
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{_stem(dist)}/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _record_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
