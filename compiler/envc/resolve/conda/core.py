"""Which of many requirements cannot hold together: the fewest of them that still cannot."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

__all__ = ["find_core"]

_Item = TypeVar("_Item")


class _OutOfTimeError(Exception):
    """The time for questions is over."""


async def find_core(
    items: Sequence[_Item],
    suspects: Sequence[_Item],
    fails: Callable[[Sequence[_Item]], Awaitable[bool]],
    *,
    patience_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[_Item, ...] | None:
    """Return items that fail together, none of which can be left out; None where there is no time.

    QuickXplain (U. Junker, AAAI 2004): of n items of which k are to blame, it asks some
    2k log(n/k) + 2k times.

    Args:
        items: They fail together; of several answers, one that is early among them is preferred.
        suspects: Those of them that are probably to blame, which are looked at alone if they are.
        fails: Says whether some of the items fail together.
        patience_s: When to ask no further question; one that was asked is waited for.
    """
    end = clock() + patience_s

    async def ask(some: Sequence[_Item]) -> bool:
        if clock() >= end:
            raise _OutOfTimeError
        return await fails(some)

    async def narrow(held: Sequence[_Item], is_new: bool, left: Sequence[_Item]) -> list[_Item]:
        """Return what of `left` is to blame where `held` is given; `is_new` says that it has grown."""
        if is_new and await ask(held):
            return []
        if len(left) == 1:
            return list(left)
        middle = len(left) // 2
        first, second = left[:middle], left[middle:]
        late = await narrow([*held, *first], True, second)
        return [*await narrow([*held, *late], bool(late), first), *late]

    try:
        is_narrow = 0 < len(suspects) < len(items) and await ask(suspects)
        found = await narrow([], False, suspects if is_narrow else items)
    except _OutOfTimeError:
        return None
    return tuple(item for item in items if item in found)
