"""When a busy index is asked again: as it says itself, within reason."""

from __future__ import annotations

from urllib3 import BaseHTTPResponse
from urllib3.util.retry import Retry

__all__ = ["PatientRetry"]

_LONGEST_S = 60.0


class PatientRetry(Retry):
    """Waits as long as Retry-After says (RFC 9110, section 10.2.3), and no longer than a minute."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return for how long an answer says to wait, in s; None where it does not say."""
        found = super().get_retry_after(response)
        return min(found, _LONGEST_S) if found is not None else None
