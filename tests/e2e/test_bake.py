"""Many specs at once, as one plan of bake's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

COUNT = 16


def write_specs(envc: Envc, world: EngineWorld, count: int, extra: str = "") -> list[str]:
    """Write specs that have a step in common, and lock them; nobody has built them yet."""
    common = uuid.uuid4().hex
    names = [f"s{number:02}.envc" for number in range(count)]
    for number, name in enumerate(names):
        envc.write(
            name,
            f'environment s{number}\nbase image "{world.base}"\n{extra}'
            f'run "echo {common} >/etc/zoo"\nvariables {{ NUMBER = "{number}" }}\n',
        )
    envc("lock", *names)
    return names


def test_many_specs_are_built_once_by_one_plan(envc: Envc, world: EngineWorld) -> None:
    names = write_specs(envc, world, COUNT)
    options = ("--repository", envc.repository, "--json")

    first = json.loads(envc("bake", *names, *options).stdout)
    second = json.loads(envc("bake", *names, *options).stdout)

    assert [one["spec"] for one in first["images"]] == names
    assert [one["cached"] for one in first["images"]] == [False] * COUNT
    assert [one["cached"] for one in second["images"]] == [True] * COUNT
    assert len({one["image"] for one in first["images"]}) == COUNT
    assert envc.inside(first["images"][7]["image"], "printenv", "NUMBER") == "7\n"
    assert envc.build(names[7])["digest"] == first["images"][7]["digest"]


def test_what_is_baked_is_recorded_as_what_is_built(
    envc: Envc, world: EngineWorld, tmp_path: Path
) -> None:
    envc.variables["ENVC_HOME"] = str(tmp_path / "home")
    specs = write_specs(envc, world, 2)

    envc("bake", *specs, "--repository", envc.repository)

    history = json.loads(envc("history", "--json").stdout)["history"]
    assert {Path(one["spec"]).name for one in history} == set(specs)
    assert {one["outcome"] for one in history} == {"built"}


def test_what_is_not_baked_is_recorded_with_its_exit_code(
    envc: Envc, world: EngineWorld, tmp_path: Path
) -> None:
    envc.variables["ENVC_HOME"] = str(tmp_path / "home")
    [good] = write_specs(envc, world, 1)
    envc.write("step.envc", f'environment step\nbase image "{world.base}"\nrun "exit 3"\n')
    envc("lock", "step.envc")

    envc("bake", "step.envc", good, "--repository", envc.repository, exit_code=1)

    history = json.loads(envc("history", "--json").stdout)["history"]
    found = {Path(one["spec"]).name: (one["outcome"], one["exit_code"]) for one in history}
    assert found == {"step.envc": ("failed", 1), good: ("built", 0)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_a_signal_cuts_off_is_recorded(
    envc: Envc, world: EngineWorld, tmp_path: Path, number: signal.Signals
) -> None:
    envc.variables["ENVC_HOME"] = str(tmp_path / "home")
    [good, never] = write_specs(envc, world, 2)
    envc.write(
        "long.envc",
        f'environment long\nbase image "{world.base}"\nrun "echo {uuid.uuid4()}; sleep 120"\n',
    )
    envc("lock", "long.envc")
    specs = [good, "long.envc", never]
    words = ["bake", *specs, "--jobs", "1", "--repository", envc.repository, "--json"]
    baking = subprocess.Popen(
        [sys.executable, "-m", "envc", *words],
        cwd=envc.folder,
        env={**os.environ, "ENVC_CACHE": str(envc.cache), **envc.variables},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert baking.stderr is not None
    try:
        said = [next(baking.stderr) for _ in range(3)]
        baking.send_signal(number)
        _, rest = baking.communicate(timeout=60)
    finally:
        baking.kill()

    assert said[2] == "long.envc: builds\n"
    assert (baking.returncode, "failed" in rest) == (128 + number, False)
    history = json.loads(envc("history", "--json").stdout)["history"]
    found = {Path(one["spec"]).name: (one["outcome"], one["exit_code"]) for one in history}
    assert found == {good: ("built", 0), "long.envc": ("failed", 128 + number)}


def test_what_fails_stops_no_other_and_every_variant_is_built(
    envc: Envc, world: EngineWorld
) -> None:
    matrix = (
        'param p = "1"\nlabels { "zoo.p" = "${{ p }}" }\nmatrix {\n    a {}\n    b { p = "2" }\n}\n'
    )
    [good] = write_specs(envc, world, 1, matrix)
    envc.write("step.envc", f'environment step\nbase image "{world.base}"\nrun "exit 3"\n')
    envc.write("word.envc", "environment word\nnonsense 1\n")
    envc("lock", "step.envc")

    done = envc(
        "bake", "word.envc", "step.envc", good, "--repository", envc.repository, exit_code=1
    )

    lines = [line.rpartition(" ")[0] for line in done.stdout.splitlines()]
    assert lines == [f"{good} a", f"{good} b"]
    assert "step.envc: failed (E610)\n" in done.stderr
    assert ' --> step.envc:3:1\n3 | run "exit 3"\n' in done.stderr
    assert "word.envc: failed (E400)\n" in done.stderr
    assert len({line.rpartition(" ")[2] for line in done.stdout.splitlines()}) == 2


def test_the_plan_that_is_written_gives_the_same_images_to_bake_itself(
    envc: Envc, world: EngineWorld
) -> None:
    names = write_specs(envc, world, 2)
    written = json.loads(
        envc("bake", *names, "--plan", "ci", "--repository", envc.repository, "--json").stdout
    )
    subprocess.run(
        ["docker", "buildx", "bake"], cwd=envc.folder / "ci", check=True, capture_output=True
    )
    found = json.loads(envc("bake", *names, "--repository", envc.repository, "--json").stdout)

    assert (written["plan"], written["images"]) == ("ci/docker-bake.json", [])
    assert [one["cached"] for one in found["images"]] == [True, True]


def test_a_plan_of_somebody_else_is_never_replaced(envc: Envc, world: EngineWorld) -> None:
    [name] = write_specs(envc, world, 1)
    other = envc.write("ci/docker-bake.json", '{"group": {"default": {"targets": []}}}')

    done = envc("bake", name, "--plan", "ci", exit_code=2)

    assert "error[E682]: envc did not write the plan `ci/docker-bake.json`\n" in done.stderr
    assert other.read_text() == '{"group": {"default": {"targets": []}}}'
