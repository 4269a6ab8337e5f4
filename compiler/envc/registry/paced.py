"""Connections that give up a host whose header lines come too slowly, whatever asks by them."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["PacedAdapter"]


class _Paced(io.RawIOBase):
    """A socket's bytes; while there is a patience, those after the first may not take longer."""

    def __init__(self, raw: io.RawIOBase, patience_s: float | None) -> None:
        self._raw = raw
        self._deadline: float | None = None
        self.patience_s = patience_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        # A socket's own timeout is about silence: it begins anew with every byte.
        deadline = self._deadline if self.patience_s is not None else None
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError("the header comes too slowly")
        count = self._raw.readinto(buffer)
        if self._deadline is None and self.patience_s is not None:
            self._deadline = time.monotonic() + self.patience_s
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PacedResponse(http.client.HTTPResponse):
    """An answer, whose header may take as long as the host may be silent."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._paced = _Paced(self.fp.detach(), sock.gettimeout())
        self.fp = io.BufferedReader(self._paced)

    def begin(self) -> None:
        super().begin()
        # Whoever reads the body knows what pace is worth waiting for.
        self._paced.patience_s = None


class _Connection(HTTPConnection):
    response_class = _PacedResponse


class _SecureConnection(HTTPSConnection):
    response_class = _PacedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class PacedAdapter(HTTPAdapter):
    """What a session asks hosts and proxies by.

    The timeout for reading of a request is how long a host may be silent; this adds that all header
    lines have to come within it, counted from the first byte.
    """

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of hosts."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools of hosts behind a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
