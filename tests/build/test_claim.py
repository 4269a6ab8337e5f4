"""What is checked of a spec's image, and what tells checks from others."""

from __future__ import annotations

from typing import Any

import pytest

from envc.build.checks.claim import Checks, Command, Installed
from envc.lock.model import PlatformLock
from envc.plan.account import Account
from envc.spec.load import load
from support.documents import document
from support.plans import conda_lock, conda_package, pip_lock, wheel

BARE = pip_lock().model_copy(update={"python": None})


def checks_of(data: dict[str, Any], locked: PlatformLock) -> Checks:
    written = document({"environment": "pets", **data})
    return Checks.of(load(written), written, locked)


def test_checks_know_their_places() -> None:
    run = ["true", {"command": "pets -v", "prints": "1.0"}]
    written = document({"environment": "pets", "check": {"import": ["numpy"], "run": run}})

    checks = Checks.of(load(written), written, pip_lock())

    assert checks == Checks(
        imports={"numpy": written.span(("check", "import", 0))},
        commands=(Command(text="true"), Command(text="pets -v", prints="1.0")),
        account=Account(user="1000:1000", home="/home/envc", is_made=True, uid=1000, gid=1000),
        workdir="/home/envc",
        installed=Installed(python="3.12.7"),
    )
    plain, printing = checks.commands
    places = (plain.origin, printing.origin, printing.prints_origin)
    assert [span.text for span in places if span is not None] == ['"true"', '"pets -v"', '"1.0"']


def test_a_python_that_envc_does_not_manage_is_what_imports_and_not_looked_into() -> None:
    own = {"python": {"managed": "no"}, "interpreter": "/opt/py/bin/python"}

    checks = checks_of({"base": {"image": "pets:1"}, **own}, BARE)

    assert (checks.python, checks.installed) == ("/opt/py/bin/python", None)


def test_what_was_installed_is_known_by_normal_names() -> None:
    packages = (
        conda_package("python", "3.12.7"),
        conda_package("py-opencv", distribution="opencv-python"),
    )
    locked = conda_lock(*packages, pip=(wheel("Typing_Extensions"), wheel("six")))
    pip = {"packages": ["six"], "overrides": ["Proto_Buf ==4.*"]}
    check = {"allow-missing": ["libz.so", "liba.so"], "timeout": "1m30s"}

    checks = checks_of({"pip": pip, "conda": ["py-opencv"], "check": check}, locked)

    assert checks.installed == Installed(
        python="3.12.7",
        wheels=("six", "typing-extensions"),
        conda=("opencv-python", "python"),
        overridden=("proto-buf",),
        allowed=("liba.so", "libz.so"),
    )
    assert checks.timeout_s == 90.0


@pytest.mark.parametrize(
    "other",
    [
        {"check": {"import": ["a", "b"]}},
        {"check": {"import": ["a"], "run": ["true"]}},
        {"check": {"import": ["a"], "allow-missing": ["liba.so"]}},
        {"check": {"import": ["a"]}, "user": "0"},
        {"check": {"import": ["a"]}, "workdir": "/srv"},
    ],
)
def test_other_checks_have_another_identity(other: dict[str, Any]) -> None:
    plain = {"check": {"import": ["a"]}}

    assert checks_of(other, pip_lock()).identity != checks_of(plain, pip_lock()).identity


def test_what_a_command_must_print_is_part_of_the_identity() -> None:
    one, two = (Checks(commands=(Command(text="a", prints=text),)) for text in ("1", None))

    assert one.identity != two.identity


def test_how_long_checks_may_take_is_no_part_of_their_identity() -> None:
    found = {checks_of({"check": {"timeout": text}}, pip_lock()).identity for text in ("1s", "30m")}

    assert len(found) == 1


def test_images_with_conda_packages_are_checked_as_they_start() -> None:
    one, other = (
        checks_of({}, locked) for locked in (pip_lock(), conda_lock(conda_package("python")))
    )

    assert (one.activation, other.activation) == ((), ("/opt/env/bin/envc-activate",))
    assert Checks().identity != Checks(activation=other.activation).identity
