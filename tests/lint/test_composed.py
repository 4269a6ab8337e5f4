"""Specs of several files, with parameters and variants, are linted as a whole and fixed in their own file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from envc import pipeline
from envc.machine import Machine
from envc.source import Source

TODAY = date(2026, 1, 31)
CHECK = "check { import a }\n"


def write(folder: Path, **texts: str) -> Source:
    for name, text in texts.items():
        (folder / f"{name}.envc").write_text(text)
    return pipeline.read(folder / "pets.envc")


def told(source: Source, machine: Machine) -> list[tuple[str, str, int]]:
    warnings = pipeline.lint(source, machine, TODAY).warnings
    spans = [one.labels[0].span for one in warnings]
    return [
        (one.code, Path(span.source.name).name, span.position.line)
        for one, span in zip(warnings, spans, strict=True)
    ]


def test_what_another_file_says_is_told_there_and_not_fixed(
    machine: Machine, tmp_path: Path
) -> None:
    source = write(
        tmp_path,
        base="environment base\npython 3.12\nrun 'sudo a'\n",
        pets="extends 'base.envc'\nenvironment pets\nrun 'sudo b'\n",
    )

    fixed = pipeline.fix(tmp_path / "pets.envc", machine, TODAY)

    assert told(source, machine) == [("W237", "pets.envc", 3), ("W237", "base.envc", 3)]
    assert fixed.source.text == "extends 'base.envc'\nenvironment pets\nrun 'b'\n"
    assert (tmp_path / "base.envc").read_text() == "environment base\npython 3.12\nrun 'sudo a'\n"


def test_each_file_allows_what_is_in_it(machine: Machine, tmp_path: Path) -> None:
    source = write(
        tmp_path,
        base="environment base\nrun 'sudo a'  # envc: allow W237\n",
        pets="extends 'base.envc'\nenvironment pets\n# envc: allow W237\nrun 'sudo b'\n",
    )

    assert told(source, machine) == []


def test_what_another_file_allows_in_vain_is_its_own_matter(
    machine: Machine, tmp_path: Path
) -> None:
    source = write(
        tmp_path,
        base="environment base\npython 3.12  # envc: allow W222\nuser app\n",
        pets="extends 'base.envc'\nenvironment pets\n",
    )

    assert told(source, machine) == [("W229", "base.envc", 3)]


def test_a_value_from_a_parameter_is_not_fixed(machine: Machine, tmp_path: Path) -> None:
    text = "environment pets\nparam name = 'sklearn'\npython 3.12\npip { ${{ name }} }\n" + CHECK
    source = write(tmp_path, pets=text)

    fixed = pipeline.fix(tmp_path / "pets.envc", machine, TODAY)

    assert told(source, machine) == [("W211", "pets.envc", 4)]
    assert fixed.source.text == text


MATRIX = """\
environment pets
param version = "3.12"
python ${{ version }}
channels conda-forge
conda {
    python 3.12.*
    a >=1
}
run "sudo b"
matrix {
    old { version = "3.12.1" }
    new {}
}
check { import a }
"""


def test_only_what_all_variants_agree_on_is_fixed(machine: Machine, tmp_path: Path) -> None:
    source = write(tmp_path, pets=MATRIX)

    fixed = pipeline.fix(tmp_path / "pets.envc", machine, TODAY)

    assert told(source, machine) == [("W220", "pets.envc", 6), ("W237", "pets.envc", 9)]
    assert fixed.source.text == MATRIX.replace("sudo ", "")


def test_what_one_variant_needs_is_not_allowed_in_vain(machine: Machine, tmp_path: Path) -> None:
    text = (
        MATRIX.replace('"3.12.1"', '"3.8"').replace("    python 3.12.*\n", "").replace("sudo ", "")
    )
    source = write(tmp_path, pets=text.replace("version }}", "version }}  # envc: allow W222"))

    assert told(write(tmp_path, pets=text), machine) == [("W222", "pets.envc", 3)]
    assert told(source, machine) == []


def test_a_parameter_that_only_a_shared_file_declares_may_be_unused(
    machine: Machine, tmp_path: Path
) -> None:
    source = write(
        tmp_path,
        base="environment base\nparam debug = 'no'\n",
        pets="extends 'base.envc'\nenvironment pets\nparam mine = 'no'\n",
    )

    assert told(source, machine) == [("W244", "pets.envc", 3)]


def test_a_secret_in_a_parameter_is_told_where_it_is_set(machine: Machine, tmp_path: Path) -> None:
    text = "environment pets\nparam db-password = 'a1b2c3d4'\nlabels { a = ${{ db-password }} }\n"
    source = write(tmp_path, pets=text)

    assert told(source, machine) == [("W243", "pets.envc", 2)]


def test_a_parameter_may_name_a_secret(machine: Machine, tmp_path: Path) -> None:
    text = (
        "environment pets\nparam secret = 'PYPI_TOKEN'\n"
        "pip { index 'https://a.example/simple' secret ${{ secret }} }\n"
    )

    assert told(write(tmp_path, pets=text), machine) == []
