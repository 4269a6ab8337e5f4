"""Programs of another platform: whether the builder runs them is found out before it begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envc.build.emulation import builder_platforms, refuse_foreign
from envc.dockerfile.adapt import adapt
from envc.dockerfile.recipe import read_recipe
from envc.errors import ToolError
from envc.plan.instruction import BuildPlan
from envc.source import Source
from support.plans import pip_lock, plan_of, wheel

BOTH = ["linux/amd64", "linux/arm64"]


def plan(*steps: dict[str, object], tools: str = "") -> BuildPlan:
    locked = pip_lock(wheel("six"))
    if tools:
        changed = locked.tools.model_copy(update={"python": tools})
        locked = locked.model_copy(update={"tools": changed})
    spec = {"environment": "x", "platforms": BOTH, "steps": list(steps)}
    return plan_of(spec, dict.fromkeys(BOTH, locked))


def answer(*platforms: str) -> Callable[[], frozenset[str]]:
    return lambda: frozenset(platforms)


def refuse_to_ask() -> frozenset[str]:
    raise AssertionError("the builder was asked")


def test_a_step_that_cannot_run_is_refused_where_it_stands() -> None:
    with pytest.raises(ToolError) as caught:
        refuse_foreign(
            plan({"run": "true"}), BOTH, own="linux/amd64", ask=answer("linux/amd64", "linux/386")
        )

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message, problem.notes) == (
        "E607",
        "the builder cannot run programs for `linux/arm64`, and this image needs some to run",
        (),
    )
    assert [label.span.text for label in problem.labels] == ["spec"]


def with_base(text: str) -> BuildPlan:
    """Return a plan whose base is built from a Dockerfile."""
    source = Source(name="Dockerfile", text=text)
    recipe = read_recipe(source, platforms=BOTH, target=None, place=None)
    pins = {"docker.io/library/debian:12": "sha256:" + "0" * 64}
    return replace(plan(), preamble=adapt(recipe, pins, reserved=(), has_files=False))


def test_what_a_bases_dockerfile_runs_is_refused_where_it_stands() -> None:
    both = with_base("FROM debian:12\nRUN one\n")
    fixed = with_base(
        "FROM --platform=linux/arm64 debian:12 AS a\nRUN two\nFROM debian:12\nCOPY --from=a / /\n"
    )

    with pytest.raises(ToolError) as foreign:
        refuse_foreign(both, ["linux/arm64"], own="linux/amd64", ask=answer("linux/amd64"))
    with pytest.raises(ToolError) as native:
        refuse_foreign(fixed, ["linux/amd64"], own="linux/amd64", ask=answer("linux/amd64"))
    refuse_foreign(both, ["linux/amd64"], own="linux/amd64", ask=refuse_to_ask)

    for caught, expected in ((foreign, "RUN one"), (native, "RUN two")):
        [problem] = caught.value.diagnostics
        assert problem.code == "E607"
        assert "`linux/arm64`" in problem.message
        assert [label.span.text for label in problem.labels] == [expected]


def test_what_is_no_step_of_the_spec_is_described() -> None:
    with pytest.raises(ToolError) as caught:
        refuse_foreign(
            plan(tools="3.10.1"), ["linux/arm64"], own="linux/amd64", ask=answer("linux/amd64")
        )

    [problem] = caught.value.diagnostics
    assert problem.labels == ()
    assert [note.partition(",")[0] for note in problem.notes] == ["what runs: byte code"]


@pytest.mark.parametrize(
    "able",
    [
        pytest.param(BOTH, id="the builder emulates it, or has a node of that platform"),
        pytest.param([], id="the builder does not tell"),
    ],
)
def test_a_step_that_may_run_is_not_refused(able: list[str]) -> None:
    refuse_foreign(plan({"run": "true"}), BOTH, own="linux/amd64", ask=answer(*able))


@pytest.mark.parametrize(
    ("steps", "platforms"),
    [([], BOTH), ([{"run": "true"}], ["linux/amd64"])],
    ids=["packages are only laid out", "the engine's own platform"],
)
def test_the_builder_is_not_asked_where_nothing_depends_on_it(
    steps: list[dict[str, object]], platforms: list[str]
) -> None:
    refuse_foreign(plan(*steps), platforms, own="linux/amd64", ask=refuse_to_ask)


def write_docker(folder: Path, script: str) -> dict[str, str]:
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}"}


def test_a_builders_platforms_are_those_of_all_its_nodes(tmp_path: Path) -> None:
    script = """\
[ "$*" = "buildx inspect farm" ] || exit 1
echo "Name: farm"
echo "Platforms:        linux/amd64*, linux/amd64/v2"
echo "Platforms: linux/arm64, linux/arm/v7" """

    found = builder_platforms("farm", write_docker(tmp_path, script))

    assert found == {"linux/amd64", "linux/amd64/v2", "linux/arm64", "linux/arm/v7"}


def test_a_builder_that_does_not_tell_has_no_platforms(tmp_path: Path) -> None:
    environment = write_docker(tmp_path, 'echo "ERROR: no builder" >&2; exit 1')

    assert builder_platforms(None, environment) == frozenset()
    assert builder_platforms(None, {"PATH": str(tmp_path / "none")}) == frozenset()
