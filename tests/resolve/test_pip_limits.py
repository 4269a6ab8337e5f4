"""Constraints, overrides and dates: both pip solvers honour them alike, or say that they cannot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from envc.errors import EnvcError
from envc.resolve.base import Conflict, IndexAccess, PipRequest, PipResolution
from envc.resolve.pip.pip_tools import PipTools
from envc.resolve.pip.uv import Uv
from support.index import Dist, IndexServer
from support.pip_world import MACHINE, ask, local_wheel, silent, solvers

A10 = Dist(name="a", version="1.0", requires=("b",))
B10, B20 = Dist(name="b", version="1.0"), Dist(name="b", version="2.0")
each_solver = pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])


def _pins(folder: Path, number: int, request: PipRequest) -> list[str]:
    answer = solvers(folder)[number].resolve(request, silent)
    assert isinstance(answer, PipResolution)
    return [f"{package.name} {package.version}" for package in answer.packages]


def _conflict(folder: Path, number: int, request: PipRequest) -> Conflict:
    answer = solvers(folder)[number].resolve(request, silent)
    assert isinstance(answer, Conflict)
    return answer


def _problems(folder: Path, number: int, request: PipRequest) -> list[tuple[str, str, list[str]]]:
    with pytest.raises(EnvcError) as caught:
        solvers(folder)[number].resolve(request, silent)
    return [
        (one.code, one.message, [label.span.text for label in one.labels])
        for one in caught.value.diagnostics
    ]


@each_solver
@pytest.mark.parametrize(
    ("constraints", "pins"),
    [
        (["b<2"], ["a 1.0", "b 1.0"]),
        (["c<2"], ["a 1.0", "b 2.0"]),
        (["B==1.0"], ["a 1.0", "b 1.0"]),
        (["b<2 ; sys_platform == 'win32'"], ["a 1.0", "b 2.0"]),
        (["b<2", "b>=1"], ["a 1.0", "b 1.0"]),
    ],
    ids=" and ".join,
)
def test_a_constraint_holds_for_what_is_installed_and_installs_nothing(
    constraints: list[str], pins: list[str], number: int, tmp_path: Path
) -> None:
    with IndexServer([A10, B10, B20, Dist(name="c", version="1.0")]) as index:
        assert _pins(tmp_path, number, ask("a", index=index, constraints=constraints)) == pins


@each_solver
def test_a_conflict_with_a_constraint_shows_its_line(number: int, tmp_path: Path) -> None:
    top = Dist(name="top", version="1.0", requires=("b>=2",))
    with IndexServer([top, B10, B20]) as index:
        found = _conflict(tmp_path, number, ask("top", index=index, constraints=["b<2"]))

    assert [cause.text for cause in found.causes] == ["top", "b<2"]
    assert found.message == "`top` and `b<2` cannot be satisfied together"


@each_solver
@pytest.mark.parametrize("kind", ["constraints", "overrides"])
def test_what_conda_provides_cannot_be_limited_away(kind: str, number: int, tmp_path: Path) -> None:
    limits = {"constraints": ["b<2"]} if kind == "constraints" else {"overrides": ["b<2"]}
    with IndexServer([A10, B10]) as index:
        request = ask("a", index=index, provided={"b": "2.0"}, **limits)  # type: ignore[arg-type]
        if kind == "overrides" and number == 1:
            assert [code for code, _, _ in _problems(tmp_path, number, request)] == ["E332"]
            return
        found = _conflict(tmp_path, number, request)

    assert (found.message, [cause.text for cause in found.causes]) == (
        "`b<2` cannot be satisfied: Conda provides `b` 2.0",
        ["b<2"],
    )


@pytest.mark.parametrize(
    ("requirements", "overrides", "pins"),
    [
        (["top"], ["b==1.0"], ["b 1.0", "top 1.0"]),
        (["top", "b>=2"], ["b==1.0"], ["b 1.0", "top 1.0"]),
        (["top"], ["b==1.0 ; sys_platform == 'win32'"], ["b 2.0", "top 1.0"]),
        (["a"], ["c==1.0"], ["a 1.0", "b 2.0"]),
        (["x[fast]>=2"], ["x==1.0"], ["b 2.0", "x 1.0"]),
    ],
)
def test_an_override_stands_for_all_that_is_asked_of_its_distribution(
    requirements: list[str], overrides: list[str], pins: list[str], tmp_path: Path
) -> None:
    dists = [
        A10,
        B10,
        B20,
        Dist(name="top", version="1.0", requires=("b>=2",)),
        Dist(name="x", version="1.0", extras={"fast": ("b",)}),
    ]
    with IndexServer(dists) as index:
        assert _pins(tmp_path, 0, ask(*requirements, index=index, overrides=overrides)) == pins


def test_an_override_lets_others_do_with_what_conda_provides(tmp_path: Path) -> None:
    top = Dist(name="top", version="1.0", requires=("b>=2",))
    with IndexServer([top, B10, B20]) as index:
        request = ask("top", index=index, provided={"b": "1.0"}, overrides=["b<2"])

        assert _pins(tmp_path, 0, request) == ["top 1.0"]


def test_an_override_lets_others_do_with_a_local_wheel(tmp_path: Path) -> None:
    top = Dist(name="top", version="1.0", requires=("b>=2",))
    with IndexServer([top, B20]) as index:
        request = ask("top", index=index, wheels=[local_wheel(tmp_path, B10)], overrides=["b==1.0"])

        assert _pins(tmp_path, 0, request) == ["b 1.0", "top 1.0"]


def test_a_conflict_with_an_override_shows_its_line(tmp_path: Path) -> None:
    with IndexServer([A10, B10]) as index:
        found = _conflict(tmp_path, 0, ask("a", index=index, overrides=["b==7"]))

    assert [cause.text for cause in found.causes] == ["a", "b==7"]


def test_pip_tools_refuses_overrides_where_they_are_written(tmp_path: Path) -> None:
    with IndexServer([A10, B10]) as index:
        request = ask("a", index=index, overrides=["b==1.0", "c==1.0"])

        assert _problems(tmp_path, 1, request) == [
            ("E332", "`pip-tools` knows no overrides", ["b==1.0"]),
            ("E332", "`pip-tools` knows no overrides", ["c==1.0"]),
        ]


BEFORE = "2026-02-01T00:00:00+00:00"


def _dated(version: str, uploaded: str | None, *requires: str) -> Dist:
    return Dist(name="a", version=version, uploaded=uploaded, requires=requires)


@each_solver
@pytest.mark.parametrize("form", ["html", "json"])
def test_what_came_at_the_moment_or_later_does_not_exist(
    form: str, number: int, tmp_path: Path
) -> None:
    dists = [
        _dated("1.0", "2025-01-01T00:00:00Z"),
        _dated("2.0", "2026-01-31T23:59:59.999Z"),
        _dated("3.0", "2026-02-01T00:00:00Z"),
        _dated("4.0", "2027-01-01T00:00:00.123456Z"),
        _dated("5.0", None),
    ]
    with IndexServer(dists, form="html" if form == "html" else "json") as index:
        assert _pins(tmp_path, number, ask("a", index=index, before=BEFORE)) == ["a 2.0"]


@each_solver
def test_a_wheel_that_came_later_to_an_old_version_is_not_taken(
    number: int, tmp_path: Path
) -> None:
    tag = f"cp37-abi3-manylinux_2_17_{MACHINE}"
    old = _dated("1.0", "2025-01-01T00:00:00Z")
    late = Dist(name="a", version="1.0", tags=(tag,), uploaded="2026-03-01T00:00:00Z")
    with IndexServer([old, late]) as index:
        answer = solvers(tmp_path)[number].resolve(ask("a", index=index, before=BEFORE), silent)

    assert isinstance(answer, PipResolution)
    assert [package.filename for package in answer.packages] == ["a-1.0-py3-none-any.whl"]


@each_solver
@pytest.mark.parametrize(
    ("dists", "asked", "message"),
    [
        (
            [_dated("1.0", "2026-03-01T00:00:00Z")],
            "a",
            "`a` came to `{index}` after `exclude-newer`",
        ),
        (
            [_dated("1.0", "2025-01-01T00:00:00Z"), _dated("2.0", "2026-03-01T00:00:00Z")],
            "a>=2",
            "`a>=2` came to `{index}` after `exclude-newer`",
        ),
        (
            [_dated("1.0", None)],
            "a",
            "index `{index}` does not say when it got `a`, and `exclude-newer` needs that",
        ),
    ],
)
def test_a_requirement_that_only_hidden_files_fit_says_so(
    dists: Sequence[Dist], asked: str, message: str, number: int, tmp_path: Path
) -> None:
    with IndexServer(dists) as index:
        [found] = _problems(tmp_path, number, ask(asked, index=index, before=BEFORE))

        code = "E333" if "does not say" in message else "E334"
        assert found == (code, message.format(index=index.url), [asked, BEFORE])


@each_solver
def test_a_dependency_that_only_hidden_files_fit_says_so(number: int, tmp_path: Path) -> None:
    dists = [
        _dated("1.0", "2025-01-01T00:00:00Z", "b>=2"),
        Dist(name="b", version="1.0", uploaded="2025-01-01T00:00:00Z"),
        Dist(name="b", version="2.0", uploaded="2026-03-01T00:00:00Z"),
    ]
    with IndexServer(dists) as index:
        [found] = _problems(tmp_path, number, ask("a", index=index, before=BEFORE))

        message = f"`b>=2`, which `a` requires, came to `{index.url}` after `exclude-newer`"
        assert found == ("E334", message, ["a", BEFORE])


@each_solver
def test_an_extra_that_nobody_has_is_told(number: int, tmp_path: Path) -> None:
    dists = [Dist(name="a", version="1.0", extras={"fast": ("b",), "safe": ()}), B10]
    with IndexServer(dists) as index:
        request = ask("a[fast,fats,other]", "b[any]", index=index)
        answer = solvers(tmp_path)[number].resolve(request, silent)

    assert isinstance(answer, PipResolution)
    assert [(w.code, w.message, w.hint, w.labels[0].span.text) for w in answer.warnings] == [
        ("W320", "`a` 1.0 has no extra `fats`", "did you mean `fast`?", "a[fast,fats,other]"),
        ("W320", "`a` 1.0 has no extra `other`", "it has `fast`, `safe`", "a[fast,fats,other]"),
        ("W320", "`b` 1.0 has no extra `any`", "leave it out: it has none at all", "b[any]"),
    ]


@each_solver
def test_a_withdrawn_version_that_is_pinned_is_told_with_the_reason(
    number: int, tmp_path: Path
) -> None:
    dists = [
        Dist(name="a", version="2.0", yanked="broken on Mondays"),
        Dist(name="b", version="2.0", yanked=""),
    ]
    with IndexServer([*dists, B10]) as index:
        request = ask("b==2.0", "a==2.0", index=index)
        answer = solvers(tmp_path)[number].resolve(request, silent)

        assert isinstance(answer, PipResolution)
        assert [
            (one.code, one.message, [label.span.text for label in one.labels])
            for one in answer.warnings
        ] == [
            ("W321", f"`a` 2.0 was withdrawn from `{index.url}`: broken on Mondays", ["a==2.0"]),
            ("W321", f"`b` 2.0 was withdrawn from `{index.url}`", ["b==2.0"]),
        ]


@pytest.mark.network
@pytest.mark.enable_socket
@each_solver
def test_the_real_index_says_when_it_got_its_files(number: int, tmp_path: Path) -> None:
    request = ask(
        "jinja2",
        index=[IndexAccess(url="https://pypi.org/simple")],
        constraints=["markupsafe <2.1.5"],
        before="2024-03-01T00:00:00+00:00",
    )
    environment = dict(os.environ)
    solver = (Uv if number == 0 else PipTools)(cache=tmp_path, environment=environment)

    answer = solver.resolve(request, silent)

    assert isinstance(answer, PipResolution)
    pins = [f"{package.name} {package.version}" for package in answer.packages]
    assert pins == ["jinja2 3.1.3", "markupsafe 2.1.4"]
