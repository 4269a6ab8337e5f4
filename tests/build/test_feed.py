"""A build's events as lines of JSON."""

from __future__ import annotations

import io
import json

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
from envc.build.report.feed import JsonReporter
from envc.build.report.title import Title
from envc.source import Source

SPAN = Source(name="pets.envc", text="\nrun x\n").span(1, 6)


def test_every_event_is_a_line_with_its_time() -> None:
    events: list[BuildEvent] = [
        StepStarted(step="s", name="[image 1/2] RUN x", title=Title(text="run x", origin=SPAN)),
        StepStarted(step="t", name="exporting to image"),
        StepLog(step="s", name="n", text="a\tb"),
        StepProgress(step="t", part="layer", current=1, total=2),
        StepWaiting(step="s"),
        StepDone(step="s", name="n", cached=True, duration_s=0.12345),
        StepFailed(step="t", name="n", error="no", canceled=False),
        Message(text="a warning"),
        Notice(text="waiting"),
    ]
    stream = io.StringIO()

    with JsonReporter(stream, clock=lambda: 5.0) as report:
        for event in events:
            report(event)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line.pop("time") for line in lines} == {5.0}
    place = {"title": "run x", "file": "pets.envc", "line": 2}
    nowhere = {"title": None, "file": None, "line": None}
    assert lines == [
        {"event": "step-started", "step": "s", "name": "[image 1/2] RUN x", **place},
        {"event": "step-started", "step": "t", "name": "exporting to image", **nowhere},
        {"event": "step-output", "step": "s", "text": "a\tb"},
        {"event": "step-progress", "step": "t", "part": "layer", "current": 1, "total": 2},
        {"event": "step-waiting", "step": "s"},
        {"event": "step-done", "step": "s", "cached": True, "duration_s": 0.123},
        {"event": "step-failed", "step": "t", "error": "no", "canceled": False},
        {"event": "message", "text": "a warning"},
        {"event": "message", "text": "waiting"},
    ]
