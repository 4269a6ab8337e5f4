"""A build for programs: an event a line, as JSON; and for those who want to see nothing of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO, assert_never

from envc.build.report.event import (
    BuildEvent,
    Message,
    Notice,
    StepDone,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    StepWaiting,
)

if TYPE_CHECKING:
    from envc.build.report.title import Title

__all__ = ["JsonReporter", "QuietReporter", "describe_event"]


class QuietReporter:
    """Shows nothing."""

    def __call__(self, event: BuildEvent) -> None:
        """Take one event."""

    def __enter__(self) -> QuietReporter:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""


class JsonReporter(QuietReporter):
    """Writes each event as a JSON object on a line of its own, with the time that it was heard of."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.time) -> None:
        """Write to `stream`.

        Args:
            clock: In s since 1970.
        """
        self._stream = stream
        self._clock = clock

    def __call__(self, event: BuildEvent) -> None:
        """Write one event."""
        described = {"time": round(self._clock(), 3), **describe_event(event)}
        self._stream.write(json.dumps(described) + "\n")
        self._stream.flush()


def describe_event(event: BuildEvent) -> dict[str, Any]:
    """Return an event as docs/cli.md has it."""
    match event:
        case StepStarted(step=step, name=name, title=title):
            return {"event": "step-started", "step": step, "name": name, **_place(title)}
        case StepLog(step=step, text=text):
            return {"event": "step-output", "step": step, "text": text}
        case StepProgress(step=step, part=part, current=current, total=total):
            amount = {"part": part, "current": current, "total": total}
            return {"event": "step-progress", "step": step, **amount}
        case StepWaiting(step=step):
            return {"event": "step-waiting", "step": step}
        case StepDone(step=step, cached=cached, duration_s=duration_s):
            ended = {"cached": cached, "duration_s": round(duration_s, 3)}
            return {"event": "step-done", "step": step, **ended}
        case StepFailed(step=step, error=error, canceled=canceled):
            return {"event": "step-failed", "step": step, "error": error, "canceled": canceled}
        case Message(text=text) | Notice(text=text):
            return {"event": "message", "text": text}
        case _:
            assert_never(event)


def _place(title: Title | None) -> dict[str, Any]:
    """Return what a step is called, and the place in the spec that asks for it."""
    if title is None:
        return {"title": None, "file": None, "line": None}
    origin = title.origin
    return {
        "title": title.text,
        "file": origin.source.name if origin is not None else None,
        "line": origin.position.line if origin is not None else None,
    }
