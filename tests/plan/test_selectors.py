"""What is for one platform only: it is in that platform's stages and id, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from envc.lock.model import PlatformLock
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.instruction import BuildPlan, Copy, Env, Instruction, Run, Stage
from support.plans import BASE, conda_lock, conda_package, pip_lock, plan_of, wheel

AMD64, ARM64 = "linux/amd64", "linux/arm64"
SIX = pip_lock(wheel("six"))
SAME = {AMD64: SIX, ARM64: SIX}
SPEC = {"environment": "pets"}
SRC = Tree(is_folder=True, files=(ContextFile.of("a.py", b"a"),))
INPUTS = Inputs(trees={Selection(path="src"): SRC})


def plan(more: dict[str, Any], locks: dict[str, PlatformLock] | None = None) -> BuildPlan:
    return plan_of({**SPEC, **more}, locks or SAME, INPUTS)


def stages(made: BuildPlan) -> dict[str, Stage]:
    return {stage.name: stage for stage in made.stages}


def run_texts(instructions: tuple[Instruction, ...]) -> list[str]:
    return [one.words[-1] for one in instructions if isinstance(one, Run)]


@pytest.mark.parametrize("key", ["steps", "before-packages"])
def test_a_step_for_one_platform_changes_its_id_only(key: str) -> None:
    before = plan({key: [{"run": "make"}]})
    after = plan({key: [{"run": "make"}, {"run": "make arm", "on": ARM64}]})

    assert after.env_ids[AMD64] == before.env_ids[AMD64]
    assert after.env_ids[ARM64] != before.env_ids[ARM64]


@pytest.mark.parametrize("key", ["variables", "build-variables"])
def test_a_variable_for_one_platform_changes_its_id_only(key: str) -> None:
    steps = [{"run": "make"}]
    before = plan({key: {"A": "1"}, "steps": steps})
    after = plan({key: {"A": "1", "B": {ARM64: "2"}}, "steps": steps})

    assert after.env_ids[AMD64] == before.env_ids[AMD64]
    assert after.env_ids[ARM64] != before.env_ids[ARM64]


def test_the_id_is_that_of_a_spec_that_says_it_for_this_platform_alone() -> None:
    both = plan(
        {
            "variables": {"A": {AMD64: "x", ARM64: "y"}, "B": {ARM64: "z"}},
            "steps": [
                {"run": "make fast", "on": AMD64},
                {"copy": {"from": "src", "to": "/app"}, "on": ARM64},
                {"run": "make"},
            ],
        }
    )
    alone = plan(
        {
            "variables": {"A": "y", "B": "z"},
            "steps": [{"copy": {"from": "src", "to": "/app"}}, {"run": "make"}],
        },
        {ARM64: SIX},
    )

    assert both.env_ids[ARM64] == alone.env_ids[ARM64]


def test_selectors_that_make_no_difference_leave_the_dockerfile_as_it_is() -> None:
    plain = plan({"variables": {"A": "x"}, "steps": [{"run": "make"}]})
    selected = plan({"variables": {"A": {AMD64: "x", ARM64: "x"}}, "steps": [{"run": "make"}]})

    assert selected.stages == plain.stages
    assert selected.env_ids == plain.env_ids
    assert selected.spec_id == plain.spec_id


def test_images_that_differ_are_a_stage_each_and_a_choice() -> None:
    made = stages(
        plan(
            {
                "variables": {"A": {AMD64: "x", ARM64: "y"}},
                "steps": [
                    {"run": "make fast", "on": AMD64},
                    {"run": "make"},
                    {"run": "make slow", "on": ARM64},
                ],
            }
        )
    )

    assert list(made)[-4:] == ["environment", "image-amd64", "image-arm64", "image"]
    assert "runtime" not in made
    assert (made["image-amd64"].base, made["image-arm64"].base) == ("system", "system")
    assert made["image"] == Stage(name="image", base="image-${TARGETARCH}")
    assert run_texts(made["image-amd64"].instructions) == ["make fast", "make"]
    assert run_texts(made["image-arm64"].instructions) == ["make", "make slow"]
    variables = [
        dict(one.variables)["A"]
        for name in ("image-amd64", "image-arm64")
        for one in made[name].instructions
        if isinstance(one, Env)
    ]
    assert variables == ["x", "y"]


def test_systems_that_differ_are_a_stage_each_and_a_choice() -> None:
    made = stages(plan({"before-packages": [{"run": "groupadd pets", "on": ARM64}]}))

    assert made["system"] == Stage(name="system", base="system-${TARGETARCH}")
    assert run_texts(made["system-amd64"].instructions) == []
    assert run_texts(made["system-arm64"].instructions) == ["groupadd pets"]
    assert made["runtime"].base == "system"


def test_a_copy_for_all_platforms_is_in_the_context_once() -> None:
    made = plan(
        {
            "steps": [
                {"copy": {"from": "src", "to": "/fast"}, "on": AMD64},
                {"copy": {"from": "src", "to": "/app"}},
            ]
        }
    )

    files = [file.path for file in made.files if file.path.startswith("files/")]
    assert files == ["files/1/fast/a.py", "files/2/app/a.py"]
    mounts = {
        name: [
            mount.source
            for one in stage.instructions
            if isinstance(one, Run)
            for mount in one.mounts
            if mount.target == "/mnt/files"
        ]
        for name, stage in stages(made).items()
        if name.startswith("image-")
    }
    assert mounts == {"image-amd64": ["files/1", "files/2"], "image-arm64": ["files/2"]}


def test_each_platform_takes_its_python_from_where_it_has_it() -> None:
    locks = {
        AMD64: conda_lock(conda_package("mkl"), pip=(wheel("six"),)),
        ARM64: pip_lock(wheel("six")),
    }
    made = stages(plan({}, locks))

    assert {name: made[name].base for name in ("conda-1", "pip-1")} == {
        "conda-1": "tools",
        "pip-1": "tools",
    }
    assert made["environment"] == Stage(name="environment", base="environment-${TARGETARCH}")
    assert copied(made["image-amd64"]) == ["account", "conda-1", "pip-1", "environment"]
    assert copied(made["image-arm64"]) == ["account", "pip-1", "environment"]


def test_a_platform_has_the_variables_and_the_id_of_its_own_python() -> None:
    locks = {AMD64: conda_lock(conda_package("mkl")), ARM64: pip_lock(wheel("six"))}
    both, alone = plan({}, locks), {name: plan({}, {name: lock}) for name, lock in locks.items()}

    assert both.env_ids == {name: one.env_ids[name] for name, one in alone.items()}
    folders = {
        name: [dict(one.variables) for one in stage.instructions if isinstance(one, Env)]
        for name, stage in stages(both).items()
        if name.startswith("image-")
    }
    assert folders == {
        "image-amd64": [{"CONDA_PREFIX": "/opt/env"}],
        "image-arm64": [{"VIRTUAL_ENV": "/opt/env"}],
    }


def test_a_platform_without_packages_gets_no_layer_of_them() -> None:
    empty = PlatformLock(base=BASE, tools=SIX.tools.model_copy(update={"packages": {}}))
    made = plan({}, {AMD64: SIX, ARM64: empty})
    alone = plan({}, {ARM64: empty})

    assert made.env_ids[ARM64] == alone.env_ids[ARM64]
    assert copied(stages(made)["image-amd64"]) == ["account", "pip-1", "environment"]
    assert copied(stages(made)["image-arm64"]) == []
    assert [file.path for file in made.files if "arm64" in file.path] == []


def copied(stage: Stage) -> list[str | None]:
    return [one.stage for one in stage.instructions if isinstance(one, Copy)]


def test_local_wheels_of_one_name_are_kept_apart() -> None:
    paths = {AMD64: "amd64/six-1.0-py3-none-any.whl", ARM64: "arm64/six-1.0-py3-none-any.whl"}
    shared = wheel("pets", size=1, url=None, index=None, path="pets-1.0-py3-none-any.whl")
    locks = {
        name: pip_lock(shared, wheel("six", size=1, url=None, index=None, path=path))
        for name, path in paths.items()
    }
    files = {
        path: ContextFile(
            path=path.rpartition("/")[2], sha256="0" * 64, origin_path=f"/spec/{path}"
        )
        for path in (*paths.values(), "pets-1.0-py3-none-any.whl")
    }

    made = plan_of(SPEC, locks, Inputs(wheels=files))

    assert {file.path: file.origin_path for file in made.files if file.origin_path} == {
        "wheels/pets-1.0-py3-none-any.whl": "/spec/pets-1.0-py3-none-any.whl",
        "wheels/amd64/six-1.0-py3-none-any.whl": "/spec/amd64/six-1.0-py3-none-any.whl",
        "wheels/arm64/six-1.0-py3-none-any.whl": "/spec/arm64/six-1.0-py3-none-any.whl",
    }
    assert {
        name: stage.instructions
        for name, stage in stages(made).items()
        if name.startswith("wheel-")
    } == {
        "wheel-pets": (Copy(source="wheels/pets-1.0-py3-none-any.whl", to="/"),),
        "wheel-six-amd64": (Copy(source="wheels/amd64/six-1.0-py3-none-any.whl", to="/"),),
        "wheel-six-arm64": (Copy(source="wheels/arm64/six-1.0-py3-none-any.whl", to="/"),),
    }
    seen = {
        architecture: [
            mount.stage
            for run in stages(made)[f"pip-1-{architecture}"].instructions
            if isinstance(run, Run)
            for mount in run.mounts
            if mount.stage is not None
        ]
        for architecture in ("amd64", "arm64")
    }
    assert seen == {
        "amd64": ["wheel-pets", "wheel-six-amd64"],
        "arm64": ["wheel-pets", "wheel-six-arm64"],
    }
