"""The variants of a spec and of its lock: each that only one of the two has is told at its place."""

from __future__ import annotations

from envc.lock.model import Intent, Lock, LockFile
from envc.lock.variant import compare_variants
from envc.source import Source, Span
from envc.syntax import parse

TEXT = "environment: pets\n# cpu gpu tpu\n"
DOCUMENT = parse(Source(name="pets.yaml", text=TEXT))


def spans_of(*names: str) -> dict[str, Span]:
    return {
        name: DOCUMENT.source.span(TEXT.index(name), TEXT.index(name) + len(name)) for name in names
    }


def lock_of(*names: str) -> LockFile:
    return LockFile(variants=dict.fromkeys(names, Lock(intent=Intent(base="x"), platforms={})))


def found(
    spec: tuple[str, ...], lock: tuple[str, ...], wanted: tuple[str, ...] | None = None
) -> list[tuple[str, str, str]]:
    chosen = wanted if wanted is not None else spec or ("",)
    problems = compare_variants(DOCUMENT, spans_of(*spec), lock_of(*lock), wanted=chosen)
    assert {problem.hint for problem in problems} <= {"run `envc lock pets.yaml`"}
    return [(problem.code, problem.message, problem.labels[0].span.text) for problem in problems]


def test_the_same_variants_in_any_order_do_not_drift() -> None:
    assert found(("gpu", "cpu"), ("cpu", "gpu")) == []
    assert found((), ("",)) == []


def test_a_lock_without_a_matrix_is_not_that_of_a_spec_with_one() -> None:
    assert found(("cpu", "gpu"), ("",)) == [
        (
            "E417",
            "the spec has the variants `cpu`, `gpu`, and the lock was made without a matrix",
            "cpu",
        )
    ]


def test_a_lock_with_a_matrix_is_not_that_of_a_spec_without_one() -> None:
    assert found((), ("cpu",)) == [
        ("E418", "the lock has the variant `cpu`, and the spec has no matrix", "environment")
    ]


def test_variants_of_one_side_only_are_told_together() -> None:
    assert found(("cpu", "gpu", "tpu"), ("cpu", "old")) == [
        ("E419", "the lock does not know the variant `gpu`", "gpu"),
        ("E419", "the lock does not know the variant `tpu`", "tpu"),
        ("E419", "the lock has the variant `old`, which the spec does not have", "cpu"),
    ]


def test_of_some_variants_only_those_have_to_be_known() -> None:
    assert found(("cpu", "gpu"), ("cpu", "old"), wanted=("cpu",)) == []
    assert found(("cpu", "gpu"), ("cpu", "old"), wanted=("gpu",)) == [
        ("E419", "the lock does not know the variant `gpu`", "gpu")
    ]
