"""Programs that envc starts: the only place that does."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Completed", "ProgramMissingError", "run"]


class ProgramMissingError(Exception):
    """The program is not there; `program` is what was asked for."""

    def __init__(self, program: str) -> None:
        self.program = program
        super().__init__(program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A program that ended: its exit code (negative: the signal that ended it) and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
    stdin: str = "",
    timeout_s: float | None = None,
) -> Completed:
    """Run a program to its end with exactly this environment; its exit code is the caller's matter.

    Raises:
        ProgramMissingError: There is no such program.
        TimeoutError: It ran longer than `timeout_s` and was killed.
    """
    try:
        done = subprocess.run(
            list(command),
            env=dict(environment),
            cwd=folder,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise ProgramMissingError(command[0]) from error
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(command[0]) from error
    return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)
