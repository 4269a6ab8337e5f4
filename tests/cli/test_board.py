"""What is shown of many builds while they run."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from envc.build.image import Image
from envc.build.report.event import Notice, StepDone, StepStarted
from envc.cli.board import Board
from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.pipeline.baking import Baked

IMAGE = Image(
    name="envc:1",
    env_id="sha256:1",
    platform="linux/amd64",
    digest="sha256:2",
    size_bytes=3_000_000,
    duration_s=1.5,
    is_cached=False,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def watch(board: Board) -> None:
    board.expect(["a", "b", "c"])
    board.begin("a")
    board.tell("a", StepStarted(step="1", name="[image 1/1] RUN true"))
    board.tell("a", StepDone(step="1", name="[image 1/1] RUN true", cached=False, duration_s=1.0))
    board.tell("a", Notice(text="waiting for another envc"))
    board.begin("b")
    board.end(Baked(path=Path("a"), variant="", image=IMAGE))
    error = InputError([Diagnostic(code="E610", message="the step failed")])
    board.end(Baked(path=Path("b"), variant="", error=error))


def test_without_a_terminal_there_are_plain_lines() -> None:
    stream = io.StringIO()

    with Board(stream) as board:
        watch(board)

    assert stream.getvalue().splitlines() == [
        "a: builds",
        "a: waiting for another envc",
        "b: builds",
        "a: built in 1.5 s (3 MB, sha256:2)",
        "b: failed (E610)",
    ]


def test_a_terminal_gets_a_table_of_what_is_left() -> None:
    board = Board(io.StringIO())
    board.expect(["a", "b"])
    board.begin("b")
    board.tell("b", StepDone(step="1", name="[image 1/1] RUN true", cached=True, duration_s=0.0))
    board.tell("b", StepStarted(step="2", name="[image 2/2] RUN false"))
    drawn = Console(file=io.StringIO(), width=80)
    drawn.print(board.draw())

    file = drawn.file
    assert isinstance(file, io.StringIO)
    heading, first, second, caption = (line.split() for line in file.getvalue().splitlines())
    assert heading == ["environment", "state", "steps", "time"]
    *said, _, unit = first  # the time is the clock's
    assert (said, unit) == (["b", "builds", "image", "2/2:", "RUN", "false", "1"], "s")
    assert (second, caption) == (["a", "waits"], ["0", "of", "2", "done"])


def test_on_a_terminal_the_lines_of_what_is_done_stay() -> None:
    stream = Terminal()

    with Board(stream) as board:
        watch(board)

    assert "a: built in 1.5 s (3 MB, sha256:2)" in stream.getvalue()
    assert "b: failed (E610)" in stream.getvalue()
