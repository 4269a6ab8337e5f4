"""Steps and what else shapes the image beside its packages: in the Dockerfile, and in the env id."""

from __future__ import annotations

from typing import Any

import pytest

from envc.lock.model import PlatformLock
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.instruction import BuildPlan
from envc.plan.label import CONTRACT
from envc.render.dockerfile import render
from envc.resources import read_templates
from support.plans import BARE, conda_lock, conda_package, pip_lock, plan_of, wheel

RUN = [{"run": "make"}]
_FILES = (ContextFile.of("a.py", b"a"), ContextFile.of("lib/b.py", b"b"))
INPUTS = Inputs(
    trees={
        Selection(path="src/"): Tree(is_folder=True, files=_FILES),
        Selection(path="src/", ignore=("lib/",)): Tree(is_folder=True, files=_FILES[:1]),
        Selection(path="a.py"): Tree(is_folder=False, files=_FILES[:1]),
    }
)


def plan_with(locked: PlatformLock | None = None, **fields: Any) -> BuildPlan:
    data = {"environment": "x", "workdir": "/app", **fields}
    return plan_of(data, {"linux/amd64": locked or pip_lock()}, INPUTS)


def env_id(**fields: Any) -> str:
    return plan_with(**fields).env_ids["linux/amd64"]


def stage_of(name: str, plan: BuildPlan) -> list[str]:
    """Return a stage's lines after its FROM, without envc's own labels."""
    text = render(plan, read_templates()).text
    start = text.index(f" AS {name}\n") + len(f" AS {name}\n")
    return text[start:].partition("LABEL dev.envc")[0].partition("\n\n")[0].splitlines()


def copy(**options: Any) -> list[dict[str, Any]]:
    return [{"copy": {"from": "src/", "to": "/app", **options}}]


def copied(plan: BuildPlan) -> str:
    """Return the script of the only copy step."""
    (line,) = (line for line in stage_of("image", plan) if "copy.sh" in line)
    return line.rpartition('"/bin/sh /mnt/envc/')[2].removesuffix('"]')


def test_build_variables_are_set_for_steps_alone() -> None:
    variables = {"MAKEFLAGS": "-j2", "A": 'b "$C"'}

    lines = stage_of("image", plan_with(build_variables=variables, steps=[*copy(), *RUN]))

    assert lines[:2] == ["COPY --link --from=account /envc/layer/tree/ /", "WORKDIR /app"]
    assert lines[5:] == [
        "# copy src/ to /app",
        "RUN --network=none \\",
        "    --mount=type=bind,source=scripts,target=/mnt/envc \\",
        "    --mount=type=bind,source=files/1,target=/mnt/files \\",
        '    ["/bin/sh", "/mnt/envc/step.sh", "/bin/sh /mnt/envc/copy.sh"]',
        "RUN --network=none \\",
        "    --mount=type=bind,source=scripts,target=/mnt/envc \\",
        '    ["env", "A=b \\"$C\\"", "MAKEFLAGS=-j2", "/bin/sh", "/mnt/envc/step.sh", "make"]',
        "USER 1000:1000",
        'CMD ["python"]',
    ]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({}, "copy.sh"),
        ({"owner": "1000"}, "copy.sh app 1000:1000"),
        ({"owner": "pets"}, "copy.sh app pets"),
        ({"owner": "pets:staff", "mode": "640"}, "copy.sh app pets:staff 0640"),
        ({"mode": "0755"}, "copy.sh app 0:0 0755"),
        ({"from": "a.py", "to": "/my data/", "owner": "1:2"}, "copy.sh 'my data/a.py' 1:2"),
        ({"from": "a.py", "to": "main.py", "owner": "1:2"}, "copy.sh app/main.py 1:2"),
        ({"to": "/", "owner": "1:2"}, "copy.sh . 1:2"),
    ],
)
def test_a_copy_says_what_it_sets_the_owner_and_the_mode_of(
    step: dict[str, str], expected: str
) -> None:
    assert copied(plan_with(steps=copy(**step))) == expected


def test_a_copys_options_are_shown_to_the_reader() -> None:
    lines = stage_of("image", plan_with(steps=copy(owner="1000", mode="640")))

    assert "# copy src/ to /app owner 1000 mode 640" in lines


def test_what_a_copy_ignores_is_not_in_the_context() -> None:
    plan = plan_with(steps=copy(ignore=["lib/"]))

    files = [file.path for file in plan.files if file.path.startswith("files/")]
    assert files == ["files/1/app/a.py"]


def test_steps_before_the_packages_come_before_the_user_in_the_system_stage() -> None:
    plan = plan_with(
        BARE,
        variables={"A": "1"},
        build_variables={"B": "2"},
        before_packages=[*copy(to="etc"), {"run": {"command": "make", "network": True}}],
        user="pets",
    )

    assert stage_of("system", plan) == [
        "ENV A=1",
        "WORKDIR /",
        "# copy src/ to etc",
        "RUN --network=none \\",
        "    --mount=type=bind,source=scripts,target=/mnt/envc \\",
        "    --mount=type=bind,source=files/before-1,target=/mnt/files \\",
        '    ["/bin/sh", "/mnt/envc/step.sh", "/bin/sh /mnt/envc/copy.sh"]',
        "RUN \\",
        "    --mount=type=bind,source=scripts,target=/mnt/envc \\",
        "    --mount=type=secret,id=ca-bundle \\",
        '    ["env", "B=2", "/bin/sh", "/mnt/envc/step.sh", "make"]',
        "RUN --network=none \\",
        '    ["id", "-u", "--", "pets"]',
    ]
    files = [file.path for file in plan.files if file.path.startswith("files/")]
    assert files == ["files/before-1/app/etc/a.py", "files/before-1/app/etc/lib/b.py"]


def test_a_python_of_the_bases_own_is_verified_and_nothing_is_installed() -> None:
    fields = {"python": {"managed": "no"}, "interpreter": "/opt/py/bin/python"}

    plan = plan_with(BARE, steps=RUN, **fields)

    assert [stage.name for stage in plan.stages] == ["base", "system", "image"]
    assert stage_of("image", plan)[-5:] == [
        "USER 1000:1000",
        "# The interpreter that the spec names has to be there, and to work.",
        "RUN --network=none \\",
        '    ["/opt/py/bin/python", "-B", "-c", "import sys; print(sys.version)"]',
        'CMD ["/opt/py/bin/python"]',
    ]


def test_the_declared_cuda_is_a_label() -> None:
    def labels(**fields: Any) -> str:
        text = render(plan_with(**fields), read_templates()).text
        return text[text.index("LABEL dev.envc") :].rpartition("dev.envc.env-id")[0]

    contract = f"LABEL dev.envc.contract={CONTRACT} \\\n      "
    assert labels() == labels(cuda="none") == contract
    assert labels(cuda="12.4") == f"{contract}dev.envc.cuda=12.4 \\\n      "


def test_all_that_shapes_the_image_counts() -> None:
    fields: list[dict[str, Any]] = [
        {},
        {"steps": RUN},
        {"steps": RUN, "build_variables": {"A": "1"}},
        {"steps": RUN, "build_variables": {"A": "2"}},
        {"before_packages": RUN},
        {"before_packages": RUN, "build_variables": {"A": "1"}},
        {"before_packages": [{"run": {"command": "make", "network": True}}]},
        {"before_packages": copy()},
        {"steps": copy()},
        {"steps": copy(owner="1000")},
        {"steps": copy(owner="1000:0")},
        {"steps": copy(mode="644")},
        {"steps": copy(mode="640")},
        {"steps": copy(owner="1000", mode="640")},
        {"steps": copy(ignore=["lib/"])},
        {"interpreter": "/bin/python", "python": {"managed": "no"}},
        {"interpreter": "/usr/bin/python", "python": {"managed": "no"}},
        {"cuda": "12.4"},
        {"cuda": "12.6"},
    ]

    ids = [env_id(**one) for one in fields]

    assert len(set(ids)) == len(ids)


def test_what_steps_before_the_packages_see_counts_though_the_image_says_the_same() -> None:
    marks = {"VIRTUAL_ENV": "/opt/env"}

    assert env_id(variables=marks) == env_id()
    assert env_id(variables=marks, before_packages=copy()) == env_id(before_packages=copy())
    assert env_id(variables=marks, before_packages=RUN) != env_id(before_packages=RUN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"steps": copy(owner="1000")}, {"steps": copy(owner="1000:1000")}),
        ({"steps": copy(mode="640")}, {"steps": copy(mode="0640")}),
        ({"steps": copy()}, {"steps": copy(), "build_variables": {"A": "1"}}),
        ({}, {"cuda": "none"}),
        ({}, {"serve": {"entry": "score.py", "model": "m", "port": "8080", "workers": "2"}}),
        ({}, {"train": {"script": "train.py", "arguments": ["--epochs", "3"], "source": "src"}}),
        ({}, {"runtime": {"arguments": ["--init"], "mounts": [{"from": "cache", "to": "/c"}]}}),
        ({}, {"check": {"run": [{"command": "true", "prints": "x"}]}}),
    ],
)
def test_what_makes_no_difference_to_the_image_does_not_count(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert env_id(**one) == env_id(**other)


def test_the_place_of_a_copy_counts_where_it_has_an_owner() -> None:
    """Folders above it stay root's: the same files may come with other folders."""
    files = (ContextFile.of("lib/a.py", b"a"),)
    inputs = Inputs(
        trees={
            Selection(path="src"): Tree(is_folder=True, files=files),
            Selection(path="src/lib"): Tree(is_folder=True, files=(ContextFile.of("a.py", b"a"),)),
        }
    )

    def ids(**options: str) -> set[str]:
        pairs = (("src", "/app"), ("src/lib", "/app/lib"))
        steps = ([{"copy": {"from": source, "to": to, **options}}] for source, to in pairs)
        data = ({"environment": "x", "steps": step} for step in steps)
        plans = (plan_of(one, {"linux/amd64": pip_lock()}, inputs) for one in data)
        return {plan.env_ids["linux/amd64"] for plan in plans}

    assert (len(ids()), len(ids(owner="1000"))) == (1, 2)


def test_steps_before_the_packages_leave_the_stages_of_packages_as_they_are() -> None:
    locked = conda_lock(conda_package("python"), pip=(wheel("six"),))

    plain = {stage.name: stage for stage in plan_with(locked).stages}
    prepared = {stage.name: stage for stage in plan_with(locked, before_packages=RUN).stages}

    changed = {name for name, stage in prepared.items() if stage != plain.get(name)}
    assert changed == {"system", "outline", "account", "environment", "image"}
