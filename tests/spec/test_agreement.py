"""What must agree between the values of a spec: all of it is compared, and nothing that does."""

from __future__ import annotations

from typing import Any

import pytest

from support.documents import problems

BOTH = ["linux/amd64", "linux/arm64"]


def codes(**fields: Any) -> list[tuple[str, str]]:
    return [(code, place) for code, place, _ in problems({"environment": "pets", **fields})]


def on(platform: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "on": platform}


@pytest.mark.parametrize(
    "fields",
    [
        {"conda": [on("linux/arm64", package="zlib")]},
        {"conda": {"packages": [on("linux/arm64", package="zlib")]}},
        {"pip": [on("linux/arm64", package="six")]},
        {"pip": {"packages": [on("linux/arm64", package="six")]}},
        {"pip": {"wheels": [on("linux/arm64", wheel="a-1-py3-none-any.whl")]}},
        {"pip": {"sources": [on("linux/arm64", source="a")]}},
        {"system": [on("linux/arm64", package="git")]},
        {"system": {"packages": [on("linux/arm64", package="git")]}},
        {"steps": [on("linux/arm64", run="make")]},
        {"before-packages": [on("linux/arm64", copy={"from": "a", "to": "b"})]},
        {"variables": {"A": {"linux/arm64": "x"}}},
        {"build-variables": {"A": {"linux/arm64": "x"}}},
    ],
)
def test_what_is_for_a_platform_needs_that_platform(fields: dict[str, Any]) -> None:
    wanted = [("E253", '"linux/arm64"')]

    assert codes(**fields) == wanted
    assert codes(platforms=["linux/amd64"], **fields) == wanted
    assert codes(platforms=BOTH, **fields) == []


@pytest.mark.parametrize(
    ("platforms", "selector", "found"),
    [
        (["linux/amd64"], "linux", [("E207", '"linux"')]),
        (["linux/amd46"], "linux/arm64", [("E207", '"linux/amd46"')]),
    ],
)
def test_a_platform_that_is_none_is_only_said_to_be_none(
    platforms: list[str], selector: str, found: list[tuple[str, str]]
) -> None:
    assert codes(platforms=platforms, steps=[on(selector, run="make")]) == found


@pytest.mark.parametrize(
    ("packages", "found"),
    [
        ([on(BOTH[0], package="six"), on(BOTH[1], package="six >=1")], []),
        ([on(BOTH[0], package="six"), on(BOTH[0], package="six >=1")], ["E233"]),
        (["six", on(BOTH[1], package="Six >=1")], ["E233"]),
        ([on(BOTH[1], package="six"), {"package": "six"}], ["E233"]),
        ([on(BOTH[0], package="six"), on(BOTH[1], package="six"), "six <2"], ["E233"]),
    ],
)
def test_one_package_may_be_listed_once_for_each_platform(
    packages: list[Any], found: list[str]
) -> None:
    for block in ("conda", "pip", "system"):
        listed = packages if block != "system" else [_as_debian(one) for one in packages]
        told = codes(platforms=BOTH, **{block: listed})

        assert [code for code, _ in told] == found


def _as_debian(entry: Any) -> Any:
    if isinstance(entry, str):
        return entry.split()[0].lower()
    return {**entry, "package": entry["package"].split()[0].lower()}


def test_a_wheel_may_be_listed_once_for_each_platform() -> None:
    wheels = [on(platform, wheel="a-1-py3-none-any.whl") for platform in BOTH]

    assert codes(platforms=BOTH, pip={"wheels": wheels}) == []
    assert codes(platforms=BOTH, pip={"wheels": [*wheels, "./a-1-py3-none-any.whl"]}) == [
        ("E208", '"./a-1-py3-none-any.whl"')
    ]


@pytest.mark.parametrize(
    ("cuda", "provided", "agrees"),
    [
        ("12.4", "12.4", True),
        ("12.4", "11.8", False),
        ("none", "12.4", False),
        ("cu124", "12.4", None),
    ],
)
def test_cuda_is_said_in_one_place(cuda: str, provided: str, agrees: bool | None) -> None:
    found = codes(cuda=cuda, **{"virtual-packages": {"__cuda": provided}})

    assert [code for code, _ in found] == {True: [], False: ["E257"], None: ["E255"]}[agrees]


BASE = {"image": "debian:12"}
UNMANAGED: dict[str, Any] = {
    "base": BASE,
    "python": {"managed": "no"},
    "interpreter": "/usr/bin/python3",
}


def test_a_python_that_is_not_managed_has_its_interpreter_in_a_base() -> None:
    assert codes(**UNMANAGED) == []
    assert codes(**UNMANAGED, pip={"indexes": [{"url": "https://a.example/simple"}]}) == []
    assert codes(base=BASE, interpreter="/usr/bin/python3") == [("E259", '"interpreter"')]
    assert codes(base=BASE, python={"managed": "no"}) == [("E259", '{ "managed": "no"}')]
    assert codes(python={"managed": "false"}, interpreter="/a") == [
        ("E259", '{ "managed": "false"}')
    ]
    assert codes(python={"managed": "yes"}, interpreter="/a") == [("E259", '"yes"')]


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        ("conda", {"conda": ["zlib"]}),
        ("pip", {"pip": ["six"]}),
        ("pip", {"pip": {"wheels": ["a-1-py3-none-any.whl"]}}),
        ("pip", {"pip": {"sources": ["a"]}}),
        ("system", {"system": [{"package": "git"}]}),
    ],
)
def test_a_python_that_is_not_managed_gets_no_packages(block: str, fields: dict[str, Any]) -> None:
    assert codes(**UNMANAGED, **fields) == [("E259", f'"{block}"')]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--init", "--privileged"], []),
        (["--env=A=1", "--env=B=1"], []),
        (["--env=A=1", "--env=A=1"], ["E208"]),
        (["--memory=1g", "--memory=2g"], ["E208"]),
        (["--init", "--init"], ["E208"]),
        (["--what", "--what"], ["E269", "E269"]),
    ],
)
def test_an_argument_is_given_once_unless_several_are_used_together(
    arguments: list[str], found: list[str]
) -> None:
    assert [code for code, _ in codes(runtime={"arguments": arguments})] == found


@pytest.mark.parametrize(
    ("field", "texts", "found"),
    [
        ("constraints", ["six <2", "Six >=1"], ["E233"]),
        ("constraints", ["six <2; os_name == 'nt'", "six <3; os_name != 'nt'"], []),
        ("constraints", ["six"], ["E264"]),
        ("constraints", ["six[a] <2"], ["E264"]),
        ("constraints", ["six=1"], ["E231"]),
        ("overrides", ["six"], []),
        ("overrides", ["six ==1.*", "six"], ["E233"]),
        ("overrides", ["six @ https://a.example/six-1-py3-none-any.whl"], ["E264"]),
    ],
)
def test_constraints_and_overrides_of_pip_are_plain_requirements(
    field: str, texts: list[str], found: list[str]
) -> None:
    assert [code for code, _ in codes(pip={field: texts})] == found


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["numpy <2", "scipy * *mkl*", "zlib[build_number=1]"], []),
        (["numpy <2", "NumPy >=1"], ["E233"]),
        (["numpy"], ["E264"]),
        (["numpy =<2"], ["E230"]),
    ],
)
def test_constraints_of_conda_are_matchspecs_that_constrain(
    texts: list[str], found: list[str]
) -> None:
    assert [code for code, _ in codes(conda={"constraints": texts})] == found
