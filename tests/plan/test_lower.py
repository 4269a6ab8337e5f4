"""Lowering: which stages a lock needs, in which order, and what they read."""

from __future__ import annotations

import json

import pytest

from envc.lock.model import PlatformLock
from envc.mirror import MirrorMap
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.instruction import Add, BuildPlan, Copy, Env, Run, Stage
from envc.plan.lower import FILE_TIME
from envc.resources import read_scripts
from support.plans import conda_lock, conda_package, pip_lock, plan_of, wheel


def foreign(locked: PlatformLock) -> PlatformLock:
    """Return a lock whose tools have a Python of another series than the environment's."""
    tools = locked.tools.model_copy(update={"python": "3.10.1"})
    return locked.model_copy(update={"tools": tools})


def stage_names(*locks: PlatformLock) -> list[str]:
    platforms = dict(zip(("linux/amd64", "linux/arm64"), locks, strict=False))
    return [stage.name for stage in plan_of({"environment": "x"}, platforms).stages]


def test_wheels_alone_are_installed_beside_the_bases_python() -> None:
    expected = [
        "base", "tool-wheels", "tools", "wheel-six", "pip-1", "system", "account", "environment",
        "image",
    ]  # fmt: skip

    assert stage_names(pip_lock(wheel("six"))) == expected


def test_a_virtual_environment_without_wheels_is_the_layers_that_no_package_brings() -> None:
    expected = ["base", "tool-wheels", "tools", "system", "account", "environment", "image"]

    assert stage_names(pip_lock()) == expected


def test_conda_packages_alone_need_no_wheels() -> None:
    expected = [
        "base", "tool-wheels", "tools", "package-zlib", "conda-1", "system", "account",
        "environment", "image",
    ]  # fmt: skip

    assert stage_names(conda_lock(conda_package("zlib"))) == expected


def test_wheels_go_on_top_of_conda() -> None:
    locked = conda_lock(conda_package("python"), pip=(wheel("six"),))

    plan = plan_of({"environment": "x"}, {"linux/amd64": locked})

    assert [c.stage for c in plan.stages[-1].instructions if isinstance(c, Copy)] == [
        "account",
        "conda-1",
        "pip-1",
        "environment",
    ]


def test_platforms_that_differ_get_a_stage_each_and_a_choice() -> None:
    names = stage_names(pip_lock(wheel("six")), pip_lock(wheel("idna")))

    assert [name for name in names if name.startswith(("wheel-", "pip-"))] == [
        "wheel-idna",
        "wheel-six",
        "pip-1-amd64",
        "pip-1-arm64",
        "pip-1",
    ]
    assert names[-5:] == ["environment", "runtime", "image-amd64", "image-arm64", "image"]


@pytest.mark.parametrize(
    "locks",
    [
        [pip_lock()],
        [pip_lock(wheel("six"))],
        [conda_lock(conda_package("zlib"), pip=(wheel("six"),))],
        [pip_lock(wheel("six")), pip_lock()],
        [
            foreign(pip_lock(wheel("six"))),
            foreign(conda_lock(conda_package("python"), pip=(wheel("six"),))),
        ],
        [pip_lock(wheel("six")), foreign(pip_lock(wheel("six")))],
        [conda_lock(conda_package("zlib")), conda_lock(conda_package("xz"), pip=(wheel("six"),))],
    ],
)
def test_every_stage_comes_after_those_it_uses(locks: list[PlatformLock]) -> None:
    platforms = dict(zip(("linux/amd64", "linux/arm64"), locks, strict=False))
    plan = plan_of({"environment": "x"}, platforms)

    known: set[str] = set()
    for stage in plan.stages:
        for used in used_stages(plan, stage.name):
            chosen = used.replace("${TARGETARCH}", "amd64").replace("${BUILDARCH}", "amd64")
            assert chosen in known, (stage.name, used)
        known.add(stage.name)


def used_stages(plan: BuildPlan, name: str) -> set[str]:
    stage = next(stage for stage in plan.stages if stage.name == name)
    used = {stage.base} if "@" not in stage.base and stage.base != "scratch" else set()
    for instruction in stage.instructions:
        if isinstance(instruction, Copy) and instruction.stage is not None:
            used.add(instruction.stage)
        if isinstance(instruction, Run):
            used |= {mount.stage for mount in instruction.mounts if mount.stage is not None}
    return used


def test_a_mirror_takes_the_place_of_an_address() -> None:
    mirrors = MirrorMap((("https://files.pythonhosted.org", "http://mirror/files"),))

    plan = plan_of({"environment": "x"}, {"linux/amd64": pip_lock(wheel("six"))}, mirrors=mirrors)

    urls = [i.url for stage in plan.stages for i in stage.instructions if isinstance(i, Add)]
    assert urls == [
        "http://mirror/files/packages/uv-0.9.0-py3-none-any.whl",
        "http://mirror/files/packages/six-1.0-py3-none-any.whl",
    ]


def test_an_escaped_address_gets_the_files_true_name() -> None:
    torch = wheel("torch", url="https://example.com/torch-2.0%2Bcpu-py3-none-any.whl")

    plan = plan_of({"environment": "x"}, {"linux/amd64": pip_lock(torch)})

    adds = [i for stage in plan.stages for i in stage.instructions if isinstance(i, Add)]
    assert adds[-1].to == "/torch-2.0+cpu-py3-none-any.whl"


def added(plan: BuildPlan, word: str) -> list[str]:
    """Return the addresses that the stages whose names begin so add."""
    stages = [stage for stage in plan.stages if stage.name.startswith(word)]
    return [i.url for stage in stages for i in stage.instructions if isinstance(i, Add)]


def shown(stage: Stage) -> list[str]:
    """Return which other stages the steps of a stage see."""
    runs = [i for i in stage.instructions if isinstance(i, Run)]
    return [mount.stage for run in runs for mount in run.mounts if mount.stage is not None]


def test_the_secret_of_an_index_is_for_files_of_its_own_host() -> None:
    index = "https://pypi.example.com/simple"
    pets = wheel(
        "pets", size=1, index=index, url="https://pypi.example.com/pets-1.0-py3-none-any.whl"
    )
    elsewhere = wheel("toys", size=1, index=index)
    locked = pip_lock(wheel("six", size=1), pets, elsewhere)
    pip = {"indexes": [{"url": index, "secret": "PETS_TOKEN"}], "packages": ["pets", "six"]}

    plan = plan_of({"environment": "x", "pip": pip}, {"linux/amd64": locked})

    stages = {stage.name: stage for stage in plan.stages}
    (run,) = stages["pip-1-private"].instructions
    assert isinstance(run, Run)
    assert [(secret.name, secret.required) for secret in run.secrets] == [
        ("PETS_TOKEN", True),
        ("ca-bundle", False),
    ]
    assert added(plan, "wheel-") == [wheel("six").url, elsewhere.url]
    assert shown(stages["pip-1"]) == ["wheel-six", "wheel-toys", "pip-1-private"]
    assert plan.secrets == ("PETS_TOKEN",)


def test_the_secret_of_a_page_of_links_is_for_files_of_its_own_host() -> None:
    page = "https://wheels.example.com/links/"
    pip = {"find-links": [{"url": page, "secret": "WHEELS_TOKEN"}], "packages": ["pets", "six"]}
    pets = wheel(
        "pets", size=1, index=page, url="https://wheels.example.com/pets-1.0-py3-none-any.whl"
    )
    elsewhere = wheel("six", size=1, index=page)

    plan = plan_of({"environment": "x", "pip": pip}, {"linux/amd64": pip_lock(pets, elsewhere)})

    stages = {stage.name: stage for stage in plan.stages}
    assert "pip-1-private" in stages
    assert added(plan, "wheel-") == [elsewhere.url]
    assert plan.secrets == ("WHEELS_TOKEN",)


def test_the_secret_of_a_channel_is_for_packages_of_its_own_host() -> None:
    channel = "https://conda.example.com/pets"
    pets = conda_package(
        "pets", size=1, channel=channel, url=f"{channel}/linux-64/pets-1.0-0.conda"
    )
    elsewhere = conda_package("toys", size=1, channel=channel)
    locked = conda_lock(conda_package("python", size=1), pets, elsewhere)
    channels = [{"channel": f"{channel}/", "secret": "PETS_TOKEN"}, "conda-forge"]
    spec = {"environment": "x", "channels": channels, "conda": ["pets", "python", "toys"]}

    plan = plan_of(spec, {"linux/amd64": locked})

    stages = {stage.name: stage for stage in plan.stages}
    (run,) = stages["conda-1-private"].instructions
    assert isinstance(run, Run)
    assert [(secret.name, secret.required) for secret in run.secrets] == [
        ("PETS_TOKEN", True),
        ("ca-bundle", False),
    ]
    assert added(plan, "package-") == [conda_package("python").url, elsewhere.url]
    assert shown(stages["conda-1"]) == ["package-python", "package-toys", "conda-1-private"]
    files = {file.path: file for file in plan.files}
    assert json.loads(files["layers/conda-1-private.json"].content or b"") == [
        {
            "file": "pets-1.0-0.conda",
            "from": "channel",
            "secret": "PETS_TOKEN",
            "sha256": pets.sha256,
            "url": pets.url,
        }
    ]
    assert plan.secrets == ("PETS_TOKEN",)


def test_a_secret_that_no_wheel_needs_is_not_asked_for() -> None:
    index = {"url": "https://pypi.example.com/simple", "secret": "PETS_TOKEN"}
    pip = {"indexes": [index, {"url": "https://pypi.org/simple"}], "packages": ["six"]}

    plan = plan_of({"environment": "x", "pip": pip}, {"linux/amd64": pip_lock(wheel("six"))})

    assert plan.secrets == ()


@pytest.mark.parametrize(
    ("to", "is_folder", "expected"),
    [
        ("/app", True, "files/1/app/a.py"),
        ("/app/", True, "files/1/app/a.py"),
        ("app", True, "files/1/srv/app/a.py"),
        (".", True, "files/1/srv/a.py"),
        ("/app/", False, "files/1/app/a.py"),
        ("/app/main.py", False, "files/1/app/main.py"),
        ("main.py", False, "files/1/srv/main.py"),
        (".", False, "files/1/srv/a.py"),
        ("/a/../b/", False, "files/1/b/a.py"),
    ],
)
def test_copied_files_go_where_dockers_copy_puts_them(
    to: str, is_folder: bool, expected: str
) -> None:
    tree = Tree(is_folder=is_folder, files=(ContextFile.of("a.py", b""),))
    inputs = Inputs(trees={Selection(path="x"): tree})
    data = {"environment": "x", "workdir": "/srv", "steps": [{"copy": {"from": "x", "to": to}}]}

    plan = plan_of(data, {"linux/amd64": pip_lock()}, inputs)

    assert [file.path for file in plan.files if file.path.startswith("files/")] == [expected]


def test_the_images_time_is_that_of_the_newest_conda_package() -> None:
    old, new = (
        conda_package("a", timestamp=1_000_000),
        conda_package("b", timestamp=1_700_000_000_123),
    )

    plan = plan_of({"environment": "x"}, {"linux/amd64": conda_lock(old, new)})

    assert plan.epochs == {"linux/amd64": 1_700_000_000}


def test_only_the_scripts_that_a_build_runs_are_in_its_context() -> None:
    plan = plan_of({"environment": "x"}, {"linux/amd64": pip_lock(wheel("six"))})

    assert [file.path for file in plan.files if file.path.startswith("scripts/")] == [
        "scripts/account.py",
        "scripts/assemble.py",
        "scripts/base.py",
        "scripts/bytecode.py",
        "scripts/layer.py",
        "scripts/tools.py",
        "scripts/wheels.py",
    ]


def test_a_step_that_names_a_file_like_a_script_brings_none() -> None:
    def scripts(data: dict[str, object]) -> list[str]:
        plan = plan_of({"environment": "x", **data}, {"linux/amd64": pip_lock()})
        return [file.path for file in plan.files]

    plain = scripts({"steps": [{"run": {"command": "true"}}]})
    assert scripts({"steps": [{"run": {"command": "python /app/conda.py"}}]}) == plain


def test_every_part_of_the_build_has_the_same_time() -> None:
    scripts = read_scripts()

    assert f"file_time={FILE_TIME}\n".encode() in scripts["step.sh"]
    assert f"FILE_TIME = {FILE_TIME} ".encode() in scripts["layer.py"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Env(variables=(("VIRTUAL_ENV", "/opt/env"),), path="/opt/env/bin")),
        (
            {"PATH": "/usr/bin"},
            Env(variables=(("PATH", "/opt/env/bin:/usr/bin"), ("VIRTUAL_ENV", "/opt/env"))),
        ),
    ],
)
def test_the_environments_programs_come_first(variables: dict[str, str], expected: Env) -> None:
    plan = plan_of({"environment": "x", "variables": variables}, {"linux/amd64": pip_lock()})

    assert [one for one in plan.stages[-1].instructions if isinstance(one, Env)] == [expected]


def test_a_base_without_a_tag_gets_none() -> None:
    base = pip_lock().base.model_copy(update={"image": "docker.io/team/base"})
    plan = plan_of(
        {"environment": "pets"}, {"linux/amd64": pip_lock().model_copy(update={"base": base})}
    )

    assert plan.stages[0].base == f"team/base@{base.digest}"
