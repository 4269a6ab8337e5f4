"""SBOMs and provenance beside real images, in real registries; the images stay as they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from support.command import Envc
from support.engine import EngineWorld, list_images

pytestmark = pytest.mark.engine

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def pets(envc: Envc, world: EngineWorld) -> Iterator[Envc]:
    """A spec whose image is in the open registry, under a repository of its own."""
    envc.repository = f"{world.registry}/envc-test-{uuid.uuid4().hex[:12]}"
    envc.write("pets.envc", f'environment pets\nbase image "{world.python_base}"\npython 3.11\n')
    envc("lock", "pets.envc")
    push(envc)
    yield envc
    found = [name for name in list_images(envc.repository) if not name.endswith(":<none>")]
    subprocess.run(["docker", "image", "rm", "--force", *found], capture_output=True, check=False)


def push(envc: Envc) -> str:
    image = str(envc.build("pets.envc")["image"])
    subprocess.run(["docker", "push", "--quiet", image], capture_output=True, check=True)
    return image


def attest(envc: Envc, *arguments: str) -> dict[str, Any]:
    words = ("attest", "pets.envc", "--repository", envc.repository, "--json", *arguments)
    (image,) = json.loads(envc(*words).stdout)["images"]
    assert isinstance(image, dict)
    return image


def fetch(image: str, path: str) -> bytes:
    registry, _, repository = image.partition("@")[0].partition("/")
    request = Request(f"http://{registry}/v2/{repository}/{path}", headers={"Accept": MANIFEST})
    with urlopen(request) as response:
        content: bytes = response.read()
    return content


def test_documents_are_attached_and_the_image_stays(pets: Envc) -> None:
    built = pets.build("pets.envc")

    image = attest(pets)

    digest = image["image"].partition("@")[2]
    documents = {}
    for one in image["attached"]:
        manifest = json.loads(fetch(image["image"], f"manifests/{one['digest']}"))
        assert manifest["subject"]["digest"] == digest == built["digest"]
        title = manifest["annotations"]["org.opencontainers.image.title"]
        documents[title] = json.loads(
            fetch(image["image"], f"blobs/{manifest['layers'][0]['digest']}")
        )
    statement = documents.pop("provenance.json")
    assert sorted(documents) == ["sbom.cyclonedx.json", "sbom.spdx.json"]
    assert documents["sbom.cyclonedx.json"] == json.loads(
        pets("export", "pets.envc", "--format", "cyclonedx").stdout
    )
    assert statement["subject"] == [
        {"name": pets.repository, "digest": {"sha256": digest.removeprefix("sha256:")}}
    ]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["internalParameters"]["envId"] == built["env_id"]
    locked = set(re.findall(r"[0-9a-f]{64}", (pets.folder / "pets.lock").read_text()))
    stated = {one["digest"]["sha256"] for one in definition["resolvedDependencies"]}
    assert stated
    assert stated <= locked


def test_the_same_again_adds_nothing_and_is_listed(pets: Envc) -> None:
    first = attest(pets)

    again = attest(pets)
    listed = json.loads(pets("attest", "--list", first["image"], "--json").stdout)["attached"]

    assert [one["new"] for one in first["attached"]] == [True, True, True]
    assert [one["new"] for one in again["attached"]] == [False, False, False]
    (found,) = listed.values()
    assert {one["digest"] for one in found} == {one["digest"] for one in first["attached"]}


def test_an_image_may_be_named_and_documents_chosen(pets: Envc) -> None:
    name = f"{pets.repository}:mine"
    subprocess.run(["docker", "tag", pets.build("pets.envc")["image"], name], check=True)
    subprocess.run(["docker", "push", "--quiet", name], capture_output=True, check=True)

    words = ("--image", name, "--sbom", "spdx", "--no-provenance", "--json")
    (image,) = json.loads(pets("attest", "pets.envc", *words).stdout)["images"]

    assert [one["type"] for one in image["attached"]] == ["application/spdx+json"]


def test_an_index_has_the_documents_at_its_platforms_manifest(pets: Envc) -> None:
    built = pets.build("pets.envc")
    index = f"{pets.repository}:both"
    create = ["docker", "buildx", "imagetools", "create", "-t", index, built["image"]]
    subprocess.run(create, capture_output=True, check=True)

    (image,) = json.loads(pets("attest", "pets.envc", "--image", index, "--json").stdout)["images"]

    assert image["image"] == f"{pets.repository}@{built['digest']}"


def test_the_image_of_another_environment_is_refused(pets: Envc) -> None:
    old = pets.build("pets.envc")["image"]
    with (pets.folder / "pets.envc").open("a") as spec:
        spec.write('labels { a = "b" }\n')
    pets("lock", "pets.envc")

    done = pets("attest", "pets.envc", "--image", old, exit_code=1)

    assert "E640" in done.stderr


def test_an_image_that_was_not_pushed_is_missing(pets: Envc) -> None:
    done = pets("attest", "pets.envc", "--repository", f"{pets.repository}/none", exit_code=1)

    assert "E370" in done.stderr


def test_a_registry_with_a_password_takes_documents(
    pets: Envc, world: EngineWorld, tmp_path: Path
) -> None:
    pets.repository = f"{world.auth_registry}/envc-test-{uuid.uuid4().hex[:12]}"
    config = tmp_path / "docker"
    login = ["docker", "--config", str(config), "login", "-u", "envc", "--password-stdin"]
    subprocess.run(
        [*login, world.auth_registry], input=b"envc-secret", capture_output=True, check=True
    )
    image = pets.build("pets.envc", "--pull", "never")["image"]
    pushed = ["docker", "--config", str(config), "push", "--quiet", image]
    subprocess.run(pushed, capture_output=True, check=True)

    refused = pets("attest", "pets.envc", "--repository", pets.repository, exit_code=3)
    pets.variables["DOCKER_CONFIG"] = str(config)
    done = attest(pets)

    assert "E380" in refused.stderr
    assert [one["new"] for one in done["attached"]] == [True, True, True]


def test_cosign_signs_everything_by_digest(pets: Envc, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    cosign = programs / "cosign"
    cosign.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    cosign.chmod(0o755)
    pets.variables["PATH"] = f"{programs}:{os.environ['PATH']}"

    image = attest(pets, "--sign", "--key", "my.key")

    names = [image["image"], *(f"{pets.repository}@{one['digest']}" for one in image["attached"])]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == [f"sign --yes --key my.key {name}" for name in names]
    assert image["signed"] == names


def test_cosign_that_is_missing_or_fails_is_told(pets: Envc, tmp_path: Path) -> None:
    missing = pets("attest", "pets.envc", "--repository", pets.repository, "--sign", exit_code=3)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "cosign").write_text("#!/bin/sh\necho 'Error: no key' >&2\nexit 1\n")
    (programs / "cosign").chmod(0o755)
    pets.variables["PATH"] = f"{programs}:{os.environ['PATH']}"

    failed = pets("attest", "pets.envc", "--repository", pets.repository, "--sign", exit_code=3)

    assert "E641" in missing.stderr
    assert "E642" in failed.stderr
    assert "Error: no key" in failed.stderr
