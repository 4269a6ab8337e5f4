"""What goes wrong between a spec and its image: a coded diagnostic, the right exit code, nothing lost."""

from __future__ import annotations

import json
import re

import pytest

from support.command import Envc
from support.engine import EngineWorld, list_images

pytestmark = pytest.mark.engine


def write(envc: Envc, world: EngineWorld, *lines: str) -> str:
    head = ["environment x", f'base image "{world.python_base}"']
    envc.write("x.envc", "\n".join([*head, *lines, ""]))
    return "x.envc"


def codes(text: str) -> list[str]:
    return re.findall(r"^error\[(E\d+)\]", text, re.MULTILINE)


def images(envc: Envc) -> list[str]:
    return list_images(envc.repository, show="{{.Tag}}")


def test_a_failing_step_is_shown_as_the_line_of_the_spec(envc: Envc, world: EngineWorld) -> None:
    spec = write(envc, world, 'run "true"', 'run "echo going; ls /nowhere"')
    envc("lock", spec)

    done = envc("build", spec, "--repository", envc.repository, exit_code=1)

    assert len(codes(done.stderr)) == 1
    assert "--> x.envc:4:" in done.stderr
    assert "cannot access '/nowhere'" in done.stderr
    assert images(envc) == []


@pytest.mark.parametrize("python", ["", "python 3.11"])
def test_a_user_that_the_base_does_not_have_is_shown_in_the_spec(
    envc: Envc, world: EngineWorld, python: str
) -> None:
    base = world.python_base if python else world.base
    text = f'environment pets\nbase image "{base}"\nuser keeper\n{python}\n'
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")

    done = envc("build", "pets.envc", "--repository", envc.repository, exit_code=1)

    assert "error[E558]: the base has no user `keeper`" in done.stderr
    assert "--> pets.envc:3:6" in done.stderr


def test_a_failing_check_keeps_the_image_from_its_name(envc: Envc, world: EngineWorld) -> None:
    spec = write(envc, world, 'check { import nowhere\n run "exit 3"\n run "true" }')
    envc("lock", spec)

    done = envc("build", spec, "--repository", envc.repository, exit_code=1)

    assert len(codes(done.stderr)) == 2
    assert "No module named 'nowhere'" in done.stderr
    env_id = envc("hash", spec).stdout.split()[1].removeprefix("sha256:")
    assert env_id[:32] not in images(envc)


def test_an_artefact_with_other_bytes_is_refused(envc: Envc, world: EngineWorld) -> None:
    spec = write(envc, world, "pip { six ==1.17.0 }")
    envc("lock", spec)
    lock = envc.folder / "x.lock"
    data = json.loads(lock.read_text())
    (six,) = data["platforms"]["linux/amd64"]["pip"]
    lock.write_text(lock.read_text().replace(six["sha256"], "0" * 64))

    done = envc("build", spec, "--repository", envc.repository, exit_code=3)

    assert len(codes(done.stderr)) == 1
    assert "six" in done.stderr
    assert "0" * 64 in done.stderr
    assert images(envc) == []


def test_without_an_engine_the_diagnostic_says_how_to_get_one(
    envc: Envc, world: EngineWorld
) -> None:
    spec = write(envc, world)
    envc("lock", spec)
    envc.variables["DOCKER_HOST"] = "unix:///nowhere/docker.sock"

    done = envc("build", spec, exit_code=3)

    assert len(codes(done.stderr)) == 1
    assert "hint: " in done.stderr


def test_a_cache_that_cannot_be_written_keeps_a_build_from_starting(
    envc: Envc, world: EngineWorld
) -> None:
    spec = write(envc, world)
    envc("lock", spec)
    envc.variables["ENVC_CACHE"] = str(envc.folder / spec)

    done = envc("build", spec, exit_code=3)

    assert codes(done.stderr) == ["E553"]


@pytest.mark.parametrize(
    ("line", "exit_code", "code"),
    [
        ("pip { six ==0.0.1 }", 1, "E320"),
        ("pip { no-such-distribution-at-all }", 1, None),
        ('pip { index "http://127.0.0.1:9/simple"\n six }', 3, None),
    ],
)
def test_a_lock_that_fails_leaves_the_old_one(
    envc: Envc, world: EngineWorld, line: str, exit_code: int, code: str | None
) -> None:
    spec = write(envc, world, "pip { six }")
    envc("lock", spec)
    old = (envc.folder / "x.lock").read_bytes()
    write(envc, world, line)

    done = envc("lock", spec, exit_code=exit_code)

    found = codes(done.stderr)
    assert len(found) == 1
    assert code in {None, found[0]}
    assert "--> x.envc:" in done.stderr
    assert (envc.folder / "x.lock").read_bytes() == old


def test_a_base_that_is_not_there_is_the_specs_mistake(envc: Envc, world: EngineWorld) -> None:
    envc.write("x.envc", f'environment x\nbase image "{world.registry}/no/such:image"\n')

    done = envc("lock", "x.envc", exit_code=1)

    assert len(codes(done.stderr)) == 1
    assert "--> x.envc:2:" in done.stderr
    assert not (envc.folder / "x.lock").exists()


def test_a_spec_that_has_moved_on_is_not_built_from_its_old_lock(
    envc: Envc, world: EngineWorld
) -> None:
    spec = write(envc, world, "pip { six }")
    envc("lock", spec)
    write(envc, world, "pip { six, idna }")

    done = envc("build", spec, exit_code=1)

    assert codes(done.stderr) != []
    assert "envc lock" in done.stderr
