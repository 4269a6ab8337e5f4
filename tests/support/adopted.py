"""What an imported lock becomes, with no engine and no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envc.lock.drift import drift
from envc.lock.model import BaseImage, Lock, PlatformLock
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import check_file
from envc.pipeline.interchange import Imported, import_spec
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.adopting import AdoptedConda, AdoptedPip
from envc.resolve.base import PipRequest, PipResolution, Report
from envc.resolve.debian.apt import Apt
from envc.resolve.environment import resolve
from envc.resolve.image.conclusion import Inspected
from envc.resolve.world import World
from envc.source import Source, Span

__all__ = ["BASE", "artefacts", "lock_of", "take"]

DIGEST = "sha256:" + "a" * 64
BASE = BaseImage(
    image="docker.io/library/debian:bookworm-slim", digest=DIGEST, python="3.12.7", glibc="2.36"
)


@dataclass
class FakeImages:
    """Images that are all the same."""

    def inspect_base(
        self,
        reference: ImageReference,
        platform: Platform,
        *,
        needs_python: bool,
        declared_python: str | None,
        declared_glibc: str | None,
        span: Span | None,
        report: Report,
    ) -> Inspected:
        return Inspected(base=BASE)

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        return Inspected(base=BASE)


@dataclass
class NoTools:
    """Finds no tools, since nothing is installed here."""

    name: str = "none"

    def resolve(self, request: PipRequest, report: Report) -> PipResolution:
        return PipResolution(packages=())


def take(
    folder: Path, machine: Machine, name: str, text: str, *, environment: str | None = None
) -> Imported:
    """Import a file of this text."""
    (folder / name).write_text(text)
    return import_spec(folder / name, machine, "dsl", environment=environment)


def lock_of(imported: Imported, machine: Machine) -> Lock:
    """Return the lock of what is imported, which must be that of the spec."""
    assert imported.adopted is not None
    checked = check_file(Source(name="x.envc", text=imported.text), machine)
    own = checked.variants[""]
    world = World(
        images=FakeImages(),
        conda=AdoptedConda(packages=imported.adopted.conda),
        pip=AdoptedPip(wheels=imported.adopted.wheels),
        tools=NoTools(),
        system=Apt(engine=lambda: None, environment={}),
        mirrors=MirrorMap(),
    )
    lock = resolve(own.spec, own.document, world, print).lock
    assert drift(own.spec, own.document, lock) == ()
    return lock


def artefacts(platforms: Mapping[str, PlatformLock]) -> set[tuple[str, ...]]:
    """Return all that a lock pins, with what is known of each beside its address and its hash."""
    found: set[tuple[str, ...]] = set()
    for name, lock in platforms.items():
        for one in lock.conda:
            own = (one.name, one.version, one.build, one.subdir, one.channel, one.url, one.sha256)
            found.add((name, *own, one.distribution or ""))
        for wheel in lock.pip:
            found.add((name, wheel.name, wheel.version, wheel.url or "", wheel.sha256))
    return found
