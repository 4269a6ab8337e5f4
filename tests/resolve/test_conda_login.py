"""Channels that want credentials: solvers log in, and nothing of it stays anywhere."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envc.errors import InputError, ToolError
from envc.resolve.base import IndexAccess
from envc.resolve.conda_lock import CondaLock
from envc.resolve.rattler import Rattler
from support.conda_channel import serve
from support.conda_site import CANONICAL, Site, fail, names, silent
from support.conda_world import record

SECRET = "canary-in-a-channel"
BASIC = f"Basic {base64.b64encode(f'keeper:{SECRET}'.encode()).decode()}"
LOGIN = IndexAccess(url=f"{CANONICAL}/main", secret="TOKEN", statement="channel")


@pytest.fixture(params=["basic", "bearer", "token"])
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Site, IndexAccess]]:
    """A site that lets in whoever has the credentials, and those."""
    header, credentials = {
        "basic": (BASIC, f"keeper:{SECRET}"),
        "bearer": (f"Bearer {SECRET}", f"Bearer {SECRET}"),
        "token": (f"/t/{SECRET}", SECRET),
    }[request.param]
    folder = tmp_path / "channels"
    folder.mkdir()
    with serve(folder, header) as address:
        site = Site(folder=folder, address=address, cache=tmp_path / "cache")
        site.add(main=[record("lib", "1.0"), record("lib", "2.0")])
        yield site, replace(LOGIN, credentials=credentials)


def files_with(text: str, folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if text.encode() in file.read_bytes() or text in file.name]


def test_a_solver_logs_in_to_a_channel(closed: tuple[Site, IndexAccess], tmp_path: Path) -> None:
    site, login = closed
    solver = Rattler(cache=site.cache, environment={**os.environ, "TMPDIR": str(tmp_path)})

    result = solver.resolve(replace(site.request("lib"), logins=(login,)), silent)

    assert names(result) == ["lib 2.0"]
    assert SECRET not in repr(result)
    assert list(site.cache.rglob("*.info.json")) != []
    assert files_with(SECRET, tmp_path) == []


def test_a_channel_that_refuses_is_told_with_the_way_in(closed: tuple[Site, IndexAccess]) -> None:
    site, login = closed
    solver = Rattler(cache=site.cache, environment=os.environ)
    wrong = replace(login, credentials="keeper:canary-that-is-wrong")

    anonymous = fail(solver, site.request("lib"))
    refused = fail(solver, replace(site.request("lib"), logins=(wrong,)))

    assert isinstance(anonymous, ToolError)
    assert isinstance(refused, ToolError)
    told = [
        (one.code, one.message, one.hint) for one in anonymous.diagnostics + refused.diagnostics
    ]
    message = f"the channel `{CANONICAL}/main` refuses access with status 401"
    assert told == [
        (
            "E348",
            message,
            'name the secret that holds its credentials: `channels "…" secret NAME`',
        ),
        ("E348", message, "check the credentials in the environment variable `TOKEN`"),
    ]
    assert "canary" not in repr(refused.diagnostics)


def test_conda_lock_says_that_it_cannot_log_in(site: Site) -> None:
    solver = CondaLock(cache=site.cache, environment=os.environ, program=Path("/bin/true"))
    request = replace(site.request("lib"), logins=(replace(LOGIN, credentials="a:b"),))

    error = fail(solver, request)

    assert isinstance(error, InputError)
    assert [(one.code, one.message) for one in error.diagnostics] == [
        ("E306", f"`conda-lock` cannot log in to the channel `{CANONICAL}/main`")
    ]


def test_the_specs_word_on_a_distribution_goes_before_all_others(site: Site) -> None:
    depends = ["python >=3.9"]
    site.add(
        main=[
            record("python", "3.12.0"),
            record("pytorch-gpu", "2.0", depends=depends),
            record("odd", "1.0", depends=depends),
            record("six", "1.0", depends=depends),
        ]
    )
    solver = Rattler(cache=site.cache, environment=os.environ)
    said = {"pytorch-gpu": "torch", "odd": "none"}
    request = replace(site.request("pytorch-gpu", "odd", "six"), distributions=said)

    result = solver.resolve(request, silent)

    assert [one.split()[0] for one in names(result)] == ["odd", "python", "pytorch-gpu", "six"]
    assert [getattr(one, "distribution", None) for one in getattr(result, "packages", ())] == [
        None,
        None,
        "torch",
        "six",
    ]
