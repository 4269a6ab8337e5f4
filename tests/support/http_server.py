"""Servers on this machine that live as long as a test needs them, and what their answers have in common."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self

__all__ = [
    "BackgroundServer",
    "FolderHandler",
    "LoopbackServer",
    "QuietHandler",
    "serve_folder",
]

_POLL_S = 0.01


class BackgroundServer(socketserver.BaseServer):
    """Answers on a thread of its own from `start` to `stop`, or for as long as its `with` block lasts.

    It says nothing of clients that hang up, which they do whenever they have read enough. What would be
    said of it comes from a thread that may outlive its test, whose stderr is closed by then; that fails
    whichever test runs next.
    """

    def __init__(
        self, address: Any, handler: Callable[..., socketserver.BaseRequestHandler]
    ) -> None:
        super().__init__(address, handler)
        self._answering = threading.Thread(target=self.serve_forever, args=(_POLL_S,), daemon=True)

    def start(self) -> None:
        """Answer from now on. A server that was stopped cannot be started again."""
        self._answering.start()

    def stop(self) -> None:
        """Answer no more, and give the port back. Answers that are under way are not waited for."""
        self.shutdown()
        self.server_close()
        self._answering.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell on stderr what a handler raised, unless it is that its connection has ended."""
        error = sys.exception()
        # Its files are closed by now, hence the socket is too if the handler closed it.
        has_closed = isinstance(error, OSError | ValueError) and request.fileno() == -1
        if not has_closed and not isinstance(error, ConnectionError):
            super().handle_error(request, client_address)


class LoopbackServer(BackgroundServer, ThreadingHTTPServer):
    """Answers HTTP at a free port of 127.0.0.1, each connection on a thread of its own."""

    scheme: ClassVar[str] = "http"
    # Solvers open dozens of connections at once; those that find no room try again a second later.
    request_queue_size = 128

    def __init__(self, handler: Callable[..., socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def host(self) -> str:
        """Its address and port, as image references name registries."""
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return f"{self.scheme}://{self.host}"


class QuietHandler(BaseHTTPRequestHandler):
    """Writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def reply(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Send a whole answer: its length where the headers have none, and no body to a `HEAD`."""
        told = dict(headers or {})
        told.setdefault("Content-Length", str(len(body)))
        self.send_response(status)
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class FolderHandler(QuietHandler, SimpleHTTPRequestHandler):
    """Serves the files of its `directory`."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder and give its address, without a slash at its end."""
    with LoopbackServer(partial(FolderHandler, directory=str(folder))) as server:
        yield server.url
