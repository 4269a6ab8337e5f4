"""A build made visible, in a file, in CI and on a terminal."""

from __future__ import annotations

import io

from envc.build.report.event import (
    BuildEvent,
    Message,
    StepDone,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    StepWaiting,
)
from envc.build.report.progress import LiveReporter, PlainReporter, open_reporter, write_log

RUN, ADD = "[tools 2/2] RUN --network=none make", "[w 1/1] ADD https://pypi.org/six.whl /"
EVENTS: tuple[BuildEvent, ...] = (
    StepStarted(step="i", name="[internal] load .dockerignore"),
    StepDone(step="i", name="[internal] load .dockerignore", cached=False, duration_s=0.0),
    StepStarted(step="a", name=ADD),
    StepWaiting(step="a"),
    StepStarted(step="a", name=ADD),
    StepProgress(step="a", part="six.whl", current=3_000_000, total=5_000_000),
    StepDone(step="a", name=ADD, cached=False, duration_s=1.24),
    StepDone(step="b", name=ADD, cached=True, duration_s=0.0),
    StepStarted(step="r", name=RUN),
    StepLog(step="r", name=RUN, text="hello"),
    StepFailed(step="r", name=RUN, error="exit code: 1", canceled=False),
    StepFailed(step="c", name="[3/3] RUN x", error="context canceled", canceled=True),
    Message(text="warning: odd"),
    Message(text="ERROR: failed to build"),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_ci_gets_a_line_for_each_step_that_ended_and_what_it_wrote() -> None:
    stream = io.StringIO()

    with PlainReporter(stream) as report:
        for event in EVENTS:
            report(event)

    assert stream.getvalue() == (
        "   1.2 s  w 1/1: ADD six.whl\n"
        "       |  hello\n"
        "  failed  tools 2/2: RUN make\n"
        "warning: odd\n"
    )


def test_the_log_has_everything_but_progress() -> None:
    log = io.StringIO()

    for event in EVENTS:
        write_log(log, event)

    assert log.getvalue() == (
        "BEGIN  [internal] load .dockerignore\n"
        "DONE   [internal] load .dockerignore (0.0 s)\n"
        f"BEGIN  {ADD}\n"
        f"BEGIN  {ADD}\n"
        f"DONE   {ADD} (1.2 s)\n"
        f"CACHED {ADD}\n"
        f"BEGIN  {RUN}\n"
        "       hello\n"
        f"FAILED {RUN}: exit code: 1\n"
        "CANCEL [3/3] RUN x\n"
        "warning: odd\n"
        "ERROR: failed to build\n"
    )


def test_a_terminal_shows_what_runs_and_for_how_long() -> None:
    from rich.console import Console

    times = iter([10.0, 10.0, 12.5])
    report = LiveReporter(Terminal(), clock=lambda: next(times))
    for event in EVENTS[:6]:
        report(event)
    shown = Console(file=io.StringIO(), width=80, color_system=None)

    with shown.capture() as capture:
        shown.print(report)

    assert capture.get().splitlines() == ["   2.5 s  w 1/1: ADD six.whl  3/5 MB"]


def test_a_terminal_keeps_the_lines_of_steps_that_ended() -> None:
    stream = Terminal()

    with LiveReporter(stream) as report:
        for event in EVENTS:
            report(event)

    assert "w 1/1: ADD six.whl" in stream.getvalue()
    assert "tools 2/2: RUN make" in stream.getvalue()


def test_terminals_are_told_from_files() -> None:
    kinds = [type(open_reporter(stream)) for stream in (Terminal(), io.StringIO())]

    assert kinds == [LiveReporter, PlainReporter]


def test_files_that_come_at_once_get_no_line_each() -> None:
    stream = io.StringIO()
    with PlainReporter(stream) as report:
        report(
            StepDone(step="a", name="[w 1/3] ADD https://a.example/a /", cached=True, duration_s=0)
        )
        report(
            StepDone(
                step="b", name="[w 2/3] ADD https://a.example/b /", cached=False, duration_s=0.9
            )
        )
        report(
            StepDone(
                step="c", name="[w 3/3] ADD https://a.example/c /", cached=False, duration_s=1.5
            )
        )

    assert stream.getvalue() == "   1.5 s  w 3/3: ADD c\n"
