"""Programs that envc starts and waits for."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from envc.process import (
    Completed,
    EndingError,
    ProgramMissingError,
    ending_together,
    run,
    start,
    stream,
)

HERE = dict(os.environ)


def test_stderr_is_handed_on_by_the_line_and_the_exit_code_returned() -> None:
    lines: list[str] = []

    code = stream(
        ["sh", "-c", "echo dropped; printf 'a\\r\\nb' >&2; exit 5"],
        environment=HERE,
        on_line=lines.append,
    )

    assert (code, lines) == (5, ["a", "b"])


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ProgramMissingError) as caught:
        stream(["envc-no-such-program"], environment=HERE, on_line=print)

    assert caught.value.program == "envc-no-such-program"


def test_what_stops_the_reader_ends_the_program(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    script = f"trap 'touch {mark}; exit 0' TERM; echo go >&2; while :; do sleep 0.01; done"

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(["sh", "-c", script], environment=HERE, on_line=stop)

    assert mark.exists()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only util-linux ties programs to us")
def test_what_is_streamed_does_not_outlive_us(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    code = (
        "import os, sys; from envc.process import stream; stream(['sh', '-c', "
        "'exec 3>$0; echo up >&2; exec sleep 60', sys.argv[1]], environment=dict(os.environ), "
        "on_line=print)"
    )
    child = subprocess.Popen([sys.executable, "-u", "-c", code, str(fifo)], stdout=subprocess.PIPE)
    with child, fifo.open("rb") as alive:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"

        child.kill()

        assert alive.read() == b""  # ends once nobody can write to it any more


def test_programs_of_all_threads_end_together_with_what_they_started(tmp_path: Path) -> None:
    alive = _Alive(tmp_path / "alive")
    script = f"(echo; exec sleep 1000) > {alive.path} & wait"
    done: list[Completed] = []
    thread = threading.Thread(
        target=lambda: done.append(run(["sh", "-c", script], environment=HERE))
    )

    with ending_together() as end:
        thread.start()
        alive.wait_for_start()
        end()
        thread.join()
        with pytest.raises(EndingError):
            run(["true"], environment=HERE)
    after = run(["true"], environment=HERE)

    assert [one.returncode for one in done] == [-signal.SIGTERM]
    assert alive.has_ended()
    assert after.returncode == 0


def test_a_program_whose_lines_a_thread_reads_ends_with_the_others() -> None:
    codes: list[int] = []
    begun = threading.Event()
    script = "echo begun >&2; exec sleep 1000"

    def read() -> None:
        codes.append(stream(["sh", "-c", script], environment=HERE, on_line=lambda _: begun.set()))

    thread = threading.Thread(target=read)
    with ending_together() as end:
        thread.start()
        begun.wait()
        end()
        thread.join()
        with pytest.raises(EndingError):
            stream(["true"], environment=HERE, on_line=print)

    assert codes == [-signal.SIGTERM]


def test_what_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    alive = _Alive(tmp_path / "alive")
    script = f"(echo; exec sleep 1000) > {alive.path} & wait"

    with pytest.raises(TimeoutError):
        run(["sh", "-c", script], environment=HERE, timeout_s=0.5)

    assert alive.has_ended()


def test_what_was_started_gets_its_input_when_that_is_there() -> None:
    started = start(["cat"], environment=HERE)

    done = started.finish("late")

    assert done == Completed(returncode=0, stdout="late", stderr="")


def test_what_was_started_for_nothing_ends_with_what_it_started(tmp_path: Path) -> None:
    alive = _Alive(tmp_path / "alive")
    script = f"(echo; exec sleep 1000) > {alive.path} & wait"
    started = start(["sh", "-c", script], environment=HERE)
    alive.wait_for_start()

    started.end()

    assert alive.has_ended()


class _Alive:
    """A pipe that somebody has open for writing for as long as they live."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def wait_for_start(self) -> None:
        assert self._poll.poll(10_000)
        assert os.read(self._file, 1) == b"\n"

    def has_ended(self) -> bool:
        """Say whether they have: what they said before does not count."""
        while self._poll.poll(10_000):
            if os.read(self._file, 64) == b"":
                return True
        return False
