"""What must hold before an image gets its name, and what becomes of one that fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.command import Envc
from support.elf import make_library
from support.engine import EngineWorld, list_images
from support.index import Dist, write_wheel

pytestmark = pytest.mark.engine


@pytest.fixture
def text(envc: Envc, world: EngineWorld) -> str:
    """A spec without checks, and its files: a wheel, and a package that lacks a library."""
    write_wheel(envc.folder / "dist", Dist(name="cats", version="1.0"))
    envc.write("pets/__init__.py", "from pets import _ext\n")
    (envc.folder / "pets/_ext.abi3.so").write_bytes(make_library(needed=["libGL.so.1"]))
    return f'''environment pets
base image "{world.python_base}"
python 3.11
pip {{ wheel "dist/cats-1.0-py3-none-any.whl" }}
copy "pets/" to "/opt/env/lib/python3.11/site-packages/pets"
'''


def fail(envc: Envc, *arguments: str) -> list[dict[str, Any]]:
    """Build, which fails, and return the diagnostics."""
    words = ("build", "pets.envc", "--repository", envc.repository, "--json", *arguments)
    done = envc(*words, exit_code=1)
    found: list[dict[str, Any]] = json.loads(done.stdout)["diagnostics"]
    return found


def tags(envc: Envc) -> list[str]:
    return sorted(list_images(envc.repository, show="{{.Tag}}"))


def test_an_image_that_fails_has_no_name_and_stays_until_one_passes(envc: Envc, text: str) -> None:
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")
    own = envc("hash", "pets.envc").stdout.split()[1].removeprefix("sha256:")[:32]

    [problem] = fail(envc)
    after_failure = tags(envc)
    envc.write("pets.envc", text + "check { allow-missing libGL.so.1 }\n")
    image = envc.build("pets.envc")

    failed = f"{envc.repository}:failed-{own}"
    assert (problem["code"], problem["message"]) == (
        "E625",
        "`pets` cannot be imported: `libGL.so.1` is missing",
    )
    assert problem["notes"][-1] == (
        f"the image stays: `docker run --rm -it --entrypoint /bin/sh {failed}`"
    )
    assert after_failure == [f"failed-{own}"]
    assert (image["image"], image["diagnostics"]) == (f"{envc.repository}:{own}", [])
    assert tags(envc) == [own]


def test_an_image_that_is_there_is_checked_again_where_its_checks_are_new(
    envc: Envc, text: str
) -> None:
    spec = text.partition("copy ")[0]
    envc.write("pets.envc", spec)
    envc("lock", "pets.envc")
    first = envc.build("pets.envc")
    envc.write("pets.envc", spec + "check { import cats, nosuch }\n")

    [problem] = fail(envc)
    [again] = fail(envc)
    envc.write("pets.envc", spec + "check { import cats }\n")
    second = envc.build("pets.envc")

    assert (problem["code"], problem["message"]) == ("E620", "`nosuch` cannot be imported")
    assert problem["labels"][0]["start"] == {"line": 5, "column": 22}
    assert problem == again
    assert (second["cached"], second["digest"]) == (True, first["digest"])


def test_warnings_are_told_at_every_build(envc: Envc, text: str) -> None:
    envc.write("pets/__init__.py", "")
    envc.write("pets.envc", text + 'workdir "/usr/src"\n')
    envc("lock", "pets.envc")

    first = envc.build("pets.envc")
    second = envc("build", "pets.envc", "--repository", envc.repository)

    assert [one["code"] for one in first["diagnostics"]] == ["W626", "W625"]
    lines = [line for line in second.stderr.splitlines() if line.startswith("warning")]
    assert lines == [f"warning[{one['code']}]: {one['message']}" for one in first["diagnostics"]]


def test_a_check_that_takes_too_long_leaves_no_name(envc: Envc, text: str) -> None:
    spec = text.partition("copy ")[0]
    envc.write("pets.envc", spec + 'check {\n    run "sleep 600"\n    timeout 1s\n}\n')
    envc("lock", "pets.envc")

    [problem] = fail(envc)

    assert (problem["code"], problem["labels"][0]["start"]["line"]) == ("E628", 6)
    assert [tag.partition("-")[0] for tag in tags(envc)] == ["failed"]
