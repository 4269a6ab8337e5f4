"""What is recorded of builds and runs, and that nothing depends on it."""

from __future__ import annotations

import argparse
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from envc.build.image import Image, Wanted
from envc.cli.console import Console
from envc.cli.ending import Ended
from envc.cli.recording import Recorder
from envc.errors import ToolError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.store.activity import Build, Run
from envc.store.database import unwritable
from envc.store.store import Store
from support.records import NOW

ENV_ID = "sha256:" + "a" * 64
AMD64 = Image(
    name="envc:aaaa",
    env_id=ENV_ID,
    platform="linux/amd64",
    digest="sha256:d",
    size_bytes=1000,
    duration_s=2.5,
    is_cached=False,
)
MACHINE = Machine(environment={}, cache=Path("unused"), mirrors=MirrorMap())
WANTED = Wanted.of("envc", ENV_ID, "linux/amd64")


@pytest.fixture
def said() -> io.StringIO:
    """What is written for the reader."""
    return io.StringIO()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a build."""
    path = tmp_path / "a.log"
    path.write_text("log")
    return path


@pytest.fixture
def recorder(tmp_path: Path, said: io.StringIO, log: Path) -> Recorder:
    """A recorder of a spec that lies in a folder."""
    spec = tmp_path / "pets.envc"
    arguments = argparse.Namespace(spec=spec, given={spec: str(spec)})
    console = Console(io.StringIO(), said, {}, has_json=False)
    return Recorder(arguments, console, tmp_path / "home", lambda _: log)


def recorded(tmp_path: Path) -> tuple[tuple[Build, ...], tuple[Run, ...]]:
    """Return what is recorded, with all times set to one."""
    with Store.open(tmp_path / "home") as store:
        return (
            tuple(replace(one, started=NOW, duration_s=1) for one in store.builds()),
            tuple(replace(one, started=NOW, duration_s=1) for one in store.runs()),
        )


def build_of(tmp_path: Path, **said: object) -> Build:
    usual = Build(
        env_id=ENV_ID,
        platform="linux/amd64",
        image="envc:aaaa",
        digest="sha256:d",
        size_bytes=1000,
        spec=str(tmp_path / "pets.envc"),
        started=NOW,
        duration_s=1,
        outcome="built",
        number=1,
    )
    return replace(usual, **said)  # type: ignore[arg-type]


def test_a_build_is_recorded_with_its_log(recorder: Recorder, tmp_path: Path, log: Path) -> None:
    recorder.begin("", WANTED)

    recorder.record_images({"": AMD64}, MACHINE)

    assert recorded(tmp_path) == ((build_of(tmp_path, log=str(log)),), ())


def test_what_was_found_has_no_log(recorder: Recorder, tmp_path: Path) -> None:
    recorder.begin("", WANTED)

    recorder.record_images({"": replace(AMD64, is_cached=True)}, MACHINE)

    assert recorded(tmp_path)[0] == (build_of(tmp_path, outcome="cached"),)


def test_the_log_of_an_earlier_build_is_not_that_of_a_later_one(
    recorder: Recorder, tmp_path: Path, log: Path
) -> None:
    os.utime(log, (NOW, NOW))
    recorder.begin("", WANTED)

    recorder.record_images({"": AMD64}, MACHINE)

    assert [build.log for build in recorded(tmp_path)[0]] == [None]


def test_each_platform_of_each_variant_is_recorded(recorder: Recorder, tmp_path: Path) -> None:
    arm64 = replace(AMD64, platform="linux/arm64", env_id="sha256:b")
    both = replace(AMD64, platform="linux/amd64,linux/arm64", env_id="sha256:c")

    recorder.record_images({"cpu": replace(both, parts=(AMD64, arm64)), "gpu": AMD64}, MACHINE)

    assert sorted((one.variant, one.env_id) for one in recorded(tmp_path)[0]) == [
        ("cpu", ENV_ID),
        ("cpu", "sha256:b"),
        ("cpu", "sha256:c"),
        ("gpu", ENV_ID),
    ]


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (unwritable(Path("x"), "no"), 3),
        (Ended(15), 143),
        (KeyboardInterrupt(), 130),
        (ValueError(), 70),
    ],
)
def test_a_build_that_fails_is_recorded(
    recorder: Recorder, tmp_path: Path, log: Path, error: BaseException, exit_code: int
) -> None:
    recorder.begin("", WANTED)

    with pytest.raises(type(error)), recorder.recording_failure():
        raise error

    failed = build_of(
        tmp_path,
        image=WANTED.name,
        digest=None,
        size_bytes=None,
        outcome="failed",
        exit_code=exit_code,
        log=str(log),
    )
    assert recorded(tmp_path)[0] == (failed,)


def test_what_fails_before_any_image_is_wanted_is_no_build(
    recorder: Recorder, tmp_path: Path
) -> None:
    with pytest.raises(ToolError), recorder.recording_failure():
        raise unwritable(Path("x"), "no")

    assert not (tmp_path / "home").exists()


def test_a_run_is_recorded_with_its_exit_code(recorder: Recorder, tmp_path: Path) -> None:
    with recorder.recording_run("gpu", AMD64, ["python", "-c", "1"]) as ended:
        ended(7)

    run = Run(
        env_id=ENV_ID,
        variant="gpu",
        platform="linux/amd64",
        image="envc:aaaa",
        digest="sha256:d",
        spec=str(tmp_path / "pets.envc"),
        command=("python", "-c", "1"),
        started=NOW,
        duration_s=1,
        exit_code=7,
        number=1,
    )
    assert recorded(tmp_path) == ((), (run,))


def test_a_run_that_does_not_start_is_recorded(recorder: Recorder, tmp_path: Path) -> None:
    with pytest.raises(ToolError), recorder.recording_run("", AMD64, []):
        raise unwritable(Path("x"), "no")

    assert [run.exit_code for run in recorded(tmp_path)[1]] == [3]


def test_a_registered_version_is_recorded_by_its_name(tmp_path: Path, said: io.StringIO) -> None:
    spec = tmp_path / "cache" / "pets.envc"
    arguments = argparse.Namespace(spec=spec, given={spec: "pets@3"})
    console = Console(io.StringIO(), said, {}, has_json=False)

    Recorder(arguments, console, tmp_path / "home").record_images({"": AMD64}, MACHINE)

    assert [build.spec for build in recorded(tmp_path)[0]] == ["pets@3"]


def test_what_is_not_recorded_is_data_too(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    spec, out = tmp_path / "pets.envc", io.StringIO()
    arguments = argparse.Namespace(spec=spec, given={spec: str(spec)})
    console = Console(out, io.StringIO(), {}, has_json=True)

    Recorder(arguments, console, tmp_path / "home").record_images({"": AMD64}, MACHINE)
    console.print_json({"image": "envc:aaaa"})

    told = json.loads(out.getvalue())
    assert (told["ok"], [one["code"] for one in told["diagnostics"]]) == (True, ["W712"])


def test_what_failed_is_recorded_for_its_variant(recorder: Recorder, tmp_path: Path) -> None:
    recorder.begin("cpu", WANTED)
    recorder.begin("gpu", Wanted.of("envc", "sha256:b", "linux/amd64"))

    recorder.record_failure("cpu", unwritable(Path("x"), "no"))
    recorder.record_failure("never begun", unwritable(Path("x"), "no"))

    [failed] = recorded(tmp_path)[0]
    assert (failed.variant, failed.env_id, failed.exit_code) == ("cpu", ENV_ID, 3)


def test_a_store_that_cannot_be_written_is_a_warning(
    tmp_path: Path, said: io.StringIO, recorder: Recorder
) -> None:
    (tmp_path / "home").touch()

    recorder.record_images({"": AMD64}, MACHINE)
    with recorder.recording_run("", AMD64, []) as ended:
        ended(0)

    why = f"the store `{tmp_path}/home` cannot be written: file exists"
    hint = "check the disk and its permissions, or let `ENVC_HOME` name a folder that you can write"
    assert said.getvalue() == (
        f"warning[W712]: what was built is not recorded: {why}\nhint: {hint}\n"
        f"warning[W712]: what ran is not recorded: {why}\nhint: {hint}\n"
    )
