"""Installing: where it runs, and what of it a change makes run again."""

from __future__ import annotations

import json
from typing import Any

from envc.lock.model import PlatformLock, Python
from envc.lock.package import PipPackage
from envc.plan.instruction import BuildPlan, Mount, Run, Stage
from support.plans import conda_lock, conda_package, pip_lock, plan_of, wheel


def plan(**locks: PlatformLock) -> BuildPlan:
    platforms = {f"linux/{name}": locked for name, locked in locks.items()}
    return plan_of({"environment": "x"}, platforms)


def stages(made: BuildPlan) -> dict[str, Stage]:
    return {stage.name: stage for stage in made.stages}


def listing(made: BuildPlan, path: str) -> dict[str, Any]:
    (file,) = [file for file in made.files if file.path == path]
    data = json.loads(file.content or b"")
    assert isinstance(data, dict)
    return data


def with_tools(locked: PlatformLock, **changes: Any) -> PlatformLock:
    return locked.model_copy(update={"tools": locked.tools.model_copy(update=changes)})


def native(machine: str) -> PipPackage:
    file = f"numpy-1.0-cp312-cp312-manylinux_2_28_{machine}.whl"
    return wheel("numpy", size=1, url=f"https://files.pythonhosted.org/packages/{file}")


def run_of(stage: Stage) -> Run:
    (run,) = [one for one in stage.instructions if isinstance(one, Run)]
    return run


def test_tools_run_on_the_machine_that_builds() -> None:
    made = stages(plan(arm64=pip_lock(wheel("six"))))

    assert made["tools"].platform == "$BUILDPLATFORM"
    assert made["pip-1"] == Stage(
        name="pip-1",
        base="tools",
        comment=made["pip-1"].comment,
        instructions=made["pip-1"].instructions,
    )


def test_the_installers_are_chosen_by_the_machine_that_builds() -> None:
    tools = {"amd64": (wheel("uv"),), "arm64": (wheel("uv", "1.1"),)}

    made = stages(plan(arm64=with_tools(pip_lock(wheel("six")), packages=tools)))

    assert made["tool-wheels"] == Stage(name="tool-wheels", base="tool-wheels-${BUILDARCH}")
    assert {"tool-wheels-amd64", "tool-wheels-arm64"} <= made.keys()


def test_a_tools_image_for_one_platform_is_emulated_only_where_it_is_not_that_of_the_target() -> (
    None
):
    only = with_tools(pip_lock(wheel("six")), packages={"amd64": (wheel("uv"),)})

    own, foreign = stages(plan(amd64=only)), stages(plan(arm64=only))

    assert (own["tools"].platform, foreign["tools"].platform) == (None, "linux/amd64")


def test_platforms_with_other_tools_have_a_stage_each() -> None:
    other = with_tools(pip_lock(wheel("six")), digest="sha256:" + "e" * 64)

    made = stages(plan(amd64=pip_lock(wheel("six")), arm64=other))

    assert made["tools"] == Stage(name="tools", base="tools-${TARGETARCH}")
    assert made["tools-arm64"].base.endswith("e" * 64)
    assert [mount.stage for mount in run_of(made["tools-arm64"]).mounts if mount.stage] == [
        "tool-wheels-arm64"
    ]


def test_a_layer_sees_its_own_artefacts_and_scripts_and_nothing_else() -> None:
    locked = conda_lock(conda_package("zlib"), pip=(wheel("six"),))

    made = stages(plan(amd64=locked))

    assert run_of(made["pip-1"]).mounts == (
        Mount(source="scripts/wheels.py", target="/mnt/envc/wheels.py"),
        Mount(source="scripts/layer.py", target="/mnt/envc/layer.py"),
        Mount(source="scripts/bytecode.py", target="/mnt/envc/bytecode.py"),
        Mount(source="layers/pip-1.json", target="/mnt/layer.json"),
        Mount(stage="wheel-six", source="/", target="/mnt/files/wheel-six"),
    )
    assert run_of(made["conda-1"]).mounts == (
        Mount(source="scripts/conda.py", target="/mnt/envc/conda.py"),
        Mount(source="scripts/layer.py", target="/mnt/envc/layer.py"),
        Mount(source="scripts/bytecode.py", target="/mnt/envc/bytecode.py"),
        Mount(source="layers/conda-1.json", target="/mnt/layer.json"),
        Mount(stage="package-zlib", source="/", target="/mnt/files/package-zlib"),
    )


def test_a_bump_changes_the_stages_of_its_own_layer_alone() -> None:
    heavy = [wheel(name, size=40_000_000) for name in ("numpy", "scipy")]
    before = stages(plan(amd64=pip_lock(*heavy)))
    bumped = wheel("scipy", "1.1", sha256="e" * 64, size=41_000_000)
    after = stages(plan(amd64=pip_lock(heavy[0], bumped)))

    changed = {name for name, stage in after.items() if stage != before.get(name)}
    assert before.keys() == after.keys()
    # The last has the env id as its label.
    assert changed == {"wheel-scipy", "image"}


def test_another_base_changes_no_layer() -> None:
    def layers(locked: PlatformLock) -> list[Stage]:
        made = stages(plan(amd64=locked))
        return [stage for name, stage in made.items() if name.startswith(("pip-", "conda-"))]

    locked = conda_lock(conda_package("zlib"), pip=(wheel("six"),))
    base = locked.base.model_copy(update={"digest": "sha256:" + "e" * 64, "glibc": "2.41"})

    assert layers(locked.model_copy(update={"base": base})) == layers(locked)


def test_a_layer_of_pure_python_is_one_for_all_platforms() -> None:
    made = plan(
        amd64=pip_lock(wheel("six", size=1), native("x86_64")),
        arm64=pip_lock(wheel("six", size=1), native("aarch64")),
    )
    pure = plan(amd64=pip_lock(wheel("six")), arm64=pip_lock(wheel("six")))

    names = ("layers/amd64/pip-1.json", "layers/arm64/pip-1.json")
    assert [listing(made, name)["platform"] for name in names] == [
        "x86_64-manylinux_2_40",
        "aarch64-manylinux_2_40",
    ]
    assert [file.path for file in pure.files if file.path.startswith("layers/")] == [
        "layers/account.json",
        "layers/environment.json",
        "layers/pip-1.json",
    ]
    assert "pip-1-files-amd64" not in stages(pure)


def test_a_python_of_another_series_compiles_by_itself_on_the_target() -> None:
    foreign = with_tools(pip_lock(wheel("six")), python="3.11.2")

    made = stages(plan(amd64=foreign))

    bases = {name: made[name].base for name in ("pip-1-source", "pip-1-code", "pip-1")}
    assert bases == {"pip-1-source": "tools", "pip-1-code": "base", "pip-1": "pip-1-source"}
    assert run_of(made["pip-1-code"]).words == (
        "python3",
        "/mnt/envc/bytecode.py",
        "/mnt/source/tree",
        "/envc/layer/tree",
    )
    assert run_of(made["pip-1"]).words == ("python3", "/mnt/envc/layer.py")
    assert "the platform that the image is for" in made["pip-1-code"].comment


def test_condas_python_of_another_series_brings_what_it_needs_to_compile() -> None:
    packages = (
        conda_package("numpy", size=1),
        conda_package("openssl", size=1),
        conda_package("python", "3.12.7", depends=("openssl >=3", "_missing"), size=1),
    )
    foreign = with_tools(conda_lock(*packages, pip=(wheel("six"),)), python="3.11.2")

    made = plan(arm64=foreign)

    found = stages(made)
    assert (found["interpreter"].base, found["conda-1-code"].base) == ("tools", "base")
    assert run_of(found["pip-1-code"]).words[:2] == (
        "/opt/env/bin/python",
        "/mnt/envc/bytecode.py",
    )
    rows = listing(made, "layers/interpreter.json")["packages"]
    assert [row["file"].partition("-")[0] for row in rows] == ["openssl", "python"]


def test_a_python_without_a_global_lock_has_its_own_byte_code() -> None:
    python = conda_package("python", "3.13.1", "h0_2_cp313t")
    own = Python(version="3.13.1", origin="conda")
    locked = conda_lock(python).model_copy(update={"python": own})

    made = plan(amd64=with_tools(locked, python="3.13.2"))

    assert listing(made, "layers/conda-1.json")["python"] == "3.13t"
    assert "interpreter" in stages(made)
