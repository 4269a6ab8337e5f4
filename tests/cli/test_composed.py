"""The verbs on a spec with files that it includes and with parameters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envc.lock.codec import dumps
from support.workspace import SPEC, EnvcMain, lock_of

COMPOSED = """\
environment: pets
include: [team/common.yaml]
params: {folder: /app}
base: {image: "python:3.12-slim-bookworm"}
python: 3.12
pip: ["six ==1.17.*"]
steps: [{copy: {from: src/, to: "${{ folder }}"}}]
"""


@pytest.fixture
def composed(folder: Path) -> Path:
    """The working folder, with `zoo.yaml`, its lock, and `team/common.yaml`, which it includes."""
    (folder / "team").mkdir()
    (folder / "team" / "common.yaml").write_text("variables: {TEAM: zoo}\n")
    (folder / "zoo.yaml").write_text(COMPOSED)
    (folder / "zoo.lock").write_text(dumps(lock_of(SPEC)))
    return folder


def test_what_is_included_is_part_of_the_ids(envc: EnvcMain, composed: Path) -> None:
    before = envc("hash", "zoo.yaml").out
    again = envc("hash", "zoo.yaml").out
    (composed / "team" / "common.yaml").write_text("variables: {TEAM: pets}\n")
    changed = envc("hash", "zoo.yaml").out
    (composed / "team" / "common.yaml").write_text("# the same\nvariables: {TEAM: zoo}\n")

    assert before == again
    assert before != changed
    assert envc("hash", "zoo.yaml").out == before


def test_what_is_included_and_gone_is_told(envc: EnvcMain, composed: Path) -> None:
    envc("hash", "zoo.yaml")
    (composed / "team" / "common.yaml").unlink()

    ran = envc("hash", "zoo.yaml")

    assert (ran.code, ran.err.partition(":")[0]) == (1, "error[E150]")


def test_what_is_included_is_among_the_sources(envc: EnvcMain, composed: Path) -> None:
    words = ("compile", "zoo.yaml", "-o", "out", "--depfile", "out.d", "--json")
    first, again = (json.loads(envc(*words).out)["sources"] for _ in range(2))

    assert first == again == ["zoo.yaml", "zoo.lock", "src/a.py", "team/common.yaml"]
    assert (composed / "out.d").read_text() == (
        "out/image.json: src/a.py team/common.yaml zoo.lock zoo.yaml\n"
    )
    inputs = json.loads((composed / "out" / "image.json").read_text())["inputs"]
    assert sorted(inputs) == ["src/a.py", "team/common.yaml", "zoo.lock", "zoo.yaml"]


def test_a_parameter_that_is_set_is_part_of_the_ids(envc: EnvcMain, composed: Path) -> None:
    plain = envc("hash", "zoo.yaml").out

    other = envc("hash", "zoo.yaml", "--set", "folder=/srv").out
    same = envc("hash", "zoo.yaml", "--set", "folder=/app").out

    assert same == plain
    assert other != plain
    assert envc("hash", "zoo.yaml").out == plain
    assert envc("hash", "zoo.yaml", "--set", "folder=/srv").out == other
    assert envc("hash", "zoo.yaml", "--set", "folder=/srv", "--spec").out != (
        envc("hash", "zoo.yaml", "--spec").out
    )


def test_the_hint_of_a_compile_check_names_what_is_set(envc: EnvcMain, composed: Path) -> None:
    words = ("compile", "zoo.yaml", "-o", "out", "--set", "folder=/my app")
    envc("compile", "zoo.yaml", "-o", "out")

    drifted = envc(*words, "--check")
    envc(*words)

    assert drifted.code == 4
    assert drifted.err.endswith("hint: run `envc compile zoo.yaml -o out --set folder='/my app'`\n")
    assert envc(*words, "--check").code == 0
    assert (composed / "out" / "files" / "1" / "my app" / "a.py").read_text() == "a\n"


@pytest.mark.parametrize(
    "words",
    [
        ("hash",),
        ("hash", "--spec"),
        ("compile", "-o", "out"),
        ("lock",),
        ("lock", "--check"),
        ("build",),
        ("run",),
    ],
)
def test_every_verb_refuses_to_set_what_the_spec_does_not_have(
    envc: EnvcMain, composed: Path, words: tuple[str, ...]
) -> None:
    ran = envc(*words, "zoo.yaml", "--set", "fodler=/srv")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[E006]: ")
    assert "did you mean `folder`?" in ran.err


def test_the_hint_of_drift_repeats_what_the_command_line_chose(
    folder: Path, envc: EnvcMain
) -> None:
    text = SPEC.replace("1.17.*", "${{ six }}")
    (folder / "pets.envc").write_text(f'param six = "1.17.*"\n{text}')
    words = ("--set", "six=1.16.*")

    checked = envc("lock", "--check", "pets.envc", *words)
    compiled = envc("compile", "pets.envc", "-o", "out", *words)
    (folder / "pets.lock").unlink()
    missing = envc("lock", "--check", "pets.envc", *words)

    hint = "hint: run `envc lock pets.envc --set 'six=1.16.*'`"
    assert (checked.code, hint in checked.err) == (4, True)
    assert (compiled.code, hint in compiled.err) == (1, True)
    assert (missing.code, hint in missing.err) == (1, True)
