"""What a lock says of a base that is built from a Dockerfile, where nobody can build it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.dockerfile.recipe import read_recipe
from envc.errors import InputError
from envc.lock.model import BaseImage, Built
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.basing import DockerfileInspector
from envc.plan.inputs import BaseRecipe
from envc.platform import PLATFORMS
from envc.resolve.image.conclusion import Claims
from envc.source import Source
from support.registry import FakeRegistry

AMD64 = PLATFORMS["linux/amd64"]
NAMED = Source(name="pets.envc", text="base dockerfile").span(5, 15)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """An empty registry."""
    with FakeRegistry() as served:
        yield served


def put_pets(registry: FakeRegistry, tag: str, python: str) -> str:
    return registry.add_image("pets", tag, variables=[f"PYTHON_VERSION={python}"])


def inspector(folder: Path, text: str) -> DockerfileInspector:
    environment = {"DOCKER_HOST": f"unix://{folder}/none.sock", "DOCKER_CONFIG": str(folder)}
    machine = Machine(environment=environment, cache=folder, mirrors=MirrorMap())
    recipe = read_recipe(
        Source(name="Dockerfile", text=text), platforms=[AMD64.name], target=None, place=None
    )
    return DockerfileInspector(BaseRecipe(recipe=recipe, folder=".", files=()), NAMED, machine)


def test_without_an_engine_the_image_at_its_bottom_and_the_spec_tell(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    pin = put_pets(registry, "1", "3.12.7")
    base = inspector(tmp_path, f"FROM {registry.host}/pets:1 AS one\nFROM one\nRUN true\n")
    said: list[str] = []

    found = base.inspect(AMD64, Claims(needs_python=True, glibc="2.31"), {}, report=said.append)

    image = f"{registry.host}/pets:1"
    assert found.base == BaseImage(
        image=image,
        digest=pin,
        python="3.12.7",
        glibc="2.31",
        built=Built(dockerfile=base.sha256, images={image: pin}),
    )
    (warning,) = found.warnings
    assert (warning.code, warning.message, warning.labels[0].span) == (
        "W370",
        "the base `Dockerfile` could not be looked into for `linux/amd64`",
        NAMED,
    )
    assert warning.notes[0] == "assumed: glibc 2.31, which the spec declares"
    assert said == [f"asking for {image}"]


def test_images_keep_the_digests_that_the_lock_has(registry: FakeRegistry, tmp_path: Path) -> None:
    image = f"{registry.host}/pets:1"
    put_pets(registry, "1", "3.12.7")
    other = put_pets(registry, "2", "3.11.1")
    base = inspector(tmp_path, f"FROM {image}\n")

    found = base.inspect(AMD64, Claims(needs_python=True), {image: other}, report=lambda _: None)

    assert (found.base.digest, found.base.python) == (other, "3.11.1")


def test_a_base_from_nothing_has_no_python_that_anybody_knows(tmp_path: Path) -> None:
    base = inspector(tmp_path, "FROM scratch\nCOPY --from=0 /a /a\n")

    with pytest.raises(InputError) as caught:
        base.inspect(AMD64, Claims(needs_python=True), {}, report=lambda _: None)
    found = base.inspect(AMD64, Claims(needs_python=True, python="3.12"), {}, report=lambda _: None)

    assert [one.code for one in caught.value.diagnostics] == ["E376"]
    assert (found.base.image, found.base.python) == ("docker.io/library/scratch:latest", "3.12")


def test_what_an_image_sets_off_is_told(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.add_image("web", "1", variables=["PYTHON_VERSION=3.12.7"], onbuild=["COPY . /app"])
    base = inspector(tmp_path, f"FROM {registry.host}/web:1\n")

    found = base.inspect(AMD64, Claims(needs_python=True), {}, report=lambda _: None)

    assert found.fitness.triggers == ("COPY . /app",)


def test_an_image_that_is_not_there_is_told_where_the_dockerfile_names_it(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    base = inspector(tmp_path, f"FROM scratch\nCOPY --from={registry.host}/absent:1 /a /a\n")

    with pytest.raises(InputError) as caught:
        base.inspect(AMD64, Claims(needs_python=False), {}, report=lambda _: None)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.labels[0].span.text) == ("E370", f"{registry.host}/absent:1")
