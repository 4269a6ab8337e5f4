"""Long work that has nothing new to say: a line tells that it goes on, and for how long it has."""

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
    """Give what to tell lines with; after a silence, another one says that work goes on.

    Which work is not said: of what is done side by side, the last line need not be the slow one's.

    Args:
        first_s: How long a silence is, in s, until the first reminder; the next ones take twice as
            long each, up to some minutes.
    """
    said = threading.Condition()
    has_begun = is_over = False

    def report(text: str) -> None:
        nonlocal has_begun
        with said:
            tell(text)
            has_begun = True
            said.notify()

    def remind() -> None:
        with said:
            while not is_over:
                waited_s, pause_s = 0.0, first_s
                while not said.wait(pause_s if has_begun else None):
                    waited_s += pause_s
                    tell(f"still at work: {waited_s:.0f} s without news")
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
