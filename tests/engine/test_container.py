"""Commands in a container, as an engine answers that is quicker than we are."""

from __future__ import annotations

import json
from collections.abc import Iterator

import docker
import pytest

from envc.engine.container import Container, ContainerEndedError
from envc.process import Completed
from support.http_server import LoopbackServer, QuietHandler


class _Engine(QuietHandler):
    """Makes and starts commands; all that one writes is sent in one piece with the header."""

    protocol_version = "HTTP/1.1"
    frames = b""
    code = 0
    status = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/start") and self.status == 200:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
            self.connection.sendall(head + self.frames)
            self.close_connection = True
        elif self.path.endswith("/start"):
            self._answer(self.status, {"message": "container is not running"})
        else:
            self._answer(201, {"Id": "made"})

    def do_GET(self) -> None:
        state = {"Running": self.status == 200, "ExitCode": 137, "OOMKilled": True}
        self._answer(200, {"ExitCode": self.code, "State": state})

    def _answer(self, status: int, data: object) -> None:
        content = json.dumps(data).encode()
        self.reply(status, {"Content-Type": "application/json"}, content)


@pytest.fixture
def engine() -> Iterator[tuple[type[_Engine], Container]]:
    """An engine whose answers a test sets, and a container of it."""
    answers = type("Answers", (_Engine,), {})
    with LoopbackServer(answers) as server:
        client = docker.DockerClient(base_url=f"tcp://{server.host}", version="1.44")
        try:
            yield answers, Container(client, "held", "pets:1")
        finally:
            client.close()


def frame(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def test_what_arrives_with_the_answers_header_is_not_lost(
    engine: tuple[type[_Engine], Container],
) -> None:
    answers, container = engine
    answers.frames = frame(1, b"python ") + frame(2, b"/opt/env/bin/python\n") + frame(1, b"\xff")
    answers.code = 3

    done = container.execute(["look"])

    expected = "python /opt/env/bin/python\n\N{REPLACEMENT CHARACTER}"
    assert done == Completed(returncode=3, stdout=expected, stderr="")


def test_a_frame_that_was_cut_off_counts_as_far_as_it_came(
    engine: tuple[type[_Engine], Container],
) -> None:
    answers, container = engine
    answers.frames = frame(1, b"abc")[:-1]

    assert container.execute(["look"]).stdout == "ab"


def test_a_container_that_has_ended_is_told_as_such(
    engine: tuple[type[_Engine], Container],
) -> None:
    answers, container = engine
    answers.status = 409

    with pytest.raises(ContainerEndedError) as caught:
        container.execute(["look"])

    assert caught.value.reason == "it ran out of memory"
