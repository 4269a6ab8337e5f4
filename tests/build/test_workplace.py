"""What processes that build leave when they are killed, and who takes it away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from envc.build.workplace import workplace
from envc.mark import is_abandoned, own_mark

_LEAVE = """
import os, sys
from pathlib import Path
from envc.build.workplace import workplace
from envc.mark import own_mark
with workplace(Path(sys.argv[1])) as folder:
    (folder / "Dockerfile").write_text("FROM scratch")
    print(own_mark(), flush=True)
    os.kill(os.getpid(), 9)
"""


def leave(parent: Path) -> str:
    """Have a process killed at work, and return its mark."""
    done = subprocess.run(
        [sys.executable, "-c", _LEAVE, str(parent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    return done.stdout.strip()


def test_a_workplace_is_gone_in_the_end(tmp_path: Path) -> None:
    with workplace(tmp_path) as folder:
        (folder / "file").touch()

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    leave(tmp_path)
    [left] = tmp_path.iterdir()
    other = tmp_path / "at-00000000-1-elsewhere"
    other.mkdir()

    with workplace(tmp_path) as own, workplace(tmp_path) as second:
        assert set(tmp_path.iterdir()) == {own, second, other}
        assert not left.exists()


def test_a_name_is_abandoned_once_its_process_is_gone(tmp_path: Path) -> None:
    mark = leave(tmp_path)

    assert is_abandoned(f"envc/pets:abc-{mark}")
    assert not is_abandoned(f"envc/pets:abc-{own_mark()}")
    assert not is_abandoned("envc/pets:abc")
