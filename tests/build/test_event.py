"""BuildKit's raw JSON progress, as recorded and as made up, becomes events."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from envc.build.report.event import (
    BuildEvent,
    Failure,
    Message,
    Progress,
    StepDone,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    StepWaiting,
)

RECORDED = Path(__file__).parent / "recorded"
RUN = '[2/3] RUN echo out; echo err >&2;   sh -c "exit 7"'


def feed(*lines: str) -> tuple[Progress, list[BuildEvent]]:
    progress = Progress()
    return progress, [event for line in lines for event in progress.feed(line)]


def vertex(name: str, started: str = "", completed: str = "", **more: Any) -> dict[str, Any]:
    data = {"digest": f"sha256:{name}", "name": name, **more}
    for key, seconds in (("started", started), ("completed", completed)):
        if seconds:
            data[key] = f"2026-11-21T00:07:{seconds}Z"
    return data


def line(**data: Any) -> str:
    return json.dumps(data)


def log(name: str, text: bytes) -> dict[str, Any]:
    return {"vertex": f"sha256:{name}", "data": base64.b64encode(text).decode(), "stream": 1}


def test_a_recorded_failure_tells_its_steps_output_and_last_words() -> None:
    recorded = (RECORDED / "run.jsonl").read_text().splitlines()

    progress, events = feed(*recorded)

    name = "[1/3] FROM localhost:5000/debian:bookworm-slim"
    told = [
        type(event)
        for event in events
        if isinstance(event, StepStarted | StepDone | StepWaiting | StepFailed)
        and not getattr(event, "name", "").startswith("[internal]")
        and not getattr(event, "name", "").startswith(name)
    ]
    assert told[-2:] == [StepStarted, StepFailed]
    assert [event.text for event in events if isinstance(event, StepLog)] == ["out", "err"]
    assert progress.failure == Failure(
        name=RUN,
        error='process "/bin/sh -c echo out; echo err >&2;   sh -c \\"exit 7\\"" '
        "did not complete successfully: exit code: 7",
        output=("out", "err"),
    )
    assert progress.messages[0] == "Dockerfile:2"
    assert progress.messages[-1].startswith("ERROR: failed to build: failed to solve: process")


def test_a_steps_duration_is_the_sum_of_its_runs() -> None:
    name = "[w 1/1] ADD https://pypi.org/six.whl /six.whl"

    _, events = feed(
        line(vertexes=[vertex(name, "01.000000001", "01.100000001")]),
        line(vertexes=[vertex(name, "02.5")]),
        line(vertexes=[vertex(name, "02.5", "03.4")]),
    )

    step = f"sha256:{name}"
    assert events == [
        StepStarted(step=step, name=name),
        StepWaiting(step=step),
        StepStarted(step=step, name=name),
        StepDone(step=step, name=name, cached=False, duration_s=1.0),
    ]


def test_a_step_that_ends_and_begins_again_in_one_line_is_running() -> None:
    name = "[w 1/1] ADD https://pypi.org/six.whl /six.whl"

    progress, events = feed(
        line(vertexes=[vertex(name, "01.0", "01.1"), vertex(name, "01.2")]),
        line(vertexes=[vertex(name, "01.2", "01.3", error="digest mismatch")]),
    )

    assert isinstance(events[-1], StepFailed)
    assert progress.failure == Failure(name=name, error="digest mismatch", output=())


def test_steps_that_fail_because_another_did_are_canceled() -> None:
    progress, events = feed(
        line(vertexes=[vertex("[a 1/1] RUN a", "01.0", "02.0", error="context canceled: x")]),
        line(vertexes=[vertex("[b 1/1] RUN b", "01.0", "02.0", error="exit code: 1")]),
    )

    assert [event.canceled for event in events if isinstance(event, StepFailed)] == [True, False]
    assert progress.failure is not None
    assert progress.failure.name == "[b 1/1] RUN b"


def test_output_is_put_together_to_lines() -> None:
    name = "[2/2] RUN x"

    _, events = feed(
        line(vertexes=[vertex(name, "01.0")]),
        line(logs=[log(name, b"one\ntw")]),
        line(logs=[log(name, b"o\r\n10 %\r20 %\n")]),
        line(logs=[log(name, b"no end")]),
        line(vertexes=[vertex(name, "01.0", "02.0")]),
    )

    texts = [event.text for event in events if isinstance(event, StepLog)]
    assert texts == ["one", "two", "20 %", "no end"]


def test_only_the_last_lines_of_a_failed_step_are_kept() -> None:
    name = "[2/2] RUN x"
    text = "".join(f"{number}\n" for number in range(100)).encode()

    progress, _ = feed(
        line(vertexes=[vertex(name, "01.0")], logs=[log(name, text)]),
        line(vertexes=[vertex(name, "01.0", "02.0", error="exit code: 1")]),
    )

    assert progress.failure is not None
    assert progress.failure.output == tuple(str(number) for number in range(80, 100))


def test_downloads_tell_how_far_they_are() -> None:
    status = {"id": "six.whl", "vertex": "sha256:x", "current": 5, "total": 10}

    _, events = feed(line(statuses=[status]))

    assert events == [StepProgress(step="sha256:x", part="six.whl", current=5, total=10)]


def test_the_dockerfiles_own_steps_are_counted_and_no_others() -> None:
    inputs = {"inputs": ["sha256:x"]}

    progress, _ = feed(
        line(
            vertexes=[
                vertex("[internal] load .dockerignore", "01.0", "01.1"),
                vertex("[1/3] FROM debian", "01.0", "01.1", cached=True),
                vertex("[2/3] RUN a", "01.0", "01.1", cached=True, **inputs),
                vertex("[3/3] COPY a b", "01.0", "01.1", **inputs),
                vertex("[3/3] LINK COPY a b", "01.0", "01.1", **inputs),
                vertex("exporting to image", "01.0", "01.1"),
            ]
        )
    )

    assert (progress.cached_steps, progress.total_steps) == (1, 2)


@pytest.mark.parametrize("text", ["ERROR: no", "{broken", '["list"]', '{"a": 1} trailing'])
def test_lines_that_are_no_progress_are_messages(text: str) -> None:
    progress, events = feed(text)

    assert (events, progress.messages) == ([Message(text=text)], [text])


def test_empty_lines_and_unknown_progress_tell_nothing() -> None:
    progress, events = feed("", "  ", '{"news": [1]}', '{"vertexes": null}')

    assert (events, progress.messages) == ([], [])


def test_warnings_of_buildkit_are_messages() -> None:
    short = base64.b64encode(b"LegacyKeyValueFormat").decode()

    _, events = feed(line(warnings=[{"short": short}]))

    assert events == [Message(text="warning: LegacyKeyValueFormat")]
