"""A server on the loopback whose answers come a byte at a time, for as long as anybody listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["dripping"]


@contextmanager
def dripping(length: int = 10**9, *, pause_s: float = 0.01) -> Iterator[str]:
    """Serve a body of blanks, one after each pause, and yield the server's host and port."""
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            try:
                for _ in range(length):
                    if is_over.wait(pause_s):
                        return
                    self.wfile.write(b" ")
            except OSError:  # the client has had enough
                return

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()
