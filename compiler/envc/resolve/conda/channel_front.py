"""Channels that want credentials, on 127.0.0.1: programs that solve see them without any.

What a program is given lies open in its arguments, its logs and its answer. Behind this front it
knows an address that tells nothing and is gone when it ends; who logs in is envc itself. Only what
channels say of packages is handed out, never a package.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from envc.frozen import frozen
from envc.resolve.conda.question import Answer, Channel, Problem, Question
from envc.resolve.index.transport import Transport, UnreachableError
from envc.resolve.loopback import serving

if TYPE_CHECKING:
    from email.message import Message

    import requests

__all__ = ["ChannelFront", "open_front"]

_RETRIES = 2
_CHUNK_BYTES = 1 << 18
_PACKAGES = (".conda", ".tar.bz2")
_ASKED = (
    "Accept",
    "Accept-Encoding",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "Range",
    "User-Agent",
)
_ANSWERED = (
    "Accept-Ranges",
    "Cache-Control",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
)


@frozen
class ChannelFront:
    """The channels of a question that want credentials, while they are served.

    Attributes:
        pairs: Each channel's canonical address, and the one at which it is served.
    """

    pairs: tuple[tuple[str, str], ...]
    _reasons: Mapping[str, str]

    def translate(self, answer: Answer) -> Answer:
        """Return an answer whose problems speak of channels as the spec does."""
        return replace(answer, problems=tuple(map(self._translate, answer.problems)))

    def _translate(self, problem: Problem) -> Problem:
        if problem.kind == "channel" and problem.subject in self._reasons:
            return replace(problem, detail=self._reasons[problem.subject])
        detail = problem.detail
        for canonical, address in self.pairs:
            detail = detail.replace(address, canonical)
        return replace(problem, detail=detail)


@contextmanager
def open_front(question: Question, environment: Mapping[str, str]) -> Iterator[ChannelFront]:
    """Serve the channels for whose hosts a question has credentials.

    Args:
        environment: Names proxies and certificates.

    Raises:
        ToolError: The certificates are not there (E335).
    """
    logins = {login["host"]: login["credentials"] for login in question["logins"]}
    transport = Transport(environment, retries=_RETRIES, silence_s=question["timeout_s"])
    places = {
        # Other users of the machine reach the port, too: who does not know this gets nothing.
        secrets.token_hex(16): _log_in(channel, logins[host])
        for channel in question["channels"]
        if (host := urlsplit(channel["address"]).hostname or "") in logins
    }
    reasons: dict[str, str] = {}
    handler = partial(_Handler, places=places, transport=transport, reasons=reasons)
    with serving(handler) as address:
        pairs = ((place.name, f"{address}/{token}") for token, place in places.items())
        yield ChannelFront(pairs=tuple(pairs), _reasons=reasons)


@frozen
class _Place:
    """A channel: its canonical name, where it is, and what opens it."""

    name: str
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)


def _log_in(channel: Channel, credentials: str) -> _Place:
    """Return a channel with its credentials, whose kinds are those that rattler knows."""
    name, address = channel["name"], channel["address"].rstrip("/")
    scheme, _, token = credentials.partition(" ")
    if scheme == "Bearer" and token:
        return _Place(name=name, address=address, headers={"Authorization": credentials})
    user, colon, password = credentials.partition(":")
    if colon:
        return _Place(name=name, address=address, auth=(user, password))
    parts = urlsplit(address)
    path = f"/t/{quote(credentials, safe='')}{parts.path}"
    return _Place(name=name, address=parts._replace(path=path).geturl())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A body would wait for its head to be acknowledged, which Linux delays by 40 ms.
    disable_nagle_algorithm = True

    def __init__(
        self,
        *given: Any,
        places: Mapping[str, _Place],
        transport: Transport,
        reasons: dict[str, str],
    ) -> None:
        self._places = places
        self._transport = transport
        self._reasons = reasons
        super().__init__(*given)

    def do_GET(self) -> None:
        token, _, rest = self.path.lstrip("/").partition("/")
        place = self._places.get(token)
        if place is None:
            self._refuse(404, "there is no such thing")
        elif rest.partition("?")[0].endswith(_PACKAGES):
            self._refuse(403, "packages are not handed out")
        else:
            self._relay(place, rest)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: stderr is the user's."""

    def _relay(self, place: _Place, rest: str) -> None:
        is_answered = False
        url = f"{place.address}/{rest}"
        headers = {"Accept-Encoding": "identity"} | _pick(self.headers, _ASKED)
        try:
            with self._transport.relay(
                self.command, url, {**headers, **place.headers}, place.auth
            ) as response:
                is_answered = True
                self._answer(response)
        except UnreachableError as error:
            self._reasons.setdefault(place.name, error.reason)
            # A part of an answer cannot be called back: without its end, it is none.
            self.close_connection = True
            if not is_answered:
                self._refuse(502, "the channel behind this one cannot be reached")

    def _answer(self, response: requests.Response) -> None:
        self.send_response(response.status_code)
        for name, value in _pick(response.headers, _ANSWERED).items():
            self.send_header(name, value)
        if "Content-Length" not in response.headers:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command == "GET":
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                self.wfile.write(chunk)

    def _refuse(self, status: int, reason: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(reason)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(reason.encode())


def _pick(headers: Message | Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: value for name in names if (value := headers.get(name)) is not None}
