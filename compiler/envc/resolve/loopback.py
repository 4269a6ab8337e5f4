"""A server on 127.0.0.1 that lives as long as a solver needs it: what fronts serve by."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["LoopbackServer", "reaching_loopback", "serving"]


class LoopbackServer(ThreadingHTTPServer):
    """Serves on a port of its own choice."""

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def address(self) -> str:
        """Its address, without a slash at its end."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away: it has what it wanted."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve in a thread of its own and give the address, without a slash at its end."""
    server = LoopbackServer(handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reaching_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment whose proxies are not asked for what is served here."""
    known = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    direct = ",".join(filter(None, [known, "127.0.0.1"]))
    return {**environment, "NO_PROXY": direct, "no_proxy": direct}
