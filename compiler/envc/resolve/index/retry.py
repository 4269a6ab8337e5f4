"""When a busy index is asked again: as it says itself, within reason, and not in silence."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.util.retry import Retry

__all__ = ["PatientRetry"]

_LONGEST_S = 60.0


class PatientRetry(Retry):
    """Waits as long as Retry-After says (RFC 9110, section 10.2.3), and no longer than a minute.

    Args:
        tell: Told why it waits, each time.
        host: Whose answer it waits for; empty before the first attempt.
    """

    def __init__(
        self, *, tell: Callable[[str], None] = lambda _: None, host: str = "", **options: Any
    ) -> None:
        super().__init__(**options)
        self._tell = tell
        self._host = host

    def new(self, **options: Any) -> Self:
        """Return the same with other options: a `Retry` makes another of itself at each attempt."""
        return super().new(**{"tell": self._tell, "host": self._host, **options})

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Return what is left after an attempt that failed; it knows who was asked."""
        left = super().increment(method, url, response, error, _pool, _stacktrace)
        if _pool is not None:
            left._host = f"{_pool.host}:{_pool.port}" if _pool.port else str(_pool.host)
        return left

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait until it is time to ask again, and say so."""
        wait_s = (self.get_retry_after(response) if response else None) or self.get_backoff_time()
        if wait_s <= 0:
            return
        status = self.history[-1].status if self.history else None
        what = f"answers with status {status}" if status else "does not answer"
        self._tell(f"{self._host} {what}; asking again in {wait_s:.3g} s")
        time.sleep(wait_s)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return for how long an answer says to wait, in s; None where it does not say."""
        found = super().get_retry_after(response)
        return min(found, _LONGEST_S) if found is not None else None
