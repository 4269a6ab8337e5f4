"""Paths of files in other folders, through the model: judged as written, then relative to the spec."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envc.compose.path import MOVED, move_paths
from envc.compose.tree import Node
from envc.errors import InputError
from envc.source import Source
from envc.spec.field import FieldError
from envc.spec.load import load_draft
from envc.spec.manual import topics
from envc.spec.path import relative_path
from support.composing import composed

COMMON = """\
base: {dockerfile: Dockerfile, context: docker/}
before-packages: [{copy: {from: a, to: /a}}]
steps: [{run: x}, {copy: {from: ./b/, to: /b}}]
pip:
  wheels: [{wheel: x-1-py3-none-any.whl, on: linux/amd64}, {wheel: y-1-py3-none-any.whl}]
  sources: [libs/pets]
  find-links: [{path: wheels/}]
runtime: {mounts: [{from: data/, to: /data}, {from: cache, to: /cache}]}
serve: {entry: score.py, model: m}
train: {script: train.py}
"""


def load(files: dict[str, str]) -> Any:
    return load_draft(composed(files).variants[""])


def problems(files: dict[str, str]) -> list[tuple[str, str]]:
    try:
        load(files)
    except InputError as error:
        return [(problem.code, problem.labels[0].span.text) for problem in error.diagnostics]
    return []


def test_paths_of_a_file_outside_of_the_folder_are_those_of_the_spec() -> None:
    spec = load(
        {
            "spec.yaml": "environment: pets\ninclude: [../common/all.yaml]\n",
            "../common/all.yaml": COMMON,
        }
    )

    assert (spec.base.dockerfile, spec.base.context) == (
        "../common/Dockerfile",
        "../common/docker/",
    )
    assert spec.before_packages[0].copy_.source == "../common/a"
    assert spec.steps[1].copy_.source == "../common/b/"
    assert [getattr(wheel, "text", wheel) for wheel in spec.pip.wheels] == [
        "../common/x-1-py3-none-any.whl",
        "../common/y-1-py3-none-any.whl",
    ]
    assert spec.pip.sources == ("../common/libs/pets",)
    assert spec.pip.find_links[0].path == "../common/wheels/"
    assert [mount.source for mount in spec.runtime.mounts] == ["../common/data/", "cache"]
    assert (spec.serve.entry, spec.serve.model) == ("../common/score.py", "../common/m")
    assert spec.train.script == "../common/train.py"


def test_a_path_that_leads_out_of_its_folder_is_wrong_in_every_file() -> None:
    files = {
        "spec.yaml": """\
environment: pets
include: [../common/all.yaml]
steps: [{copy: {from: ../common/a, to: /a}}]
""",
        "../common/all.yaml": "steps: [{copy: {from: a, to: /a}}, {copy: {from: ../x, to: /}}]\n",
    }

    assert problems(files) == [("E219", "../common/a"), ("E219", "../x")]


def test_a_wrong_path_is_shown_as_it_is_written() -> None:
    files = {
        "spec.yaml": "environment: pets\ninclude: [team/a.yaml]\n",
        "team/a.yaml": "serve: {entry: score.txt}\npip: {wheels: [x.whl]}\n",
    }

    try:
        load(files)
    except InputError as error:
        messages = [problem.message for problem in error.diagnostics]

    assert messages == [
        "`score.txt` is not a Python file",
        "`x.whl` is not the name of a wheel",
    ]


def test_every_path_of_the_language_is_moved() -> None:
    kinds = ("relative to the spec", "of a Python file", "of a wheel", "or name of a volume")
    paths = {topic.name for topic in topics() if any(kind in topic.holds for kind in kinds)}
    lists = {topic.name for topic in topics() if topic.name in {"pip.wheels", "pip.sources"}}

    moved = {".".join(step for step in pattern if step != "*") for pattern in MOVED}
    assert moved == paths | lists


path_texts = st.lists(
    st.sampled_from(["a", "..", ".", "/", "~", "\\", "C:", " ", "\n"]), max_size=5
)


@given(path_texts.map("".join))
def test_what_the_model_takes_for_a_relative_path_is_moved_and_nothing_else(text: str) -> None:
    span = Source(name="x", text="x").span(0, 1)

    def node(value: Any) -> Node:
        return Node(value=value, span=span)

    root = node({"serve": node({"model": node(text)})})
    try:
        relative_path(text)
    except FieldError:
        is_right = False
    else:
        is_right = True

    moved = move_paths(root, "team").fields["serve"].fields["model"]

    assert (moved.origin is not None) == is_right
