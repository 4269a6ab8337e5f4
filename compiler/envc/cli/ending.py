"""Signals that ask a verb to end: what it started and made goes first, as after Ctrl-C."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Timer

__all__ = ["Ended", "ending_on_signals"]


class Ended(KeyboardInterrupt):
    """A signal asked for an end; `number` is which."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def ending_on_signals(patience_s: float | None = None) -> Iterator[None]:
    """Raise `Ended` for SIGINT, SIGTERM and SIGHUP, where nobody has said otherwise (`nohup` does).

    By default the last two end Python alone: a solver or a build would go on, and its folders would
    stay. What other threads have started ends at once.

    Args:
        patience_s: How long other threads may take to end, in s, before the process ends with them:
            one that waits for the network hears of no signal. None waits as long as it takes.
    """
    import os
    import signal
    import threading

    from envc.process import ending_together

    timers: list[Timer] = []

    with ending_together() as end_programs:

        def end(number: int, _frame: FrameType | None) -> None:
            end_programs()
            if patience_s is not None and not timers:
                timers.append(threading.Timer(patience_s, os._exit, args=(128 + number,)))
                timers[0].daemon = True
                timers[0].start()
            raise Ended(number)

        is_main = threading.current_thread() is threading.main_thread()
        names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if is_main else ()
        defaults = (signal.SIG_DFL, signal.default_int_handler)
        ours = {name: old for name in names if (old := signal.getsignal(name)) in defaults}
        try:
            for name in ours:
                signal.signal(name, end)
            yield
        finally:
            for name, old in ours.items():
                signal.signal(name, old)
            # Python waits for its threads when it ends, too.
            if all(
                one.daemon or one is threading.current_thread() for one in threading.enumerate()
            ):
                for timer in timers:
                    timer.cancel()
