"""`envc lock --outdated`: what is newer than a lock, within the spec and beyond it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envc.spec.loosen import loosen
from support.documents import Everything, document
from support.index import Dist
from support.workspace import EnvcMain, snapshot
from support.zoo import NEW, OLD, UV, Zoo

APP3 = Dist(name="app", version="3.0")


@pytest.fixture
def zoo(folder: Path, envc: EnvcMain) -> Zoo:
    """A spec that wants `app <3`, and was locked in the old world."""
    found = Zoo(folder, envc)
    found.change("{ app }", "{ app <3 }")
    ran, _ = found.locked_in(OLD)
    assert ran.code == 0, ran.err
    return found


def test_what_is_newer_within_the_spec_and_beyond_it_is_a_table(zoo: Zoo, folder: Path) -> None:
    before = snapshot(folder)

    ran, _ = zoo.locked_in((*NEW, APP3), "--outdated")

    assert (ran.code, snapshot(folder)) == (0, before)
    assert ran.out.splitlines() == [
        "     package  locked  within the spec  beyond it",
        "pip  app      1.0     2.0              3.0",
    ]


def test_what_is_newer_beyond_the_spec_only_has_no_version_within_it(zoo: Zoo) -> None:
    ran, _ = zoo.locked_in((*OLD, APP3), "--outdated", "--json", "--exit-code")

    assert ran.code == 4
    assert json.loads(ran.out) == {
        "ok": True,
        "outdated": [
            {
                "variant": "",
                "platform": "linux/amd64",
                "kind": "pip",
                "name": "app",
                "locked": "1.0",
                "within": None,
                "beyond": "3.0",
                "note": "",
            }
        ],
        "diagnostics": [],
    }


def test_a_wheel_that_was_withdrawn_is_told_with_the_reason(zoo: Zoo) -> None:
    withdrawn = Dist(name="app", version="1.0", yanked="it bites")

    ran, _ = zoo.locked_in((UV, withdrawn, Dist(name="app", version="0.9")), "--outdated")

    assert ran.code == 0
    assert ran.out.splitlines()[1:] == [
        "pip  app      1.0     0.9              -          withdrawn: it bites"
    ]


def test_a_wheel_that_its_index_lost_is_told(zoo: Zoo) -> None:
    ran, _ = zoo.locked_in((UV, Dist(name="app", version="0.9")), "--outdated", "--json")

    (row,) = json.loads(ran.out)["outdated"]
    assert (row["within"], row["note"]) == ("0.9", "its index does not have it any more")


def test_where_nothing_is_newer_the_exit_code_is_0(zoo: Zoo) -> None:
    ran, _ = zoo.locked_in(OLD, "--outdated", "--exit-code")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("nothing is newer than the lock of zoo.envc\n")


def test_a_lock_of_another_spec_is_drift(zoo: Zoo) -> None:
    zoo.change("{ app <3 }", "{ app }")

    ran, requests = zoo.locked_in(NEW, "--outdated")

    assert (ran.code, requests) == (4, [])
    assert ran.err.startswith("error[E410]: ")


@pytest.mark.parametrize(
    "words", [["--exit-code"], ["--outdated", "--upgrade-base"], ["--outdated", "--check"]]
)
def test_what_does_not_go_together_is_refused(zoo: Zoo, words: list[str]) -> None:
    ran, requests = zoo.locked_in(NEW, *words)

    assert (ran.code, requests) == (2, [])
    assert ran.err.startswith("error[E001]: ")


def test_a_loosened_spec_says_the_same_without_versions() -> None:
    from envc.spec.load import load

    data = {
        "environment": "pets",
        "python": "3.12",
        "platforms": ["linux/amd64", "linux/arm64"],
        "conda": {
            "packages": [
                "numpy >=1.26,<2",
                "python 3.12.*",
                {"package": "conda-forge::torch 2.4.* cpu*", "on": "linux/arm64"},
            ],
            "constraints": ["scipy <2"],
        },
        "pip": ["rich[jupyter] ==14.*", "six @ https://e.example/six-1-py3-none-any.whl"],
    }
    written = document(data)
    spec = load(written, vouched=Everything())

    loosened, read = loosen(spec, written)

    assert [getattr(one, "package", one) for one in loosened.conda.packages] == [
        "numpy",
        "python 3.12.*",
        "conda-forge::torch * cpu*",
    ]
    assert read.data["conda"] == {
        "packages": [
            "numpy",
            "python 3.12.*",
            {"package": "conda-forge::torch * cpu*", "on": "linux/arm64"},
        ]
    }
    assert loosened.conda.constraints == ()
    assert list(loosened.pip.packages) == read.data["pip"]
    assert read.data["pip"] == [
        "rich[jupyter]",
        "six @ https://e.example/six-1-py3-none-any.whl",
    ]
    assert (loosened.python, loosened.platforms) == (spec.python, spec.platforms)
    assert written.data["conda"] == data["conda"]
    assert replace(read, data=written.data) == written
