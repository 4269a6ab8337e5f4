"""A server on the loopback whose answers come a byte at a time, for as long as anybody listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from support.http_server import LoopbackServer, QuietHandler

__all__ = ["dripping"]


@contextmanager
def dripping(
    length: int = 10**9, *, pause_s: float = 0.01, in_header: bool = False
) -> Iterator[str]:
    """Serve a body of blanks, one after each pause, and yield the server's host and port.

    Args:
        in_header: Whether a line of the header has as many, too.
    """
    is_over = threading.Event()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            try:
                if in_header:
                    self.flush_headers()
                    self.wfile.write(b"X-Slow:")
                    self.drip()
                    self.wfile.write(b"\r\n")
                self.end_headers()
                self.drip()
            except OSError:  # the client has had enough
                return

        def drip(self) -> None:
            for _ in range(length):
                if is_over.wait(pause_s):
                    raise OSError
                self.wfile.write(b" ")

    with LoopbackServer(Handler) as server:
        try:
            yield server.host
        finally:
            is_over.set()
