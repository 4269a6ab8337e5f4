"""Signals that ask a verb to end: what it started and made goes first, as after Ctrl-C."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event, Timer

__all__ = ["Ended", "ending_on_signals"]

_NUDGE_S = 0.1


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
    heard = threading.Event()

    with ending_together() as end_programs:

        def end(number: int, _frame: FrameType | None) -> None:
            heard.set()
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
            with _heard_while_waiting(ours, heard):
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


@contextlib.contextmanager
def _heard_while_waiting(numbers: Container[int], heard: Event) -> Iterator[None]:
    """Send a signal again until its handler runs.

    Python runs handlers in the main thread, and a signal that comes just before this one waits for
    others does not end the wait: it would be heard when they have finished.
    """
    import os
    import signal
    import threading

    if not numbers:
        yield
        return
    main = threading.get_ident()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def nudge() -> None:
        while number := os.read(reader, 1):
            while number[0] in numbers and not heard.wait(_NUDGE_S):
                signal.pthread_kill(main, number[0])

    nudging = threading.Thread(target=nudge, daemon=True)
    nudging.start()
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        heard.set()
        os.close(writer)
        nudging.join()
        os.close(reader)
