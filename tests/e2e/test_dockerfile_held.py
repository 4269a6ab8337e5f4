"""Secrets and an SSH agent for the steps of a base's Dockerfile: given by every build, and left nowhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator

import pytest

from e2e.test_canary import files_with, find, image_has
from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


@pytest.fixture
def canary() -> str:
    """What only a secret holds."""
    return f"canary-{uuid.uuid4().hex}"


@pytest.fixture
def agent() -> Iterator[str]:
    """The socket of a real agent; no longer a path than sockets can have."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("ssh-agent is not installed (openssh-client)")
    place = f"{tempfile.gettempdir()}/envc-{uuid.uuid4().hex[:8]}.sock"
    command = ["ssh-agent", "-D", "-a", place]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield place
        process.terminate()


@pytest.fixture
def held(envc: Envc, world: EngineWorld, canary: str) -> Envc:
    """A spec whose base needs a secret; a step even prints it."""
    envc.folder = envc.folder / "work"
    envc.folder.mkdir()
    envc.cache = envc.folder.parent / "cache"
    envc.variables["PETS_TOKEN"] = canary
    envc.write(
        "Dockerfile",
        f"FROM {world.base}\n"
        "RUN --mount=type=secret,id=pets-token --mount=type=secret,id=OTHER,required=false \\\n"
        "  test ! -e /run/secrets/OTHER && cat /run/secrets/pets-token && \\\n"
        "  sha256sum /run/secrets/pets-token | cut -c1-8 >/made\n",
    )
    envc.write("pets.envc", "environment pets\nbase dockerfile Dockerfile\nuser root\n")
    return envc


def test_a_secret_is_given_to_steps_and_is_left_nowhere(held: Envc, canary: str) -> None:
    held.variables |= {"pets_token": "", "PETS_TOKEN": canary}

    said = [held("lock", "pets.envc"), held("compile", "pets.envc", "-o", "out")]
    ids = [held("hash", "pets.envc").stdout]
    image = held.build("pets.envc", "--no-cache", "--log", "build.log")
    held.variables["PETS_TOKEN"] = "another"
    ids.append(held("hash", "pets.envc").stdout)

    facts = json.loads((held.folder / "out/image.json").read_text())
    head = (held.folder / "out/Dockerfile").read_text()
    assert (facts["secrets"], facts["optional_secrets"]) == (["pets-token"], ["OTHER"])
    assert head.count("--secret id=pets-token,env=pets_token \\") == 1
    assert len(held.inside(image["image"], "cat", "/made")) == len("12345678\n")
    assert "***" in (held.folder / "build.log").read_text()
    assert ids[0] == ids[1]
    printed = "".join(done.stdout + done.stderr for done in said) + str(image)
    assert not find(canary, printed.encode())
    assert files_with(canary, held.folder) == []
    assert files_with(canary, held.cache) == []
    assert not image_has(canary, image["image"])


def test_a_secret_that_is_not_set_is_told_before_anything_is_built(held: Envc) -> None:
    held("lock", "pets.envc")
    held.variables["PETS_TOKEN"] = ""

    locking = held("lock", "--update", "pets.envc", exit_code=1)
    building = held("build", "pets.envc", "--repository", held.repository, exit_code=1)
    held("bake", "pets.envc", "--plan", "plan", "--repository", held.repository)

    for done in (locking, building):
        assert "error[E556]: a step of the base needs the secret `pets-token`" in done.stderr
        assert "--> Dockerfile:2:1" in done.stderr
    (target,) = json.loads((held.folder / "plan/docker-bake.json").read_text())["target"].values()
    assert target["secret"] == ["id=pets-token,env=pets_token"]


def test_an_agent_is_reached_by_every_kind_of_build(
    envc: Envc, world: EngineWorld, agent: str
) -> None:
    script = "test -S $SSH_AUTH_SOCK && touch /reached"
    envc.write("Dockerfile", f"FROM {world.base}\nRUN --mount=type=ssh {script}\n")
    envc.write("pets.envc", "environment pets\nbase dockerfile Dockerfile\nuser root\n")
    envc.variables["SSH_AUTH_SOCK"] = ""
    missing = envc("lock", "pets.envc", exit_code=1)
    envc.variables["SSH_AUTH_SOCK"] = agent

    envc("lock", "pets.envc")
    baked = envc("bake", "pets.envc", "--repository", envc.repository, "--no-cache").stdout.split()
    envc("compile", "pets.envc", "-o", "out")
    head = (envc.folder / "out/Dockerfile").read_text()
    alone = f"{envc.repository}:alone"
    subprocess.run(
        ["docker", "build", "--quiet", "--ssh", "default", "-t", alone, str(envc.folder / "out")],
        env={**os.environ, "SSH_AUTH_SOCK": agent},
        capture_output=True,
        check=True,
    )

    assert "error[E557]" in missing.stderr
    assert "`SSH_AUTH_SOCK` is not set" in missing.stderr
    for image in (baked[-1], alone):
        assert envc.inside(image, "ls", "/reached") == "/reached\n"
    assert "        --ssh default \\" in head
    assert json.loads((envc.folder / "out/image.json").read_text())["ssh"] == "default"
