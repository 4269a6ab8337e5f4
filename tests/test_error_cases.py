"""Every case of tests/cases/errors: a spec, and what `envc check` prints about it, to the byte."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from envc.diagnostics import draw
from envc.errors import InputError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import check_file, read

UNHONOURED = frozenset({"W290"})
"""What is right, and waits for a later stage."""
CASES = Path(__file__).parent / "cases" / "errors"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the parser's tables, which are the same for all cases."""
    return tmp_path_factory.mktemp("cache")


def complain(path: Path, cache: Path, *, ignored: frozenset[str] = frozenset()) -> str:
    """Return what `envc check` prints in the folder of a spec, without some warnings."""
    machine = Machine(environment={}, cache=cache, mirrors=MirrorMap())
    with contextlib.chdir(path.parent):
        try:
            found = check_file(read(Path(path.name)), machine).warnings
            return draw([warning for warning in found if warning.code not in ignored])
        except InputError as error:
            return str(error)


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_wrong_spec_is_explained(case: Path, tables: Path, update_golden: bool) -> None:
    spec = next(path for path in sorted(case.iterdir()) if path.stem == "spec")
    golden = case / "stderr.txt"

    drawn = complain(spec, tables)
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
def test_a_right_counterpart_has_nothing_wrong(right: Path, tables: Path) -> None:
    [spec] = right.parent.glob("spec.*")

    assert right.suffix == spec.suffix
    code = spec.parent.name.partition("-")[0]
    assert complain(right, tables, ignored=UNHONOURED - {code}) == ""
