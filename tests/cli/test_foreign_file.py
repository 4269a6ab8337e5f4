"""Files of other tools where a spec is wanted: one sentence, and the file stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspace import EnvcMain

ENVIRONMENT = """\
name: My Pets
dependencies:
  - python=3.12
channels:
  - conda-forge
"""


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("lock",),
        ("lock", "--check"),
        ("compile", "-o", "out"),
        ("hash",),
        ("hash", "--spec"),
        ("fmt",),
        ("fmt", "--check"),
        ("convert",),
    ],
    ids=" ".join,
)
def test_every_verb_says_how_to_make_a_spec_of_it(
    folder: Path, envc: EnvcMain, words: tuple[str, ...]
) -> None:
    file = folder / "environment.yml"
    file.write_text(ENVIRONMENT)

    ran = envc(*words, "environment.yml")

    assert (ran.code, ran.err) == (
        1,
        "error[E158]: `environment.yml` is no spec, but a file of another tool: environment.yml of "
        "conda, mamba, conda-lock\n"
        "hint: make a spec of it: `envc import environment.yml -o my-pets.envc`\n",
    )
    assert file.read_text() == ENVIRONMENT


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "python-dateutil ==2.*\nconda\n"),
        ("pyproject.toml", '[project]\nname = "pets"\ndependencies = ["rich"]\n'),
        ("pixi.toml", '[workspace]\nname = "pets"\nchannels = []\nplatforms = []\n'),
        ("azureml.yml", "name: pets\nimage: debian\nconda_file: environment.yml\n"),
        ("conda-lock.yml", "version: 1\nmetadata: {}\npackage: []\n"),
    ],
)
def test_files_of_all_kinds_are_known(folder: Path, envc: EnvcMain, name: str, text: str) -> None:
    (folder / name).write_text(text)

    ran = envc("check", name)

    assert ran.err.startswith(f"error[E158]: `{name}` is no spec, but a file of another tool: ")


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("pets.yaml", "environment: pets\ndependencies: [numpy]\n", "E201"),
        ("pets.yaml", "python: 3.12\ndependencies: [numpy]\n", "E201"),
        ("pets.txt", "environment pets\npyton 3.12\n", "E201"),
        ("setup.cfg", "[options]\n", "E101"),
    ],
)
def test_a_wrong_spec_stays_one(
    folder: Path, envc: EnvcMain, name: str, text: str, code: str
) -> None:
    (folder / name).write_text(text)

    ran = envc("check", name)

    assert f"error[{code}]" in ran.err
    assert "E158" not in ran.err


def test_an_included_part_is_still_formatted(folder: Path, envc: EnvcMain) -> None:
    (folder / "part.yaml").write_text("pip:   [rich]\n")

    ran = envc("fmt", "part.yaml")

    assert (ran.code, ran.err) == (0, "")
