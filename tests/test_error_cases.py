"""Every case of tests/cases/errors: a spec, and what `envc check` prints about it, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.diagnostics import draw
from envc.errors import InputError
from envc.source import Source
from envc.spec.advice import warnings
from envc.spec.load import load_draft
from envc.syntax import read

CASES = Path(__file__).parent / "cases" / "errors"


def complain(path: Path) -> str:
    source = Source(name=path.name, text=path.read_bytes().decode())
    try:
        draft = read(source)
        spec = load_draft(draft)
        return draw(warnings(draft.document, spec))
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_wrong_spec_is_explained(case: Path, update_golden: bool) -> None:
    spec = next(path for path in sorted(case.iterdir()) if path.stem == "spec")
    golden = case / "stderr.txt"

    drawn = complain(spec)
    if update_golden:
        golden.write_bytes(drawn.encode())

    assert drawn == golden.read_bytes().decode()


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_case_shows_the_code_it_is_named_for(case: Path) -> None:
    code = case.name.partition("-")[0]

    assert f"[{code}]" in (case / "stderr.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "right", sorted(CASES.glob("*/right.*")), ids=lambda right: right.parent.name
)
def test_a_right_counterpart_has_nothing_wrong(right: Path) -> None:
    [spec] = right.parent.glob("spec.*")

    assert right.suffix == spec.suffix
    assert complain(right) == ""
