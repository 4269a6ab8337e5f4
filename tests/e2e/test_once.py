"""One environment, many processes: built once, by whoever comes first, and by the next one if killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.command import Envc
from support.engine import EngineWorld, list_images

pytestmark = pytest.mark.engine

SPEC = """environment once
base image "{base}"
run "echo {own}; sleep 1"
check {{ run "true" }}
"""


@pytest.fixture
def spec(envc: Envc, world: EngineWorld) -> str:
    """A locked spec whose image nobody has, and which takes a second to build."""
    envc.write("a.envc", SPEC.format(base=world.base, own=uuid.uuid4().hex))
    envc("lock", "a.envc")
    return "a.envc"


def start(envc: Envc, spec: str, *options: str) -> subprocess.Popen[str]:
    """Start a build in a process group of its own."""
    command = ["build", spec, "--repository", envc.repository, "--json", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "envc", *command],
        cwd=envc.folder,
        env={**os.environ, "ENVC_CACHE": str(envc.cache), **envc.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


@contextmanager
def started(envc: Envc, spec: str) -> Iterator[subprocess.Popen[str]]:
    """Give a build that runs, and that is gone in the end."""
    with start(envc, spec) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)


def names(envc: Envc) -> list[str]:
    """Return the names of the images that there are."""
    return list_images(envc.repository)


def test_sixteen_processes_build_an_environment_once_and_all_get_it(envc: Envc, spec: str) -> None:
    children = [start(envc, spec) for _ in range(16)]
    ended = [(child.communicate(), child.returncode) for child in children]

    assert {code for _, code in ended} == {0}, ended
    images = [json.loads(stdout) for (stdout, _), _ in ended]
    assert sorted(image["cached"] for image in images) == [False, *[True] * 15]
    assert len({image["digest"] for image in images}) == 1
    assert names(envc) == [images[0]["image"]]


def test_of_many_processes_one_pushes_and_the_others_find_what_it_pushed(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    envc.repository = f"{world.registry}/{envc.repository}"
    envc.build(spec)
    children = [start(envc, spec, "--push", "--cache", "none") for _ in range(8)]
    ended = [(child.communicate(), child.returncode) for child in children]

    assert {code for _, code in ended} == {0}, ended
    images = [json.loads(stdout) for (stdout, _), _ in ended]
    assert sorted(len(image["pushed"]) for image in images) == [*[0] * 7, 1]
    assert len({image["digest"] for image in images}) == 1


def test_a_build_that_is_killed_is_no_obstacle_and_leaves_nothing(envc: Envc, spec: str) -> None:
    moments = random.Random(8)
    for _ in range(4):
        with started(envc, spec) as child:
            time.sleep(moments.uniform(0.3, 2.5))
            child.kill()

    image = envc.build(spec)

    assert envc.build(spec)["digest"] == image["digest"]
    assert names(envc) == [image["image"]]
    assert not any(envc.cache.joinpath("contexts").iterdir())


def mark_of_the_dead() -> str:
    """Return the mark of a process that is gone."""
    code = "from envc.mark import own_mark; print(own_mark())"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("has_label", [True, False], ids=["a_check_of_ours", "somebodys"])
def test_a_container_that_a_killed_build_has_left_is_no_obstacle(
    envc: Envc, spec: str, has_label: bool
) -> None:
    name, mark = envc.build(spec)["image"], mark_of_the_dead()
    temporary, label = f"{name}-{mark}", f"dev.envc.process=envc-{mark}"
    dockerfile = f"FROM {name}\nLABEL other=image\n"
    subprocess.run(
        ["docker", "build", "-q", "-t", temporary, "-"], input=dockerfile, text=True, check=True
    )
    command = ["docker", "create", *(["--label", label] if has_label else []), temporary]
    container = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        envc.build(spec, "--force")

        assert names(envc) == [name] if has_label else sorted([name, temporary])
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)


def test_what_a_killed_build_has_named_is_dropped_by_the_next(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    mark = mark_of_the_dead()
    name = envc.build(spec)["image"]
    envc("build", spec, "--repository", envc.repository)
    world.engine.tag(name, f"{name}-{mark}")
    world.engine.tag(name, f"{name}-00000000-7")

    envc.build(spec, "--force")

    assert names(envc) == sorted([name, f"{name}-00000000-7"])


def test_a_wrong_option_is_told_where_nothing_is_built_too(envc: Envc, spec: str) -> None:
    envc.build(spec)
    command = ("build", spec, "--repository", envc.repository)

    vendor = envc(*command, "--vendor", "nope", exit_code=2)
    mirror = envc(*command, "--mirror", "X=Y", exit_code=2)

    assert vendor.stderr.startswith("error[E436]: `nope` does not exist\n")
    assert mirror.stderr.startswith("error[E002]: nothing can be fetched from the mirror `Y`\n")


def test_what_another_repository_of_the_engine_has_is_not_built_again(
    envc: Envc, spec: str
) -> None:
    first = envc.build(spec)
    other = f"{envc.repository}/of/another"

    done = envc("build", spec, "--repository", other, "--json", "--pull", "never")

    found = json.loads(done.stdout)
    own = first["image"].rpartition(":")[2]
    assert (found["cached"], found["digest"], found["image"]) == (
        True,
        first["digest"],
        f"{other}:{own}",
    )
    assert list_images(f"{other}:{own}") == [found["image"]]
    assert names(envc) == [first["image"]]


def test_what_failed_under_another_repository_does_not_count(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    path = envc.folder / spec
    path.write_text(path.read_text().replace('run "true"', 'run "false"'))
    other = f"{envc.repository}/of/another"
    options = ("--repository", other, "--pull", "never")
    envc("build", spec, "--repository", envc.repository, exit_code=1)
    (failed,) = names(envc)

    again = envc("build", spec, *options, exit_code=1)
    forged = failed.replace("failed-", "")
    world.engine.tag(failed, forged)
    checked = envc("build", spec, *options, exit_code=1)

    assert "error[E621]" in again.stderr
    assert f"/bin/sh {failed.replace(envc.repository, other)}`" in again.stderr
    assert "error[E621]" in checked.stderr
    assert checked.stderr.count(f"/bin/sh {failed.replace(envc.repository, other)}`") == 1
    assert list_images(f"{other}:*") == [failed.replace(envc.repository, other)]


def test_a_hit_loads_no_parser_and_no_model(envc: Envc, spec: str) -> None:
    """What such a build costs is what it loads: milliseconds are `benchmarks/hits.py`'s matter."""
    envc.build(spec)
    code = (
        "import sys; from envc.cli import main\n"
        "code = main(sys.argv[1:])\n"
        "heavy = {'pydantic', 'lark', 'jinja2', 'rich', 'yaml', 'rattler', 'filelock'}\n"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    words = ["build", spec, "--repository", envc.repository]

    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=envc.folder,
        env={**os.environ, "ENVC_CACHE": str(envc.cache), **envc.variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_build_is_shown_in_the_specs_own_words(envc: Envc, spec: str) -> None:
    step = next(
        line for line in envc.folder.joinpath(spec).read_text().splitlines() if "run" in line
    )

    plain = envc("build", spec, "--repository", envc.repository, "--force").stderr
    events = envc(
        "build", spec, "--repository", envc.repository, "--force", "--progress", "json"
    ).stderr
    quiet = envc("build", spec, "--repository", envc.repository, "--force", "--progress", "quiet")

    assert f"a.envc:3  {step}" in plain
    started = [json.loads(line) for line in events.splitlines() if line.startswith("{")]
    assert {"title": step, "file": "a.envc", "line": 3} in [
        {key: one.get(key) for key in ("title", "file", "line")} for one in started
    ]
    assert [line.split()[0] for line in quiet.stderr.splitlines()] == ["built"]
