"""A program in the foreground: its input and output are ours, and so are the signals that we get."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import IO

from envc.process import running

__all__ = ["attach"]

_PATIENCE = 3


def attach(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: IO[bytes] | None,
    stdout: IO[bytes],
    on_stderr: Callable[[bytes], None],
) -> int:
    """Run a program in the foreground: its input and output are ours, and so are our signals.

    SIGINT, SIGTERM and SIGHUP go to the program, each once; the third one ends it by force. Where
    stdin is a terminal, the program shares our process group, so that it may read from it, and
    Ctrl-C reaches it from there.

    Args:
        stdin: None gives it an empty one.
        stdout: Handed to the program where it is a file of the system, else written to.
        on_stderr: Gets its stderr in pieces, in a thread of its own.

    Raises:
        ProgramMissingError: There is no such program.
    """
    on_terminal = stdin is not None and stdin.isatty()
    descriptor = _descriptor(stdout)
    with (
        _forwarding(skip=signal.SIGINT if on_terminal else None) as signals,
        running(
            command,
            environment,
            stdin=stdin if stdin is not None else subprocess.DEVNULL,
            stdout=descriptor if descriptor is not None else subprocess.PIPE,
            stderr=subprocess.PIPE,
            own_group=not on_terminal,
        ) as child,
    ):
        signals.aim(child)
        pumps = [_pump(child.stderr, on_stderr)]
        if descriptor is None:
            pumps.append(_pump(child.stdout, lambda piece: _write(stdout, piece)))
        returncode = child.wait()
        for pump in pumps:
            pump.join()
    return returncode


class _Signals:
    """Sends on the signals that arrive; those that came before there was a program, when it is there."""

    def __init__(self, *, skip: signal.Signals | None) -> None:
        self._skip = skip
        self._child: subprocess.Popen[bytes] | None = None
        self._received: list[int] = []

    def receive(self, number: int, _frame: FrameType | None) -> None:
        self._received.append(number)
        if self._child is not None:
            self._send(self._child, number)

    def aim(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        for number in self._received:
            self._send(child, number)

    def _send(self, child: subprocess.Popen[bytes], number: int) -> None:
        if len(self._received) >= _PATIENCE:
            child.kill()
        elif number != self._skip:
            child.send_signal(number)


@contextlib.contextmanager
def _forwarding(*, skip: signal.Signals | None) -> Iterator[_Signals]:
    """Take the signals that arrive; Python gives them to the main thread only."""
    signals = _Signals(skip=skip)
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, signals.receive) for name in names}
    try:
        yield signals
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _pump(pipe: IO[bytes] | None, hand_on: Callable[[bytes], None]) -> threading.Thread:
    def copy() -> None:
        while pipe is not None and (piece := _read_some(pipe)):
            hand_on(piece)

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


def _read_some(pipe: IO[bytes]) -> bytes:
    """Return what is there, without waiting for a buffer to fill."""
    read = getattr(pipe, "read1", pipe.read)
    piece: bytes = read(65536)
    return piece


def _write(stream_: IO[bytes], piece: bytes) -> None:
    stream_.write(piece)
    stream_.flush()


def _descriptor(file: IO[bytes]) -> int | None:
    try:
        return file.fileno()
    except (AttributeError, OSError):
        return None
