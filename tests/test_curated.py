"""The curated environments that ship with envc: right, locked for both platforms, and compiled."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from envc import pipeline
from envc.curated import curated, files, folder, is_curated, spec
from envc.errors import UsageError
from envc.lock.model import Lock
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import read_lock

NAMES = ("envc/data-science", "envc/minimal", "envc/scoring", "envc/training-cuda")
PUBLIC = {"conda.anaconda.org", "files.pythonhosted.org", "pypi.org"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(environment={}, cache=tmp_path / "cache", mirrors=MirrorMap())


def lock_of(name: str) -> Lock:
    return read_lock(pipeline.lock_path(spec(name))).variants[""]


def test_each_says_what_it_is_for() -> None:
    assert dict(curated()) == {
        "envc/data-science": "Tables, models and plots, and JupyterLab to work with them.",
        "envc/minimal": "Python and nothing else: where an environment of your own can begin.",
        "envc/scoring": "An HTTP server that scores with a model of scikit-learn. "
        "Put your own model into src/score.py.",
        "envc/training-cuda": "PyTorch for NVIDIA GPUs: what a training job needs, "
        "and nothing of a service.",
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_has_nothing_odd_and_its_own_lock(name: str, machine: Machine) -> None:
    agreed = pipeline.check_lock(spec(name), machine)
    linted = pipeline.lint(pipeline.read(spec(name)), machine, date(2026, 1, 31))

    assert (agreed.warnings, linted.warnings) == ((), ())


@pytest.mark.parametrize("name", NAMES)
def test_each_has_the_name_of_its_folder_and_the_canonical_layout(
    name: str, machine: Machine
) -> None:
    source = pipeline.read(spec(name))

    assert pipeline.check_file(source, machine).environment == folder(name).name
    pipeline.check_source(source, machine)


@pytest.mark.parametrize("name", NAMES)
def test_each_compiles_for_both_platforms(name: str, machine: Machine, tmp_path: Path) -> None:
    compiled = pipeline.compile(spec(name), tmp_path / "out", machine)

    assert sorted(compiled.identity.variants[""].env_ids) == ["linux/amd64", "linux/arm64"]
    assert compiled.warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_lock_names_only_public_addresses(name: str) -> None:
    text = pipeline.lock_path(spec(name)).read_text()

    assert set(re.findall(r"https?://([^/\"]+)", text)) <= PUBLIC


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_the_one_for_training_declares_the_cuda_that_its_wheels_bring(
    platform: str, machine: Machine
) -> None:
    checked = pipeline.check_file(pipeline.read(spec("envc/training-cuda")), machine)
    wheels = lock_of("envc/training-cuda").platforms[platform].pip
    [brought] = (one.version for one in wheels if one.name == "nvidia-cuda-runtime")

    assert checked.variants[""].spec.cuda == ".".join(brought.split(".")[:2])


def test_only_what_an_image_copies_lies_beside_a_spec_and_its_lock() -> None:
    assert {name: files(name) for name in curated()} == {
        "envc/data-science": (),
        "envc/minimal": (),
        "envc/scoring": (Path("src/app.py"), Path("src/score.py")),
        "envc/training-cuda": (),
    }


def test_caches_of_python_are_no_part_of_one() -> None:
    assert all("__pycache__" not in path.parts for name in curated() for path in files(name))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("envc/minimal", True), ("envc/mine", True), ("envc", False), ("team/envc/minimal", False)],
)
def test_the_prefix_is_theirs(name: str, is_one: bool) -> None:
    assert is_curated(name) is is_one


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("envc/minimum", "did you mean `envc/minimal`?"),
        ("envc/", "there are " + ", ".join(f"`{name}`" for name in NAMES)),
        ("envc/../minimal", "did you mean `envc/minimal`?"),
        ("minimal", "did you mean `envc/minimal`?"),
    ],
)
def test_an_unknown_one_is_explained(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        folder(name)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        *("E740", f"there is no curated environment `{name}`"),
        hint,
    )
