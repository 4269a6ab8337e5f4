"""A base's Dockerfile becomes what the lock says of it: its images are pinned, and it is built once."""

from __future__ import annotations

import contextlib
import shutil
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.canonical import digest
from envc.dockerfile.need import needs_of
from envc.errors import ToolError
from envc.frozen import frozen
from envc.lock.model import SCRATCH, Built
from envc.mark import temporary_folder
from envc.reference import ImageReference
from envc.registry.client import Registry
from envc.resolve.image.conclusion import Claims, Inspected, Subject, conclude
from envc.resolve.image.facts import PROBE, Facts, read_manifest, read_probe
from envc.resolve.image.inspection import summarise
from envc.resolve.world import Unbuilt

if TYPE_CHECKING:
    from envc.dockerfile.adapt import Adapted
    from envc.engine.docker import Engine
    from envc.machine import Machine
    from envc.plan.inputs import BaseRecipe
    from envc.platform import Platform
    from envc.registry.manifest import Manifest
    from envc.resolve.base import Report
    from envc.source import Span

__all__ = ["DockerfileInspector"]

_NO_SUCH_PROGRAM = 127


@frozen
class _Opened:
    """A base that was built, and the engine that has it."""

    engine: Engine
    image: ImageReference


class DockerfileInspector:
    """Knows what a base holds that is built from a Dockerfile; platforms may ask side by side."""

    def __init__(self, base: BaseRecipe, span: Span, machine: Machine) -> None:
        """Remember what to build; nothing is opened yet.

        Args:
            span: Where the spec names the Dockerfile.
        """
        self._base = base
        self._span = span
        self._machine = machine
        self._registry = Registry(
            environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell
        )
        self._guard = threading.Lock()
        self._pins: dict[str, str] = {}

    @property
    def name(self) -> str:
        """How people know the Dockerfile."""
        return self._base.recipe.text.source.name

    @property
    def sha256(self) -> str:
        """The digest of its text, in hex."""
        return self._base.sha256

    @property
    def context_sha256(self) -> str:
        """The digest of the files that it may copy, in hex."""
        return self._base.context_sha256

    @property
    def networked(self) -> tuple[Span, ...]:
        """Its instructions that may use a network, in order."""
        return needs_of(self._base.recipe).networked

    def inspect(
        self, platform: Platform, claims: Claims, pins: Mapping[str, str], *, report: Report
    ) -> Inspected:
        """Return the base's facts; see `envc.resolve.world.DockerfileBase`."""
        images = self._pin(pins, report)
        subject = Subject(name=self.name, platform=platform, span=self._span)
        reasons: list[str] = []
        root, manifest = self._find_root(platform, images, reasons)
        facts = self._look(subject, images, reasons, report)
        if facts is None:
            facts = read_manifest(root, manifest) if root is not None else Facts()
        if manifest is not None:
            fitness = replace(facts.fitness, triggers=manifest.triggers)
            facts = replace(facts, fitness=fitness)
        built = Built(dockerfile=self.sha256, images=images)
        image = root.canonical if root is not None else SCRATCH
        # Not the context: what an id has of it, it has itself.
        text = built.model_dump(exclude={"context"})
        own = (root.digest if root is not None else None) or digest(text)
        return conclude(subject, image, own, facts, claims, "; ".join(reasons), built)

    def _pin(self, known: Mapping[str, str], report: Report) -> dict[str, str]:
        """Return the digests of the images that the Dockerfile names by tags: one for all platforms."""
        with self._guard:
            for image in self._base.recipe.images:
                name = image.reference.canonical
                if image.reference.digest is not None or name in self._pins:
                    continue
                if name in known:
                    self._pins[name] = known[name]
                    continue
                report(f"asking for {image.reference.familiar}")
                found = self._registry.find(image.reference, span=image.span)
                self._pins[name] = found.digest
            return dict(sorted(self._pins.items()))

    def _find_root(
        self, platform: Platform, images: Mapping[str, str], reasons: list[str]
    ) -> tuple[ImageReference | None, Manifest | None]:
        """Return the image at the bottom of the base, and its manifest, where anybody has that."""
        recipe = self._base.recipe
        root = recipe.root(platform.name)
        if root is None:
            return None, None
        span = next((one.span for one in recipe.images if one.reference == root), self._span)
        if root.digest is None:
            root = replace(root, digest=images[root.canonical])
        try:
            return root, self._registry.resolve(root, platform, span=span)
        except ToolError as error:
            reasons.append(summarise(error))
            return root, None

    def _look(
        self, subject: Subject, images: Mapping[str, str], reasons: list[str], report: Report
    ) -> Facts | None:
        """Return what the base says of itself, or None where no engine can run it."""
        with self._open(subject.platform, images, report) as opened:
            if isinstance(opened, Unbuilt):
                reasons.append(opened.reason)
                return None
            return self._probe(opened, subject)

    @contextlib.contextmanager
    def build(
        self, platform: Platform, pins: Mapping[str, str], *, report: Report
    ) -> Iterator[ImageReference | Unbuilt]:
        """Have the base in the engine while the block runs; see `envc.resolve.world.DockerfileBase`."""
        with self._open(platform, self._pin(pins, report), report) as opened:
            yield opened if isinstance(opened, Unbuilt) else opened.image

    @contextlib.contextmanager
    def _open(
        self, platform: Platform, images: Mapping[str, str], report: Report
    ) -> Iterator[_Opened | Unbuilt]:
        from envc.engine.docker import Engine

        try:
            engine = Engine.connect(self._machine.environment)
        except ToolError as error:
            yield Unbuilt(reason=summarise(error))
            return
        with engine:
            native = engine.platform()
            if native != platform.name:
                yield Unbuilt(reason=f"the Docker engine runs {native}, not {platform.name}")
                return
            report(f"building the base of {self.name}")
            tag = f"envc-base:{uuid.uuid4().hex}"
            try:
                self._build(tag, platform, images)
                yield _Opened(engine=engine, image=ImageReference.parse(tag))
            finally:
                engine.untag(tag)

    def _build(self, tag: str, platform: Platform, images: Mapping[str, str]) -> None:
        from envc.build.buildkit import BuildRequest, SecretVariable, build
        from envc.build.held import find_agents, find_variables
        from envc.dockerfile.adapt import adapt
        from envc.plan.lower import FILE_TIME

        environment, has_files = self._machine.environment, bool(self._base.files)
        adapted = adapt(self._base.recipe, images, reserved=(), has_files=has_files)
        first = f"# syntax={adapted.syntax}" if adapted.syntax is not None else "# The base."
        with temporary_folder("base") as folder:
            self._write(Path(folder), f"{first}\n{adapted.text}\nFROM {adapted.stage}\n")
            request = BuildRequest(
                context=Path(folder),
                tag=tag,
                platform=platform.name,
                epoch=FILE_TIME,
                log=self._machine.cache / "logs" / f"base-{self.sha256}.log",
                environment=environment,
                secrets={
                    name: SecretVariable(variable=variable)
                    for name, variable in find_variables(adapted.needs, environment).items()
                },
                agents=find_agents(adapted.needs, environment),
                needs=adapted.needs,
                origins=_shift(adapted),
            )
            build(request, lambda _: None)

    def _probe(self, opened: _Opened, subject: Subject) -> Facts:
        done = opened.engine.probe(opened.image, subject.platform, PROBE)
        if done.returncode == _NO_SUCH_PROGRAM:
            raise subject.fail(
                "E375",
                f"the base `{subject.name}` has no `/bin/sh`, and builds need one",
                "take a base that has a shell, such as `debian:bookworm-slim`",
            )
        return read_probe(done.stdout, ())

    def _write(self, folder: Path, text: str) -> None:
        """Write what is built: the Dockerfile, and the files that it copies."""
        from envc.plan.recipe import base_files

        (folder / "Dockerfile").write_text(text, encoding="utf-8")
        for file in base_files(self._base):
            place = folder / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            if file.link is not None:
                place.symlink_to(file.link)
            elif file.origin_path is not None:
                shutil.copyfile(file.origin_path, place)
                place.chmod(file.mode)


def _shift(adapted: Adapted) -> dict[int, Span]:
    """Return the origins of lines that one more line stands before."""
    return {line + 1: span for line, span in adapted.origins.items()}
