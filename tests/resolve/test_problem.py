"""What two resolvers have to say that work side by side."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError
from envc.resolve.problem import side_by_side


def fail(kind: type[EnvcError], *codes: str) -> NoReturn:
    raise kind([Diagnostic(code=code, message=f"{code} is wrong") for code in codes])


def test_both_run_at_once() -> None:
    is_other_there = threading.Barrier(2, timeout=10)

    def answer(text: str) -> str:
        is_other_there.wait()
        return text

    assert side_by_side(lambda: answer("one"), lambda: answer("two")) == ("one", "two")


def test_what_is_wrong_in_both_is_told_together() -> None:
    with pytest.raises(InputError) as caught:
        side_by_side(lambda: fail(InputError, "E301", "E302"), lambda: fail(InputError, "E390"))

    assert [one.code for one in caught.value.diagnostics] == ["E301", "E302", "E390"]


@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_wrong_with_the_spec_goes_before_failed_tools(is_first: bool) -> None:
    calls = (lambda: fail(InputError, "E301"), lambda: fail(ToolError, "E601"))
    first, second = calls if is_first else reversed(calls)

    with pytest.raises(InputError) as caught:
        side_by_side(first, second)

    assert [one.code for one in caught.value.diagnostics] == ["E301"]


def test_one_failure_is_that_ones() -> None:
    with pytest.raises(ToolError) as caught:
        side_by_side(lambda: "fine", lambda: fail(ToolError, "E601"))

    assert [one.code for one in caught.value.diagnostics] == ["E601"]


def test_what_nobody_expects_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda: 1 // 0, lambda: fail(InputError, "E301"))
