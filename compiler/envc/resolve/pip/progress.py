"""What pip-tools is at, told by what it asks for: it says nothing itself until it is done."""

from __future__ import annotations

import threading
from collections import Counter

from envc.resolve.base import Report

__all__ = ["PipProgress"]

_STEP = 50
_MANY = 8


class PipProgress:
    """Tells of every 50 distributions, and where many versions of one are tried: 8, 16, 32, …

    Args:
        report: Told, from whatever thread.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tried: Counter[str] = Counter()
        self._guard = threading.Lock()

    def asked(self, name: str) -> None:
        """Take note that a file of one more version of a distribution was asked for."""
        with self._guard:
            self._tried[name] += 1
            versions, names = self._tried[name], len(self._tried)
        if versions == 1 and names % _STEP == 0:
            self._report(f"pip-tools has looked at {names} distributions")
        if versions >= _MANY and versions.bit_count() == 1:
            self._report(f"pip-tools has tried {versions} versions of `{name}`")
