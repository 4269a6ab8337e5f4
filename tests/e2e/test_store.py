"""The store with a real engine: what is built and run is recorded, and a version is a spec like any."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envc.store import Build, Run, Store
from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


@pytest.fixture
def home(envc: Envc, tmp_path: Path) -> Path:
    """A store of its own."""
    envc.variables["ENVC_HOME"] = str(tmp_path / "home")
    return tmp_path / "home"


def recorded(home: Path) -> tuple[list[Build], list[Run]]:
    """Return what is recorded, the oldest first, without times."""
    with Store.open(home) as store:
        builds = [replace(one, started=0, duration_s=0) for one in reversed(store.builds())]
        runs = [replace(one, started=0, duration_s=0) for one in reversed(store.runs())]
    return builds, runs


def test_builds_and_runs_are_recorded_with_what_came_of_them(
    envc: Envc, world: EngineWorld, home: Path
) -> None:
    envc.write("x.envc", f'environment x\nbase image "{world.python_base}"\n')
    envc("lock", "x.envc")
    image = envc.build("x.envc")
    command = ["--repository", envc.repository, "--", "sh", "-c", "exit 7"]
    envc("run", "x.envc", *command, exit_code=7)

    builds, runs = recorded(home)

    built = Build(
        env_id=image["env_id"],
        platform=image["platform"],
        image=image["image"],
        digest=image["digest"],
        size_bytes=image["size_bytes"],
        spec=str(envc.folder / "x.envc"),
        started=0,
        duration_s=0,
        outcome="built",
        log=str(envc.cache / "logs" / f"{image['env_id'].removeprefix('sha256:')}.log"),
        number=1,
    )
    assert builds == [built, replace(built, outcome="cached", log=None, number=2)]
    assert runs == [
        Run(
            env_id=image["env_id"],
            platform=image["platform"],
            image=image["image"],
            digest=image["digest"],
            spec=str(envc.folder / "x.envc"),
            command=("sh", "-c", "exit 7"),
            started=0,
            duration_s=0,
            exit_code=7,
            number=1,
        )
    ]


def test_a_build_that_fails_is_recorded_with_its_log(
    envc: Envc, world: EngineWorld, home: Path
) -> None:
    envc.write("x.envc", f'environment x\nbase image "{world.base}"\nrun "echo going; exit 3"\n')
    envc("lock", "x.envc")

    envc("build", "x.envc", "--repository", envc.repository, exit_code=1)

    [build], runs = recorded(home)
    assert (build.outcome, build.exit_code, build.digest, runs) == ("failed", 1, None, [])
    assert build.log is not None
    assert "going" in Path(build.log).read_text()


def test_a_version_is_built_and_run_when_its_files_are_gone(
    envc: Envc, world: EngineWorld, home: Path
) -> None:
    envc.write("src/hello", "#!/bin/sh\necho hello\n", mode=0o755)
    envc.write("docker/Dockerfile", f"FROM {world.base}\nCOPY . /conf/\n")
    envc.write("docker/.dockerignore", "secret\n")
    envc.write("docker/a.conf", "a")
    envc.write("docker/secret", "not here")
    envc.write(
        "x.envc",
        'environment x\nbase dockerfile "docker/Dockerfile"\ncopy "src/" to "/app"\n'
        'copy "docker/secret" to "/srv/"\n',
    )
    envc("lock", "x.envc")
    before = envc("hash", "x.envc").stdout
    envc("env", "register", "x.envc", "--label", "prod")
    for name in ("x.envc", "x.lock"):
        (envc.folder / name).unlink()
    for name in ("src", "docker"):
        shutil.rmtree(envc.folder / name)

    image = envc.build("x@1")
    options = ["--repository", envc.repository, "--"]
    said = envc("run", "x:prod", *options, "sh", "-c", "/app/hello; ls /conf /srv").stdout

    assert said.split() == ["hello", "/conf:", "Dockerfile", "a.conf", "/srv:", "secret"]
    assert image["env_id"] in before
    builds, runs = recorded(home)
    assert [build.spec for build in builds] == ["x@1"] * 2
    assert [run.spec for run in runs] == ["x@1"]


def test_what_was_built_runs_by_its_id_when_its_files_are_gone(
    envc: Envc, world: EngineWorld, home: Path
) -> None:
    envc.write("src/hello", "#!/bin/sh\necho hello\n", mode=0o755)
    envc.write("x.envc", f'environment x\nbase image "{world.base}"\ncopy "src/" to "/app"\n')
    envc("lock", "x.envc")
    image = envc.build("x.envc")
    digits = image["env_id"].removeprefix("sha256:")[:12]
    for name in ("x.envc", "x.lock"):
        (envc.folder / name).unlink()
    shutil.rmtree(envc.folder / "src")

    said = envc("run", digits, "--repository", envc.repository, "--", "/app/hello").stdout
    again = envc.build(digits)

    assert said == "hello\n"
    assert (again["env_id"], again["cached"]) == (image["env_id"], True)
    builds, runs = recorded(home)
    assert [build.spec for build in builds] == [str(envc.folder / "x.envc"), digits, digits]
    assert [run.spec for run in runs] == [digits]
    with Store.open(home) as store:
        assert [one.origin for one in store.anonymous()] == [str(envc.folder / "x.envc")]
