"""Something between here and a real registry: it fails on demand, and may want a token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from support.http_server import LoopbackServer, QuietHandler

__all__ = ["PASSWORD", "USER", "RegistryProxy"]

USER, PASSWORD, _TOKEN = "ada", "hunter2-secret", "granted"
_DROPPED = {"connection", "transfer-encoding", "content-length", "date", "server"}


class RegistryProxy:
    """Hands requests on to a registry; use it in a `with` block.

    Attributes:
        fault: Given method and path, returns the status to fail with, 0 to drop the connection, or
            None to hand the request on.
        wants_token: Whether whoever asks must bring a token, which user and password get.
        seen: Method and path of each request.
    """

    def __init__(self, registry: str) -> None:
        self.registry = registry
        self.fault: Callable[[str, str], int | None] = lambda _method, _path: None
        self.wants_token = False
        self.seen: list[tuple[str, str]] = []
        self._server = LoopbackServer(partial(_Handler, self))

    def __enter__(self) -> RegistryProxy:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def host(self) -> str:
        """The host and port that image references name."""
        return self._server.host


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: RegistryProxy, *given: Any) -> None:
        self._proxy = proxy
        super().__init__(*given)

    def parse_request(self) -> bool:
        """Tell who tries TLS first that there is none: engines do, and then come without."""
        if self.raw_requestline[:1] == b"\x16":  # type: ignore[attr-defined]  # no types there
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            self.close_connection = True
            return False
        return super().parse_request()

    def answer(self) -> None:
        body = self._read_body()
        self._proxy.seen.append((self.command, self.path))
        status = self._proxy.fault(self.command, self.path)
        if status == 0:
            self.close_connection = True
            self.connection.close()
        elif status is not None:
            self.reply(status)
        elif urlsplit(self.path).path == "/token":
            self._grant()
        elif self._proxy.wants_token and self.headers.get("Authorization") != f"Bearer {_TOKEN}":
            realm = f'Bearer realm="http://{self._proxy.host}/token",service="proxy"'
            self.reply(401, {"WWW-Authenticate": realm})
        else:
            self._hand_on(body)

    def _hand_on(self, body: bytes) -> None:
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"authorization", "content-length", "transfer-encoding"}
        }
        answer = requests.request(
            self.command,
            f"http://{self._proxy.registry}{self.path}",
            headers=headers,
            data=body,
            timeout=30,
            allow_redirects=False,
        )
        kept = {
            name: value.replace(f"http://{self._proxy.registry}", f"http://{self._proxy.host}")
            for name, value in answer.headers.items()
            if name.lower() not in _DROPPED
        }
        if self.command == "HEAD" and "Content-Length" in answer.headers:
            kept["Content-Length"] = answer.headers["Content-Length"]
        self.reply(answer.status_code, kept, answer.content)

    def _grant(self) -> None:
        if self.command == "POST":  # OAuth2, which whoever asks need not find here
            self.reply(405)
            return
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        is_known = self.headers.get("Authorization") == f"Basic {pair}"
        token = json.dumps({"token": _TOKEN if is_known else "none"}).encode()
        self.reply(200, {"Content-Type": "application/json"}, token)

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = answer
