"""Processes take turns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from envc.turn import turn

HOLD = """
import sys
from pathlib import Path
from envc.turn import turn
with turn(Path(sys.argv[1]), lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_has_to_wait_says_so_once(tmp_path: Path) -> None:
    waits: list[bool] = []
    holder = FileLock(tmp_path / "x.lock")
    holder.acquire()

    def hear() -> None:
        waits.append(True)
        holder.release()

    with turn(tmp_path / "x.lock", hear) as has_waited:
        assert has_waited
    with turn(tmp_path / "x.lock", hear) as has_waited:
        assert not has_waited

    assert waits == [True]


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "x.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with turn(tmp_path / "x.lock", process.kill) as has_waited:
            assert has_waited


def test_a_file_that_cannot_be_opened_is_the_callers_matter(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), turn(tmp_path, lambda: None):
        pass
