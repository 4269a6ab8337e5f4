"""Programs in the foreground of envc."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from envc.engine.attached import attach

HERE = dict(os.environ)


def test_streams_of_ours_are_filled_and_stdin_is_passed(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"hello")
    stdout = io.BytesIO()
    pieces: list[bytes] = []

    with (tmp_path / "in").open("rb") as stdin:
        code = attach(
            ["sh", "-c", "cat; echo bad >&2; exit 4"],
            environment=HERE,
            stdin=stdin,
            stdout=stdout,
            on_stderr=pieces.append,
        )

    assert (code, stdout.getvalue(), b"".join(pieces)) == (4, b"hello", b"bad\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_us_reaches_the_program(number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'exit 42' {name}; echo up >&2; while :; do sleep 0.01; done"

    code = attach(
        ["sh", "-c", script],
        environment=HERE,
        stdin=None,
        stdout=io.BytesIO(),
        on_stderr=lambda _: os.kill(os.getpid(), number),
    )

    assert code == 42


def test_the_third_signal_ends_a_program_that_ignores_them() -> None:
    script = "trap 'echo ignored >&2' TERM; echo up >&2; while :; do sleep 0.01; done"

    code = attach(
        ["sh", "-c", script],
        environment=HERE,
        stdin=None,
        stdout=io.BytesIO(),
        on_stderr=lambda _: os.kill(os.getpid(), signal.SIGTERM),
    )

    assert code == -signal.SIGKILL


def test_our_own_handlers_are_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)

    attach(["true"], environment=HERE, stdin=None, stdout=io.BytesIO(), on_stderr=lambda _: None)

    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_may_run_a_program_too() -> None:
    codes: list[int] = []

    def work() -> None:
        codes.append(
            attach(
                ["sh", "-c", "exit 3"],
                environment=HERE,
                stdin=None,
                stdout=io.BytesIO(),
                on_stderr=lambda _: None,
            )
        )

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert codes == [3]


def test_a_file_of_the_system_is_the_programs_own_stdout(tmp_path: Path) -> None:
    script = (
        "import sys; from envc.engine.attached import attach; import os;"
        "attach(['sh', '-c', 'echo straight'], environment=dict(os.environ), stdin=None,"
        " stdout=sys.stdout.buffer, on_stderr=lambda _: None)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=HERE)

    assert done.stdout == b"straight\n"
