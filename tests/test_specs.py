"""The examples in specs/ are goldens too: each compiles from its lock to the committed Dockerfile and ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from envc import pipeline
from envc.machine import Machine
from envc.mirror import MirrorMap

SPECS = Path(__file__).parent.parent / "specs"
WAITING = {
    "pets": ["envc cannot serve a model yet"],
    "training": ["envc cannot train yet"],
}
"""What examples say and no stage honours yet (W290)."""
EXAMPLES = sorted(
    path
    for path in SPECS.glob("*/*")
    if path.suffix in {".envc", ".yaml"} and path.stem == path.parent.name
)


def ids_of(spec: Path, machine: Machine) -> Mapping[str, object]:
    identity = pipeline.identify(spec, machine)
    variants = {
        name: {"spec_id": one.spec_id, "env_ids": dict(one.env_ids)}
        for name, one in identity.variants.items()
    }
    return variants.get("") or {"spec_id": identity.spec_id, "variants": variants}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(environment={}, cache=tmp_path / "cache", mirrors=MirrorMap())


def check_golden(path: Path, actual: str, *, update: bool) -> None:
    if update:
        path.write_text(actual)
    assert path.read_text() == actual


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_right_and_its_lock_is_its_own(spec: Path, machine: Machine) -> None:
    checked = pipeline.check_lock(spec, machine)

    assert [one.message for one in checked.warnings] == WAITING.get(spec.parent.name, [])


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.name)
def test_an_example_compiles_to_its_committed_dockerfile(
    spec: Path, machine: Machine, tmp_path: Path, update_golden: bool
) -> None:
    compiled = pipeline.compile(spec, tmp_path / "out", machine)

    for name, folder in compiled.folders.items():
        golden = spec.parent / name / "Dockerfile"
        golden.parent.mkdir(exist_ok=True)
        check_golden(golden, (folder / "Dockerfile").read_text(), update=update_golden)


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_its_committed_ids(
    spec: Path, machine: Machine, update_golden: bool
) -> None:
    actual = json.dumps(ids_of(spec, machine), indent=2) + "\n"

    check_golden(spec.parent / "ids.json", actual, update=update_golden)


@pytest.mark.parametrize("name", ["numerics", "pets", "service", "training"])
def test_twins_have_equal_ids(name: str, machine: Machine) -> None:
    dsl, yaml = (SPECS / name / f"{name}{suffix}" for suffix in (".envc", ".yaml"))

    assert ids_of(dsl, machine) == ids_of(yaml, machine)


def test_examples_name_only_public_addresses() -> None:
    text = "".join(path.read_text() for path in SPECS.glob("*/*.lock"))

    addresses = {
        part.split("/")[2] for part in text.split('"') if part.startswith(("http:", "https:"))
    }
    assert addresses == {"conda.anaconda.org", "files.pythonhosted.org", "pypi.org"}


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_nothing_odd_that_it_does_not_allow(spec: Path, machine: Machine) -> None:
    checked = pipeline.lint(pipeline.read(spec), machine, date(2026, 1, 31))

    assert [one.message for one in checked.warnings] == WAITING.get(spec.parent.name, [])
