"""What the machine says: mirrors and the cache, as the command line and the variables give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.errors import UsageError
from envc.machine import Machine, parse_mirrors
from envc.mirror import MirrorMap


def test_an_asked_mirror_goes_before_the_usual_one_of_its_address() -> None:
    environment = {
        "ENVC_CACHE": "/cache",
        "ENVC_MIRRORS": "docker.io=usual:5000 https://pypi.org/=http://usual",
    }

    machine = Machine.here(environment, mirrors=["https://pypi.org=http://asked"])

    assert machine == Machine(
        environment=environment,
        cache=Path("/cache"),
        mirrors=MirrorMap((("https://pypi.org", "http://asked"), ("docker.io", "usual:5000"))),
    )


def test_an_entry_that_comes_again_changes_nothing() -> None:
    pair = ("docker.io", "proxy:5000/hub")

    assert parse_mirrors(["docker.io=proxy:5000/hub", "docker.io/=proxy:5000/hub/"]).pairs == (
        pair,
    )


@pytest.mark.parametrize(
    "entry",
    [
        "https://pypi.org/simple=http://[::1]:3141/simple",
        "https://conda.anaconda.org=file:///srv/conda",
        "docker.io=localhost",
        "docker.io/library=proxy.example/hub/library",
        "ghcr.io=[::1]:5000",
    ],
)
def test_a_mirror_is_an_address_or_a_registry(entry: str) -> None:
    assert parse_mirrors([entry]).pairs == (tuple(entry.split("=")),)


@pytest.mark.parametrize(
    "entry",
    [
        "https://pypi.org/simple=proxy:3141",
        "https://pypi.org/simple=http://[bad",
        "https://pypi.org/simple=http://a b",
        "docker.io=http://localhost:5000",
        "docker.io=[bad",
        "docker.io=hub",
        "docker.io=localhost:5000/HUB",
        "X=Y",
    ],
)
def test_what_nothing_can_be_fetched_from_is_no_mirror(entry: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_mirrors([entry])

    [problem] = caught.value.diagnostics
    mirror = entry.partition("=")[2]
    assert (problem.code, problem.message) == (
        "E002",
        f"nothing can be fetched from the mirror `{mirror}`",
    )
    assert problem.hint


@pytest.mark.parametrize(
    ("canonical", "hint"),
    [
        (
            "conda-forge",
            "write the address of an index or a channel, `https://…`, or a registry's host",
        ),
        (
            "pypi.org:/x y",
            "write the address of an index or a channel, `https://…`, or a registry's host",
        ),
        ("index.docker.io/library", "write `docker.io`, as locks do"),
        ("https://pypi org", "write it as locks do: `https://HOST/PATH`"),
    ],
)
def test_what_no_lock_names_can_have_no_mirror(canonical: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_mirrors([f"{canonical}=localhost:5000"])

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.hint) == ("E002", hint)
    assert problem.message.endswith("` is nothing that a mirror can stand for")


def test_all_that_is_wrong_with_mirrors_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_mirrors(["a.io=b.io", "a.io", "a.io/=c.io"])

    assert [(problem.code, problem.message) for problem in caught.value.diagnostics] == [
        ("E002", "`a.io` is not a mirror"),
        ("E002", "`a.io` has two mirrors, `b.io` and `c.io`"),
    ]
