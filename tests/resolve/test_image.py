"""What a lock says of a base: from the image itself, from what its registry tells, or assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError
from envc.lock.model import BaseImage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.process import Completed
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.registry.manifest import Manifest
from envc.resolve.image.conclusion import Inspected
from envc.resolve.image.inspection import inspect_base, inspect_tools
from envc.resolve.image.probed import Probes
from envc.source import Source, Span
from support.engine import EngineWorld, open_engine_world

AMD64, ARM64 = PLATFORMS["linux/amd64"], PLATFORMS["linux/arm64"]
DIGEST, PINNED = "sha256:" + "1" * 64, "sha256:" + "2" * 64
SPAN = Source(name="pets.envc", text='base image "x"').span(11, 14)


@dataclass
class KnownRegistry:
    """Knows every image under one digest, or fails in one way."""

    variables: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    error: EnvcError | None = None
    mirrors: MirrorMap = field(default_factory=MirrorMap)
    asked: list[str] = field(default_factory=list)

    def resolve(
        self, reference: ImageReference, platform: Platform, *, span: Span | None = None
    ) -> Manifest:
        self.asked.append(str(reference))
        if self.error is not None:
            raise self.error
        config: dict[str, Any] = {
            "config": {
                "Env": [f"{name}={value}" for name, value in self.variables.items()],
                "Labels": dict(self.labels),
            }
        }
        return Manifest(digest=DIGEST, media_type="", config=config)


@dataclass
class KnownEngine:
    """Runs one platform, and has one answer to every probe."""

    output: str = ""
    returncode: int = 0
    native: str = "linux/amd64"
    error: EnvcError | None = None
    onbuild: tuple[str, ...] = ()
    probed: list[str] = field(default_factory=list)

    def platform(self) -> str:
        return self.native

    def probe(
        self,
        reference: ImageReference,
        platform: Platform,
        script: str,
        *,
        report: Callable[[str], None] = print,
    ) -> Completed:
        self.probed.append(str(reference))
        if self.error is not None:
            raise self.error
        return Completed(returncode=self.returncode, stdout=self.output, stderr="broken\n")

    def triggers(self, reference: ImageReference) -> tuple[str, ...]:
        return self.onbuild


def tool_error(message: str) -> ToolError:
    return ToolError([Diagnostic(code="E382", message=message)])


def inspect(
    image: str,
    *,
    registry: KnownRegistry | None = None,
    engine: KnownEngine | None = None,
    platform: Platform = AMD64,
    needs_python: bool = True,
    declared: str | None = None,
    glibc: str | None = None,
    probes: Probes | None = None,
) -> Inspected:
    return inspect_base(
        ImageReference.parse(image),
        platform,
        registry=registry if registry is not None else KnownRegistry(),
        engine=lambda: engine,
        needs_python=needs_python,
        declared_python=declared,
        declared_glibc=glibc,
        report=lambda _: None,
        span=SPAN,
        probes=probes,
    )


def refused(image: str, **options: Any) -> Diagnostic:
    with pytest.raises(InputError) as caught:
        inspect(image, **options)
    (diagnostic,) = caught.value.diagnostics
    assert [label.span for label in diagnostic.labels] == [SPAN]
    return diagnostic


def test_the_image_itself_is_believed_first() -> None:
    engine = KnownEngine(output="python=3.12.4\nglibc=2.36\nldd=2.36\n")
    registry = KnownRegistry(variables={"PYTHON_VERSION": "3.9.1"})

    found = inspect("python:3.12-slim", registry=registry, engine=engine, declared="3.12")

    assert found == Inspected(
        base=BaseImage(
            image="docker.io/library/python:3.12-slim",
            digest=DIGEST,
            python="3.12.4",
            glibc="2.36",
        )
    )
    assert engine.probed == [f"docker.io/library/python:3.12-slim@{DIGEST}"]


def test_an_image_that_was_looked_into_needs_no_engine_any_more(tmp_path: Path) -> None:
    engine = KnownEngine(output="python=3.12.4\nglibc=2.36\n", onbuild=("RUN x",))
    probes = Probes(folder=tmp_path)

    first = inspect("python:3.12-slim", engine=engine, probes=probes)
    second = inspect("python:3.12-slim", engine=None, probes=probes)

    assert first == second
    assert first.base.python == "3.12.4"
    assert first.fitness.triggers == ("RUN x",)


def test_other_bytes_and_other_platforms_are_looked_into_anew(tmp_path: Path) -> None:
    engine = KnownEngine(output="python=3.12.4\nglibc=2.36\n")
    on_arm = KnownEngine(output="python=3.12.4\nglibc=2.36\n", native="linux/arm64")
    probes = Probes(folder=tmp_path)
    inspect("python:3.12-slim", engine=engine, probes=probes)

    inspect(f"python@{PINNED}", engine=engine, probes=probes)
    inspect("python:3.12-slim", engine=on_arm, platform=ARM64, probes=probes)

    assert engine.probed[1:] == [f"docker.io/library/python@{PINNED}"]
    assert len(on_arm.probed) == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"output": 3, "triggers": []}'])
def test_a_damaged_answer_is_asked_anew(damage: str, tmp_path: Path) -> None:
    engine = KnownEngine(output="python=3.12.4\nglibc=2.36\n")
    probes = Probes(folder=tmp_path)
    first = inspect("python:3.12-slim", engine=engine, probes=probes)
    for file in tmp_path.iterdir():
        file.write_text(damage)

    second = inspect("python:3.12-slim", engine=engine, probes=probes)

    assert first == second
    assert len(engine.probed) == 2


def test_what_could_not_be_looked_into_is_asked_again(tmp_path: Path) -> None:
    broken = KnownEngine(returncode=1)
    probes = Probes(folder=tmp_path)

    inspect("python:3.12-slim", engine=broken, declared="3.12", probes=probes)

    assert list(tmp_path.iterdir()) == []


def test_the_image_is_fetched_through_its_mirror() -> None:
    engine = KnownEngine(output="glibc=2.36\n")
    registry = KnownRegistry(mirrors=MirrorMap.parse(["docker.io=localhost:5000"]))

    found = inspect("debian:12", registry=registry, engine=engine, needs_python=False)

    assert engine.probed == [f"localhost:5000/library/debian:12@{DIGEST}"]
    assert found.base.image == "docker.io/library/debian:12"


def test_a_base_by_digest_asks_no_registry() -> None:
    engine = KnownEngine(output="python=3.12.4\nglibc=2.36\n")
    registry = KnownRegistry(error=tool_error("unreachable"))

    found = inspect(f"python:3.12@{PINNED}", registry=registry, engine=engine)

    assert (found.base.digest, registry.asked) == (PINNED, [])


def test_without_an_engine_configuration_and_name_tell_enough() -> None:
    registry = KnownRegistry(variables={"PYTHON_VERSION": "3.12.4"})

    found = inspect("python:3.12-slim-bookworm", registry=registry)

    assert (found.base.python, found.base.glibc, found.warnings) == ("3.12.4", "2.36", ())


def test_an_engine_of_another_platform_is_not_asked_to_run_the_image() -> None:
    engine = KnownEngine()
    registry = KnownRegistry(variables={"PYTHON_VERSION": "3.12.4"})

    found = inspect("python:3.12-bookworm", registry=registry, engine=engine, platform=ARM64)

    assert (found.base.python, engine.probed) == ("3.12.4", [])


def test_what_nobody_can_tell_is_assumed_with_a_warning() -> None:
    registry = KnownRegistry(error=tool_error("the registry cannot be reached"))

    found = inspect(f"team/base:1@{PINNED}", registry=registry, declared="3.12")

    assert found == Inspected(
        base=BaseImage(image="docker.io/team/base:1", digest=PINNED, python="3.12", glibc="2.28"),
        warnings=(
            Diagnostic(
                code="W370",
                message=f"the base `team/base:1@{PINNED}` could not be looked into for `linux/amd64`",
                labels=(Label(span=SPAN),),
                notes=(
                    "assumed: Python 3.12 (its first release, 3.12.0), which the spec declares; "
                    "glibc 2.28, which fits most bases",
                    "there is no Docker engine; the registry cannot be reached",
                ),
                hint="lock where a Docker engine of that platform runs",
            ),
        ),
        index=PINNED,
        architectures=("amd64", "arm64"),
    )


@pytest.mark.parametrize(
    ("image", "glibc", "assumed"),
    [
        (f"team/base:1@{PINNED}", "2.34", "assumed: glibc 2.34, which the spec declares"),
        (f"team/base:1@{PINNED}", "2.28", "assumed: glibc 2.28, which fits most bases"),
        ("debian:bookworm", "2.36", None),
    ],
)
def test_a_declared_c_library_counts_only_where_nobody_can_tell(
    image: str, glibc: str, assumed: str | None
) -> None:
    registry = KnownRegistry(error=tool_error("no")) if assumed else KnownRegistry()
    declared = None if glibc == "2.28" else "2.34"

    found = inspect(image, registry=registry, needs_python=False, glibc=declared)

    assert found.base.glibc == glibc
    assert [warning.notes[0] for warning in found.warnings] == ([assumed] if assumed else [])


def test_an_engine_that_fails_is_a_reason_and_not_the_end() -> None:
    engine = KnownEngine(error=tool_error("the engine cannot pull it"))

    found = inspect("debian:bookworm", engine=engine, declared="3.11")

    (warning,) = found.warnings
    assert (found.base.python, found.base.glibc) == ("3.11", "2.36")
    assert warning.notes == (
        "assumed: Python 3.11 (its first release, 3.11.0), which the spec declares",
        "the engine cannot pull it",
    )


def test_an_image_that_cannot_be_looked_into_is_a_reason_and_not_the_end() -> None:
    engine = KnownEngine(returncode=255)

    found = inspect("team/base:1", engine=engine, needs_python=False)

    (warning,) = found.warnings
    assert warning.notes[1] == "it could not be looked into: broken"


def test_a_pinned_base_that_its_registry_does_not_know_is_refused() -> None:
    missing = InputError([Diagnostic.at(SPAN, "E370", "there is no image")])

    assert refused(f"team/base@{PINNED}", registry=KnownRegistry(error=missing)).code == "E370"


def test_a_base_without_python_names_the_ways_out() -> None:
    diagnostic = refused("debian:bookworm", engine=KnownEngine(output="glibc=2.36\n"))

    assert diagnostic.code == "E372"
    assert diagnostic.message == "the base `debian:bookworm` has no `python3`"
    assert "`python:3.12-slim-bookworm`" in diagnostic.hint
    assert "Conda" in diagnostic.hint


def test_a_base_without_python_will_do_where_none_is_needed() -> None:
    engine = KnownEngine(output="glibc=2.36\n")

    found = inspect("debian:bookworm", engine=engine, needs_python=False, declared="3.12")

    assert (found.base.python, found.warnings) == (None, ())


@pytest.mark.parametrize("declared", ["3.12", "3.1", "3.11.3", "3.11.2.1"])
def test_a_base_with_another_python_than_declared_is_refused(declared: str) -> None:
    engine = KnownEngine(output="python=3.11.2\nglibc=2.36\n")

    diagnostic = refused("python:3.11", engine=engine, declared=declared)

    assert diagnostic.code == "E373"
    assert diagnostic.message == (
        f"the base `python:3.11` has Python 3.11.2, the spec asks for {declared}"
    )


@pytest.mark.parametrize("declared", [None, "3", "3.11", "3.11.2"])
def test_a_base_with_the_declared_python_will_do(declared: str | None) -> None:
    engine = KnownEngine(output="python=3.11.2\nglibc=2.36\n")

    assert inspect("python:3.11", engine=engine, declared=declared).base.python == "3.11.2"


def test_a_base_on_musl_is_refused_by_what_it_holds_and_by_its_name() -> None:
    held = refused("team/base:1", engine=KnownEngine(output="python=3.12.4\nmusl=yes\n"))
    named = refused("python:3.12-alpine3.20", declared="3.12")

    assert [held.code, named.code] == ["E374", "E374"]


def test_a_base_without_a_shell_is_refused() -> None:
    assert refused("gcr.io/distroless/base", engine=KnownEngine(returncode=127)).code == "E375"


@pytest.mark.parametrize("declared", [None, "3"])
def test_a_python_that_nobody_can_tell_is_asked_for(declared: str | None) -> None:
    diagnostic = refused("team/base:1", declared=declared)

    assert diagnostic.code == "E376"
    assert "declare it, as in `python 3.12`" in diagnostic.hint


@pytest.mark.parametrize(
    ("image", "glibc"),
    [
        ("python:3.13-slim-trixie", "2.41"),
        ("python:3.12-bullseye", "2.31"),
        ("debian:12.5-slim", "2.36"),
        ("ubuntu:24.04", "2.39"),
        ("ubuntu:jammy-20240530", "2.35"),
        ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", "2.35"),
        ("nvidia/cuda:12.4.1-base-rockylinux9", "2.34"),
        ("almalinux:8.9", "2.28"),
        ("amazonlinux:2023", "2.34"),
    ],
)
def test_well_known_names_tell_their_c_library(image: str, glibc: str) -> None:
    found = inspect(image, needs_python=False)

    assert (found.base.glibc, found.warnings) == (glibc, ())


def test_an_image_made_from_ubuntu_tells_so_in_its_labels() -> None:
    labels = {
        "org.opencontainers.image.ref.name": "ubuntu",
        "org.opencontainers.image.version": "24.04",
    }

    found = inspect("team/base:1", registry=KnownRegistry(labels=labels), needs_python=False)

    assert (found.base.glibc, found.warnings) == ("2.39", ())


def test_a_tools_image_must_have_python() -> None:
    def inspected(engine: KnownEngine) -> Inspected:
        return inspect_tools(
            ImageReference.parse("python:3.12-slim"),
            AMD64,
            registry=KnownRegistry(),
            engine=lambda: engine,
            report=lambda _: None,
        )

    found = inspected(KnownEngine(output="python=3.12.4\nglibc=2.36\n"))
    with pytest.raises(InputError) as without:
        inspected(KnownEngine(output="glibc=2.36\n"))
    with pytest.raises(InputError) as on_musl:
        inspected(KnownEngine(output="python=3.12.4\nmusl=yes\n"))

    assert found.base.python == "3.12.4"
    assert [error.value.diagnostics[0].code for error in (without, on_musl)] == ["E372", "E374"]


@pytest.fixture
def world() -> Iterator[EngineWorld]:
    opened = open_engine_world()
    yield opened
    opened.engine.close()


def really(world: EngineWorld, image: str, **options: Any) -> Inspected:
    return inspect_base(
        ImageReference.parse(image),
        AMD64,
        registry=Registry(environment=world.environment),
        engine=lambda: world.engine,
        declared_python=None,
        report=lambda _: None,
        **options,
    )


@pytest.mark.engine
def test_a_real_base_tells_its_python_and_its_c_library(world: EngineWorld) -> None:
    found = really(world, world.python_base, needs_python=True)

    said = world.engine.probe(
        ImageReference.parse(world.python_base),
        AMD64,
        "python3 -c 'import platform; print(platform.python_version())'; getconf GNU_LIBC_VERSION",
    )
    assert said.stdout == f"{found.base.python}\nglibc {found.base.glibc}\n"
    assert found.warnings == ()


@pytest.mark.engine
def test_a_real_base_without_python_is_refused(world: EngineWorld) -> None:
    with pytest.raises(InputError) as caught:
        really(world, world.base, needs_python=True)

    assert caught.value.diagnostics[0].code == "E372"


@pytest.mark.engine
def test_a_real_registry_that_wants_a_login_is_told(world: EngineWorld) -> None:
    with pytest.raises(ToolError) as caught:
        really(world, f"{world.auth_registry}/pets:1", needs_python=False)

    assert caught.value.diagnostics[0].code == "E380"


@pytest.mark.engine
def test_a_real_base_that_does_not_exist_is_refused(world: EngineWorld) -> None:
    with pytest.raises(InputError) as caught:
        really(world, f"{world.registry}/absent:1", needs_python=False)

    assert caught.value.diagnostics[0].code == "E370"
