"""Every case of tests/cases/lint: a spec, what `envc check --lint` prints about it, and what is fixed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from envc import pipeline
from envc.diagnostics import draw
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.source import Source

ROOT = Path(__file__).parent / "cases" / "lint"
CASES = sorted(ROOT.iterdir())
TODAY = date(2026, 1, 31)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(environment={}, cache=tmp_path / "cache", mirrors=MirrorMap())


def told(source: Source, machine: Machine) -> str:
    """Return what lint says; that no later stage honours a part of a spec yet is another matter."""
    warnings = pipeline.lint(source, machine, TODAY).warnings
    return draw([warning for warning in warnings if warning.code != "W290"])


def source_of(path: Path) -> Source:
    return Source(name=path.name, text=path.read_bytes().decode())


def spec_of(case: Path) -> Path:
    [spec] = case.glob("spec.*")
    return spec


def check_golden(path: Path, actual: str, *, update: bool) -> None:
    if update:
        path.write_bytes(actual.encode())
    assert actual == path.read_bytes().decode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_odd_about_a_spec_is_explained(
    case: Path, machine: Machine, update_golden: bool
) -> None:
    drawn = told(source_of(spec_of(case)), machine)

    check_golden(case / "stderr.txt", drawn, update=update_golden)
    assert f"[{case.name.partition('-')[0]}]" in drawn


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_has_one_answer_is_fixed(case: Path, machine: Machine, update_golden: bool) -> None:
    spec = spec_of(case)
    golden = case / f"fixed{spec.suffix}"

    fixed = pipeline.fix_source(source_of(spec), machine, TODAY)

    assert bool(fixed.warnings) == (fixed.source.text != source_of(spec).text)
    if fixed.warnings:
        check_golden(golden, fixed.source.text, update=update_golden)
    else:
        assert not golden.exists()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_right_counterpart_has_nothing_odd(case: Path, machine: Machine) -> None:
    [right] = case.glob("right.*")

    drawn = told(source_of(right), machine)

    assert (right.suffix, drawn) == (spec_of(case).suffix, "")
