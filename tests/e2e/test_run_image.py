"""`envc run IMAGE`: an image that is named itself, pulled where the engine does not have it."""

from __future__ import annotations

import json
import subprocess
import uuid

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def image(envc: Envc, world: EngineWorld) -> dict[str, str]:
    """An image of an environment with a `runtime`, which only the registry has, and its facts."""
    envc.variables["ENVC_HOME"] = str(envc.folder / "home")
    envc.repository = f"{world.registry}/{envc.repository}"
    who = uuid.uuid4().hex
    text = f'environment x\nbase image "{world.base}"\nvariables {{ WHO = "{who}" }}\n'
    envc.write("x.envc", f"{text}runtime {{ shm 32m }}\n")
    envc("lock", "x.envc")
    built = envc.build("x.envc", "--push")
    docker("image", "rm", built["image"])
    envc.variables["ENVC_HOME"] = str(envc.folder / "elsewhere")
    return {**built, "who": who}


def test_an_image_is_pulled_run_and_recorded(envc: Envc, image: dict[str, str]) -> None:
    never = envc("run", image["image"], "--pull", "never", "--", "true", exit_code=2)
    command = ["sh", "-c", "echo $WHO; exit 7"]
    ran = envc("run", image["image"], "--", *command, exit_code=7)
    again = envc("run", image["image"], "--offline", "--", *command, exit_code=7)
    [*_, first] = json.loads(envc("history", "--json").stdout)["history"]

    assert never.stderr.startswith("error[E736]")
    assert (ran.stdout, again.stdout) == (f"{image['who']}\n", f"{image['who']}\n")
    assert (ran.stderr, again.stderr) == (f"pulling {image['image']}\n", "")
    recorded = {key: first[key] for key in ("kind", "env_id", "image", "digest", "spec", "command")}
    assert recorded == {
        "kind": "run",
        "env_id": image["env_id"],
        "image": image["image"],
        "digest": image["digest"],
        "spec": image["image"],
        "command": command,
    }


def test_an_image_is_run_by_its_digest(envc: Envc, image: dict[str, str]) -> None:
    name = f"{image['image'].rpartition(':')[0]}@{image['digest']}"

    ran = envc("run", name, "--", "sh", "-c", "echo $WHO")

    assert ran.stdout == f"{image['who']}\n"
    docker("image", "rm", name)


def test_a_mirror_stands_for_a_registry(
    envc: Envc, image: dict[str, str], world: EngineWorld
) -> None:
    name = image["image"].replace(world.registry, "envc-test.invalid")
    words = ["--mirror", f"envc-test.invalid={world.registry}"]

    ran = envc("run", name, *words, "--", "sh", "-c", "echo $WHO")

    assert ran.stdout == f"{image['who']}\n"
    docker("image", "rm", name)


def test_a_tag_that_lies_is_refused(envc: Envc, image: dict[str, str], world: EngineWorld) -> None:
    docker("tag", world.base, image["image"])

    ran = envc("run", image["image"], "--", "true", exit_code=3)

    assert ran.stderr.startswith(f"error[E670]: `{image['image']}` is not the image of")
    assert "it has no label `dev.envc.env-id`" in ran.stderr


def test_what_cannot_be_found_is_told_with_all_reasons(envc: Envc, world: EngineWorld) -> None:
    name = f"{world.registry}/envc-test-nobody/x:1"
    remote = envc("run", name, "--", "true", exit_code=2)
    local = envc("run", "envc-test-nobody:x", "--", "true", exit_code=2)

    assert remote.stderr.splitlines()[:4] == [
        f"error[E736]: `{name}` is neither a file, nor registered, nor an image that can be found",
        f"note: there is no file `{name}`",
        f"note: `{name}` cannot be the name of a registered version",
        f"note: the registry `{world.registry}` has no such image",
    ]
    assert local.stderr.splitlines()[2:4] == [
        "note: no environment `envc-test-nobody` is registered",
        "note: the Docker engine has no such image",
    ]


def test_an_image_for_other_platforms_is_told(envc: Envc, image: dict[str, str]) -> None:
    words = ["--platform", "linux/arm64", "--", "true"]

    ran = envc("run", image["image"], *words, exit_code=2)

    assert ran.stderr.splitlines()[:2] == [
        f"error[E739]: the image `{image['image']}` is not for `linux/arm64`",
        f"note: it is for: {image['platform']}",
    ]


def test_an_environment_is_no_image(envc: Envc, image: dict[str, str]) -> None:
    envc("env", "register", "x.envc")
    envc("env", "push", "x", "--repository", envc.repository)

    ran = envc("run", f"{envc.repository}:x--1", "--", "true", exit_code=2)

    assert ran.stderr.startswith(
        f"error[E737]: `{envc.repository}:x--1` is a registered environment"
    )
    assert image["who"]


def test_without_a_command_the_hint_says_where_to_name_one(envc: Envc, world: EngineWorld) -> None:
    envc.write("x.envc", f'environment x\nbase image "{world.base}"\nentrypoint []\ncommand []\n')
    envc("lock", "x.envc")
    envc.build("x.envc")

    ran = envc("run", "x.envc", exit_code=3)

    assert ran.stderr.startswith("error[E633]")
    assert (
        "hint: say what is to run, after the image's name or as `command` in the spec" in ran.stderr
    )
