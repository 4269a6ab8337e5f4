"""Images shared through real registries: found there, pushed there, and what happens when they fail."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from support.command import Envc
from support.engine import EngineWorld
from support.proxy import PASSWORD, USER, RegistryProxy

pytestmark = pytest.mark.engine

SPEC = """environment shared
base image "{base}"
variables {{ WHO = "{who}" }}
check {{ run 'test -n "$WHO"' }}
"""


@pytest.fixture
def spec(envc: Envc, world: EngineWorld) -> str:
    """A locked spec whose image nobody has."""
    envc.write("a.envc", SPEC.format(base=world.base, who=uuid.uuid4().hex))
    envc("lock", "a.envc")
    return "a.envc"


@pytest.fixture
def shared(envc: Envc, world: EngineWorld) -> Envc:
    """The command, whose images are named in the open registry."""
    envc.repository = f"{world.registry}/{envc.repository}"
    return envc


def refused(envc: Envc, *words: str, exit_code: int = 3) -> dict[str, Any]:
    """Run a verb that fails, and return its one diagnostic."""
    done = envc(*words, "--repository", envc.repository, "--json", exit_code=exit_code)
    [problem] = json.loads(done.stdout)["diagnostics"]
    assert isinstance(problem, dict)
    return problem


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--push"], "`envc` names no registry to push to"),
        (
            ["--push", "--offline", "--repository", "ghcr.io/team/envs"],
            "`--push` needs a registry, and `--offline` allows no network",
        ),
        (["--pull", "always", "--offline"], "`--pull always` needs a registry, and `--offline`"),
    ],
)
def test_what_cannot_be_pushed_or_pulled_is_told_at_once(
    envc: Envc, spec: str, words: list[str], message: str
) -> None:
    done = envc("build", spec, *words, exit_code=2)

    assert done.stderr.startswith(f"error[E673]: {message}")


def forget(*names: str) -> None:
    """Have the engine drop names, and with them images."""
    subprocess.run(["docker", "image", "rm", *names], capture_output=True, check=True)


def has(name: str) -> bool:
    """Say whether the engine has an image."""
    command = ["docker", "image", "inspect", name]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_what_one_pushes_others_find_without_pulling(shared: Envc, spec: str) -> None:
    pushed = shared.build(spec, "--push")
    forget(pushed["image"])

    found = shared.build(spec)

    name = pushed["image"]
    assert (pushed["cached"], pushed["pushed"], pushed["local"]) == (False, [name], True)
    assert (found["cached"], found["pushed"], found["local"]) == (True, [], False)
    assert (found["image"], found["digest"]) == (name, pushed["digest"])
    assert not has(name)


def test_the_engine_gets_an_image_once_it_is_needed(shared: Envc, spec: str) -> None:
    pushed = shared.build(spec, "--push")
    forget(pushed["image"])

    done = shared("run", spec, "--repository", shared.repository, "--", "sh", "-c", "echo $WHO")

    assert done.stdout.strip() in shared.folder.joinpath(spec).read_text()
    assert has(pushed["image"])
    assert shared.build(spec)["registry"] is None


def test_always_pull_replaces_what_the_engine_has(shared: Envc, spec: str) -> None:
    pushed = shared.build(spec, "--push")

    pulled = shared.build(spec, "--pull", "always")

    assert (pulled["local"], pulled["digest"]) == (True, pushed["digest"])
    assert pulled["registry"] == pushed["image"].partition("/")[0]


def test_never_pull_builds_what_the_engine_lacks(shared: Envc, spec: str) -> None:
    pushed = shared.build(spec, "--push")
    forget(pushed["image"])

    built = shared.build(spec, "--pull", "never")

    assert (built["cached"], built["digest"]) == (False, pushed["digest"])


def test_an_image_may_come_from_somebody_elses_repository(
    shared: Envc, spec: str, world: EngineWorld
) -> None:
    pushed = shared.build(spec, "--push")
    forget(pushed["image"])
    theirs, shared.repository = shared.repository, f"{shared.repository}-own"

    found = shared.build(spec, "--from", f"{world.registry}/nobody/has/this", "--from", theirs)

    assert (found["cached"], found["local"], found["registry"]) == (True, True, world.registry)
    assert found["image"].startswith(f"{shared.repository}:")
    assert found["digest"] == pushed["digest"]


def test_own_tags_are_pushed_and_need_no_pull(shared: Envc, spec: str, world: EngineWorld) -> None:
    pushed = shared.build(spec, "--push")
    forget(pushed["image"])
    tag, elsewhere = f"{shared.repository}:v1", f"{world.registry}/{uuid.uuid4().hex}:v1"

    named = shared.build(spec, "--push", "-t", tag)
    moved = shared.build(spec, "--push", "-t", elsewhere)

    assert (named["pushed"], named["local"]) == ([tag], False)
    assert (moved["pushed"], moved["local"]) == ([elsewhere], True)
    for name in (tag, elsewhere):
        subprocess.run(["docker", "pull", "-q", name], capture_output=True, check=True)
        shown = ["docker", "inspect", "--format", "{{.Descriptor.digest}}", name]
        digest = subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip()
        assert digest == pushed["digest"]
    forget(tag, elsewhere)


def test_several_platforms_are_pushed_as_one_and_found_as_one(
    shared: Envc, two_platform_base: str
) -> None:
    # With a package: what there is without one would have to run on arm64, which nothing here does.
    text = SPEC.format(base=two_platform_base, who=uuid.uuid4().hex).partition("check")[0]
    text += "platforms linux/amd64, linux/arm64\npython 3.11\npip { six }\n"
    shared.write("b.envc", text)
    shared("lock", "b.envc")

    pushed = shared.build("b.envc", "--platform", "all", "--push")
    forget(*pushed["pushed"])
    found = shared.build("b.envc", "--platform", "all")

    assert len(pushed["pushed"]) == 3
    assert (found["cached"], found["local"]) == (True, False)
    for key in ("image", "digest", "env_id", "platform"):
        assert found[key] == pushed[key]
    assert {name: one["digest"] for name, one in found["platforms"].items()} == {
        name: one["digest"] for name, one in pushed["platforms"].items()
    }


def test_a_tag_that_points_at_something_else_is_refused_until_it_is_replaced(
    shared: Envc, spec: str, world: EngineWorld
) -> None:
    name = shared.build(spec)["image"]
    forget(name)
    subprocess.run(["docker", "tag", world.base, name], check=True)
    subprocess.run(["docker", "push", "-q", name], capture_output=True, check=True)
    forget(name)

    assert refused(shared, "build", spec)["code"] == "E670"
    assert refused(shared, "build", spec, "--push")["code"] == "E670"
    assert shared.build(spec, "--pull", "never")["cached"] is False
    assert refused(shared, "build", spec, "--push")["code"] == "E670"
    assert shared.build(spec, "--force", "--push")["pushed"] == [name]
    forget(name)
    assert shared.build(spec)["cached"] is True


def tags(repository: str) -> list[str]:
    """Return the tags of a repository in the open registry."""
    registry, _, name = repository.partition("/")
    found = requests.get(f"http://{registry}/v2/{name}/tags/list", timeout=30).json()
    return sorted(found["tags"])


def test_what_is_pushed_has_a_cache_of_its_steps_beside_it_unless_told_otherwise(
    shared: Envc, spec: str
) -> None:
    image = shared.build(spec, "--push")["image"].rpartition(":")[2]
    beside, shared.repository = tags(shared.repository), f"{shared.repository}-bare"
    shared.build(spec, "--push", "--cache", "none")

    assert beside == sorted([image, "cache-shared-amd64"])
    assert tags(shared.repository) == [image]


def login(folder: Path, registry: str, user: str, password: str) -> dict[str, str]:
    """Return variables that name a Docker configuration with these credentials."""
    folder.mkdir(exist_ok=True)
    plugins = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker"), "cli-plugins")
    if plugins.is_dir():
        folder.joinpath("cli-plugins").symlink_to(plugins)
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = {"auths": {registry: {"auth": auth}}}
    folder.joinpath("config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": str(folder)}


def test_a_registry_with_a_password_is_used_with_the_stored_one(
    envc: Envc, spec: str, world: EngineWorld, tmp_path: Path
) -> None:
    envc.repository = f"{world.auth_registry}/{envc.repository}"
    envc.variables |= login(tmp_path / "own", world.auth_registry, "envc", "envc-secret")
    pushed = envc.build(spec, "--push")
    forget(pushed["image"])
    found = envc.build(spec)
    envc.variables |= login(tmp_path / "wrong", world.auth_registry, "envc", "guessed")

    problem = refused(envc, "build", spec)

    assert (found["cached"], found["digest"]) == (True, pushed["digest"])
    assert (problem["code"], problem["hint"].split(";")[0]) == (
        "E380",
        f"run `docker login {world.auth_registry}`",
    )


def test_a_registry_with_tokens_is_used_with_the_stored_password(
    envc: Envc, spec: str, world: EngineWorld, tmp_path: Path
) -> None:
    with RegistryProxy(world.registry) as proxy:
        proxy.wants_token = True
        envc.repository = f"{proxy.host}/{envc.repository}"
        envc.variables |= login(tmp_path / "own", proxy.host, USER, PASSWORD)
        pushed = envc.build(spec, "--push")
        forget(pushed["image"])

        found = envc.build(spec)

        assert (found["cached"], found["digest"]) == (True, pushed["digest"])
        envc.variables |= login(tmp_path / "wrong", proxy.host, USER, "guessed")
        assert refused(envc, "build", spec)["code"] == "E380"


def test_only_a_clear_answer_means_build(envc: Envc, spec: str, world: EngineWorld) -> None:
    with RegistryProxy(world.registry) as proxy:
        envc.repository = f"{proxy.host}/{envc.repository}"
        proxy.fault = lambda _method, path: 502 if "/manifests/" in path else None
        broken = refused(envc, "build", spec)
        proxy.fault = lambda _method, path: 0 if "/manifests/" in path else None
        gone = refused(envc, "build", spec)
        proxy.fault = lambda _method, _path: None

        built = envc.build(spec)

    assert (broken["code"], gone["code"]) == ("E383", "E382")
    assert (built["cached"], built["local"]) == (False, True)


def test_a_registry_that_dies_while_it_is_pushed_to_costs_another_try(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    with RegistryProxy(world.registry) as proxy:
        envc.repository = f"{proxy.host}/{envc.repository}"
        proxy.fault = lambda method, _path: 0 if method in {"PUT", "PATCH"} else None
        problem = refused(envc, "build", spec, "--push")
        proxy.fault = lambda _method, _path: None

        pushed = envc.build(spec, "--push")

    assert problem["code"] == "E672"
    assert (pushed["cached"], pushed["pushed"]) == (True, [pushed["image"]])


def test_who_may_look_but_not_push_is_told_so(envc: Envc, spec: str, world: EngineWorld) -> None:
    with RegistryProxy(world.registry) as proxy:
        envc.repository = f"{proxy.host}/{envc.repository}"
        proxy.fault = lambda method, _path: 403 if method in {"PUT", "POST", "PATCH"} else None

        problem = refused(envc, "build", spec, "--push")

    assert (problem["code"], problem["hint"]) == (
        "E671",
        f"run `docker login {proxy.host}` as somebody who may push there",
    )


def test_a_registry_that_stumbles_is_pushed_to_again(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    with RegistryProxy(world.registry) as proxy:
        envc.repository = f"{proxy.host}/{envc.repository}"
        failed: list[str] = []

        def stumble(method: str, path: str) -> int | None:
            if method == "PUT" and "/manifests/" in path and not failed:
                failed.append(path)
                return 503
            return None

        proxy.fault = stumble

        pushed = envc.build(spec, "--push")

    assert failed
    assert pushed["pushed"] == [pushed["image"]]


def test_who_loses_the_race_to_push_takes_the_winners(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    """The winner pushes between our look at the registry and our push, which is then not taken."""
    own = envc.repository
    envc.repository = f"{world.registry}/{own}"
    winner = envc.build(spec, "--push")
    with RegistryProxy(world.registry) as proxy:
        envc.repository = f"{proxy.host}/{own}"
        refusals: list[str] = []

        def lose(method: str, path: str) -> int | None:
            if "/manifests/" not in path:
                return None
            if method == "PUT":
                refusals.append(path)
                return 409
            return None if refusals else 404

        proxy.fault = lose

        loser = envc.build(spec, "--push")

    assert refusals
    assert (loser["cached"], loser["pushed"]) == (True, [])
    assert loser["digest"] == winner["digest"]
