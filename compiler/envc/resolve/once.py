"""A function that is called once for each argument, whoever wants its answer and how many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Once"]

KeyT = TypeVar("KeyT", bound=Hashable)
AnswerT = TypeVar("AnswerT")


class Once(Generic[KeyT, AnswerT]):
    """Keeps a function's answers; safe to call from several threads.

    Who asks for what is being made waits for it. An exception is not kept: the next one tries again.
    """

    def __init__(self, make: Callable[[KeyT], AnswerT]) -> None:
        self._make = make
        self._answers: dict[KeyT, AnswerT] = {}
        self._locks: dict[KeyT, threading.Lock] = {}
        self._guard = threading.Lock()

    def __call__(self, key: KeyT) -> AnswerT:
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._answers:
                self._answers[key] = self._make(key)
            return self._answers[key]
