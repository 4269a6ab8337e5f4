"""How long channels may take to answer."""

from __future__ import annotations

__all__ = ["SILENCE_S", "TIMEOUT_S"]

TIMEOUT_S = 120
"""Of one answer of a channel: enough for all of conda-forge in one file at 3 Mbit/s. rattler's own is
endless, and it asks again after each."""
SILENCE_S = 30.0
"""Until an answer begins."""
