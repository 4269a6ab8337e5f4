"""Registered environments that travel through real registries, beside their images."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.publisher import Publisher
from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


@pytest.fixture
def repository(envc: Envc, world: EngineWorld) -> Iterator[str]:
    """A repository of the open registry, whose manifests are deleted afterwards."""
    name = f"{world.registry}/{envc.repository}-envs"
    yield name
    place = ImageReference.parse(f"{name}:tag")
    registry = Registry(environment=world.environment)
    for digest in {
        registry.find(ImageReference.parse(f"{name}:{tag}")).digest for tag in registry.tags(place)
    }:
        Publisher(place, environment=world.environment).delete_manifest(digest)


@pytest.fixture
def pets(envc: Envc, world: EngineWorld) -> str:
    """A registered environment that nobody else has, in a store of its own."""
    envc.variables["ENVC_HOME"] = str(envc.folder / "home")
    envc.write("src/a.txt", uuid.uuid4().hex)
    envc.write("src/empty", "")
    envc.write("src/tool", "#!/bin/sh\ncat /app/a.txt\n", mode=0o755)
    envc.write("pets.envc", f'environment pets\nbase image "{world.base}"\ncopy "src/" to "/app"\n')
    envc("lock", "pets.envc")
    envc("env", "register", "pets.envc", "--label", "prod")
    return "pets"


def move(envc: Envc) -> None:
    """Go to somebody else, who has nothing."""
    envc.variables["ENVC_HOME"] = str(envc.folder / "elsewhere")
    for path in ("pets.envc", "pets.lock", "src/a.txt"):
        (envc.folder / path).unlink()


def test_what_one_pushes_others_build(
    envc: Envc, world: EngineWorld, pets: str, repository: str
) -> None:
    text = (envc.folder / "src/a.txt").read_text()
    built = json.loads(envc("hash", "pets@1", "--json").stdout)["env_ids"]
    pushed = envc("env", "push", pets, "--repository", repository)
    envc.variables["ENVC_REPOSITORY"] = repository
    listed = json.loads(envc("env", "list", "--repository", repository, "--json").stdout)
    move(envc)
    pulled = envc("env", "pull", "pets:prod")
    image = envc.build("pets:prod")

    assert pushed.stdout.startswith(f"{repository}:pets--1@sha256:")
    assert listed["environments"] == [{"name": "pets", "versions": [1], "labels": ["prod"]}]
    assert pulled.stdout == "pets@1\n"
    assert image["env_id"] == built[image["platform"]]
    assert envc.inside(image["image"], "/app/tool") == text
    assert world.registry in repository


def test_images_and_environments_do_not_meet(envc: Envc, pets: str, repository: str) -> None:
    envc.variables["ENVC_REPOSITORY"] = repository
    built = json.loads(envc("build", "pets@1", "--push", "--json").stdout)
    envc("env", "push", pets)
    images = json.loads(envc("image", "list", "--repository", repository, "--json").stdout)
    shared = json.loads(envc("env", "list", "--repository", repository, "--json").stdout)
    gone = json.loads(
        envc("image", "gc", "--repository", repository, "--older-than", "0h", "--json").stdout
    )

    assert [one["names"] for one in images["images"]] == [[built["image"]]]
    assert [one["name"] for one in shared["environments"]] == ["pets"]
    assert gone["dropped"] == []
    assert envc("env", "pull", built["image"], exit_code=2).stderr.startswith("error[E730]")


def test_the_same_version_is_the_same_artifact_in_every_registry(
    envc: Envc, world: EngineWorld, pets: str, repository: str, tmp_path: Path
) -> None:
    here = json.loads(envc("env", "push", pets, "--repository", repository, "--json").stdout)
    envc.variables |= login(tmp_path / "own", world.auth_registry, "envc-secret")
    there = f"{world.auth_registry}/{envc.repository}"
    pushed = json.loads(envc("env", "push", pets, "--repository", there, "--json").stdout)
    again = json.loads(envc("env", "push", pets, "--repository", there, "--json").stdout)
    move(envc)
    pulled = envc("env", "pull", f"{there}@{here['digest']}")

    assert (pushed["digest"], pushed["new"], again["new"]) == (here["digest"], True, False)
    assert pulled.stdout == "pets@1\n"


def test_a_stranger_neither_pushes_nor_pulls(
    envc: Envc, world: EngineWorld, pets: str, tmp_path: Path
) -> None:
    envc.variables |= login(tmp_path / "wrong", world.auth_registry, "guessed")
    there = f"{world.auth_registry}/{envc.repository}"

    for action in ("push", "pull"):
        refused = envc("env", action, pets, "--repository", there, exit_code=3)

        assert refused.stderr.startswith(f"error[E380]: `{world.auth_registry}` wants other")
        assert "guessed" not in refused.stderr


def login(folder: Path, registry: str, password: str) -> dict[str, str]:
    """Return the variables of somebody who has logged in."""
    folder.mkdir()
    auth = base64.b64encode(f"envc:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry: {"auth": auth}}}))
    return {"DOCKER_CONFIG": str(folder)}
