"""Long work that has nothing new to say: its last line is told again, with how long it has taken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["reminding"]

_FIRST_S, _LONGEST_S = 15.0, 240.0


@contextmanager
def reminding(
    tell: Callable[[str], None], *, first_s: float = _FIRST_S
) -> Iterator[Callable[[str], None]]:
    """Give what to tell lines with; after a silence, the last line is told again, later each time.

    Args:
        first_s: How long a silence is, in s, until the first reminder; the next ones take twice as
            long each, up to some minutes.
    """
    said = threading.Condition()
    last: list[str] = []
    is_over = False

    def report(text: str) -> None:
        with said:
            tell(text)
            last[:] = [text]
            said.notify()

    def remind() -> None:
        with said:
            while not is_over:
                waited_s, pause_s = 0.0, first_s
                while not said.wait(pause_s if last else None):
                    waited_s += pause_s
                    tell(f"{last[0]} … {waited_s:.0f} s")
                    pause_s = min(pause_s * 2, _LONGEST_S)

    thread = threading.Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        with said:
            is_over = True
            said.notify()
        thread.join()
