"""Builds by a second BuildKit daemon, with a cache of steps in a registry."""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Envc
from support.engine import EngineWorld
from support.farm import open_farm

pytestmark = pytest.mark.engine


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for a daemon, with a path that is short enough for a socket's."""
    folder = Path(tempfile.mkdtemp(prefix="envc-farm-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def spec(envc: Envc, world: EngineWorld) -> str:
    """A small spec, of which nobody has built anything yet."""
    text = f"""environment zoo
base image "{world.base}"
run "echo {uuid.uuid4().hex} >/etc/zoo"
"""
    envc.write("zoo.envc", text)
    envc("lock", "zoo.envc")
    return "zoo.envc"


def test_another_builder_gives_the_engine_the_same_image_and_its_cache_saves_the_next_its_steps(
    envc: Envc, world: EngineWorld, spec: str, place: Path
) -> None:
    cache = f"{world.registry}/envc-test-cache:{uuid.uuid4().hex[:12]}"
    own = envc.build(spec, "--cache", cache, "--builder", "default")
    with open_farm(place) as farm:
        log = envc.folder / "farm.log"
        forced = ("--force", "--builder", farm, "--cache", cache, "--log", str(log))
        other = envc.build(spec, *forced)
    found = envc.build(spec)

    assert (own["cached"], other["cached"], found["cached"]) == (False, False, True)
    assert own["digest"] == other["digest"] == found["digest"]
    assert other["diagnostics"] == []
    lines = [line.partition(" ") for line in log.read_text().splitlines() if "] RUN " in line]
    begun = {name.strip() for word, _, name in lines if word == "BEGIN"}
    # What comes from the cache begins once more where its content is fetched.
    assert begun == {name.strip() for word, _, name in lines if word == "CACHED"}
    assert len(begun) == 2


def test_a_cache_that_cannot_be_reached_is_a_warning(envc: Envc, spec: str) -> None:
    done = envc.build(spec, "--cache", "localhost:1/envc-cache")

    assert [one["code"] for one in done["diagnostics"]] == ["W680", "W680"]
    assert [one["message"] for one in done["diagnostics"]] == [
        "the cache `localhost:1/envc-cache` cannot be read",
        "the cache of steps cannot be written to its registry",
    ]


def test_a_builder_that_is_not_there_is_told(envc: Envc, spec: str) -> None:
    arguments = ("--repository", envc.repository, "--builder", "envc-test-nobody", "--json")
    done = envc("build", spec, *arguments, exit_code=3)

    (problem,) = json.loads(done.stdout)["diagnostics"]
    assert (problem["code"], problem["message"]) == (
        "E680",
        "buildx has no builder `envc-test-nobody`",
    )
