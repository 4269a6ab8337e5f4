"""The fewest requirements that fail together, found by asking what fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from envc.resolve.conda.core import find_core


def core_of(
    count: int,
    conflicts: Sequence[frozenset[int]],
    *,
    suspects: Sequence[int] = (),
    patience_s: float = 1e9,
) -> tuple[tuple[int, ...] | None, int]:
    """Return what is found where some sets fail, and how often it was asked."""
    asked = 0

    async def fails(some: Sequence[int]) -> bool:
        nonlocal asked
        asked += 1
        return any(conflict <= set(some) for conflict in conflicts)

    items = range(count)
    found = find_core(items, suspects, fails, patience_s=patience_s, clock=lambda: asked)
    return asyncio.run(found), asked


@given(
    st.lists(st.frozensets(st.integers(0, 29), min_size=1, max_size=5), min_size=1, max_size=4),
    st.lists(st.integers(0, 29), unique=True),
)
def test_what_is_found_is_a_conflict_without_which_nothing_fails(
    conflicts: list[frozenset[int]], suspects: list[int]
) -> None:
    found, _ = core_of(30, conflicts, suspects=suspects)

    assert found is not None
    assert frozenset(found) in conflicts
    assert not any(conflict < frozenset(found) for conflict in conflicts)
    assert found == tuple(sorted(found))


def test_two_of_two_hundred_are_found_with_few_questions() -> None:
    found, asked = core_of(200, [frozenset({17, 160})])

    assert found == (17, 160)
    assert asked < 40


def test_right_suspects_save_most_questions() -> None:
    found, asked = core_of(200, [frozenset({17, 160})], suspects=[3, 17, 160])

    assert found == (17, 160)
    assert asked < 8


def test_who_runs_out_of_time_knows_nothing() -> None:
    assert core_of(200, [frozenset({17, 160})], patience_s=3) == (None, 3)
