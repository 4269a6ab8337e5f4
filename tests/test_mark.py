"""Temporary folders outlive their process only if it is killed, and then not for long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from envc.machine import Machine
from envc.mark import own_mark, remove_abandoned, temporary_folder
from envc.pipeline.locking import LockOptions
from envc.pipeline.solving import Solvers

_LEAVE = """
import os
from envc.resolve.pip.uv_question import Question
question = Question(command=("/bin/sleep", "0"), files={"a/b.toml": b""}, environment={})
question.ask(lambda: os.kill(os.getpid(), 9))
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary ones, where a process that was killed has left its own."""
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", _LEAVE], env=environment, check=False)
    assert done.returncode == -9
    assert [path.name[:8] for path in folder.iterdir()] == ["envc-uv-"]
    return folder


def test_what_a_killed_process_left_is_taken_away_and_nothing_else(system: Path) -> None:
    [left] = system.iterdir()
    others = {system / "envc-uv-00000000-1-elsewhere", system / "envc-pets", system / left.name[5:]}
    for other in others:
        other.mkdir()
    (system / f"{left.name[:-8]}alink").symlink_to(system / "envc-pets")

    with temporary_folder("uv") as own:
        remove_abandoned()

        assert own_mark() in own
        kept = {*others, Path(own), system / f"{left.name[:-8]}alink"}
        assert set(system.iterdir()) == kept


def test_who_locks_takes_it_away(system: Path, tmp_path: Path) -> None:
    machine = Machine.here({"ENVC_CACHE": str(tmp_path / "cache")}, mirrors=[])
    with Solvers(machine, LockOptions()) as solvers:
        solvers.world()

        assert list(system.iterdir()) == []
