"""Requirements that cannot be had are told all at once, by both solvers."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.errors import InputError
from envc.resolve.base import Conflict
from support.index import Dist, IndexServer
from support.pip_world import ask, silent, solvers

WORLD = (
    Dist(name="a", version="1.0"),
    Dist(name="a", version="2.0"),
    Dist(name="b", version="1.0"),
    Dist(name="c", version="1.0", requires=("b ==1.0",)),
)

each_solver = pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])


@each_solver
def test_all_that_cannot_be_had_is_told_together(number: int, tmp_path: Path) -> None:
    with IndexServer(WORLD) as index:
        wanted = ask("c", "typo", "a ==9.0", "b >=2,<1", index=index)
        with pytest.raises(InputError) as caught:
            solvers(tmp_path)[number].resolve(wanted, silent)

    assert [(one.code, one.message, one.hint) for one in caught.value.diagnostics] == [
        (
            "E324",
            f"there is no distribution `typo` on `{index.url}`",
            "check its spelling, or name the index that has it",
        ),
        (
            "E320",
            "`a ==9.0` cannot be satisfied: there is no such version",
            "the newest `a` there is 2.0",
        ),
        (
            "E320",
            "`b >=2,<1` cannot be satisfied: there is no such version",
            "its bounds contradict each other: no version is in `<1,>=2`",
        ),
    ]


@each_solver
def test_one_alone_is_told_with_the_solvers_reasons(number: int, tmp_path: Path) -> None:
    with IndexServer(WORLD) as index:
        found = solvers(tmp_path)[number].resolve(ask("c", "a ==9.0", index=index), silent)

    assert isinstance(found, Conflict)
    assert [one.text for one in found.causes] == ["a ==9.0"]
    assert found.explanation


def test_what_is_overridden_may_ask_for_anything(tmp_path: Path) -> None:
    with IndexServer(WORLD) as index:
        wanted = ask("a ==9.0", "b ==7.0", "typo", index=index, overrides=("a ==1.0", "b ==1.0"))
        with pytest.raises(InputError) as caught:
            solvers(tmp_path)[0].resolve(wanted, silent)

    assert [one.code for one in caught.value.diagnostics] == ["E324"]
