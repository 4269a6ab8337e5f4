"""HTTP for indexes: an address goes in, an answer or a diagnostic comes out, never a credential."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envc.frozen import frozen
from envc.registry.handshake import explain_handshake
from envc.registry.pace import read_pieces
from envc.registry.transport import check_bundle
from envc.resolve.base import IndexAccess
from envc.resolve.index.failure import (
    failure,
    is_missing,
    reason_of,
    refuse_failure,
    unreachable,
)
from envc.resolve.network import network_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

__all__ = ["Answer", "Part", "Transport", "UnreachableError", "basic_auth"]

_CONNECT_S, _READ_S = 15.0, 60.0
_SIZE_S = 5.0
_CONNECTIONS = 16


@frozen
class Answer:
    """A page that came: `url` is where it came from in the end, after redirects."""

    url: str
    content: bytes
    content_type: str


@frozen
class Part:
    """Some bytes of a file: where they start, and how many the file has."""

    start: int
    size: int
    content: bytes


class UnreachableError(Exception):
    """Nothing answers at an address, or no more; `reason` says why, without address or credential."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Transport:
    """Fetches over HTTP with the proxies and certificates of `environment`, and nothing else of it.

    Args:
        environment: The caller's; of it count HTTP_PROXY and its kin and SSL_CERT_FILE and its kin.
        retries: How often a connection, a 429 or a 5xx is tried again, later each time, or when the
            answer says (Retry-After), within reason.
        silence_s: How long it may take until something more comes, or until it is clear that it
            comes too slowly.
        tell: Told why it waits before it asks again.

    Raises:
        ToolError: The certificates are not there (E335).
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        retries: int,
        silence_s: float = _READ_S,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._timeout = (_CONNECT_S, silence_s)
        self._retries = retries
        self._tell = tell
        network = network_environment(environment)
        self._proxies = {
            key.removesuffix("_PROXY").lower(): value
            for key, value in network.items()
            if key.endswith("_PROXY")
        }
        self._bundle = network.get("SSL_CERT_FILE")
        if self._bundle:
            check_bundle(self._bundle, "E335")
        self._opened: requests.Session | None = None
        self._guard = threading.Lock()
        self._without_sizes: set[tuple[str, str]] = set()
        self._without_parts: set[tuple[str, str]] = set()

    @property
    def _session(self) -> requests.Session:
        """The connections; requests loads slowly, and a lock whose pages are known asks nobody."""
        with self._guard:
            if self._opened is None:
                self._opened = self._open_session()
            return self._opened

    def _open_session(self) -> requests.Session:
        import requests

        from envc.resolve.index.retry import PatientRetry
        from envc.resolve.index.trust import TrustingAdapter

        session = requests.Session()
        # The session reads neither ~/.netrc nor the process's own environment.
        session.trust_env = False
        retry = PatientRetry(
            total=self._retries,
            backoff_factor=0.3,
            status_forcelist=(429, 500, 502, 503, 504),
            raise_on_status=False,
            tell=self._tell,
        )
        adapter = TrustingAdapter(self._bundle, max_retries=retry, pool_maxsize=_CONNECTIONS)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def get(
        self, url: str, index: IndexAccess, address: str, *, accept: str = "*/*"
    ) -> Answer | None:
        """Return what lies at an address, or None where nothing does.

        Args:
            url: What to fetch.
            index: Whose it is; its credentials go to the host of `address` only.
            address: Where the index is reached.

        Raises:
            ToolError: The index cannot be reached (E335), refuses (E336) or fails (E337).
        """
        with self._open(url, index, address, accept) as response:
            if is_missing(response, index):
                return None
            return Answer(
                url=response.url,
                content=b"".join(read_pieces(response, patience_s=self._timeout[1])),
                content_type=response.headers.get("Content-Type", ""),
            )

    def download(self, url: str, index: IndexAccess, address: str, path: Path) -> bool:
        """Write what lies at an address into a file and say whether there was anything.

        Raises:
            ToolError: As `get` does.
        """
        with self._open(url, index, address, "*/*") as response:
            if is_missing(response, index):
                return False
            with path.open("wb") as file:
                for piece in read_pieces(response, patience_s=self._timeout[1]):
                    file.write(piece)
            return True

    def part(
        self, url: str, index: IndexAccess, address: str, start: int | None, stop: int
    ) -> Part | None:
        """Return some bytes of a file, or None where its host does not give them by themselves.

        A host that answers with the whole file is not asked for parts again.

        Args:
            url: The file.
            index: As for `get`.
            address: As for `get`.
            start: The first byte; None asks for the last `stop` bytes, or all where there are less.
            stop: What follows the last byte.

        Raises:
            ToolError: As `get` does.
        """
        if _origin(url) in self._without_parts:
            return None
        wanted = f"-{stop}" if start is None else f"{start}-{stop - 1}"
        # A part in transit would be one of a packed body.
        more = {"Range": f"bytes={wanted}", "Accept-Encoding": "identity"}
        with self._open(url, index, address, "*/*", more) as response:
            if response.status_code == 200:
                self._without_parts.add(_origin(url))
            found = _read_range(response)
            if found is None or (start is not None and found[:2] != (start, stop)):
                return None
            first, end, size = found
            content = b"".join(read_pieces(response, patience_s=self._timeout[1]))
        return (
            Part(start=first, size=size, content=content) if len(content) == end - first else None
        )

    def size(self, url: str, index: IndexAccess, address: str) -> int | None:
        """Return the bytes of what lies at an address, or None where its host does not say.

        Nothing depends on it but how packages are spread over layers: a host that does not answer
        is not asked again, and no failure is told.
        """
        import requests

        if _origin(url) in self._without_sizes:
            return None
        is_own = _origin(url) == _origin(address)
        try:
            response = self._session.head(
                url,
                # A size in transit would be that of a packed body.
                headers={"Accept-Encoding": "identity"},
                auth=basic_auth(index) if is_own else None,
                proxies=self._proxies_for(url),
                timeout=_SIZE_S,
                allow_redirects=True,
            )
        except requests.exceptions.RequestException:
            self._without_sizes.add(_origin(url))
            return None
        if response.status_code != 200:
            # It may refuse the question itself; that one file is not there, its next may be.
            if response.status_code not in (404, 410):
                self._without_sizes.add(_origin(url))
            return None
        return _read_size(response.headers)

    @contextmanager
    def relay(
        self, method: str, url: str, headers: Mapping[str, str], auth: tuple[str, str] | None
    ) -> Iterator[requests.Response]:
        """Give the answer to a request, whatever its status, with its content still to be read.

        Redirects are followed; another host gets neither `auth` nor an `Authorization` of `headers`.

        Raises:
            UnreachableError: There is none, or it ends too early, which may show in the block.
        """
        import requests
        from urllib3.exceptions import HTTPError

        try:
            with self._session.request(
                method,
                url,
                headers=dict(headers),
                auth=auth,
                proxies=self._proxies_for(url),
                timeout=self._timeout,
                stream=True,
            ) as response:
                yield response
        except requests.exceptions.SSLError as error:
            found = explain_handshake(error)
            raise UnreachableError(f"{found.summary}: {found.reason}") from error
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise UnreachableError(reason_of(error)) from error

    @contextmanager
    def _open(
        self,
        url: str,
        index: IndexAccess,
        address: str,
        accept: str,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[requests.Response]:
        import requests

        is_own = _origin(url) == _origin(address)
        try:
            with self._session.get(
                url,
                headers={"Accept": accept, **more},
                auth=basic_auth(index) if is_own else None,
                proxies=self._proxies_for(url),
                timeout=self._timeout,
                stream=True,
            ) as response:
                # Without a part of some name, a file may be had whole: it is empty, or replaced.
                if response.status_code != 416 or "Range" not in more:
                    refuse_failure(response, index)
                yield response
        except requests.exceptions.SSLError as error:
            found = explain_handshake(error)
            raise unreachable(index, url, found.summary, found.hint, found.note) from error
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise unreachable(
                index,
                url,
                reason_of(error),
                "check the address and the network, or name a mirror",
            ) from error
        except requests.exceptions.RequestException as error:
            raise failure(index, f"`{url}` cannot be fetched: {reason_of(error)}") from error

    def _proxies_for(self, url: str) -> dict[str, str]:
        if _is_direct(urlsplit(url).hostname or "", self._proxies.get("no", "")):
            return {}
        return {key: value for key, value in self._proxies.items() if key != "no"}


def basic_auth(index: IndexAccess) -> tuple[str, str] | None:
    """Return the user and the password of an index, or None; a bare token's user is `__token__`."""
    if not index.credentials:
        return None
    user, colon, password = index.credentials.partition(":")
    return (user, password) if colon else ("__token__", user)


def _is_direct(host: str, no_proxy: str) -> bool:
    """Say whether NO_PROXY names a host, or a domain that it lies in."""
    names = [name.strip().lower().lstrip(".") for name in no_proxy.split(",")]
    return any(name and f".{host}".endswith(f".{name}") for name in names)


def _read_size(headers: Mapping[str, str]) -> int | None:
    length = headers.get("Content-Length", "")
    is_plain = headers.get("Content-Encoding", "identity") == "identity"
    return int(length) or None if is_plain and length.isascii() and length.isdigit() else None


_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")


def _read_range(response: requests.Response) -> tuple[int, int, int] | None:
    """Return where a part starts, what follows its end, and the file's size (RFC 9110, 14.4)."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code != 206 or found is None:
        return None
    start, last, size = map(int, found.groups())
    return (start, last + 1, size) if start <= last < size else None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
