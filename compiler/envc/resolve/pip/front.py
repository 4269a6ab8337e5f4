"""A package index on 127.0.0.1 that shows pip what it may choose from: the first index's rule, made real.

pip merges all its indexes, and knows neither mirrors nor distributions that are settled already.
Behind this front it sees one index with the wheels that fit the target and nothing else, and it
never sees a credential. What it downloads are stubs: the wheels' true metadata and no content.
"""

from __future__ import annotations

import html
import json
import re
import secrets
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

from envc.errors import EnvcError
from envc.resolve.base import Report
from envc.resolve.index.client import IndexClient, IndexFile
from envc.resolve.index.wheel_file import (
    Target,
    allows_python,
    best_wheel,
    distribution_of,
    fits,
    is_sdist,
    stub_wheel,
    wheel_name,
)
from envc.resolve.loopback import LoopbackServer
from envc.resolve.once import Once
from envc.resolve.pip.input import PipInput
from envc.resolve.pip.progress import PipProgress
from envc.resolve.pip.scout import IndexScout

__all__ = ["IndexFront", "has_prerelease"]

_JSON = "application/vnd.pypi.simple.v1+json"
_EXACT = r"(?:implementation_version|platform_release|platform_version|python_full_version)"
_OPERATOR = r"\s*(?:===|~=|==|!=|<=|>=|<|>|\bnot\s+in\b|\bin\b)\s*"
_TEXT = r"""(?:"[^"]*"|'[^']*')"""
_EXACT_ITEM = re.compile(rf"\b{_EXACT}{_OPERATOR}{_TEXT}|{_TEXT}{_OPERATOR}{_EXACT}\b")
_TRUE, _FALSE = 'python_version >= "3"', 'python_version < "3"'


class IndexFront:
    """Serves until it is left; a context manager.

    Args:
        given: The problem.
        client: Asks the indexes behind it.
        unstable: The distributions whose pre-releases count; elsewhere they do only where an index
            has nothing else.
        report: Told what is asked for.

    Attributes:
        url: Its address, for `--index-url`.
        links_url: The address of a page with all wheels of find-links, for `--find-links`.
        errors: What went wrong with the indexes behind it, in order.
    """

    def __init__(
        self,
        given: PipInput,
        client: IndexClient,
        unstable: frozenset[str] = frozenset(),
        *,
        report: Report = lambda _: None,
    ) -> None:
        self.errors: list[EnvcError] = []
        self._given = given
        self._client = client
        self._unstable = unstable
        self._offers = Once(self._find_offers)
        self._metadata = Once(self._find_metadata)
        self._scout: IndexScout | None = None
        self._progress = PipProgress(report)
        self._token = secrets.token_hex(16)
        self._server = LoopbackServer(_handler_of(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._server.address}/simple"

    @property
    def links_url(self) -> str:
        """The address of the page of find-links: never the same twice, since clients keep it."""
        return f"{self._server.address}/links/{self._token}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def _target(self) -> Target:
        return self._given.target

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return the status, the content type and the content for a path."""
        try:
            content = self._content(unquote(path).strip("/").split("/"))
        except EnvcError as error:
            self.errors.append(error)
            return 502, "text/plain", b"the index behind this one failed"
        if content is None:
            return 404, "text/plain", b"there is no such thing"
        return 200, _kind_of(path), content

    def scout(self) -> IndexScout:
        """Return what fetches ahead what pip will ask for."""
        self._scout = IndexScout(self._given, self._offers, self._metadata)
        return self._scout

    def _content(self, parts: list[str]) -> bytes | None:
        match parts:
            case ["links", self._token]:
                return self._links_page().encode()
            case ["simple", name] if name in self._given.settled:
                settled = self._given.settled[name]
                return _page(name, {settled.filename: False})
            case ["simple", name]:
                offers = self._offers(name)
                if offers is None:
                    return None
                return _page(name, {shown: file.yanked for shown, file in offers.items()})
            case ["files", name, _] if name in self._given.settled:
                settled = self._given.settled[name]
                return stub_wheel(settled.filename, _settle_release(settled.metadata, self._target))
            case ["files", name, filename]:
                return self._stub(name, filename)
        return None

    def _find_offers(self, name: str) -> Mapping[str, IndexFile] | None:
        """Return what pip may choose from by the names that it sees, one file of each version."""
        project = self._client.project(name)
        if project is None:
            return None
        files = _best_of_versions(self._given.usable(project), self._target)
        stable = [file for file in files if not has_prerelease(file)]
        shown = stable if stable and name not in self._unstable else files
        return {wheel_name(file.filename): file for file in shown}

    def _find_metadata(self, which: tuple[str, str]) -> str:
        name, shown = which
        project, offers = self._client.project(name), self._offers(name)
        assert project is not None, "it was offered"  # noqa: S101
        assert offers is not None, "it was offered"  # noqa: S101
        return self._client.metadata(project, offers[shown])

    def _links_page(self) -> str:
        lines = ["<!DOCTYPE html>"]
        for name, files in sorted(self._client.linked().items()):
            if name not in self._given.settled:
                lines += [_link(name, file) for file in files if fits(file, self._given.target)]
        for name in sorted(self._given.request.sdists - self._given.settled.keys()):
            project = self._client.project(name)
            files = self._given.usable(project) if project is not None else ()
            lines += [_link(name, file) for file in files if is_sdist(file.filename)]
        return "\n".join(lines)

    def _stub(self, name: str, filename: str) -> bytes | None:
        if filename not in (self._offers(name) or {}):
            return None
        self._progress.asked(name)
        if self._scout is not None:
            self._scout.look_behind(name, filename)
        metadata = self._metadata((name, filename))
        return stub_wheel(filename, _settle_release(metadata, self._target))


def has_prerelease(file: IndexFile) -> bool:
    """Say whether a file is of a pre-release or a development release (PEP 440)."""
    from packaging.version import Version

    found = distribution_of(file.filename)
    return found is not None and Version(found[1]).is_prerelease


def _settle_release(metadata: str, target: Target) -> str:
    """Return a wheel's metadata with all answered that asks for the exact release of Python.

    pip runs in another release of the target's series, and would answer for its own.
    """
    head, blank, body = metadata.partition("\n\n")
    lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
    return "\n".join(_settle_line(line, target) for line in lines) + blank + body


def _settle_line(line: str, target: Target) -> str:
    field, _, value = line.partition(":")
    if field.lower() == "requires-python":
        return f"{field}: >=3" if allows_python(value.strip(), target) else f"{field}: <3"
    if field.lower() == "requires-dist":
        asked, semicolon, marker = line.partition(";")
        return asked + semicolon + _EXACT_ITEM.sub(lambda item: _answer(item[0], target), marker)
    return line


def _answer(item: str, target: Target) -> str:
    from packaging.markers import Marker, UndefinedComparison

    try:
        return _TRUE if Marker(item).evaluate({**target.markers(), "extra": ""}) else _FALSE
    except UndefinedComparison:
        return item


def _best_of_versions(files: Iterable[IndexFile], target: Target) -> list[IndexFile]:
    """Return the file of each version that pip would take: it looks at the others only to drop them."""
    versions: dict[tuple[str, str] | None, list[IndexFile]] = {}
    for file in files:
        versions.setdefault(distribution_of(file.filename), []).append(file)
    return [
        (best_wheel(ones, target) if len(ones) > 1 else None) or ones[0]
        for ones in versions.values()
    ]


def _page(name: str, shown: Mapping[str, bool]) -> bytes:
    """Return a page (PEP 691) of files by whether they are yanked."""
    files = [
        {
            "filename": filename,
            "url": f"../../files/{name}/{quote(filename)}",
            "hashes": {},
            "yanked": is_yanked,
        }
        for filename, is_yanked in shown.items()
    ]
    return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()


def _kind_of(path: str) -> str:
    """Return the type of what lies at a path."""
    if path.endswith(".whl"):
        return "application/zip"
    return "text/html; charset=utf-8" if path.startswith("/links/") else _JSON


def _link(name: str, file: IndexFile) -> str:
    yanked = ' data-yanked=""' if file.yanked else ""
    shown = wheel_name(file.filename)
    href = f"../../files/{name}/{quote(shown)}"
    return f'<a href="{href}"{yanked}>{html.escape(shown)}</a>'


def _handler_of(front: IndexFront) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A body would wait for its head to be acknowledged, which Linux delays by 40 ms.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, kind, content = front.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: stderr is the user's."""

    return Handler
