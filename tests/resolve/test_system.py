"""Debian packages on a base that is built from a Dockerfile: when its apt is asked, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from envc.lock.intent import intent
from envc.lock.model import BaseImage, Built, Lock, PlatformLock, Tools
from envc.lock.package import SystemPackage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.reference import ImageReference
from envc.resolve.base import Report
from envc.resolve.debian.solver import SystemRequest, SystemResolution
from envc.resolve.debian.system import System, SystemQuestion
from envc.resolve.image.conclusion import Claims, Inspected
from envc.resolve.keeping import Keeping
from envc.resolve.world import Unbuilt, World
from envc.source import Source, Span
from envc.spec.load import load
from support.documents import document

AMD64 = PLATFORMS["linux/amd64"]
DIGEST, PIN = (f"sha256:{letter * 64}" for letter in "ab")
IMAGE = "docker.io/library/debian:12"
BUILT = Built(dockerfile="c" * 64, images={IMAGE: PIN}, context="d" * 64)
BASE = BaseImage(image=IMAGE, digest=DIGEST, glibc="2.36", built=BUILT)
TEXT = "FROM debian:12\nRUN apt-get update\n"
NOBODY: Any = None
NAME = ImageReference.parse("envc-base:1")
SPEC = {"environment": "pets", "base": {"dockerfile": "Dockerfile"}, "system": ["git"]}
GIT = SystemPackage(
    name="git",
    version="1",
    architecture="amd64",
    url="http://deb.debian.org/debian/git_1_amd64.deb",
    sha256="e" * 64,
    size=1,
)


@dataclass
class FakeBase:
    """A Dockerfile that an engine builds, unless there is a reason."""

    reason: str = ""
    networked: tuple[Span, ...] = ()
    name: str = "Dockerfile"
    sha256: str = BUILT.dockerfile
    context_sha256: str = "d" * 64
    built: list[dict[str, str]] = field(default_factory=list)
    is_open: bool = False

    def inspect(
        self, platform: Platform, claims: Claims, pins: Mapping[str, str], *, report: Report
    ) -> Inspected:
        raise AssertionError

    @contextmanager
    def build(
        self, platform: Platform, pins: Mapping[str, str], *, report: Report
    ) -> Iterator[ImageReference | Unbuilt]:
        self.built.append(dict(pins))
        self.is_open = True
        yield Unbuilt(reason=self.reason) if self.reason else NAME
        self.is_open = False


@dataclass
class FakeApt:
    """Answers while the base is there."""

    base: FakeBase
    packages: tuple[SystemPackage, ...] = (GIT,)
    requests: list[SystemRequest] = field(default_factory=list)

    def resolve(self, request: SystemRequest, report: Report) -> SystemResolution | None:
        assert self.base.is_open
        self.requests.append(request)
        return SystemResolution(packages=self.packages)


def ask(base: FakeBase, apt: FakeApt, *, keeping: Keeping | None = None) -> System:
    read = document(SPEC)
    spec = load(read)
    world = World(
        images=NOBODY,
        conda=NOBODY,
        pip=NOBODY,
        tools=NOBODY,
        system=apt,
        mirrors=MirrorMap(),
        dockerfile=base,
    )
    return SystemQuestion(
        spec=spec,
        document=read,
        whole=spec,
        platform=AMD64,
        base=BASE,
        kept=keeping.on("linux/amd64") if keeping is not None else None,
        world=world,
        report=lambda _: None,
    ).resolve()


def keep(built: Built, *, keeps_images: bool = True) -> Keeping:
    locked = PlatformLock(
        base=BASE.model_copy(update={"built": built}),
        python=None,
        tools=Tools(image=IMAGE, digest=DIGEST),
        system=(GIT,),
    )
    lock = Lock(intent=intent(load(document(SPEC))), platforms={"linux/amd64": locked})
    return Keeping(lock=lock, keeps_images=keeps_images)


def test_the_base_that_is_built_is_asked_while_it_is_there() -> None:
    base = FakeBase()
    apt = FakeApt(base)

    found = ask(base, apt)

    assert found == System(packages=(GIT,))
    assert base.built == [{IMAGE: PIN}]
    (request,) = apt.requests
    assert (request.base, request.named, request.base_name) == (NAME, NAME, "Dockerfile")


def test_a_step_that_may_use_a_network_is_told() -> None:
    source = Source(name="Dockerfile", text=TEXT)
    base = FakeBase(networked=(source.line_span(2),))

    (warning,) = ask(base, FakeApt(base)).warnings

    assert warning.code == "W556"
    assert [label.span.text for label in warning.labels] == ['"system"', "RUN apt-get update"]


def test_where_nobody_can_build_it_packages_stay_open_with_the_reason() -> None:
    base = FakeBase(reason="the Docker engine runs linux/arm64, not linux/amd64")
    apt = FakeApt(base)

    found = ask(base, apt)

    (warning,) = found.warnings
    assert (found.packages, found.unresolved, apt.requests) == ((), ("git",), [])
    assert (warning.code, warning.notes) == ("W462", (base.reason,))


@pytest.mark.parametrize(
    ("keeping", "count"),
    [
        (keep(BUILT), 0),
        (keep(BUILT, keeps_images=False), 1),
        (keep(BUILT.model_copy(update={"context": "0" * 64})), 1),
        (keep(BUILT.model_copy(update={"dockerfile": "0" * 64})), 1),
        (keep(BUILT.model_copy(update={"images": {IMAGE: DIGEST}})), 1),
    ],
)
def test_it_is_asked_again_where_the_base_may_be_another_one(keeping: Keeping, count: int) -> None:
    base = FakeBase()
    apt = FakeApt(base)

    found = ask(base, apt, keeping=keeping)

    assert (found.packages, len(apt.requests)) == ((GIT,), count)
    assert [one.preferred for one in apt.requests] == [(GIT,)] * count


def test_what_a_package_makes_for_one_machine_is_told_with_what_makes_it() -> None:
    base = FakeBase()
    git, cluster = (
        GIT.model_copy(update={"name": name, "url": GIT.url.replace("git", name)})
        for name in ("git", "postgresql-15")
    )

    (warning,) = ask(base, FakeApt(base, packages=(git, cluster))).warnings

    assert warning.code == "W463"
    assert warning.message.startswith("`postgresql-15` makes the cluster `main` as it is installed")
    assert "`pg_createcluster 15 main`" in warning.hint
    assert [label.span.text for label in warning.labels] == ['"system"']
