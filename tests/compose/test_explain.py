"""What parameters have to do with a problem: said where it helps, and once."""

from __future__ import annotations

from envc.compose import Composition
from envc.compose.explain import explain, explain_variants
from envc.diagnostics import Diagnostic
from support.composing import composed

SPEC = """\
params: {a: "1", b: "", c: "${{ a }}x"}
matrix: {u: {}, v: {a: "2"}}
user: ${{ a }}
workdir: ${{ b }}${{ c }}
labels: {x: plain}
"""


def at(composition: Composition, variant: str, *path: str | int) -> Diagnostic:
    document = composition.variants[variant].document
    return Diagnostic.at(document.span(path), "E999", "wrong")


def said(problem: Diagnostic) -> list[tuple[str, str]]:
    return [(label.span.text, label.text) for label in problem.labels[1:]]


def test_a_value_is_shown_where_it_was_set() -> None:
    composition = composed({"spec.yaml": SPEC})

    found = [
        explain(composition.variants[name].document, [at(composition, name, "user")])
        for name in ("u", "v")
    ]

    assert [said(problem) for (problem,) in found] == [
        [('"1"', "`a` is `1`")],
        [('"2"', "`a` is `2`")],
    ]


def test_all_parameters_of_a_value_are_told() -> None:
    composition = composed({"spec.yaml": SPEC})

    (problem,) = explain(composition.variants["u"].document, [at(composition, "u", "workdir")])

    assert said(problem) == [('""', "`b` is empty"), ('"${{ a }}x"', "`c` is `1x`")]


def test_what_the_command_line_sets_is_a_note() -> None:
    composition = composed({"spec.yaml": SPEC}, sets={"a": "line\nend"})

    (problem,) = explain(composition.variants["u"].document, [at(composition, "u", "user")])

    assert (said(problem), problem.notes) == ([], ("`--set` says that `a` is `line…`",))


def test_other_values_and_problems_without_a_place_stay_as_they_are() -> None:
    composition = composed({"spec.yaml": SPEC})
    problems = [at(composition, "u", "labels", "x"), Diagnostic(code="E999", message="wrong")]

    assert explain(composition.variants["u"].document, problems) == problems


def test_what_all_variants_have_is_not_told_once_for_each_value() -> None:
    composition = composed({"spec.yaml": SPEC})
    documents = {name: draft.document for name, draft in composition.variants.items()}
    everywhere = {name: [at(composition, name, "user")] for name in documents}
    somewhere = {"u": everywhere["u"], "v": []}

    assert explain_variants(documents, everywhere) == everywhere
    assert [said(problem) for problem in explain_variants(documents, somewhere)["u"]] == [
        [('"1"', "`a` is `1`")]
    ]
