"""Requests to registries: sent until they are answered, with the credentials that are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from envc.errors import ToolError
from envc.frozen import frozen
from envc.registry.asked import (
    Asked,
    explain_answer,
    explain_certificate,
    explain_failure,
    explain_refusal,
    explain_unreachable,
)
from envc.registry.authorization import Challenge, authorize
from envc.registry.credential import load_credentials
from envc.registry.manifest import load
from envc.registry.pace import read_pieces
from envc.registry.transport import is_loopback, open_session, proxies_for

if TYPE_CHECKING:
    import requests

__all__ = ["Answer", "Exchange"]

# The OCI distribution specification asks registries to take manifests of 4 MiB; none need be larger.
_MAX_BYTES = 4 * 1024 * 1024
_ATTEMPTS, _ATTEMPTS_UNREACHABLE = 4, 2
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 20.0
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_HTTP_OK, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 200, 401, 403, 429
_PASSING = frozenset({_TOO_MANY, 500, 502, 503, 504})


@frozen
class Answer:
    """What a registry answered; keys of `headers` are in lower case."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]


class Exchange:
    """Requests to registries, whose credentials are asked for once for each of their repositories."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Remember how to ask; nothing is loaded or asked yet.

        Args:
            environment: Says where Docker's credentials lie, and names proxies and certificates.
            sleep: Waits between attempts.
            tell: Told why it waits, each time.
        """
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._tell = tell
        self._opened: requests.Session | None = None
        self._authorizations: dict[tuple[str, str], str] = {}

    def send(
        self,
        asked: Asked,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Path | None = None,
    ) -> Answer:
        """Return the answer to a request, whatever its status is, but for a lack of credentials.

        Args:
            path: Below the repository's own address, such as `manifests/1.0`; or a whole address
                of the registry's own, as it names places to upload to.
            body: A file is read while it is sent; it must not be empty.

        Raises:
            OSError: The file cannot be read.
            ToolError: The registry wants other credentials (E380), or cannot be reached (E382).
        """
        url = path if "://" in path else self.address(asked, path)
        key = (asked.source.registry, asked.scope)
        # Credentials are for the registry: it may send us to a storage of somebody else's.
        is_own = url.startswith(f"{_origin(asked)}/")
        own = {"Authorization": self._authorizations[key]} if key in self._authorizations else {}
        answer = self._ask(
            asked, method, url, headers={**headers, **(own if is_own else {})}, body=body
        )
        challenge = answer.headers.get("www-authenticate")
        if answer.status == _UNAUTHORIZED and challenge and is_own:
            authorization = self._authorize(asked, challenge)
            if authorization is not None:
                self._authorizations[key] = authorization
                allowed = {**headers, "Authorization": authorization}
                answer = self._ask(asked, method, url, headers=allowed, body=body)
        if answer.status in (_UNAUTHORIZED, _FORBIDDEN):
            raise ToolError([explain_refusal(asked, answer.status)])
        return answer

    def download(self, asked: Asked, path: str, write: Callable[[bytes], object]) -> int:
        """Hand on what lies below the repository's address while it comes, and return its bytes.

        Asked once: who is cut off starts again. The credentials are those that `send` found.

        Raises:
            ToolError: The registry cannot be reached (E382), or fails (E383).
        """
        import requests

        url = self.address(asked, path)
        key = (asked.source.registry, asked.scope)
        headers = (
            {"Authorization": self._authorizations[key]} if key in self._authorizations else {}
        )
        count = 0
        try:
            with self._session.get(
                url,
                headers=headers,
                proxies=proxies_for(url, self._environment),
                timeout=self._timeout_s,
                stream=True,
            ) as response:
                if response.status_code != _HTTP_OK:
                    raise ToolError([explain_failure(asked, response.status_code)])
                for piece in read_pieces(response, patience_s=self._timeout_s):
                    count += len(piece)
                    write(piece)
        except requests.exceptions.RequestException as error:
            raise ToolError([explain_unreachable(asked, error)]) from error
        return count

    @staticmethod
    def address(asked: Asked, path: str) -> str:
        """Return the whole address of what lies below the repository's own."""
        return f"{_origin(asked)}/v2/{asked.source.repository}/{path}"

    def _authorize(self, at_registry: Asked, header: str) -> str | None:
        own = {at_registry.source.registry, _host(_origin(at_registry))}

        def ask(
            method: str,
            url: str,
            *,
            headers: Mapping[str, str],
            query: Mapping[str, str] | None,
            form: Mapping[str, str] | None,
        ) -> dict[str, Any]:
            host = _host(url)
            asked = at_registry if host in own else replace(at_registry, token_server=host)
            answer = self._ask(asked, method, url, headers=headers, query=query, body=form)
            if answer.status in (_UNAUTHORIZED, _FORBIDDEN):
                raise ToolError([explain_refusal(asked, answer.status)])
            if answer.status != _HTTP_OK:
                raise ToolError([explain_failure(asked, answer.status)])
            try:
                return load(answer.body)
            except ValueError as error:
                reason = f"its token server's answer is {error}"
                raise ToolError([explain_answer(asked, reason)]) from error

        credentials = load_credentials(at_registry.source.registry, self._environment)
        return authorize(Challenge.parse(header), credentials, at_registry.scope, ask)

    def _ask(
        self,
        asked: Asked,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: bytes | Path | Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request until it is answered, or has failed too often to be worth another try."""
        import requests

        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with (
                    _open(body) as data,
                    self._session.request(
                        method,
                        url,
                        headers=dict(headers),
                        params=query,
                        data=data,
                        proxies=proxies_for(url, self._environment),
                        timeout=self._timeout_s,
                        stream=True,
                    ) as response,
                ):
                    content = _read(asked, response, self._timeout_s)
            except requests.exceptions.SSLError as error:
                raise ToolError([explain_certificate(asked, error)]) from error
            except requests.exceptions.RequestException as error:
                if attempt >= _ATTEMPTS_UNREACHABLE:
                    raise ToolError([explain_unreachable(asked, error)]) from error
                wait_s = pause_s
            else:
                found = {name.lower(): value for name, value in response.headers.items()}
                if response.status_code not in _PASSING or attempt == _ATTEMPTS:
                    return Answer(status=response.status_code, body=content, headers=found)
                wait_s = min(max(pause_s, _retry_after(found)), _LONGEST_PAUSE_S)
                what = f"answers with status {response.status_code}"
                self._tell(f"{_host(url)} {what}; asking again in {wait_s:.3g} s")
            self._sleep(wait_s)
            pause_s *= 2
        raise AssertionError("the last attempt returns or raises")

    @property
    def _session(self) -> requests.Session:
        if self._opened is None:
            self._opened = open_session(self._environment)
        return self._opened


def _open(body: bytes | Path | Mapping[str, str] | None) -> AbstractContextManager[Any]:
    return body.open("rb") if isinstance(body, Path) else nullcontext(body)


def _host(url: str) -> str:
    """Return the host and the port of an address, and no user."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _origin(asked: Asked) -> str:
    registry = asked.source.registry
    scheme = "http" if is_loopback(registry) else "https"
    return f"{scheme}://{_HUB_HOST if registry == _HUB else registry}"


def _read(asked: Asked, response: requests.Response, patience_s: float) -> bytes:
    body = bytearray()
    for piece in read_pieces(response, patience_s=patience_s):
        body += piece
        if len(body) > _MAX_BYTES:
            raise ToolError([explain_answer(asked, f"it is longer than {_MAX_BYTES} bytes")])
    return bytes(body)


def _retry_after(answer: Mapping[str, str]) -> float:
    text = answer.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0
