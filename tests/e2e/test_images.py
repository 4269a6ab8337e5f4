"""Images listed and cleaned up, in the engine and in a registry."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.command import Envc
from support.engine import EngineWorld
from support.proxy import RegistryProxy

pytestmark = pytest.mark.engine

SPEC = """environment kept
base image "{base}"
variables {{ WHO = "{who}" }}
"""


@pytest.fixture
def home(envc: Envc, tmp_path: Path) -> Path:
    """The store's folder, of this test alone."""
    envc.variables["ENVC_HOME"] = str(tmp_path / "home")
    return tmp_path / "home"


def make(envc: Envc, world: EngineWorld, name: str, *words: str) -> dict[str, Any]:
    """Return an image of an environment of its own."""
    envc.write(name, SPEC.format(base=world.base, who=uuid.uuid4().hex))
    envc("lock", name)
    return envc.build(name, *words)


def said(envc: Envc, *words: str) -> dict[str, Any]:
    """Return what a verb says as JSON."""
    found = json.loads(envc(*words, "--json").stdout)
    assert isinstance(found, dict)
    return found


def listed(envc: Envc, *words: str) -> dict[str, dict[str, Any]]:
    """Return this test's images, by their first name."""
    images = said(envc, "image", "list", *words)["images"]
    return {name: one for one in images for name in one["names"][:1] if envc.repository in name}


@contextmanager
def container(image: str) -> Iterator[str]:
    """Give a container that runs."""
    command = ["docker", "run", "-d", "--rm", image, "sleep", "300"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    try:
        yield made
    finally:
        subprocess.run(["docker", "rm", "-f", made], capture_output=True, check=True)


@pytest.mark.usefixtures("home")
def test_the_engines_images_are_listed_with_what_needs_them(envc: Envc, world: EngineWorld) -> None:
    one, other = make(envc, world, "a.envc"), make(envc, world, "b.envc")
    envc("env", "register", "a.envc", "--name", "pets")
    with container(other["image"]) as running:
        found = listed(envc)

        assert found[one["image"]]["versions"] == ["pets@1"]
        assert found[one["image"]]["digest"] == one["digest"]
        assert found[one["image"]]["env_id"] == one["env_id"]
        [name] = found[other["image"]]["containers"]
        names = ["docker", "inspect", "--format", "{{.Name}}", running]
        shown = subprocess.run(names, capture_output=True, text=True, check=True).stdout
        assert shown.strip() == f"/{name}"


@pytest.mark.usefixtures("home")
def test_an_image_is_found_by_name_and_by_the_first_digits_of_its_env_id(
    envc: Envc, world: EngineWorld
) -> None:
    made = make(envc, world, "a.envc")

    for text in (made["image"], made["env_id"], made["env_id"][7:17], made["digest"]):
        assert [one["digest"] for one in said(envc, "image", "show", text)["images"]] == [
            made["digest"]
        ]
    done = envc("image", "show", f"{made['image']}x", exit_code=2)
    assert "error[E676]" in done.stderr
    assert f"hint: did you mean `{made['image']}`?" in done.stderr


@pytest.mark.usefixtures("home")
def test_cleaning_up_drops_what_nothing_needs(envc: Envc, world: EngineWorld) -> None:
    """With a repository of its own, as all images of this engine would go otherwise."""
    lost, registered, named, used = (
        make(envc, world, f"{name}.envc") for name in ("lost", "registered", "named", "used")
    )
    envc("env", "register", "registered.envc")
    world.engine.tag(named["image"], f"{envc.repository}:mine")
    with container(used["image"]):
        would = said(envc, "image", "gc", "--older-than", "0h", "--dry-run")
        own = {one["names"][0] for one in would["dropped"] if one["names"]}
        kept = {name: one["reason"] for one in would["kept"] for name in one["names"]}

        assert lost["image"] in own
        assert kept[registered["image"]] == "kept@1 is registered"
        assert kept[named["image"]] == f"it is called {envc.repository}:mine, too"
        assert kept[used["image"]].endswith("needs it")
        assert set(listed(envc)) == {one["image"] for one in (lost, registered, named, used)}


def push(envc: Envc, world: EngineWorld, count: int) -> list[dict[str, Any]]:
    """Return images that are in the registry, the oldest first."""
    return [make(envc, world, f"{number}.envc", "--push") for number in range(count)]


@pytest.mark.usefixtures("home")
def test_a_registry_is_cleaned_up_as_far_as_we_know_its_images(
    envc: Envc, world: EngineWorld
) -> None:
    envc.repository = f"{world.registry}/{envc.repository}"
    first, second, third, fourth = push(envc, world, 4)
    envc.build("1.envc", "--push", "-t", f"{envc.repository}:v1")
    envc("env", "register", "2.envc")
    strangers = Envc(
        folder=envc.folder,
        cache=envc.cache,
        repository=envc.repository,
        variables={**envc.variables, "ENVC_HOME": str(envc.folder / "strangers")},
    )
    place = ("--repository", envc.repository)

    told = said(strangers, "image", "gc", *place, "--older-than", "0h")
    done = said(envc, "image", "gc", *place, "--older-than", "0h", "--keep", "2")
    left = listed(envc, *place)

    assert told["dropped"] == []
    assert [one["names"] for one in done["dropped"]] == [[first["image"]]]
    assert set(left) == {one["image"] for one in (second, third, fourth)}
    assert {name for one in done["kept"] for name in one["names"]} == {
        *left,
        f"{envc.repository}:v1",
    }


@pytest.mark.usefixtures("home")
def test_a_registry_that_deletes_nothing_says_so(envc: Envc, world: EngineWorld) -> None:
    with RegistryProxy(world.registry) as proxy:
        envc.repository = f"{proxy.host}/{envc.repository}"
        make(envc, world, "a.envc", "--push")
        proxy.fault = lambda method, _path: 405 if method == "DELETE" else None
        words = ("image", "gc", "--repository", envc.repository, "--older-than", "0h")

        done = envc(*words, exit_code=3)

    assert "error[E675]" in done.stderr
