"""Specs rewritten: in their canonical layout, or in the other form, the same spec each time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envc import pipeline
from envc.errors import DriftError, InputError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.spec.load import load
from envc.spec.normal import spec_id
from envc.syntax import Form, form_of, parse
from support.commenting import comment, marks_in, source_of
from support.printing import Dsl, print_yaml
from support.right_specs import specs

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "convert"
EXAMPLES = sorted(
    path for path in (ROOT / "specs").glob("*/*.*") if path.suffix in {".envc", ".yaml"}
)
SUFFIXES: dict[Form, str] = {"dsl": ".envc", "yaml": ".yaml"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    cache = tmp_path_factory.mktemp("cache")
    return Machine(environment={}, cache=cache, mirrors=MirrorMap())


def other(form: Form) -> Form:
    return "dsl" if form == "yaml" else "yaml"


def id_of(text: str, form: Form) -> str:
    return spec_id(load(parse(source_of(text, form))))


def test_all_examples_are_in_the_canonical_layout(machine: Machine) -> None:
    pipeline.check_format(EXAMPLES, machine)

    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_one_id_in_both_forms(path: Path, machine: Machine, tmp_path: Path) -> None:
    form = other(form_of(path.name))
    folder = tmp_path / "example"
    shutil.copytree(path.parent, folder)
    there = folder / f"there{SUFFIXES[form]}"
    there.write_text(pipeline.convert(path, machine, form))
    back = folder / f"back{path.suffix}"
    back.write_text(pipeline.convert(there, machine, other(form)))

    ids = {pipeline.spec_id(spec, machine) for spec in (path, there, back)}
    assert len(ids) == 1


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_spec_has_one_text_in_the_other_form(
    case: Path, machine: Machine, update_golden: bool
) -> None:
    path = next(case.glob("input.*"))
    form = other(form_of(path.name))
    golden = case / f"expected{SUFFIXES[form]}"

    text = pipeline.convert(path, machine, form)
    if update_golden:
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


@given(data=specs, choices=st.data(), own=st.sampled_from(["dsl", "yaml"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_spec_keeps_its_id_and_its_comments_when_it_is_rewritten(
    data: dict[str, Any], choices: st.DataObject, own: Form, machine: Machine, tmp_path: Path
) -> None:
    is_dsl = own == "dsl"
    text = Dsl(choices.draw).spec(data) if is_dsl else print_yaml(data, choices.draw).strip()
    text, marks = comment(f"{text}\n", own, choices.draw)
    path = tmp_path / f"spec{SUFFIXES[own]}"
    path.write_text(text, encoding="utf-8", newline="")

    there = pipeline.convert(path, machine, other(own))
    pipeline.format_files([path], machine)

    assert id_of(there, other(own)) == id_of(text, own)
    assert id_of(path.read_text(encoding="utf-8"), own) == id_of(text, own)
    assert marks_in(there) == marks_in(path.read_text(encoding="utf-8")) == marks


def test_what_is_empty_and_means_nothing_is_left_out(machine: Machine, tmp_path: Path) -> None:
    spec = tmp_path / "pets.yaml"
    spec.write_text(
        "environment: pets\nchannels: []  # none\nconda: {packages: [six]}\nsteps: []\n"
        "pip: {}\ncheck: {run: []}\nruntime: {}\n"
    )

    text = pipeline.convert(spec, machine, "dsl")

    assert text == ("environment pets\n# none\nconda {\n    six\n}\npip {}\ncheck {}\nruntime {}\n")


def test_a_wrong_spec_is_not_converted(machine: Machine, tmp_path: Path) -> None:
    spec = tmp_path / "pets.envc"
    spec.write_text("environment pets\nuser a b\npython 4\n")

    with pytest.raises(InputError) as caught:
        pipeline.convert(spec, machine, "yaml")

    assert {problem.code for problem in caught.value.diagnostics} == {"E101", "E209"}


def test_what_a_spec_is_composed_of_is_neither_read_nor_filled_in(
    machine: Machine, tmp_path: Path
) -> None:
    spec = tmp_path / "part.envc"
    text = (
        'extends "not/there.envc"\ninclude "nor/this.yaml"  # yet\nparam cuda\ncuda ${{ cuda }}\n'
        'matrix {\n    cpu { cuda = "none" }\n}\n'
    )
    spec.write_text(text)
    there = tmp_path / "part.yaml"

    there.write_text(pipeline.convert(spec, machine, "yaml"))

    assert there.read_text() == (
        "extends: not/there.envc\ninclude: [nor/this.yaml]  # yet\nparams:\n"
        "  cuda: {required: true}\ncuda: ${{ cuda }}\nmatrix:\n  cpu: {cuda: none}\n"
    )
    assert pipeline.convert(there, machine, "dsl") == text


def test_a_value_without_a_place_is_not_converted(machine: Machine, tmp_path: Path) -> None:
    spec = tmp_path / "pets.yaml"
    spec.write_text("environment: pets\nuser: [a]\npython: 4\n")

    with pytest.raises(InputError) as caught:
        pipeline.convert(spec, machine, "dsl")

    assert [problem.code for problem in caught.value.diagnostics] == ["E204", "E209"]


def test_a_spec_in_the_form_it_has_is_laid_out(machine: Machine, tmp_path: Path) -> None:
    spec = tmp_path / "pets.envc"
    spec.write_text("environment   pets\n")

    assert pipeline.convert(spec, machine, "dsl") == "environment pets\n"


def test_every_spec_that_is_not_so_is_told_of(machine: Machine, tmp_path: Path) -> None:
    texts = {"a.envc": "environment  a\n", "b.envc": "environment b\n", "c.yaml": "a: b"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)

    with pytest.raises(DriftError) as caught:
        pipeline.check_format([tmp_path / name for name in texts], machine)

    found = [(item.code, item.labels[0].span) for item in caught.value.diagnostics]
    assert [(code, Path(span.source.name).name) for code, span in found] == [
        ("E160", "a.envc"),
        ("E160", "c.yaml"),
    ]
    assert [span.position.line for _, span in found] == [1, 1]


def test_a_wrong_spec_stays_and_others_are_written(machine: Machine, tmp_path: Path) -> None:
    wrong, good = tmp_path / "a.envc", tmp_path / "b.envc"
    wrong.write_text("environment  a {\n")
    good.write_text("environment  b\n")

    with pytest.raises(InputError) as caught:
        pipeline.format_files([wrong, tmp_path / "none.envc", good], machine)

    assert [item.code for item in caught.value.diagnostics][-1] == "E150"
    assert wrong.read_text() == "environment  a {\n"
    assert good.read_text() == "environment b\n"


def test_a_file_keeps_its_mode_its_link_and_where_nothing_changes_its_time(
    machine: Machine, tmp_path: Path
) -> None:
    spec, link, same = tmp_path / "a.envc", tmp_path / "l.envc", tmp_path / "s.envc"
    spec.write_text("environment  a\n")
    spec.chmod(0o600)
    link.symlink_to(spec.name)
    same.write_text("environment s\n")
    before = same.stat()

    changed = pipeline.format_files([link, same], machine)

    assert changed == (link,)
    assert (link.is_symlink(), spec.read_text()) == (True, "environment a\n")
    assert spec.stat().st_mode & 0o777 == 0o600
    assert same.stat() == before
