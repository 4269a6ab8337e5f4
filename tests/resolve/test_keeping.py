"""What a new lock keeps of the old one: by solver, and for a whole environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envc.lock.package import CondaPackage, PipPackage
from envc.resolve.base import CondaResolution, CondaSolver, PipResolution
from envc.resolve.keeping import pin_conda, pin_pip
from support.conda_site import CANONICAL, Site, names, silent
from support.conda_world import record
from support.index import Dist, IndexServer
from support.pip_world import ask, solvers


def conda_of(solver: CondaSolver, site: Site, *requirements: str) -> tuple[CondaPackage, ...]:
    result = solver.resolve(site.request(*requirements), silent)
    assert isinstance(result, CondaResolution)
    return result.packages


@pytest.fixture
def rattler(site: Site) -> CondaSolver:
    return site.solvers()[0]


def test_conda_packages_stay_where_nothing_speaks_against_them(
    site: Site, rattler: CondaSolver
) -> None:
    site.add(
        main=[
            record("app", "1.0", depends=["lib"]),
            record("lib", "1.0"),
            record("lib", "2.0"),
            record("tool", "1.0"),
        ]
    )
    old = conda_of(rattler, site, "app", "lib <2")
    request = site.request("app", "tool")

    kept = rattler.resolve(replace(request, preferred=old), silent)
    anew = rattler.resolve(request, silent)

    assert names(kept) == ["app 1.0", "lib 1.0", "tool 1.0"]
    assert names(anew) == ["app 1.0", "lib 2.0", "tool 1.0"]


def test_a_conda_package_that_a_requirement_rules_out_moves(
    site: Site, rattler: CondaSolver
) -> None:
    site.add(main=[record("lib", "1.0"), record("lib", "2.0"), record("lib", "3.0")])
    old = conda_of(rattler, site, "lib 1.*")

    moved = rattler.resolve(replace(site.request("lib >=2"), preferred=old), silent)

    assert names(moved) == ["lib 3.0"]


def test_a_conda_package_that_left_its_channel_is_not_kept(
    site: Site, rattler: CondaSolver
) -> None:
    site.add(main=[record("lib", "2.0")])
    (package,) = conda_of(rattler, site, "lib")
    gone = package.model_copy(
        update={"version": "1.0", "url": package.url.replace("-2.0-", "-1.0-")}
    )
    other = package.model_copy(update={"sha256": "0" * 64})

    for old in (gone, other):
        result = rattler.resolve(replace(site.request("lib"), preferred=(old,)), silent)
        assert names(result) == ["lib 2.0"]


def test_a_conda_package_that_an_earlier_channel_shadows_now_is_not_kept(
    site: Site, rattler: CondaSolver
) -> None:
    site.add(main=[record("lib", "9.0")], first=[record("lib", "1.0")])
    old = conda_of(rattler, site, "lib")
    request = replace(site.request("lib", channels=("first", "main")), preferred=old)

    strict = rattler.resolve(request, silent)
    loose = rattler.resolve(replace(request, channel_priority="disabled"), silent)

    assert (names(strict), names(loose)) == (["lib 1.0"], ["lib 9.0"])


def test_a_conda_package_gets_what_it_would_get_anew_and_others_stay(
    site: Site, rattler: CondaSolver
) -> None:
    site.add(
        main=[
            record("app", "1.0", depends=["lib"]),
            record("app", "2.0", depends=["lib >=2"]),
            record("lib", "1.0"),
            record("lib", "2.0"),
            record("lib", "3.0"),
            record("tool", "1.0"),
            record("tool", "2.0"),
        ]
    )
    old = conda_of(rattler, site, "app", "lib <2", "tool <2")
    request = site.request("app", "lib", "tool")
    anew = rattler.resolve(request, silent)
    assert isinstance(anew, CondaResolution)
    preferred = tuple(one for one in old if one.name != "app")

    pinned = pin_conda(request, anew.packages, frozenset({"app"}))
    result = rattler.resolve(replace(pinned, preferred=preferred), silent)

    assert names(result) == ["app 2.0", "lib 3.0", "tool 1.0"]
    assert [one.channel for one in old] == [f"{CANONICAL}/main"] * 3


def pins(result: object) -> list[tuple[str, str]]:
    assert isinstance(result, PipResolution)
    return [(one.name, one.version) for one in result.packages]


def wheels(result: object) -> tuple[PipPackage, ...]:
    assert isinstance(result, PipResolution)
    return result.packages


ZOO: Sequence[Dist] = (
    Dist(name="app", version="1.0", requires=("lib",)),
    Dist(name="app", version="2.0", requires=("lib>=2",)),
    Dist(name="lib", version="1.0"),
    Dist(name="lib", version="2.0"),
    Dist(name="lib", version="3.0"),
    Dist(name="tool", version="1.0"),
)


@pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])
def test_wheels_stay_where_nothing_speaks_against_them(tmp_path: Path, number: int) -> None:
    solver = solvers(tmp_path)[number]
    with IndexServer(ZOO) as index:
        old = wheels(solver.resolve(ask("app<2", "lib<2", index=index), lambda _: None))
        request = ask("app", "tool", index=index)

        kept = solver.resolve(replace(request, preferred=old), lambda _: None)
        moved = solver.resolve(
            replace(ask("app>=2", "tool", index=index), preferred=old), lambda _: None
        )
        anew = solver.resolve(request, lambda _: None)

    assert pins(kept) == [("app", "1.0"), ("lib", "1.0"), ("tool", "1.0")]
    assert pins(moved) == [("app", "2.0"), ("lib", "3.0"), ("tool", "1.0")]
    assert pins(anew) == pins(moved)


@pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])
def test_a_wheel_gets_what_it_would_get_anew_and_others_stay(tmp_path: Path, number: int) -> None:
    solver = solvers(tmp_path)[number]
    with IndexServer(ZOO) as index:
        old = wheels(solver.resolve(ask("app<2", "lib==2.0", index=index), lambda _: None))
        request = ask("app", "tool", index=index)
        anew = solver.resolve(request, lambda _: None)

        assert isinstance(anew, PipResolution)
        pinned = pin_pip(request, anew, frozenset({"app"}))
        preferred = tuple(one for one in old if one.name != "app")
        result = solver.resolve(replace(pinned, preferred=preferred), lambda _: None)

    assert pins(result) == [("app", "2.0"), ("lib", "2.0"), ("tool", "1.0")]
