"""Limits of a Conda problem: constraints, the order of channels, and a date that hides what came later."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envc.errors import InputError, ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import (
    CondaRequest,
    CondaSolver,
    Conflict,
    Cutoff,
    Requirement,
    VirtualPackage,
)
from envc.resolve.conda.rattler import Rattler
from envc.source import Source
from support.conda_site import AMD64, Site, conflict, fail, names, silent
from support.conda_world import record

CONDA_FORGE = "http://127.0.0.1:5080/conda-forge"
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)
MS = int(MOMENT.timestamp()) * 1000


def _rattler(site: Site) -> CondaSolver:
    return site.solvers()[0]


def _conda_lock(site: Site) -> CondaSolver:
    return site.solvers()[1]


def test_a_constraint_holds_for_what_is_installed_and_installs_nothing(site: Site) -> None:
    site.add(
        main=[
            record("app", "1.0", depends=["lib"]),
            record("lib", "1.0"),
            record("lib", "2.0"),
            record("other", "1.0"),
        ]
    )
    request = site.request("app", constraints=["lib <2", "other <9", "nowhere >=1"])

    assert names(_rattler(site).resolve(request, silent)) == ["app 1.0", "lib 1.0"]


def test_a_constraint_with_a_build_string_chooses_the_build(site: Site) -> None:
    site.add(
        main=[
            record("app", "1.0", depends=["torch"]),
            record("torch", "2.4", "cuda_0", number=9),
            record("torch", "2.4", "cpu_0"),
        ]
    )

    result = _rattler(site).resolve(site.request("app", constraints=["torch * cpu*"]), silent)

    assert not isinstance(result, Conflict)
    assert [package.build for package in result.packages] == ["0", "cpu_0"]


def test_a_conflict_with_a_constraint_shows_its_line(site: Site) -> None:
    site.add(
        main=[
            record("app", "1.0", depends=["lib >=2"]),
            record("lib", "1.0"),
            record("lib", "2.0"),
        ]
    )

    found = conflict(_rattler(site), site.request("app", constraints=["lib <2"]))

    assert found.message == "the Conda requirements cannot be installed together on linux/amd64"
    assert [cause.span.text for cause in found.causes if cause.span] == ["app", "lib <2"]


def test_conda_lock_honours_constraints_only_of_what_is_asked_for(site: Site) -> None:
    site.add(main=[record("app", "1.0", depends=["lib"]), record("lib", "1.0")])

    error = fail(_conda_lock(site), site.request("app", constraints=["app <9", "lib <2"]))

    assert isinstance(error, InputError)
    assert [(one.code, one.message, one.hint) for one in error.diagnostics] == [
        (
            "E305",
            "`conda-lock` cannot honour the constraint `lib <2`: nobody asks for its package",
            "ask for the package, or use `--conda-solver rattler`",
        )
    ]
    assert error.diagnostics[0].labels[0].span.text == "lib <2"


def test_a_constraint_that_names_a_channel_is_refused(site: Site) -> None:
    site.add(main=[record("lib", "1.0")])
    request = site.request("lib", constraints=["main::lib", "lib ==="])

    for solver in site.solvers():
        error = fail(solver, request)

        assert [(one.code, one.message) for one in error.diagnostics] == [
            ("E303", "the solver cannot honour `channel` in `main::lib`"),
            ("E304", "`lib ===` is not a MatchSpec"),
        ]


def test_what_came_at_the_moment_or_later_does_not_exist(site: Site) -> None:
    site.add(
        main=[
            record("lib", "1.0", timestamp=MS - 1),
            record("lib", "2.0", timestamp=MS),
            record("lib", "3.0", timestamp=MS + 86_400_000),
            record("lib", "4.0", timestamp=None),
        ]
    )
    solver = _rattler(site)

    assert names(solver.resolve(site.request("lib", before=MOMENT), silent)) == ["lib 1.0"]
    later = MOMENT + timedelta(milliseconds=1)
    assert names(solver.resolve(site.request("lib", before=later), silent)) == ["lib 2.0"]


def test_a_channel_tells_when_it_got_a_package_and_that_counts(site: Site) -> None:
    built_long_ago = {**record("lib", "2.0", timestamp=1), "indexed_timestamp": MS + 1}
    site.add(main=[record("lib", "1.0", timestamp=MS - 1), built_long_ago])

    result = _rattler(site).resolve(site.request("lib", before=MOMENT), silent)

    assert names(result) == ["lib 1.0"]


def test_a_requirement_that_only_newer_packages_fit_says_so(site: Site) -> None:
    site.add(
        main=[record("lib", "1.0", timestamp=MS - 1), record("lib", "2.0", timestamp=MS)],
    )

    found = conflict(_rattler(site), site.request("lib >=2", before=MOMENT))

    assert (found.message, found.hint) == (
        "all that fits `lib >=2` in `https://conda.example.org/main` is newer than `exclude-newer`",
        "ask for an older `lib`, or name a later `exclude-newer`",
    )


def test_conda_lock_refuses_a_date_where_the_spec_names_it(site: Site) -> None:
    site.add(main=[record("lib", "1.0")])
    span = Source(name="spec.envc", text="exclude-newer 2026-01-31").span(14, 24)
    request = replace(site.request("lib"), exclude_newer=Cutoff(moment=MOMENT, span=span))

    error = fail(_conda_lock(site), request)

    assert isinstance(error, InputError)
    [problem] = error.diagnostics
    assert (problem.code, problem.message, problem.labels[0].span.text) == (
        "E306",
        "`conda-lock` cannot leave out what is newer than a date",
        "2026-01-31",
    )


def test_real_channel_is_what_it_was_on_a_day(tmp_path: Path) -> None:
    request = CondaRequest(
        platform=AMD64,
        channels=("https://conda.anaconda.org/conda-forge",),
        requirements=(Requirement(text="python 3.12.*"), Requirement(text="pandas")),
        constraints=(Requirement(text="numpy <2"),),
        virtual_packages=(VirtualPackage(name="__glibc", version="2.36"),),
        mirrors=MirrorMap((("https://conda.anaconda.org/conda-forge", CONDA_FORGE),)),
        exclude_newer=Cutoff(moment=datetime(2025, 1, 1, tzinfo=UTC)),
    )

    try:
        result = Rattler(cache=tmp_path, environment=os.environ).resolve(request, silent)
    except ToolError:
        pytest.skip(f"no conda-forge metadata at {CONDA_FORGE}; serve a copy of it there")

    assert {"pandas 2.2.3", "numpy 1.26.4", "python 3.12.8"} <= set(names(result))
