"""Files that a spec extends and includes: what they say together, and which cannot be had."""

from __future__ import annotations

import pytest

from envc.compose import compose
from envc.source import Source
from envc.syntax import read
from support.composing import composed, data_of, problems_of

NAME = "environment: pets\n"


def test_a_spec_that_uses_nothing_of_it_is_its_own_document() -> None:
    draft = read(Source(name="spec.yaml", text=NAME))

    composition = compose(draft, lambda path: pytest.fail(path))

    assert composition.variants == {"": draft}
    assert composition.variants[""].document is draft.document


def test_what_a_file_says_lies_below_what_the_spec_says() -> None:
    files = {
        "spec.yaml": NAME + "extends: team/base.yaml\nuser: b\nvariables: {B: b, C: b}\n",
        "team/base.yaml": "environment: base\nuser: a\nworkdir: /a\nvariables: {A: a, B: a}\n",
    }

    assert data_of(files) == {
        "environment": "pets",
        "user": "b",
        "workdir": "/a",
        "variables": {"A": "a", "B": "b", "C": "b"},
    }


def test_a_spec_may_leave_its_name_to_the_file_that_it_extends() -> None:
    files = {"spec.yaml": "extends: base.yaml\n", "base.yaml": NAME}

    assert data_of(files) == {"environment": "pets"}


def test_pieces_are_replaced_as_a_whole() -> None:
    base = """\
base: {image: "a:1", registry: r.example}
channels: [a, b]
platforms: [linux/amd64]
python: {managed: no}
healthcheck: {run: a, interval: 1s}
command: [a, b]
entrypoint: [a]
"""
    own = """\
base: {image: "b:1"}
channels: [c]
platforms: [linux/arm64]
python: 3.12
healthcheck: none
command: [c]
entrypoint: [b]
"""

    assert data_of({"spec.yaml": f"extends: b.yaml\n{own}", "b.yaml": base}) == data_of(
        {"spec.yaml": own}
    )


def test_packages_of_a_name_replace_all_of_that_name() -> None:
    files = {
        "spec.yaml": """\
extends: base.yaml
conda: ["conda-forge::NumPy >=2", {package: torch cpu*, on: linux/arm64}]
pip: {packages: [Foo_Bar ==2, new], constraints: [x <2]}
system: [git=2]
""",
        "base.yaml": """\
conda: {packages: [numpy, scipy, {package: torch cuda*, on: linux/amd64}, torch], constraints: [a]}
pip: ["foo.bar[x] ==1", kept]
system: {packages: [git, curl], snapshot: 2026-01-31}
""",
    }

    assert composed(files).variants[""].document.data == {
        "conda": {
            "packages": [
                "scipy",
                "conda-forge::NumPy >=2",
                {"package": "torch cpu*", "on": "linux/arm64"},
            ],
            "constraints": ["a"],
        },
        "pip": {"packages": ["kept", "Foo_Bar ==2", "new"], "constraints": ["x <2"]},
        "system": {"packages": ["curl", "git=2"], "snapshot": "2026-01-31"},
    }


def test_lists_are_added_to_without_repetition() -> None:
    files = {
        "spec.yaml": """\
extends: base.yaml
ports: [80, 81]
volumes: [/b]
pip: {indexes: [{url: "https://b"}, {url: "https://a"}], wheels: [b.whl, a.whl], sdists: [x]}
check: {import: [a, b], run: [y]}
""",
        "base.yaml": """\
ports: [80]
volumes: [/a]
pip: {indexes: [{url: "https://a"}], wheels: [a.whl]}
check: {import: [a], run: [x]}
""",
    }

    assert data_of(files) == {
        "ports": ["80", "81"],
        "volumes": ["/a", "/b"],
        "pip": {
            "indexes": [{"url": "https://a"}, {"url": "https://b"}],
            "wheels": ["a.whl", "b.whl"],
            "sdists": ["x"],
        },
        "check": {"import": ["a", "b"], "run": ["x", "y"]},
    }


def test_steps_happen_from_the_farthest_file_to_the_spec_and_each_as_often_as_it_is_said() -> None:
    files = {
        "spec.yaml": "extends: b.yaml\ninclude: [c.yaml, d.yaml]\nsteps: [{run: a}, {run: a}]\n",
        "b.yaml": "extends: e.yaml\nsteps: [{run: b}, {run: a}]\n",
        "c.yaml": "steps: [{run: c}]\n",
        "d.yaml": "steps: [{run: d}]\nbefore-packages: [{run: x}]\n",
        "e.yaml": "steps: [{run: e}]\n",
    }

    assert data_of(files) == {
        "steps": [{"run": word} for word in "ebacdaa"],
        "before-packages": [{"run": "x"}],
    }


def test_what_is_included_is_added() -> None:
    files = {
        "spec.yaml": NAME
        + "include: [a.yaml, b.yaml]\nbase: {image: x}\nconda: [numpy]\nruntime: {shm: 1g}\n",
        "a.yaml": "base: {registry: r}\nconda: {packages: [scipy], constraints: [a]}\n",
        "b.yaml": "conda: [numpy]\nruntime: {gpus: all, shm: 1g}\n",
    }

    assert data_of(files) == {
        "environment": "pets",
        "base": {"registry": "r", "image": "x"},
        "conda": {"packages": ["scipy", "numpy", "numpy"], "constraints": ["a"]},
        "runtime": {"gpus": "all", "shm": "1g"},
    }


def test_a_file_that_two_others_include_counts_once() -> None:
    files = {
        "spec.yaml": "include: [a.yaml, b.yaml]\nextends: d.yaml\nsteps: [{run: s}]\n",
        "a.yaml": "include: [c.yaml]\nsteps: [{run: a}]\n",
        "b.yaml": "include: [c.yaml]\nsteps: [{run: b}]\n",
        "c.yaml": "conda: [numpy]\nsteps: [{run: c}]\nvariables: {A: x}\n",
        "d.yaml": "include: [c.yaml]\n",
    }

    assert data_of(files) == {
        "conda": ["numpy"],
        "steps": [{"run": word} for word in "cabs"],
        "variables": {"A": "x"},
    }


def test_files_of_both_forms_go_together() -> None:
    files = {"spec.yaml": NAME + "include: [a.envc]\n", "a.envc": 'user 1000\nrun "make"\n'}

    assert data_of(files) == {
        "environment": "pets",
        "user": "1000",
        "steps": [{"run": "make"}],
    }


def test_paths_are_relative_to_the_file_that_has_them() -> None:
    content = """\
base: {dockerfile: ./Dockerfile, context: .}
before-packages: [{copy: {from: a/b/, to: /x}}]
steps: [{copy: {from: src, to: /x}}, {run: src}]
pip:
  wheels: [x.whl, {wheel: y.whl, on: linux/amd64}]
  sources: [libs/pets, {source: z}]
  find-links: [{path: wheels/}, {url: "https://x"}]
serve: {entry: score.py, model: models/}
train: {script: train.py}
runtime: {mounts: [{from: data/, to: /data}]}
"""
    files = {"spec.yaml": "include: [../common/all.yaml]\n", "../common/all.yaml": content}

    assert data_of(files) == {
        "base": {"dockerfile": "../common/Dockerfile", "context": "../common"},
        "before-packages": [{"copy": {"from": "../common/a/b/", "to": "/x"}}],
        "steps": [{"copy": {"from": "../common/src", "to": "/x"}}, {"run": "src"}],
        "pip": {
            "wheels": ["../common/x.whl", {"wheel": "../common/y.whl", "on": "linux/amd64"}],
            "sources": ["../common/libs/pets", {"source": "../common/z"}],
            "find-links": [{"path": "../common/wheels/"}, {"url": "https://x"}],
        },
        "serve": {"entry": "../common/score.py", "model": "../common/models/"},
        "train": {"script": "../common/train.py"},
        "runtime": {"mounts": [{"from": "../common/data/", "to": "/data"}]},
    }


def test_the_name_of_a_volume_is_no_path_and_no_path_becomes_one() -> None:
    files = {
        "spec.yaml": "include: [team/a.yaml]\n",
        "team/a.yaml": "runtime: {mounts: [{from: data}, {from: ./data}, {from: .}, {from: /x}]}\n",
    }

    mounts = data_of(files)["runtime"]["mounts"]

    assert [mount["from"] for mount in mounts] == ["data", "team/data", "./team", "/x"]


def test_a_script_with_a_folder_of_its_own_is_relative_to_that() -> None:
    files = {
        "spec.yaml": "include: [team/a.yaml]\n",
        "team/a.yaml": "train: {script: train.py, source: src/}\n",
    }

    assert data_of(files) == {"train": {"script": "train.py", "source": "team/src/"}}


def test_what_is_no_relative_path_stays_as_it_is() -> None:
    content = """\
base: {dockerfile: "FROM a\\nUSER b\\n"}
pip: {wheels: [/x.whl, ../x.whl, '~/x.whl', 'a\\x.whl', 'C:/x.whl', ""]}
steps: [{copy: {from: [a], to: /x}}]
"""
    files = {"spec.yaml": "include: [team/a.yaml]\n", "team/a.yaml": content}

    assert data_of(files) == data_of({"spec.yaml": content})


def test_files_are_named_relative_to_the_spec_in_the_order_in_which_they_are_met() -> None:
    files = {
        "spec.yaml": "include: [./a/x.yaml, y.yaml]\n",
        "a/x.yaml": "include: [../y.yaml, ../../z.yaml]\n",
        "y.yaml": "",
        "../z.yaml": "",
    }

    assert list(composed(files).files) == ["a/x.yaml", "y.yaml", "../z.yaml"]


def test_spans_stay_in_the_files_that_they_are_of() -> None:
    files = {"spec.yaml": "include: [a.yaml]\nconda: [b]\n", "a.yaml": "conda: [a]\nuser: x\n"}

    document = composed(files).variants[""].document

    assert {path: str(span) for path, span in document.spans.items() if path} == {
        ("conda",): "specs/spec.yaml:2:8",
        ("conda", 0): "specs/a.yaml:1:9",
        ("conda", 1): "specs/spec.yaml:2:9",
        ("user",): "specs/a.yaml:2:7",
    }
    assert {path: str(span) for path, span in document.key_spans.items()} == {
        ("conda",): "specs/spec.yaml:2:1",
        ("user",): "specs/a.yaml:2:1",
    }


def test_what_is_wrong_in_any_file_is_told_together_the_spec_first() -> None:
    files = {
        "spec.yaml": "include: [b.yaml, none.yaml]\nuser:\n",
        "a.yaml": "user: !x 1\n",
        "b.yaml": "include: [a.yaml]\nworkdir:\nworkdir: x\n",
    }

    assert problems_of(files) == [
        ("E150", "spec.yaml", "none.yaml"),
        ("E109", "spec.yaml", "user"),
        ("E109", "b.yaml", "workdir"),
        ("E123", "a.yaml", "!x"),
    ]


def test_a_text_that_is_no_spec_at_all_is_shown_with_the_place_that_names_it() -> None:
    draft = composed({"spec.yaml": "include: [a.yaml]\n", "a.yaml": "- x\n"}).variants[""]

    [problem] = draft.problems
    assert (problem.code, [str(label.span) for label in problem.labels]) == (
        "E122",
        ["specs/a.yaml:1:1", "specs/spec.yaml:1:11"],
    )
    assert draft.is_partial


def test_a_spec_is_made_of_64_files_at_most() -> None:
    def many(count: int) -> dict[str, str]:
        names = [f"p{number}.yaml" for number in range(count)]
        return {"spec.yaml": f"include: [{', '.join(names)}]\n"} | dict.fromkeys(names, "")

    assert problems_of(many(63)) == []
    assert problems_of(many(70)) == [("E116", "spec.yaml", "p63.yaml")]


def test_files_include_each_other_16_deep_at_most() -> None:
    def deep(count: int) -> dict[str, str]:
        files = {f"p{n}.yaml": f"include: [p{n + 1}.yaml]\n" for n in range(count)}
        return files | {"spec.yaml": "include: [p0.yaml]\n", f"p{count}.yaml": "user: x\n"}

    assert problems_of(deep(15)) == []
    assert problems_of(deep(16)) == [("E116", "p15.yaml", "p16.yaml")]


def test_files_that_branch_and_meet_again_are_read_once_and_merged_quickly() -> None:
    files = {"spec.yaml": "include: [a0.yaml, b0.yaml]\n"}
    for n in range(15):
        for letter in "ab":
            more = f"include: [a{n + 1}.yaml, b{n + 1}.yaml]\n" if n < 14 else ""
            files[f"{letter}{n}.yaml"] = f"{more}steps: [{{run: {letter}{n}}}]\n"

    steps = data_of(files)["steps"]

    assert sorted(step["run"] for step in steps) == sorted(
        f"{x}{n}" for x in "ab" for n in range(15)
    )
