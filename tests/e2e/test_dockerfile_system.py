"""Debian packages on a base that is built from a Dockerfile: its own apt answers, once it is built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Envc
from support.debian_archive import Deb, write_archive
from support.engine import EngineWorld
from support.http_server import serve_folder

pytestmark = pytest.mark.engine

ARCHIVE = "http://archive.example.org/debian"
HELLO = Deb(name="hello", fields={"Depends": "libhello"}, files={"/usr/share/hello": "hello\n"})
LIBRARY = Deb(name="libhello")
OTHER = Deb(name="other")
SPEC = "environment pets\nbase dockerfile Dockerfile\nsystem { hello }\nuser root\n"


@pytest.fixture
def debian(
    envc: Envc, world: EngineWorld, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Envc]:
    """A spec whose base is a Debian with one little archive."""
    folder = tmp_path_factory.mktemp("archive")
    write_archive(folder, [HELLO, LIBRARY, OTHER])
    envc.write("sources.list", f"deb [trusted=yes] {ARCHIVE} ./\n")
    envc.write(
        "Dockerfile",
        f"FROM {world.base}\nRUN --network=none rm -f /etc/apt/sources.list.d/*\n"
        "COPY sources.list /etc/apt/\n",
    )
    envc.write("pets.envc", SPEC)
    with serve_folder(folder) as address:
        envc.variables["ENVC_MIRRORS"] = f"{ARCHIVE}={address}"
        yield envc


def locked(envc: Envc, platform: str = "linux/amd64") -> dict[str, Any]:
    found = json.loads((envc.folder / "pets.lock").read_text())["platforms"][platform]
    assert isinstance(found, dict)
    return found


def names(envc: Envc) -> list[str]:
    return [one["name"] for one in locked(envc)["system"]]


def test_they_are_locked_against_the_base_as_it_is_built(debian: Envc) -> None:
    said = debian("lock", "pets.envc")

    image = debian.build("pets.envc")["image"]

    assert names(debian) == ["hello", "libhello"]
    assert "W556" not in said.stderr
    assert debian.inside(image, "cat", "/usr/share/hello") == "hello\n"


def test_a_base_that_changes_is_asked_again(debian: Envc) -> None:
    debian("lock", "pets.envc")
    known = locked(debian)["base"]
    # Of a base that has the library, only the rest is missing.
    status = "Package: libhello\nStatus: install ok installed\nVersion: 1.0\n"
    status += "Architecture: amd64\nMaintainer: a\nDescription: a\n"
    debian.write("status", status)
    text = (debian.folder / "Dockerfile").read_text()
    debian.write(
        "Dockerfile",
        f"{text}COPY status /status\nRUN (echo; cat /status) >>/var/lib/dpkg/status\n",
    )

    stale = debian("lock", "--check", "pets.envc", exit_code=4)
    said = debian("lock", "pets.envc")
    less = names(debian)
    debian.write("status", "")
    files = debian("lock", "--check", "pets.envc", exit_code=4)
    unbuilt = debian("compile", "pets.envc", "-o", "out", exit_code=1)
    debian("lock", "pets.envc")
    debian("lock", "--check", "pets.envc")

    assert "the Dockerfile `Dockerfile` has changed since it was locked" in stale.stderr
    assert "warning[W556]" in said.stderr
    assert "Dockerfile:5:1" in said.stderr
    assert (less, names(debian)) == (["hello"], ["hello", "libhello"])
    for told in (files, unbuilt):
        assert "what the base's Dockerfile may copy of `./` has changed" in told.stderr
    assert known["built"]["context"] != locked(debian)["base"]["built"]["context"]


def test_a_base_that_is_another_one_when_it_is_built_is_told(debian: Envc) -> None:
    # What a secret holds is no reason to run a step again: as if an archive had changed meanwhile.
    text = (debian.folder / "Dockerfile").read_text()
    step = "RUN --network=none --mount=type=secret,id=ROWS cat /run/secrets/ROWS >>/var/lib/dpkg/status"
    debian.write("Dockerfile", f"{text}{step} && : {debian.repository}\n")
    debian.variables["ROWS"] = LIBRARY.control.replace(
        "Version", "Status: install ok installed\nVersion"
    )
    debian("lock", "pets.envc")
    with_library = names(debian)
    debian.variables["ROWS"] = "\n"

    built = ("build", "pets.envc", "--no-cache", "--repository", debian.repository)
    done = debian(*built, exit_code=1)

    assert with_library == ["hello"]
    assert "error[E399]: the Debian packages of the lock do not fit the base" in done.stderr
    assert "--> pets.envc:3:1" in done.stderr


def test_what_is_asked_for_later_needs_the_base_once_more(debian: Envc) -> None:
    debian.write("pets.envc", SPEC.replace("system { hello }\n", ""))
    debian("lock", "pets.envc")
    without = locked(debian)["base"]["built"]

    debian.write("pets.envc", SPEC.replace("hello", "hello, other"))
    debian("lock", "pets.envc")

    assert "context" not in without
    assert names(debian) == ["hello", "libhello", "other"]


def test_a_base_without_apt_is_told_by_its_dockerfile(debian: Envc, world: EngineWorld) -> None:
    remove = "rm /usr/bin/apt-get && printf '#!/bin/sh' >/usr/bin/rpm && chmod +x /usr/bin/rpm"
    debian.write("Dockerfile", f"FROM {world.base}\nRUN {remove}\n")

    done = debian("lock", "pets.envc", exit_code=1)

    assert "error[E393]: the base `Dockerfile` has no apt" in done.stderr
    assert "its packages are RPM ones" in done.stderr


@pytest.mark.parametrize("kind", ["no engine", "another platform"])
def test_where_nobody_can_build_the_base_they_stay_open(
    debian: Envc, tmp_path: Path, two_platform_base: str, kind: str
) -> None:
    platform = "linux/amd64"
    if kind == "no engine":
        debian.variables["DOCKER_HOST"] = f"unix://{tmp_path}/none.sock"
    else:
        platform = "linux/arm64"
        debian.write("Dockerfile", f"FROM {two_platform_base}\n")
        debian.write("pets.envc", f"{SPEC}platforms linux/arm64\n")

    said = debian("lock", "pets.envc")

    assert "warning[W462]: the base of `Dockerfile` could not be built for" in said.stderr
    assert (locked(debian, platform)["unresolved"], "system" in locked(debian, platform)) == (
        ["hello"],
        False,
    )
