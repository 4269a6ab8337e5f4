"""What an examination finds, as data."""

from __future__ import annotations

from typing import Literal, TypeAlias

from envc.errors import EnvcError
from envc.frozen import frozen

__all__ = ["Finding", "State"]

State: TypeAlias = Literal["ok", "note", "warning", "fault"]
"""How a thing is: right, worth knowing, right for some of what envc does, in the way of the rest."""


@frozen
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What: `engine`, `disk`, `registry localhost:5000`.
        text: What it is like, in a line.
        hint: What to do, a command where there is one; empty where nothing need be done.
        code: Of the diagnostic that a verb would fail with; empty where none would.
    """

    subject: str
    state: State
    text: str
    hint: str = ""
    code: str = ""

    @staticmethod
    def of(subject: str, error: EnvcError, *, state: State = "fault") -> Finding:
        """Return what a verb would fail with, as a finding."""
        first = error.diagnostics[0]
        text = ": ".join((first.message, *first.notes[:1]))
        return Finding(
            subject=subject, state=state, text=text, hint=first.hint or "", code=first.code
        )
