"""The tests' own servers: they say nothing of clients that hang up, and tell all that is wrong."""

from __future__ import annotations

import io
import queue
import socket
import sys
import threading

import pytest

from support.http_server import LoopbackServer, QuietHandler

ENOUGH_S = 30.0
MORE_THAN_BUFFERS_HOLD = 50_000_000


class Recorded(QuietHandler):
    """Does what a test sets, and says on which thread and how that ended."""

    ended: queue.SimpleQueue[tuple[threading.Thread, Exception | None]]

    def do_GET(self) -> None:
        outcome: Exception | None = None
        try:
            self.act()
        except Exception as error:
            outcome = error
            raise
        finally:
            self.ended.put((threading.current_thread(), outcome))

    def act(self) -> None:
        raise NotImplementedError


def ask(server: LoopbackServer) -> socket.socket:
    """Return a connection over which a page was asked for."""
    connection = socket.create_connection(("127.0.0.1", server.server_port), timeout=ENOUGH_S)
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    return connection


def outcome_of(handler: type[Recorded]) -> Exception | None:
    """Let one client ask, read a byte, and hang up; return what the handler raised, told by then or not."""
    handler.ended = queue.SimpleQueue()
    with LoopbackServer(handler) as server:
        with ask(server) as client:
            client.recv(1)
        thread, outcome = handler.ended.get(timeout=ENOUGH_S)
        thread.join(ENOUGH_S)
    assert not thread.is_alive()
    return outcome


def close_stderr(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Close stderr, as that of a test is once it is over; return where failures of threads come in.

    Not a fixture, since pytest captures stderr anew between setting up and calling a test.
    """
    failures: list[object] = []
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    monkeypatch.setattr(threading, "excepthook", lambda told: failures.append(told.exc_value))
    return failures


def test_a_client_that_hangs_up_half_way_leaves_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Large(Recorded):
        def act(self) -> None:
            self.reply(200, body=bytes(MORE_THAN_BUFFERS_HOLD))

    failures = close_stderr(monkeypatch)
    outcome = outcome_of(Large)

    assert isinstance(outcome, ConnectionError)
    assert failures == []


def test_a_handler_that_hangs_up_itself_leaves_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hasty(Recorded):
        def act(self) -> None:
            self.rfile.close()
            self.connection.close()
            self.wfile.write(b"too late")

    failures = close_stderr(monkeypatch)
    outcome = outcome_of(Hasty)

    assert isinstance(outcome, OSError)
    assert not isinstance(outcome, ConnectionError)
    assert failures == []


def test_a_mistake_of_a_handler_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    class Mistaken(Recorded):
        def act(self) -> None:
            raise ValueError("no such pet")

    outcome_of(Mistaken)

    assert "ValueError: no such pet\n" in capsys.readouterr().err


def test_a_mistake_after_hanging_up_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    class Mistaken(Recorded):
        def act(self) -> None:
            self.connection.close()
            raise KeyError("no such pet")

    outcome_of(Mistaken)

    assert "KeyError: 'no such pet'\n" in capsys.readouterr().err


def test_answers_are_whole_and_leave_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    class Page(QuietHandler):
        def do_GET(self) -> None:
            self.reply(200, {"X-Pet": "cat"}, b"purr")

        do_HEAD = do_GET

    answers = {}
    with LoopbackServer(Page) as server:
        for method in ("GET", "HEAD", "PUT"):
            with socket.create_connection(("127.0.0.1", server.server_port)) as client:
                client.sendall(f"{method} / HTTP/1.0\r\n\r\n".encode())
                head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
            answers[method] = (head.split(b"\r\n")[0], head.split(b"\r\n")[3:], body)

    told = [b"X-Pet: cat", b"Content-Length: 4"]
    assert answers["GET"] == (b"HTTP/1.0 200 OK", told, b"purr")
    assert answers["HEAD"] == (b"HTTP/1.0 200 OK", told, b"")
    assert answers["PUT"][0] == b"HTTP/1.0 501 Unsupported method ('PUT')"
    assert capfd.readouterr() == ("", "")


def test_a_stopped_server_waits_for_no_answer_and_gives_its_port_back() -> None:
    release = threading.Event()

    class Slow(Recorded):
        ended = queue.SimpleQueue()

        def act(self) -> None:
            self.reply(200, {"Content-Length": "1"})
            release.wait(ENOUGH_S)

    with LoopbackServer(Slow) as server:
        client = ask(server)
        client.recv(1)
    is_under_way = Slow.ended.empty()
    with pytest.raises(ConnectionRefusedError):
        ask(server)
    release.set()
    thread, _ = Slow.ended.get(timeout=ENOUGH_S)
    thread.join(ENOUGH_S)
    client.close()

    assert is_under_way
