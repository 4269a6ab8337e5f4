"""The spec's checks in real images."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envc.build.buildkit import BuildRequest, build
from envc.build.check import Command, check
from envc.source import Source
from support.engine import EngineWorld

SPEC = Source(name="pets.envc", text="check { import json, nosuch }\n")
SPAN = SPEC.span(21, 27)


@pytest.mark.engine
def test_checks_that_hold_tell_nothing(world: EngineWorld) -> None:
    commands = [
        Command(text="true && python -c 'print(1)'"),
        Command(text="test ! -e /sys/class/net/eth0"),
        Command(text="echo pets; echo 1.0 >&2", prints="pets\n1.0"),
    ]

    assert check(world.engine, world.python_base, imports={"json": None}, commands=commands) == ()


@pytest.mark.engine
def test_each_check_that_fails_is_a_diagnostic_of_its_own(world: EngineWorld) -> None:
    found = check(
        world.engine,
        world.python_base,
        imports={"json": None, "nosuch": SPAN},
        commands=[
            Command(text="echo before; false; echo after"),
            Command(text="exit 3", prints="anything"),
        ],
    )

    assert [(problem.code, problem.message) for problem in found] == [
        ("E620", "`nosuch` cannot be imported"),
        ("E621", "the check `echo before; false; echo after` failed with exit code 1"),
        ("E621", "the check `exit 3` failed with exit code 3"),
    ]
    assert [label.span for label in found[0].labels] == [SPAN]
    assert found[0].notes[0].endswith("ModuleNotFoundError: No module named 'nosuch'")
    assert found[1].notes == ("its last lines:\nbefore",)


@pytest.mark.engine
def test_a_command_that_prints_something_else_is_shown_with_what_it_prints(
    world: EngineWorld,
) -> None:
    commands = [
        Command(text="echo 0.9", prints="1.0", prints_origin=SPAN),
        Command(text=":", prints="a\nb"),
    ]

    other, nothing = check(world.engine, world.base, imports={}, commands=commands)

    assert other.message == "the check `echo 0.9` does not print what the spec says"
    assert [label.span for label in other.labels] == [SPAN]
    assert other.notes == ("it should print:\n1.0", "its last lines:\n0.9")
    assert (other.code, nothing.code) == ("E623", "E623")
    assert nothing.notes == ("it should print:\na\nb", "it printed nothing")


@pytest.mark.engine
def test_imports_use_the_python_that_is_named(world: EngineWorld) -> None:
    (found,) = check(
        world.engine,
        world.python_base,
        imports={"json": None},
        commands=[],
        python="/opt/py/bin/python",
    )

    assert found.code == "E620"
    assert "/opt/py/bin/python" in found.notes[0]


@pytest.mark.engine
def test_an_import_in_an_image_without_python_fails(world: EngineWorld) -> None:
    (found,) = check(world.engine, world.base, imports={"json": None}, commands=[])

    assert found.code == "E620"
    assert "python" in found.notes[0]


@pytest.mark.engine
def test_checks_run_as_the_images_user_with_its_variables_and_without_its_entrypoint(
    world: EngineWorld, tmp_path: Path
) -> None:
    dockerfile = (
        f'FROM {world.base}\nENV A="b c"\nUSER 1234\nWORKDIR /srv\nENTRYPOINT ["/bin/false"]\n'
    )
    (tmp_path / "Dockerfile").write_text(dockerfile)
    with world.name() as name:
        wanted = BuildRequest(
            context=tmp_path,
            tag=name,
            platform="linux/amd64",
            epoch=1,
            log=tmp_path / "log",
            environment=dict(os.environ),
        )
        build(wanted, lambda _: None)

        found = check(
            world.engine,
            name,
            imports={},
            commands=[Command(text='echo "$(id -u) $(pwd) $A"', prints="1234 /srv b c")],
        )

    assert found == ()


@pytest.mark.engine
def test_an_image_without_a_shell_cannot_be_checked(world: EngineWorld, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    with world.name() as name:
        wanted = BuildRequest(
            context=tmp_path,
            tag=name,
            platform="linux/amd64",
            epoch=1,
            log=tmp_path / "log",
            environment=dict(os.environ),
        )
        build(wanted, lambda _: None)

        (found,) = check(world.engine, name, imports={}, commands=[Command(text="true")])

    assert found.code == "E622"


@pytest.mark.engine
def test_no_checks_need_no_container(world: EngineWorld) -> None:
    assert check(world.engine, "envc-test-absent:1", imports={}, commands=[]) == ()
