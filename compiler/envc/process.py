"""Programs that envc starts: the only place that does."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from envc.frozen import frozen

__all__ = [
    "Completed",
    "EndingError",
    "ProgramMissingError",
    "Started",
    "ending_together",
    "is_ending",
    "run",
    "running",
    "start",
    "stream",
]

_GRACE_S = 10.0


class EndingError(Exception):
    """A program would start while all are being ended."""


class ProgramMissingError(Exception):
    """The program is not there; `program` is what was asked for."""

    def __init__(self, program: str) -> None:
        self.program = program
        super().__init__(program)


@frozen
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

    The terminal's Ctrl-C does not reach it, nor what it starts: all of that is in a process group of
    its own, and ends by force where this thread raises meanwhile, and gently with `ending_together`.

    Raises:
        EndingError: All programs are being ended.
        ProgramMissingError: There is no such program.
        TimeoutError: It ran longer than `timeout_s` and was killed.
    """
    started = start(command, environment=environment, folder=folder)
    return started.finish(stdin, timeout_s=timeout_s)


def start(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None = None
) -> Started:
    """Start a program as `run` does; whoever does has it finish, or ends it.

    Raises:
        EndingError: All programs are being ended.
        ProgramMissingError: There is no such program.
    """
    try:
        return Started(command[0], _RUNNING.start(command, environment, folder))
    except FileNotFoundError as error:
        raise ProgramMissingError(command[0]) from error


class Started:
    """A program that runs and waits for what it is told."""

    def __init__(self, program: str, child: subprocess.Popen[str]) -> None:
        self._program = program
        self._child = child

    def finish(self, stdin: str, *, timeout_s: float | None = None) -> Completed:
        """Give it its input and wait for its end.

        Raises:
            TimeoutError: It ran longer than `timeout_s` and was killed.
        """
        child = self._child
        try:
            stdout, stderr = child.communicate(stdin, timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(self._program) from error
        finally:
            self.end()
        return Completed(returncode=child.returncode, stdout=stdout, stderr=stderr)

    def stop(self) -> None:
        """End it by force where it still runs; whoever has it finish gets what it wrote so far."""
        if self._child.poll() is None:
            _signal_group(self._child, signal.SIGKILL)

    def end(self) -> None:
        """End it by force where it still runs, with all that it started."""
        _RUNNING.forget(self._child)


@contextlib.contextmanager
def ending_together() -> Iterator[Callable[[], None]]:
    """Give a function that ends all programs which `run` waits for, in whatever thread.

    Once it was called, none starts until this is left: what would start one raises `EndingError`.
    """
    try:
        yield _RUNNING.end
    finally:
        _RUNNING.is_over = False


def is_ending() -> bool:
    """Say whether all programs are being ended: what fails now may fail of that."""
    return _RUNNING.is_over


class _Running:
    """The programs that `run` waits for, each with all that it starts in a process group of its own."""

    def __init__(self) -> None:
        self.is_over = False
        # A signal's handler may interrupt whoever holds it.
        self._guard = threading.RLock()
        self._children: set[subprocess.Popen[str] | subprocess.Popen[bytes]] = set()

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path | None
    ) -> subprocess.Popen[str]:
        with self._guard:
            if self.is_over:
                raise EndingError(command[0])
            child = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
            self._children.add(child)
        return child

    def forget(self, child: subprocess.Popen[str]) -> None:
        """Let go of a program that has ended; end one that has not."""
        with self._guard:
            self._children.discard(child)
        if child.poll() is None:
            _signal_group(child, signal.SIGKILL)
        with child:  # waits for it, and closes its pipes
            pass

    @contextlib.contextmanager
    def knowing(self, child: subprocess.Popen[bytes]) -> Iterator[None]:
        """End a program with the others, too; whoever has started it waits for it."""
        with self._guard:
            self._children.add(child)
            if self.is_over:
                _signal_group(child, signal.SIGTERM)
        try:
            yield
        finally:
            with self._guard:
                self._children.discard(child)

    def end(self) -> None:
        with self._guard:
            self.is_over = True
            for child in self._children:
                _signal_group(child, signal.SIGTERM)


def _signal_group(
    child: subprocess.Popen[str] | subprocess.Popen[bytes], number: signal.Signals
) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


# Programs belong to the process, as its signal handlers do: whoever gets a signal knows none of the
# threads that wait for them.
_RUNNING = _Running()


def stream(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> int:
    """Run a program to its end and hand on its stderr while it comes, a line at a time.

    It has no stdin, its stdout is dropped, and the terminal's Ctrl-C does not reach it: whatever
    this thread raises meanwhile, `KeyboardInterrupt` too, ends it first, gently and then by force.
    Where Linux's `setpriv` is there, it does not outlive this process, however that ends. In other
    threads, `ending_together` ends it.

    Returns:
        The exit code; negative: the signal that ended it.

    Raises:
        EndingError: All programs are being ended.
        ProgramMissingError: There is no such program.
    """
    if _RUNNING.is_over:
        raise EndingError(command[0])
    tied = [*_tie(command, environment), *command]
    with (
        running(tied, environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child,
        _RUNNING.knowing(child),
    ):
        assert child.stderr is not None  # noqa: S101  # asked for above
        for line in child.stderr:
            on_line(line.decode("utf-8", "replace").rstrip("\r\n"))
        return child.wait()


def _tie(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the words before a command that have it end with this process, where there are such."""
    path = environment.get("PATH")
    tool = shutil.which("setpriv", path=path) if sys.platform == "linux" else None
    # BusyBox has one of the same name, which cannot do it; a missing command is for us to tell.
    is_able = tool is not None and Path(tool).resolve().name == "setpriv"
    if not is_able or shutil.which(command[0], path=path) is None:
        return []
    return ["setpriv", "--pdeathsig", "TERM", "--"]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: int,
    stderr: int,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    own_group: bool = True,
) -> Iterator[subprocess.Popen[bytes]]:
    """Give a program that runs; when this is left, it is ended gently, then by force.

    Args:
        own_group: Whether it leads a process group of its own, which the terminal's Ctrl-C does not
            reach.

    Raises:
        ProgramMissingError: There is no such program.
    """
    try:
        child = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            process_group=0 if own_group else None,
        )
    except FileNotFoundError as error:
        raise ProgramMissingError(command[0]) from error
    try:
        yield child
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        if child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_GRACE_S)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
