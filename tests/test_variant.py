"""Variants: which are meant, and what is told of several of them."""

from __future__ import annotations

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError, UsageError
from envc.variant import choose_variants, in_variant, merge_variants, require_one, tell_variants

FIRST, SECOND = (Diagnostic(code=code, message="m", notes=("why",)) for code in ("E301", "E302"))


def told(error: EnvcError) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.message, problem.hint) for problem in error.diagnostics]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [([], ("gpu", "cpu", "tpu")), (["cpu"], ("cpu",)), (["cpu", "gpu", "cpu"], ("gpu", "cpu"))],
)
def test_variants_are_chosen_in_the_specs_order(asked: list[str], expected: tuple[str]) -> None:
    assert choose_variants(("gpu", "cpu", "tpu"), asked) == expected


def test_of_a_spec_without_a_matrix_all_is_the_only_one() -> None:
    assert choose_variants(("",), []) == ("",)


def test_unknown_variants_are_refused_together() -> None:
    with pytest.raises(UsageError) as caught:
        choose_variants(("cpu", "gpu"), ["gpuu", "cpu", "other"])

    assert told(caught.value) == [
        ("E007", "the spec has no variant `gpuu`", "did you mean `gpu`?"),
        ("E007", "the spec has no variant `other`", "there are `cpu` and `gpu`"),
    ]


def test_a_spec_without_a_matrix_has_no_variants_to_choose() -> None:
    with pytest.raises(UsageError) as caught:
        choose_variants(("",), ["gpu"])

    assert told(caught.value) == [
        (
            "E008",
            "there is no variant `gpu`: the spec has no matrix",
            "leave `--variant` out, or give the spec a `matrix`",
        )
    ]


def test_where_one_variant_is_needed_the_others_are_listed() -> None:
    with pytest.raises(UsageError) as caught:
        require_one(("cpu", "gpu", "tpu"), "a command runs in")

    assert require_one(("gpu",), "a command runs in") == "gpu"
    assert told(caught.value) == [
        (
            "E009",
            "a command runs in one variant, and there are `cpu`, `gpu` and `tpu`",
            "choose one, as in `--variant cpu`",
        )
    ]


def test_what_all_variants_say_is_told_once_and_the_rest_with_their_names() -> None:
    problems = {"cpu": (FIRST, SECOND, SECOND), "gpu": (FIRST,), "tpu": (FIRST,)}

    found = tell_variants(problems, 3)

    assert [(problem.code, problem.notes) for problem in found] == [
        ("E301", ("why",)),
        ("E302", ("only in the variant `cpu`", "why")),
    ]


def test_what_is_wrong_with_the_spec_is_told_before_failed_tools() -> None:
    failures = {"cpu": ToolError([FIRST]), "gpu": InputError([SECOND]), "tpu": InputError([SECOND])}

    error = merge_variants(failures, 3)

    assert isinstance(error, InputError)
    assert [(problem.code, problem.notes) for problem in error.diagnostics] == [
        ("E302", ("only in the variants `gpu` and `tpu`", "why"))
    ]


@pytest.mark.parametrize(
    ("name", "notes"), [("gpu", ("in the variant `gpu`", "why")), ("", ("why",))]
)
def test_what_goes_wrong_in_a_variant_names_it(name: str, notes: tuple[str, ...]) -> None:
    with pytest.raises(ToolError) as caught, in_variant(name):
        raise ToolError([FIRST])

    assert caught.value.diagnostics[0].notes == notes
