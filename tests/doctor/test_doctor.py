"""The machine examined: each thing right, and wrong in each way that can be brought about here."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from email.utils import formatdate
from functools import partial
from pathlib import Path

import pytest

from envc import pipeline
from envc.cli import main
from envc.doctor import Finding
from envc.doctor.engine import examine_disk, examine_engine, examine_gpu
from envc.doctor.host import examine_cache, examine_store
from envc.doctor.network import Source, examine_registry, examine_source
from envc.engine.facts import EngineFacts
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.store.store import Store
from support.engine import open_engine_world
from support.http_server import LoopbackServer, QuietHandler
from support.registry import PASSWORD, USER, FakeRegistry

NOW = 1_800_000_000.0
PETS = Source(name="pets", address="https://pets.example/simple/")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def serve() -> Iterator[Callable[[int, float], str]]:
    """Start servers that answer everything with a status, at a time of their own."""
    with ExitStack() as servers:

        def start(status: int, clock: float) -> str:
            handler = partial(Clocked, status, clock)
            return servers.enter_context(LoopbackServer(handler)).url

        yield start


class Clocked(QuietHandler):
    """Answers with one status, and a `Date` of its own."""

    def __init__(self, status: int, clock: float, *arguments: object) -> None:
        self.status, self.clock = status, clock
        super().__init__(*arguments)  # type: ignore[arg-type]  # as its server gives them

    def do_GET(self) -> None:
        self.send_response_only(self.status)
        self.send_header("Date", formatdate(self.clock, usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()


def machine(folder: Path, *, mirror: str = "", **environment: str) -> Machine:
    pairs = ((PETS.address.rstrip("/"), mirror),) if mirror else ()
    return Machine(environment=environment, cache=folder, mirrors=MirrorMap(pairs))


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def without_engine(folder: Path) -> dict[str, str]:
    return {"PATH": str(folder), "DOCKER_HOST": f"unix://{folder}/none.sock"}


def by_subject(findings: object) -> Mapping[str, Finding]:
    assert isinstance(findings, (list, tuple))
    return {finding.subject: finding for finding in findings}


def test_an_absent_engine_and_program_are_faults(tmp_path: Path) -> None:
    found = list(examine_engine(without_engine(tmp_path)))

    assert [(f.subject, f.state, f.code) for f in found] == [
        ("engine", "fault", "E601"),
        ("buildx", "fault", "E605"),
    ]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo \"docker: 'buildx' is not a docker command\" >&2; exit 1", "docker has no plugin"),
        ("echo github.com/docker/buildx v0.9.1 abc", "0.9.1 is too old: builds need 0.13"),
    ],
)
def test_a_buildx_that_cannot_build_is_a_fault(tmp_path: Path, script: str, text: str) -> None:
    program(tmp_path, "docker", script)

    buildx = by_subject(list(examine_engine(without_engine(tmp_path))))["buildx"]

    assert (buildx.state, buildx.text.startswith(text)) == ("fault", True)


def test_a_builder_that_is_down_is_a_fault(tmp_path: Path) -> None:
    program(
        tmp_path,
        "docker",
        'case "$2" in version) echo v0.30.1 ;; *) printf "Name:   far\\nDriver: remote\\n\\n'
        'Nodes:\\nName:   far0\\nError:  connection refused\\nStatus: inactive\\n" ;; esac',
    )

    found = by_subject(list(examine_engine(without_engine(tmp_path))))

    assert found["buildx"] == Finding(subject="buildx", state="ok", text="0.30.1")
    assert found["builder"].state == "fault"
    assert found["builder"].text == "the builder does not work: connection refused"


def test_platforms_that_steps_cannot_run_for_are_noted(tmp_path: Path) -> None:
    program(
        tmp_path,
        "docker",
        'case "$2" in version) echo v0.30.1 ;; *) printf "Name: here\\nDriver: docker\\n'
        'BuildKit version: v0.25.0\\nStatus: running\\nPlatforms: linux/amd64*, linux/386\\n" ;; esac',
    )

    found = by_subject(list(examine_engine(without_engine(tmp_path))))

    assert found["builder"].text == "`here`, driver docker, BuildKit v0.25.0"
    assert found["emulation"].state == "note"
    assert "for linux/arm64 here" in found["emulation"].text


def test_a_source_that_answers_is_right(tmp_path: Path, serve: Callable[[int, float], str]) -> None:
    url = serve(200, NOW + 30)

    found = list(examine_source(PETS, machine(tmp_path, mirror=url), NOW))

    assert found == [Finding(subject="pets", state="ok", text=f"it answers, through {url}/")]


def test_a_clock_that_is_wrong_is_a_warning(
    tmp_path: Path, serve: Callable[[int, float], str]
) -> None:
    url = serve(200, NOW - 90)

    clock = by_subject(list(examine_source(PETS, machine(tmp_path, mirror=url), NOW)))["clock"]

    assert clock.state == "warning"
    assert clock.text.startswith("it is 90 s ahead of that of pets")


def test_a_source_that_fails_is_a_warning_without_its_password(
    tmp_path: Path, serve: Callable[[int, float], str]
) -> None:
    url = serve(503, NOW).replace("http://", "http://ada:hunter2@")

    (found,) = examine_source(PETS, machine(tmp_path, mirror=url), NOW)

    assert (found.state, found.text.startswith("it answers with status 503")) == ("warning", True)
    assert "hunter2" not in str(found)


def test_a_source_that_cannot_be_reached_is_a_warning(tmp_path: Path) -> None:
    (found,) = examine_source(PETS, machine(tmp_path, mirror="http://127.0.0.1:9"), NOW)

    assert (found.state, "refused" in found.text) == ("warning", True)


def test_a_registry_that_asks_for_nothing_answers(tmp_path: Path, registry: FakeRegistry) -> None:
    registry.bodies[""] = ("application/json", b"{}")

    found = examine_registry(registry.host, machine(tmp_path))

    assert found == Finding(subject=f"registry {registry.host}", state="ok", text="it answers")


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (None, ("warning", "it wants credentials")),
        ("wrong", ("fault", "it wants other credentials")),
    ],
)
def test_missing_and_wrong_credentials_are_told_apart(
    tmp_path: Path, registry: FakeRegistry, password: str | None, expected: tuple[str, str]
) -> None:
    registry.login = "basic"
    environment = log_in(tmp_path, registry.host, password) if password else {}

    found = examine_registry(registry.host, machine(tmp_path, **environment))

    assert (found.state, found.text) == expected
    assert found.hint == f"run `docker login {registry.host}`"


def test_right_credentials_are_named_by_their_user(tmp_path: Path, registry: FakeRegistry) -> None:
    registry.login = "basic"
    registry.bodies[""] = ("application/json", b"{}")
    environment = log_in(tmp_path, registry.host, PASSWORD)

    found = examine_registry(registry.host, machine(tmp_path, **environment))

    assert (found.state, found.text) == ("ok", f"it answers, as `{USER}`")


def test_what_is_no_registry_is_a_fault(tmp_path: Path, registry: FakeRegistry) -> None:
    found = examine_registry(registry.host, machine(tmp_path))

    assert (found.state, found.text) == ("fault", "it answers with status 404")


def test_a_registry_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    found = examine_registry("127.0.0.1:9", machine(tmp_path))

    assert (found.state, found.code) == ("fault", "E382")


def test_a_cache_that_cannot_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    (found,) = examine_cache(tmp_path / "file" / "cache")

    assert (found.state, found.hint) == (
        "fault",
        "make it writable, or let `ENVC_CACHE` name another folder",
    )


def test_a_cache_is_counted(tmp_path: Path) -> None:
    (tmp_path / "wheel").write_bytes(bytes(2_500_000))

    found, _ = examine_cache(tmp_path)

    assert found == Finding(subject="cache", state="ok", text=f"2.5 MB at {tmp_path}")


def test_a_store_is_found_or_not_there_yet(tmp_path: Path) -> None:
    before = examine_store(tmp_path / "home")
    with Store.open(tmp_path / "home"):
        pass
    after = examine_store(tmp_path / "home")

    assert before == Finding(subject="store", state="ok", text=f"none yet at {tmp_path}/home")
    assert (after.state, after.text) == ("ok", f"0.1 MB at {tmp_path}/home/store.db")


def test_a_store_that_cannot_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "home/store.db").mkdir(parents=True)

    below, folder = examine_store(tmp_path / "file/home"), examine_store(tmp_path / "home")

    assert (below.state, below.code) == ("fault", "E702")
    assert below.text == f"{tmp_path}/file/home cannot be written: {tmp_path}/file is no folder"
    assert (folder.state, folder.code) == ("fault", "E702")
    assert folder.text == f"the store `{tmp_path}/home/store.db` cannot be written: it is a folder"


def test_a_store_with_a_damaged_page_is_a_fault(tmp_path: Path) -> None:
    with Store.open(tmp_path):
        pass
    content = bytearray((tmp_path / "store.db").read_bytes())
    content[3 * 4096 : 4 * 4096] = b"\x7f" * 4096
    (tmp_path / "store.db").write_bytes(content)

    found = examine_store(tmp_path)

    assert (found.state, found.code) == ("fault", "E700")


@pytest.mark.parametrize(
    ("free", "state"), [(1_900_000_000, "fault"), (9_000_000_000, "warning"), (10**12, "ok")]
)
def test_room_is_what_a_build_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free))

    found = examine_disk("disk", tmp_path, "tidy up")

    assert (found.state, found.hint) == (state, "" if state == "ok" else "make room: `tidy up`")


def test_a_fault_is_exit_code_3_and_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("ENVC_CACHE", str(tmp_path / "cache"))

    code = main(["doctor", "--offline", "--json"])

    data = json.loads(capsys.readouterr().out)
    assert (code, data["ok"], data["diagnostics"]) == (3, False, [])
    engine = next(finding for finding in data["findings"] if finding["subject"] == "engine")
    assert engine == {
        "subject": "engine",
        "state": "fault",
        "text": "no Docker engine answers: DOCKER_HOST is "
        f"unix://{tmp_path}/none.sock: there is no such socket",
        "hint": engine["hint"],
        "code": "E601",
    }


def test_findings_are_lines_with_their_cure_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("ENVC_CACHE", str(tmp_path / "cache"))

    main(["doctor", "--offline"])

    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("FAULT    engine"))
    assert "-> start Docker or install it" in lines[at + 1]


@pytest.mark.engine
def test_the_engine_here_is_right(tmp_path: Path) -> None:
    here = Machine(environment=dict(os.environ), cache=tmp_path, mirrors=MirrorMap())
    world = open_engine_world()
    world.engine.close()

    found = by_subject(pipeline.examine(here, registries=[], offline=True, now=time.time()))
    registry = examine_registry(world.registry, here)

    subjects = ("solvers", "cache", "store", "engine", "buildx", "builder")
    assert {found[subject].state for subject in subjects} | {registry.state} == {"ok"}


def log_in(folder: Path, host: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": pair}}}))
    return {"DOCKER_CONFIG": str(folder)}


def gpu_facts(*, has_nvidia: bool) -> EngineFacts:
    return EngineFacts(
        version="28",
        api="1.51",
        platform="linux/amd64",
        has_manifests=True,
        has_nvidia=has_nvidia,
        root="/nowhere",
        is_local=True,
    )


@pytest.mark.parametrize(
    ("script", "has_nvidia", "state"),
    [
        ("echo '550.54.15, NVIDIA L4'", True, "ok"),
        ("echo '550.54.15, NVIDIA L4'", False, "warning"),
        (
            "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18",
            True,
            "warning",
        ),
    ],
)
def test_a_gpu_needs_its_driver_and_the_engine(
    tmp_path: Path, script: str, has_nvidia: bool, state: str
) -> None:
    program(tmp_path, "nvidia-smi", script)

    (found,) = examine_gpu(gpu_facts(has_nvidia=has_nvidia), {"PATH": str(tmp_path)})

    assert (found.subject, found.state) == ("gpu", state)
