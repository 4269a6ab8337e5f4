"""The machine examined: what envc needs of it comes out as findings, the faults with their cure."""

from __future__ import annotations

from envc.doctor.examination import examine
from envc.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
