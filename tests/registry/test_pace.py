"""Bodies that come a byte at a time: each byte ends the silence, and still nobody waits for ever."""

from __future__ import annotations

import pytest
import requests

from envc.errors import ToolError
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.pace import read_pieces
from envc.registry.transport import open_session
from support.drip import dripping
from support.registry import FakeRegistry


def test_a_registry_that_sends_a_byte_at_a_time_is_given_up() -> None:
    registry = Registry(environment={}, timeout_s=0.3, sleep=lambda _: None)

    with dripping() as host, pytest.raises(ToolError) as caught:
        registry.find(ImageReference.parse(f"{host}/pets:1"))

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == ("E382", f"the registry `{host}` cannot be reached")
    assert problem.notes[0].endswith("which is too slow")


def test_a_registry_whose_header_comes_a_byte_at_a_time_is_given_up() -> None:
    registry = Registry(environment={}, timeout_s=0.3, sleep=lambda _: None)

    with dripping(in_header=True) as host, pytest.raises(ToolError) as caught:
        registry.find(ImageReference.parse(f"{host}/pets:1"))

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == ("E382", f"the registry `{host}` cannot be reached")
    assert problem.notes[0].endswith("the header comes too slowly")


def test_a_header_that_comes_slowly_behind_a_proxy_is_given_up() -> None:
    with (
        dripping(in_header=True) as host,
        open_session({}) as session,
        pytest.raises(requests.exceptions.ReadTimeout),
    ):
        session.get("http://a.example/", proxies={"http": f"http://{host}"}, timeout=0.3)


def test_a_header_that_is_slow_and_short_comes_whole_and_its_body_takes_its_time() -> None:
    with (
        dripping(10, pause_s=0.05, in_header=True) as host,
        open_session({}) as session,
        session.get(f"http://{host}/", timeout=0.8, stream=True) as response,
    ):
        body = response.content

    assert (response.headers["X-Slow"], body) == ("", b" " * 10)


def test_a_layer_that_comes_a_byte_at_a_time_is_given_up() -> None:
    registry = Registry(environment={}, timeout_s=0.3)
    came: list[bytes] = []

    with dripping() as host, pytest.raises(ToolError) as caught:
        registry.download(ImageReference.parse(f"{host}/pets:1"), "sha256:0", came.append)

    (problem,) = caught.value.diagnostics
    assert problem.code == "E382"
    assert came


def test_what_is_slow_and_short_comes_whole() -> None:
    with dripping(5) as host, requests.get(f"http://{host}/", stream=True, timeout=5) as response:
        pieces = list(read_pieces(response, patience_s=5))

    assert b"".join(pieces) == b"     "


def test_what_is_done_with_the_pieces_is_no_waiting() -> None:
    now = [0.0]

    with dripping(5) as host, requests.get(f"http://{host}/", stream=True, timeout=5) as response:
        count = 0
        for piece in read_pieces(response, patience_s=1, clock=lambda: now[0]):
            now[0] += 100
            count += len(piece)

    assert count == 5


@pytest.mark.parametrize("encoding", ["chunked", "gzip"])
def test_a_body_that_breaks_off_is_told_as_requests_tells_it(encoding: str) -> None:
    with FakeRegistry() as registry:
        registry.bodies["pets/blobs/broken"] = ("text/plain", b"no gzip, no chunk\r\n")
        headers = {"chunked": "Transfer-Encoding", "gzip": "Content-Encoding"}
        registry.extra = {headers[encoding]: encoding}
        url = f"http://{registry.host}/v2/pets/blobs/broken"
        with (
            requests.get(url, stream=True, timeout=5) as response,
            pytest.raises(requests.RequestException) as caught,
        ):
            list(read_pieces(response, patience_s=5))

    names = {"chunked": "ChunkedEncodingError", "gzip": "ContentDecodingError"}
    assert type(caught.value).__name__ == names[encoding]
