"""Channels and indexes that fail in the middle of things: each is named, and none is believed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import PipResolution
from envc.resolve.rattler import Rattler
from envc.resolve.uv import Uv
from support.conda_site import CANONICAL, Site, fail
from support.index import Dist, IndexServer
from support.pip_world import ask, silent


@contextmanager
def answering(status: int, body: bytes, length: int) -> Iterator[str]:
    """Serve the same answer to everything; where the body is shorter than it says, it breaks off."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "length"),
    [
        (401, b"", 0),
        (403, b"", 0),
        (404, b"", 0),
        (429, b"", 0),
        (503, b"", 0),
        (200, b'{"packages": {', 100_000),
        (200, b"<html>Please log in</html>", 26),
    ],
    ids=["401", "403", "404", "429", "503", "dies half-way", "garbage"],
)
def test_a_channel_that_misbehaves_is_named(
    site: Site, status: int, body: bytes, length: int
) -> None:
    solver = Rattler(cache=site.cache, environment=os.environ)
    with answering(status, body, length) as address:
        request = replace(site.request("a"), mirrors=MirrorMap(((CANONICAL, address),)))

        error = fail(solver, request)

    assert isinstance(error, ToolError)
    expected = ("E340", f"the channel `{CANONICAL}/main` cannot be read")
    if status in (401, 403):
        message = f"the channel `{CANONICAL}/main` refuses access with status {status}"
        expected = ("E345", message)
    assert [(one.code, one.message) for one in error.diagnostics] == [expected]


@pytest.mark.parametrize("status", [429, 503])
def test_an_index_that_is_busy_for_a_moment_is_asked_again(tmp_path: Path, status: int) -> None:
    index = IndexServer(
        [Dist(name="app", version="1.0")],
        failures={"/simple/app/": status},
        watch=lambda: index.failures.clear() if index.requests else None,
    )
    solver = Uv(cache=tmp_path, environment={"PATH": "/usr/bin:/bin"}, retries=2)

    with index:
        result = solver.resolve(ask("app", index=index), silent)

    assert isinstance(result, PipResolution)
    assert [one.name for one in result.packages] == ["app"]
    assert index.requests[:2] == ["/simple/app/", "/simple/app/"]


def test_an_index_that_stays_busy_is_named(tmp_path: Path) -> None:
    solver = Uv(cache=tmp_path, environment={"PATH": "/usr/bin:/bin"}, retries=0)
    with (
        IndexServer([], failures={"/simple/": 429}) as index,
        pytest.raises(ToolError) as caught,
    ):
        solver.resolve(ask("app", index=index), silent)

    (problem,) = caught.value.diagnostics
    assert problem.code == "E337"
    assert problem.message.endswith("failed: it answered with status 429")
