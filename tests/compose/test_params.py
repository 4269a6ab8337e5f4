"""Parameters: which value they have, where they stand, and what is not one."""

from __future__ import annotations

import pytest

from envc.compose import unused_params
from envc.errors import UsageError
from support.composing import composed, data_of, problems_of


def test_a_parameter_may_stand_anywhere_in_a_value() -> None:
    text = """\
params: {a: "1", b-c: x y}
user: ${{a}}
labels: {x: "<${{ a }}${{b-c}}>", "y": "${{  a\t}}"}
steps: [{run: {command: "echo ${{ a }} ${HOME} $$ {{ a }}", network: "${{ a }}"}}]
"""

    assert data_of({"spec.yaml": text}) == {
        "user": "1",
        "labels": {"x": "<1x y>", "y": "1"},
        "steps": [{"run": {"command": "echo 1 ${HOME} $$ {{ a }}", "network": "1"}}],
    }


def test_an_escape_is_the_text_itself() -> None:
    text = 'labels: {x: "$${{ github.sha }} $${{", "y": "$$${{ a }}"}\n'

    assert data_of({"spec.yaml": text})["labels"] == {
        "x": "${{ github.sha }} ${{",
        "y": "$${{ a }}",
    }


def test_values_are_not_read_again() -> None:
    files = {"spec.yaml": 'params: {a: "$${{ b }}", b: x}\nuser: ${{ a }}\nworkdir: ${{ b }}\n'}

    assert data_of(files) == {"user": "${{ b }}", "workdir": "x"}
    assert data_of(files, sets={"b": "${{ a }}"})["workdir"] == "${{ a }}"


def test_what_the_command_line_sets_goes_before_the_matrix_and_that_before_defaults() -> None:
    files = {
        "spec.yaml": """\
params: {a: default, b: default, c: default}
matrix: {v: {a: matrix, b: matrix}}
labels: {a: "${{ a }}", b: "${{ b }}", c: "${{ c }}"}
"""
    }

    assert data_of(files, "v", {"a": "set"})["labels"] == {
        "a": "set",
        "b": "matrix",
        "c": "default",
    }


def test_defaults_and_variants_may_use_other_parameters() -> None:
    files = {
        "spec.yaml": """\
params: {image: "${{ name }}:${{ tag }}", name: "${{ host }}/a", host: h, tag: "1"}
matrix: {old: {}, new: {tag: "2${{ host }}"}}
base: {image: "${{ image }}"}
"""
    }

    assert data_of(files, "old") == {"base": {"image": "h/a:1"}}
    assert data_of(files, "new") == {"base": {"image": "h/a:2h"}}


def test_parameters_of_all_files_are_known_in_all_files() -> None:
    files = {
        "spec.yaml": 'params: {own: "1"}\nextends: a.yaml\ninclude: [b.yaml]\nuser: ${{ a }}\n',
        "a.yaml": 'params: {a: "2"}\nlabels: {own: "${{ own }}"}\n',
        "b.yaml": 'params: {b: "3"}\nlabels: {all: "${{ own }}${{ a }}${{ b }}"}\n',
    }

    assert data_of(files) == {"user": "2", "labels": {"own": "1", "all": "123"}}


def test_the_default_of_the_file_that_extends_or_includes_wins() -> None:
    files = {
        "spec.yaml": "params: {a: spec, b: spec}\nextends: p.yaml\ninclude: [i.yaml]\n"
        'labels: {l: "${{ a }} ${{ b }} ${{ c }} ${{ d }} ${{ e }}"}\n',
        "p.yaml": "params: {a: parent, c: parent, d: parent, e: {required: true}}\n",
        "i.yaml": "params: {b: part, c: part, d: {required: true}, e: part}\n",
    }

    assert data_of(files)["labels"] == {"l": "spec spec part parent part"}


def test_packages_are_merged_by_the_names_that_parameters_give() -> None:
    files = {
        "spec.yaml": 'extends: a.yaml\nparams: {x: numpy}\nconda: ["${{ x }} >=2"]\n',
        "a.yaml": "conda: [numpy >=1, scipy]\n",
    }

    assert data_of(files) == {"conda": ["scipy", "numpy >=2"]}


def test_a_filled_path_is_relative_to_its_own_file() -> None:
    files = {
        "spec.yaml": "include: [team/a.yaml]\nparams: {x: src}\n",
        "team/a.yaml": 'steps: [{copy: {from: "${{ x }}/", to: /a}}]\n',
    }

    document = composed(files).variants[""].document

    path = ("steps", 0, "copy", "from")
    assert document.data_at(path) == "team/src/"
    assert document.origins[path].text == "src/"
    assert document.part(path, 1, 2).text == "${{ x }}"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("user: ${{ b }}", ["${{ b }}"]),
        ('user: "\\t${{ b }} ${{ b }}"', ["${{ b }}", "${{ b }}"]),
        ("user: '${{ a }} ''${{b}}'", ["${{b}}"]),
        ("user: |\n  x ${{ a }}\n  y ${{ b }}", ["${{ b }}"]),
        ("user: >\n  x\n  ${{ b }}", ["${{ b }}"]),
        ('user: "\\x24{{ b }}"', ['"\\x24{{ b }}"']),
        ("user: ${{ a", ["${{ a"]),
        ("user: ${{ a\nworkdir: x }}", ["${{ a"]),
        ("user: x ${{ }}", ["${{ }}"]),
        ("user: ${{ a.b }}", ["${{ a.b }}"]),
        ("user: ${{ {a} }}", ["${{"]),
    ],
)
def test_a_wrong_reference_is_marked_exactly(text: str, marked: list[str]) -> None:
    found = problems_of({"spec.yaml": f'params: {{a: "1"}}\n{text}\n'})

    assert found == [("E111", "spec.yaml", mark) for mark in marked]


def test_a_value_with_a_wrong_reference_stays_and_nothing_more_is_said_of_it() -> None:
    draft = composed({"spec.yaml": "user: ${{ a }}\n"}).variants[""]

    assert draft.document.data == {"user": "${{ a }}"}
    assert [span.text for span in draft.lost] == ["${{ a }}"]


def test_where_a_file_is_missing_unknown_parameters_may_be_its_own() -> None:
    files = {"spec.yaml": "include: [a.yaml]\nuser: ${{ a }}\nmatrix: {v: {b: x}}\n"}

    assert problems_of(files, "v") == [("E150", "spec.yaml", "a.yaml")]


def test_all_unknown_parameters_that_are_set_are_told() -> None:
    with pytest.raises(UsageError) as caught:
        composed({"spec.yaml": "params: {cuda: x}\n"}, sets={"cdua": "1", "zz": "2"})

    assert [(one.code, one.message, one.hint) for one in caught.value.diagnostics] == [
        ("E006", "there is no parameter `cdua` to set", "did you mean `cuda`?"),
        ("E006", "there is no parameter `zz` to set", "the spec has `cuda`"),
    ]


def test_setting_a_parameter_of_a_spec_without_any_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        composed({"spec.yaml": "user: x\n"}, sets={"a": "1"})

    assert caught.value.diagnostics[0].hint == "remove it: the spec has no parameters"


def test_problems_of_the_spec_go_before_what_is_set() -> None:
    assert problems_of({"spec.yaml": "user:\n"}, sets={"a": "1"}) == [("E109", "spec.yaml", "user")]


def test_unused_parameters_are_known() -> None:
    files = {
        "spec.yaml": """\
params: {a: "${{ b }}", b: x, c: "${{ d }}", d: x, e: x, f: x, g: {required: true}}
matrix: {v: {e: x, f: "${{ c }}"}, w: {}}
user: ${{ a }}
workdir: ${{ f }}
"""
    }

    composition = composed(files, sets={"g": "x"})

    assert {name: span.text for name, span in unused_params(composition).items()} == {
        "e": "e",
        "g": "g",
    }


def test_variants_stand_in_the_order_of_the_matrix_with_their_places() -> None:
    files = {
        "spec.yaml": "extends: a.yaml\nparams: {p: x}\nmatrix: {z: {p: y}, b: {}}\nuser: ${{ p }}\n",
        "a.yaml": "matrix: {b: {p: gone}, a: {}}\n",
    }

    composition = composed(files)

    assert {name: draft.document.data for name, draft in composition.variants.items()} == {
        "b": {"user": "x"},
        "a": {"user": "x"},
        "z": {"user": "y"},
    }
    assert {name: str(span) for name, span in composition.spans.items()} == {
        "b": "specs/spec.yaml:3:21",
        "a": "specs/a.yaml:1:24",
        "z": "specs/spec.yaml:3:10",
    }


def test_a_parameter_is_as_long_as_it_is() -> None:
    files = {"spec.yaml": 'params: {a: x}\nuser: "${{ a }}"\n'}

    assert problems_of(files, sets={"a": "x" * 10_000_000}) == []
    assert problems_of(files, sets={"a": "x" * 10_000_009}) == [("E140", "spec.yaml", '"${{ a }}"')]
