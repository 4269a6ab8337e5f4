"""The Debian packages of one platform: those that are locked, or what the base's own apt answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from envc.diagnostics import Diagnostic, Label
from envc.frozen import frozen
from envc.lock.machine_made import taken_out
from envc.lock.model import BaseImage
from envc.lock.package import SystemPackage
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.base import Cutoff, Report, Requirement
from envc.resolve.debian.solver import SystemRequest, explain_missing_engine, explain_unbuilt
from envc.resolve.keeping import Kept
from envc.resolve.world import DockerfileBase, Unbuilt, World
from envc.source import Span
from envc.spec.debian import normal_debian, split_debian
from envc.spec.defaults import base_image, snapshot
from envc.spec.entry import system_entries
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["System", "SystemQuestion"]


@frozen
class System:
    """What the lock says of Debian packages: what is installed, or what nobody could resolve."""

    packages: tuple[SystemPackage, ...] = ()
    unresolved: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


@frozen
class SystemQuestion:
    """What is asked for, for one platform.

    Attributes:
        spec: What the spec says for it.
        document: The same, with its places.
        whole: The spec for all platforms, which have one base.
        base: As the lock has it now.
        kept: What the old lock has; None where that is nothing.
    """

    spec: EnvSpec
    document: Document
    whole: EnvSpec
    platform: Platform
    base: BaseImage
    kept: Kept | None
    world: World
    report: Report

    def resolve(self) -> System:
        """Return the packages: those that are locked, where nothing speaks against them.

        Raises:
            InputError: As `SystemSolver.resolve`; or a step of the base's Dockerfile fails (E610).
            ToolError: As `SystemSolver.resolve`; or the build of the base failed (E61x).
        """
        requirements = tuple(
            Requirement(text=normal_debian(entry.text), span=self.document.span(entry.path))
            for entry in system_entries(self.document)
        )
        if not requirements:
            return System()
        if self.kept is not None and self.kept.has_system(self.spec, self.base):
            return System(packages=self.kept.locked.system)
        request = self._ask(requirements)
        if self.base.built is not None and self.world.dockerfile is not None:
            return self._resolve_built(request, self.world.dockerfile, self.base.built.images)
        return self._resolve(request)

    @property
    def _block(self) -> Span:
        return self.document.key_span(("system",))

    def _ask(self, requirements: tuple[Requirement, ...]) -> SystemRequest:
        moment = snapshot(self.spec)
        own = replace(ImageReference.parse(self.base.image), tag=None, digest=self.base.digest)
        return SystemRequest(
            platform=self.platform,
            base=own,
            named=base_image(self.whole) if self.base.built is None else own,
            requirements=requirements,
            snapshot=Cutoff(
                moment=datetime.fromisoformat(moment),
                span=self.document.span(("system", "snapshot")),
            )
            if moment is not None
            else None,
            mirrors=self.world.mirrors,
            preferred=self.kept.system() if self.kept is not None else (),
        )

    def _resolve(self, request: SystemRequest) -> System:
        answer = self.world.system.resolve(request, self.report)
        if answer is not None:
            made = tuple(_warn_of_machine_made(answer.packages, request, self._block))
            return System(packages=answer.packages, warnings=made)
        names = _names(request)
        warning = explain_missing_engine(names, self._block)
        return System(unresolved=names, warnings=(warning,))

    def _resolve_built(
        self, request: SystemRequest, base: DockerfileBase, images: dict[str, str]
    ) -> System:
        """Return what fits the base as the engine builds it now: only then it has an apt to ask."""
        with base.build(self.platform, images, report=self.report) as built:
            if isinstance(built, Unbuilt):
                names = _names(request)
                warning = explain_unbuilt(
                    names,
                    self._block,
                    base=base.name,
                    platform=self.platform,
                    reason=built.reason,
                )
                return System(unresolved=names, warnings=(warning,))
            found = self._resolve(replace(request, base=built, named=built, built_from=base.name))
        if not base.networked or found.unresolved:
            return found
        return replace(found, warnings=(*found.warnings, _warn_of_network(base, self._block)))


def _names(request: SystemRequest) -> tuple[str, ...]:
    return tuple(sorted(one.text for one in request.requirements))


def _warn_of_machine_made(
    packages: Iterable[SystemPackage], request: SystemRequest, block: Span
) -> Iterator[Diagnostic]:
    """Yield a warning for each package that makes something which the image will not have (W463)."""
    asked = {split_debian(one.text)[0]: one.span for one in request.requirements}
    for package in packages:
        made = taken_out(package.name)
        if made is not None:
            yield Diagnostic.at(
                asked.get(package.name, block),
                "W463",
                f"`{package.name}` makes {made.what} as it is installed, for one machine alone, and the "
                "image leaves that out",
                hint=f"let the container make it when it starts: `{made.command}`",
            )


def _warn_of_network(base: DockerfileBase, block: Span) -> Diagnostic:
    """Return the warning that a base may be another one when it is built again (W556)."""
    text = "it may give something else another day"
    return Diagnostic(
        code="W556",
        message=f"the Debian packages fit the base of `{base.name}` as it is built now, and a step of "
        "that may use the network",
        labels=(Label(span=block), Label(span=base.networked[0], text=text)),
        hint="say `RUN --network=none` where none is needed; if a build finds that they do not fit, "
        "`envc lock --upgrade-base` asks again",
    )
