"""The base of a spec looked into, whether it is an image or built from a Dockerfile, and checked."""

from __future__ import annotations

from dataclasses import replace

from envc.diagnostics import Label
from envc.errors import ToolError
from envc.frozen import frozen
from envc.lock.model import BaseImage
from envc.platform import Platform
from envc.resolve.base import Report
from envc.resolve.image.conclusion import Claims, Inspected
from envc.resolve.image.fitness import check_fitness
from envc.resolve.keeping import Kept
from envc.resolve.request import declared_glibc, refuse_newer_glibc
from envc.resolve.world import DockerfileBase, World
from envc.source import Span
from envc.spec.defaults import base_image
from envc.spec.entry import system_entries
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["Basis", "look_into_base"]


@frozen
class Basis:
    """What a spec says of its base for one platform.

    Attributes:
        spec: What it says for that platform.
        document: The same, with its places.
        whole: The spec for all platforms, which have one base.
        kept: What the old lock has; None where that is nothing.
        needs_python: Whether the base's Python becomes the environment's.
    """

    spec: EnvSpec
    document: Document
    whole: EnvSpec
    kept: Kept | None
    needs_python: bool

    @property
    def needs_context(self) -> bool:
        """Whether something of the lock depends on the files that the base's Dockerfile copies."""
        return bool(system_entries(self.document))

    @property
    def place(self) -> Span:
        """Where the spec says what its base is."""
        base = self.spec.base
        if base is not None:
            return self.document.span(("base", "image" if base.image is not None else "dockerfile"))
        path = ("python",) if self.spec.python is not None else ("environment",)
        return self.document.span(path)


def look_into_base(basis: Basis, platform: Platform, world: World, report: Report) -> Inspected:
    """Return what the lock says of a base: the old lock's where that is still right.

    Raises:
        InputError: It cannot be had or will not do (E363, E37x; of a Dockerfile, E61x).
        ToolError: A registry or a build failed (E38x, E61x).
    """
    spec, document, place = basis.spec, basis.document, basis.place
    text, context = None, None
    if world.dockerfile is not None:
        text = world.dockerfile.sha256
        context = world.dockerfile.context_sha256 if basis.needs_context else None
    if basis.kept is not None:
        known = basis.kept.base(
            basis.whole, spec, needs_python=basis.needs_python, text=text, context=context
        )
        if known is not None:
            refuse_newer_glibc(spec, document, known, place)
            return Inspected(base=_know_context(known, context))
    if world.dockerfile is not None:
        inspected, name = _inspect_built(basis, platform, world.dockerfile, report)
        inspected = replace(inspected, base=_know_context(inspected.base, context))
    else:
        inspected, name = _inspect_image(basis, platform, world, report)
    refuse_newer_glibc(spec, document, inspected.base, place)
    odd = check_fitness(
        inspected.fitness,
        name,
        place,
        copies=any(step.copy_ for step in (*spec.before_packages, *spec.steps)),
        installs=bool(spec.conda.packages) or basis.needs_python,
        variables=spec.variables,
    )
    return replace(inspected, warnings=(*inspected.warnings, *odd))


def _know_context(base: BaseImage, context: str | None) -> BaseImage:
    """Return a base that is built with the digest of the files that it may copy; None for no matter."""
    if base.built is None or base.built.context == context:
        return base
    return base.model_copy(update={"built": base.built.model_copy(update={"context": context})})


def _inspect_built(
    basis: Basis, platform: Platform, base: DockerfileBase, report: Report
) -> tuple[Inspected, str]:
    claims = Claims(
        needs_python=basis.needs_python,
        python=basis.spec.python,
        glibc=declared_glibc(basis.spec),
    )
    pins = basis.kept.pins() if basis.kept is not None else {}
    return base.inspect(platform, claims, pins, report=report), base.name


def _inspect_image(
    basis: Basis, platform: Platform, world: World, report: Report
) -> tuple[Inspected, str]:
    reference = base_image(basis.whole)
    if basis.kept is not None:
        reference = basis.kept.pin_base(basis.whole)
    try:
        inspected = world.images.inspect_base(
            reference,
            platform,
            needs_python=basis.needs_python,
            declared_python=basis.spec.python,
            declared_glibc=declared_glibc(basis.spec),
            span=basis.place,
            report=report,
        )
    except ToolError as error:
        if basis.spec.base is None or basis.spec.base.registry is None:
            raise
        # It is the registry that failed, and it has a line of its own.
        label = Label(span=basis.document.span(("base", "registry")))
        problems = [replace(problem, labels=(label,)) for problem in error.diagnostics]
        raise ToolError(problems) from error
    return inspected, reference.familiar
