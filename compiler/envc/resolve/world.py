"""All that a lock depends on besides its spec: who solves, and who knows what images hold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from envc.frozen import frozen
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.base import (
    CondaSolver,
    FindLinks,
    IndexAccess,
    LocalSource,
    LocalWheel,
    PipSolver,
    Report,
)
from envc.resolve.debian.solver import SystemSolver
from envc.resolve.image.conclusion import Claims, Inspected
from envc.source import Span

__all__ = ["DockerfileBase", "Images", "Unbuilt", "World"]


class Images(Protocol):
    """Knows what images hold."""

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
        """Return a base's facts for a platform; its Python where that is needed.

        Raises:
            InputError: There is no such image, or none that can be used (E37x).
            ToolError: It cannot be asked (E38x).
        """
        ...

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        """Return a tools image's facts for a platform; its Python is None where nobody knows.

        Raises:
            InputError: As `inspect_base`.
            ToolError: As `inspect_base`.
        """
        ...


@frozen
class Unbuilt:
    """No engine here can build a base: why."""

    reason: str


class DockerfileBase(Protocol):
    """A base that is built from a Dockerfile, and can be looked into."""

    @property
    def name(self) -> str:
        """How people know the Dockerfile."""
        ...

    @property
    def sha256(self) -> str:
        """The digest of its text, in hex."""
        ...

    def inspect(
        self, platform: Platform, claims: Claims, pins: Mapping[str, str], *, report: Report
    ) -> Inspected:
        """Return the base's facts for a platform.

        Args:
            claims: What the spec says of it.
            pins: The digests that images have in the old lock, by their canonical names.

        Raises:
            InputError: A step of it fails (E610), or the base cannot be used (E37x).
            ToolError: A registry (E38x) or the build (E61x) failed.
        """
        ...

    @property
    def context_sha256(self) -> str:
        """The digest of the files that it may copy, in hex."""
        ...

    @property
    def networked(self) -> tuple[Span, ...]:
        """Its instructions that may use a network, in order."""
        ...

    def build(
        self, platform: Platform, pins: Mapping[str, str], *, report: Report
    ) -> AbstractContextManager[ImageReference | Unbuilt]:
        """Have the base in the engine while the block runs; or say why that cannot be.

        Args:
            pins: The digests of the images that it names, by their canonical names.

        Raises:
            InputError: A step of it fails (E610).
            ToolError: The build failed (E61x).
        """
        ...


@frozen
class World:
    """All that a lock depends on besides its spec.

    Attributes:
        conda: Solves the Conda part.
        pip: Solves the pip part.
        tools: Solves for the tools stage.
        system: Resolves Debian packages.
        channels: Those that the spec names, with their credentials.
        indexes: The spec's, with their credentials.
        find_links: Likewise.
        wheels: The spec's local wheels, in its order.
        sources: The spec's source folders, in its order.
        tools_image: Where packages are installed; None leaves the choice to envc.
        dockerfile: What the spec's base is built with; None where it is an image.
    """

    images: Images
    conda: CondaSolver
    pip: PipSolver
    tools: PipSolver
    system: SystemSolver
    channels: tuple[IndexAccess, ...] = ()
    indexes: tuple[IndexAccess, ...] = ()
    find_links: tuple[FindLinks, ...] = ()
    wheels: tuple[LocalWheel, ...] = ()
    sources: tuple[LocalSource, ...] = ()
    tools_image: ImageReference | None = None
    mirrors: MirrorMap
    dockerfile: DockerfileBase | None = None
