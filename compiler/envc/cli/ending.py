"""Signals that ask a verb to end: what it started and made goes first, as after Ctrl-C."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import FrameType

__all__ = ["Ended", "ending_on_signals"]


class Ended(KeyboardInterrupt):
    """A signal asked for an end; `number` is which."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def ending_on_signals() -> Iterator[None]:
    """Raise `Ended` for SIGTERM and SIGHUP, where nobody has said otherwise (`nohup` does).

    By default they end Python alone: a solver or a build would go on, and its folders would stay.
    """
    import signal
    import threading

    def end(number: int, _frame: FrameType | None) -> None:
        raise Ended(number)

    is_main = threading.current_thread() is threading.main_thread()
    names = (signal.SIGTERM, signal.SIGHUP) if is_main else ()
    ours = [name for name in names if signal.getsignal(name) is signal.SIG_DFL]
    try:
        for name in ours:
            signal.signal(name, end)
        yield
    finally:
        for name in ours:
            signal.signal(name, signal.SIG_DFL)
