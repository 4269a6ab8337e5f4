"""Channels and indexes that fail in the middle of things: each is named, and none is believed."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from urllib3 import HTTPResponse

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess, PipResolution, PipSolver
from envc.resolve.conda.question import Channel
from envc.resolve.conda.rattler import Rattler
from envc.resolve.conda.watch import find_silent
from envc.resolve.index.retry import PatientRetry
from envc.resolve.index.transport import Transport
from envc.resolve.pip.uv import Uv
from support.conda_site import CANONICAL, Site, fail
from support.drip import dripping
from support.http_server import LoopbackServer, QuietHandler
from support.index import Dist, IndexServer
from support.pip_world import ask, silent, solvers

ENDLESS = 10**12
ENOUGH_S = 10.0
BROKEN = {
    "401": (401, b"", 0),
    "403": (403, b"", 0),
    "429": (429, b"", 0),
    "503": (503, b"", 0),
    "dies half-way": (200, b'{"packages": {', 100_000),
    "garbage": (200, b"\x00\xff\xfe{{{", 6),
    "a page of a proxy": (200, b"<html>Please log in</html>", 26),
}


@contextmanager
def answering(
    status: int, body: bytes, length: int, *, headers: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Serve the same answer to everything; where the body is shorter than it says, it breaks off.

    A body that says it is longer than anything stays open, and nothing more comes.
    """

    class Handler(QuietHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(body)
            if length == ENDLESS:
                self.rfile.read(1)  # until the client has had enough

    with LoopbackServer(Handler) as server:
        yield server.url


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
        expected = ("E348", message)
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


@pytest.mark.parametrize("kind", ["401", "503", "dies half-way", "garbage"])
def test_a_channel_that_misbehaves_is_named_whoever_solves(site: Site, kind: str) -> None:
    _, solver = site.solvers()
    with answering(*BROKEN[kind]) as address:
        request = replace(site.request("a"), mirrors=MirrorMap(((CANONICAL, address),)))

        error = fail(solver, request)

    assert isinstance(error, ToolError)
    assert {one.code for one in error.diagnostics} <= {"E340", "E343", "E348"}


def test_a_channel_that_never_answers_is_given_up(site: Site) -> None:
    solver = Rattler(cache=site.cache, environment=os.environ, silence_s=0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        request = replace(site.request("a"), mirrors=MirrorMap(((CANONICAL, address),)))

        error = fail(solver, request)

    assert isinstance(error, ToolError)
    [problem] = error.diagnostics
    assert (problem.code, problem.notes) == ("E340", ("it does not answer",))


def test_channels_that_answer_at_all_are_left_alone(site: Site) -> None:
    with answering(503, b"", 0) as busy:
        channels = [
            Channel(name="busy", address=busy),
            Channel(name="closed", address="http://127.0.0.1:1"),
            Channel(name="folder", address="file:///nowhere"),
        ]

        assert find_silent(channels, silence_s=ENOUGH_S) is None


def test_a_channel_that_says_nothing_more_is_named(site: Site) -> None:
    solver = Rattler(cache=site.cache, environment=os.environ, timeout_s=1)
    with answering(200, b'{"packages": {', ENDLESS) as address:
        request = replace(site.request("a"), mirrors=MirrorMap(((CANONICAL, address),)))

        error = fail(solver, request)

    assert isinstance(error, ToolError)
    assert [one.code for one in error.diagnostics] == ["E340"]


def _try_index(solver: PipSolver, status: int, body: bytes, length: int) -> list[str]:
    with answering(status, body, length) as address, pytest.raises(ToolError) as caught:
        solver.resolve(ask("app", index=[IndexAccess(url=f"{address}/simple")]), silent)
    return [one.code for one in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("401", "E336"),
        ("403", "E336"),
        ("429", "E337"),
        ("503", "E337"),
        ("dies half-way", "E337"),
        ("garbage", "E337"),
    ],
)
def test_an_index_that_misbehaves_is_named_whoever_solves(
    tmp_path: Path, kind: str, code: str
) -> None:
    codes = [_try_index(solver, *BROKEN[kind]) for solver in solvers(tmp_path)]

    assert codes == [[code], [code]]


def test_an_index_that_says_nothing_more_is_named() -> None:
    transport = Transport({}, retries=0, silence_s=0.5)
    with answering(200, b"<!DOCTYPE", ENDLESS) as address, pytest.raises(ToolError) as caught:
        transport.get(f"{address}/simple/app/", IndexAccess(url=f"{address}/simple"), address)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message.rpartition(": ")[2]) == (
        "E335",
        "it does not answer in time",
    )


def test_an_index_that_sends_a_byte_at_a_time_is_given_up(tmp_path: Path) -> None:
    transport = Transport({}, retries=0, silence_s=0.3)

    with dripping() as host:
        access = IndexAccess(url=f"http://{host}/simple")
        with pytest.raises(ToolError) as page:
            transport.get(f"http://{host}/simple/app/", access, access.url)
        with pytest.raises(ToolError) as wheel:
            transport.download(f"http://{host}/app.whl", access, access.url, tmp_path / "app.whl")

    told = [one for error in (page, wheel) for one in error.value.diagnostics]
    assert [one.code for one in told] == ["E335", "E335"]
    assert all(one.message.endswith("which is too slow") for one in told)


def test_an_index_whose_header_comes_a_byte_at_a_time_is_given_up() -> None:
    transport = Transport({}, retries=0, silence_s=0.3)

    with dripping(in_header=True) as host:
        access = IndexAccess(url=f"http://{host}/simple")
        with pytest.raises(ToolError) as caught:
            transport.get(f"http://{host}/simple/app/", access, access.url)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message.rpartition(": ")[2]) == (
        "E335",
        "it does not answer in time",
    )


def test_a_busy_index_says_when_to_ask_again() -> None:
    asked: list[float] = []
    told: list[str] = []

    def watch() -> None:
        asked.append(time.monotonic())
        if len(asked) > 1:
            index.failures.clear()

    index = IndexServer(
        [Dist(name="app", version="1.0")],
        failures={"/simple/app/": 429},
        retry_after="1",
        watch=watch,
    )
    with index:
        access = IndexAccess(url=index.url)
        transport = Transport({}, retries=2, tell=told.append)
        answer = transport.get(f"{index.url}/app/", access, index.url)

    assert answer is not None
    host = index.url.split("/")[2]
    assert told == [f"{host} answers with status 429; asking again in 1 s"]
    assert asked[1] - asked[0] >= 1


def test_nobody_waits_for_an_index_longer_than_a_minute() -> None:
    response = HTTPResponse(status=429, headers={"Retry-After": "86400"})

    assert PatientRetry(total=1).get_retry_after(response) == 60
    assert PatientRetry(total=1).get_retry_after(HTTPResponse(status=429)) is None
