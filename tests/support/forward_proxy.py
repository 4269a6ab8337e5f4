"""A proxy for tests that wants a password, and knows hosts that nobody else does."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from support.http_server import LoopbackServer, QuietHandler

__all__ = ["serve_proxy"]

_KEPT = ("Content-Type", "ETag", "Last-Modified")


@contextmanager
def serve_proxy(login: str, places: Mapping[str, str], seen: list[str]) -> Iterator[str]:
    """Serve a proxy for HTTP and give its `host:port`.

    Args:
        login: `user:password` that every request must carry.
        places: By host, the address of the server that stands for it; of others it knows nothing.
        seen: Gets the address of each request that was let through.
    """
    expected = f"Basic {base64.b64encode(login.encode()).decode()}"
    handler = partial(_Handler, expected=expected, places=places, seen=seen)
    with LoopbackServer(handler) as server:
        yield server.host


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"

    def __init__(
        self, *given: Any, expected: str, places: Mapping[str, str], seen: list[str]
    ) -> None:
        self._expected = expected
        self._places = places
        self._seen = seen
        super().__init__(*given)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        place = self._places.get(parts.hostname or "")
        if self.headers.get("Proxy-Authorization") != self._expected:
            self.reply(407, {"Proxy-Authenticate": 'Basic realm="proxy"'})
        elif place is None:
            self.reply(502)
        else:
            self._seen.append(self.path)
            asked = {"Accept": self.headers.get("Accept", "*/*"), "Accept-Encoding": "identity"}
            if login := self.headers.get("Authorization"):
                asked["Authorization"] = login
            answer = requests.request(
                self.command, f"{place}{parts.path}", headers=asked, timeout=30
            )
            kept = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
            self.reply(answer.status_code, kept, answer.content)

    do_HEAD = do_GET
