"""Channels that want credentials: solvers log in, and nothing of it stays anywhere."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import CondaResolution, IndexAccess
from envc.resolve.conda.asking import pose
from envc.resolve.conda.channel_front import open_front
from envc.resolve.conda.conda_lock import CondaLock
from envc.resolve.conda.rattler import Rattler
from support.conda_channel import serve
from support.conda_site import CANONICAL, Site, conflict, fail, names, silent
from support.conda_world import record
from support.micromamba_shim import install

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


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """A micromamba that keeps what it is given, its environment too, and all that it says."""
    (tmp_path / "real").mkdir()
    (tmp_path / "seen").mkdir()
    program = tmp_path / "micromamba"
    program.write_text(
        "#!/bin/sh\n"
        f'seen="{tmp_path}/seen/$$"\n'
        'echo "$@" >"$seen.arguments"; env >"$seen.environment"\n'
        f'"{install(tmp_path / "real")}" "$@" >"$seen.stdout" 2>"$seen.stderr"; code=$?\n'
        'cat "$seen.stdout"; cat "$seen.stderr" >&2; exit $code\n'
    )
    program.chmod(0o755)
    return program


def test_conda_lock_locks_a_closed_channel_and_never_sees_what_opens_it(
    closed: tuple[Site, IndexAccess], witness: Path, tmp_path: Path
) -> None:
    site, login = closed
    site.add(other=[record("lib", "3.0"), record("extra", "1.0")])
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HTTP_PROXY": "http://127.0.0.1:1"}
    environment["no_proxy"] = "127.0.0.1"
    asked = replace(site.request("lib", "extra", channels=("main", "other")), logins=(login,))
    solver = CondaLock(cache=tmp_path / "own", environment=environment, program=witness)

    result = solver.resolve(asked, silent)

    expected = Rattler(cache=site.cache, environment=os.environ).resolve(asked, silent)
    assert isinstance(result, CondaResolution)
    assert isinstance(expected, CondaResolution)
    assert [one.url for one in result.packages] == [one.url for one in expected.packages]
    assert [one.sha256 for one in result.packages] == [one.sha256 for one in expected.packages]
    assert {one.channel for one in result.packages} == {f"{CANONICAL}/main", f"{CANONICAL}/other"}
    assert any("create" in file.read_text() for file in tmp_path.glob("seen/*.arguments"))
    assert files_with(SECRET, tmp_path) == []
    assert files_with(BASIC.partition(" ")[2], tmp_path) == []


def test_conda_lock_tells_of_a_closed_channel_as_rattler_does(
    closed: tuple[Site, IndexAccess],
) -> None:
    site, login = closed
    solver = site.solvers()[1]
    wrong = replace(login, credentials="keeper:canary-that-is-wrong")

    errors = [
        fail(solver, replace(site.request("lib"), logins=(wrong,))),
        fail(solver, replace(site.request("library"), logins=(login,))),
    ]
    nothing = conflict(solver, replace(site.request("lib >5"), logins=(login,)))

    told = [(one.code, one.message) for error in errors for one in error.diagnostics]
    assert told == [
        ("E348", f"the channel `{CANONICAL}/main` refuses access with status 401"),
        ("E301", "no channel has a package `library` for linux/amd64"),
    ]
    assert nothing.message == f"nothing in `{CANONICAL}/main` fits `lib >5` on linux/amd64"
    shown = repr([one.diagnostics for one in errors]) + repr(nothing)
    assert "canary" not in shown
    assert "127.0.0.1" not in shown


def test_conda_lock_says_why_a_closed_channel_cannot_be_reached(tmp_path: Path) -> None:
    with serve(tmp_path) as address:
        pass
    site = Site(folder=tmp_path, address=address, cache=tmp_path / "cache")
    request = replace(site.request("lib"), logins=(replace(LOGIN, credentials=SECRET),))

    error = fail(site.solvers()[1], request)

    told = [(one.code, one.message, one.notes) for one in error.diagnostics]
    message = f"the channel `{CANONICAL}/main` cannot be read"
    assert told == [("E340", message, ("the connection was refused",))]


def test_a_mirror_with_a_password_serves_conda_lock(witness: Path, tmp_path: Path) -> None:
    folder = tmp_path / "channels"
    folder.mkdir()
    with serve(folder, BASIC) as address:
        site = Site(folder=folder, address=address, cache=tmp_path / "cache")
        site.add(main=[record("lib", "1.0")])
        place = f"http://keeper:{SECRET}@{address.removeprefix('http://')}"
        asked = replace(site.request("lib"), mirrors=MirrorMap(((CANONICAL, place),)))

        result = CondaLock(cache=site.cache, environment=os.environ, program=witness).resolve(
            asked, silent
        )

    assert names(result) == ["lib 1.0"]
    assert f"'{CANONICAL}/main/" in repr(result)
    assert files_with(SECRET, tmp_path) == []


@pytest.fixture
def opened(closed: tuple[Site, IndexAccess], tmp_path: Path) -> Iterator[str]:
    """The address at which a front serves the closed channel."""
    site, login = closed
    question = pose(replace(site.request("lib"), logins=(login,)), cache=tmp_path)
    with open_front(question, {}) as front:
        ((canonical, address),) = front.pairs
        assert canonical == f"{CANONICAL}/main"
        yield address


def test_a_front_relays_what_a_channel_says_and_no_package(
    closed: tuple[Site, IndexAccess], opened: str
) -> None:
    page = f"{opened}/noarch/repodata.json"

    whole = requests.get(page, timeout=10)
    again = requests.get(
        page, headers={"If-Modified-Since": whole.headers["Last-Modified"]}, timeout=10
    )
    size = requests.head(page, timeout=10).headers["Content-Length"]
    others = [f"{opened}/noarch/lib-2.0-0.conda", f"{opened}/noarch/no.json"]
    others.append(f"{opened.rpartition('/')[0]}/{'0' * 32}/noarch/repodata.json")

    assert whole.content == (closed[0].folder / "main/noarch/repodata.json").read_bytes()
    assert (again.status_code, again.content) == (304, b"")
    assert int(size) == len(whole.content)
    assert [requests.get(url, timeout=10).status_code for url in others] == [403, 404, 404]


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
