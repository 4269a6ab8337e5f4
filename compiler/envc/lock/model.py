"""The lock as a model: what was asked for, and for each platform all that reaches the image or shapes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from envc.frozen import frozen
from envc.lock.package import CondaPackage, PipPackage, SourcePackage, SystemPackage
from envc.lock.part import Digest, Part, Sha256
from envc.platform import Architecture
from envc.spec.selector import split_selector

__all__ = [
    "SCRATCH",
    "BaseImage",
    "Built",
    "Intent",
    "Lock",
    "LockFile",
    "PlatformLock",
    "Python",
    "Tools",
    "series",
]

SCRATCH = "docker.io/library/scratch:latest"
"""What the lock calls the image of a base that is built from nothing; no registry has it."""


class Built(Part):
    """A base that is built from a Dockerfile.

    Attributes:
        dockerfile: The SHA-256 of its text with line feeds as line ends, in hex.
        images: The digests of the images that it names, by their canonical references; of those
            that it does not give itself.
        context: The digest of the files that it may copy, see `envc.canonical.tree_digest`; None where
            nothing of the lock depends on them.
    """

    dockerfile: Sha256
    images: dict[str, Digest] = Field(default_factory=dict)
    context: Sha256 | None = None


class BaseImage(Part):
    """The image that a build starts from.

    Attributes:
        image: Its canonical reference without a digest, such as `docker.io/library/python:3.12-slim`;
            of a base that is built, that of the image at its bottom, or `scratch`.
        digest: Of the platform's manifest where a registry was asked, else as the spec gave it.
        python: The exact version of its Python, or the series (`3.12`) where nobody could be asked
            for more; None where it has none, or where nobody knows and it is not used.
        glibc: The version of its C library (`2.36`); decides which wheels and Conda packages fit.
        interpreter: The path of its Python, where somebody could look; None leaves that to the build,
            which looks in the usual folders.
        built: None where it is an image.
    """

    image: str
    digest: Digest
    python: str | None = None
    glibc: str
    interpreter: str | None = None
    built: Built | None = None


class Python(Part):
    """The environment's Python: its version, and whether Conda brings it or the base has it."""

    version: str
    origin: Literal["base", "conda"]

    @property
    def series(self) -> str:
        """Its first two numbers."""
        return series(self.version)


class Tools(Part):
    """What installs: never part of the image, but it shapes it. It runs on the machine that builds.

    Attributes:
        image: The canonical reference, without a digest, of the image it runs in, which has Python.
        digest: Of the index of that image's platforms, or of its manifest where it has only one.
        python: The version of its Python; None where nobody knows, or nothing is installed.
        packages: The installers' wheels for each architecture that the image has, by Docker's name
            of it, sorted by name; empty where nothing is installed.
    """

    image: str
    digest: Digest
    python: str | None = None
    packages: dict[Architecture, tuple[PipPackage, ...]] = Field(default_factory=dict)

    @property
    def series(self) -> str | None:
        """The first two numbers of its Python's version."""
        return series(self.python) if self.python is not None else None

    @property
    def has_uv(self) -> bool:
        """Whether wheels can be installed, and not Conda packages alone."""
        return any(one.name == "uv" for packages in self.packages.values() for one in packages)

    def on(self, architecture: Architecture) -> tuple[PipPackage, ...]:
        """Return the wheels for an architecture; where it has none, those for the first that has."""
        return self.packages.get(architecture) or next(iter(self.packages.values()), ())


class PlatformLock(Part):
    """Everything for one platform; `conda`, `pip`, `system` and `sources` are sorted by name.

    Attributes:
        system: All Debian packages that those asked for need and the base does not have.
        unresolved: What is asked for of Debian, where there was no engine to resolve it.
        sources: The distributions that no wheel is taken of.
        build: The wheels that build them, sorted by name and version; none of them is in the image.
    """

    base: BaseImage
    python: Python | None = None
    tools: Tools
    conda: tuple[CondaPackage, ...] = ()
    pip: tuple[PipPackage, ...] = ()
    sources: tuple[SourcePackage, ...] = ()
    build: tuple[PipPackage, ...] = ()

    system: tuple[SystemPackage, ...] = ()
    unresolved: tuple[str, ...] = ()

    @property
    def distributions(self) -> tuple[PipPackage, ...]:
        """What pip installs, sorted by name: wheels, and the sources of what is built."""
        found = (*self.pip, *(source.artefact for source in self.sources))
        return tuple(sorted(found, key=lambda one: one.name))


class Intent(Part):
    """The part of the spec that was resolved, in normal form: what the lock vouches for.

    Attributes:
        base: The base image's canonical reference, with its digest where the spec gives one; or
            `dockerfile`, its path or its digest, and its `target`.
        python: The version the spec asks for, or None.
        channels: Canonical addresses, in order.
        conda: MatchSpecs in normal form, sorted; one that is not for all platforms ends in `on` and
            its platform, as in `numpy >=1 on linux/amd64`.
        indexes: Canonical addresses, in order.
        pip: PEP 508 requirements in normal form, sorted; as `conda`.
        wheels: Paths relative to the spec in POSIX form, sorted; as `conda`.
        channel_priority: Where it is not strict.
        virtual_packages: The versions that the spec states, CUDA's among them.
        exclude_newer: The instant from which on nothing was taken, as RFC 3339 has it in UTC.
        conda_constraints: MatchSpecs in normal form, sorted.
        distributions: What Conda packages are for pip by the spec's word; `none` for nothing.
        find_links: Canonical addresses, and paths as those of wheels, in order.
        pip_constraints: PEP 508 requirements in normal form, sorted.
        pip_overrides: As `pip_constraints`.
        system: Debian packages, NAME or NAME=VERSION, sorted; as `conda`.
        snapshot: The instant from which on Debian's archive was not read, as `exclude_newer`.
        sources: Folders relative to the spec in POSIX form, sorted; as `conda`.
        sdists: Normalised names of distributions that may come as their source, sorted.
    """

    base: str
    python: str | None = None
    channels: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    channel_priority: Literal["disabled"] | None = None
    virtual_packages: dict[str, str] = Field(default_factory=dict)
    exclude_newer: str | None = None
    conda_constraints: tuple[str, ...] = ()
    distributions: dict[str, str] = Field(default_factory=dict)
    find_links: tuple[str, ...] = ()
    pip_constraints: tuple[str, ...] = ()
    pip_overrides: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    snapshot: str | None = None
    sources: tuple[str, ...] = ()
    sdists: tuple[str, ...] = ()

    @property
    def matchspecs(self) -> tuple[str, ...]:
        """All MatchSpecs, in normal form: those that need no solver to be known as right."""
        packages = (split_selector(form)[0] for form in self.conda)
        return (*packages, *self.conda_constraints)


class Lock(Part):
    """The lock of one variant of a spec; `platforms` has its platforms and no others.

    Attributes:
        exclude_newer: The instant that the command line gave instead of the spec's own, from which
            on nothing was taken; None where it gave none.
    """

    intent: Intent
    platforms: dict[str, PlatformLock]
    exclude_newer: str | None = None

    @property
    def local_wheels(self) -> dict[str, str]:
        """The SHA-256 of all wheels beside the spec, by their paths."""
        return {
            package.path: package.sha256
            for platform in self.platforms.values()
            for package in platform.pip
            if package.path is not None
        }

    @property
    def local_sources(self) -> dict[str, str]:
        """The digests of all folders beside the spec, by their paths."""
        return {
            package.path: package.sha256
            for platform in self.platforms.values()
            for package in platform.sources
            if package.path is not None
        }


@frozen
class LockFile:
    """A whole lock.

    Attributes:
        variants: The lock of each variant, by its name; of a spec without a matrix, the only name
            is the empty one.
    """

    variants: Mapping[str, Lock]

    @staticmethod
    def of(lock: Lock) -> LockFile:
        """Return the lock of a spec without a matrix."""
        return LockFile(variants={"": lock})

    @property
    def has_matrix(self) -> bool:
        """Whether it is of a spec with a matrix."""
        return "" not in self.variants

    @property
    def vouched(self) -> tuple[str, ...]:
        """The MatchSpecs, in normal form, that any of its variants was made from; sorted."""
        return tuple(
            sorted({text for lock in self.variants.values() for text in lock.intent.matchspecs})
        )


def series(version: str) -> str:
    """Return the first two numbers of a Python's version, which its byte code depends on.

    >>> series("3.12.7")
    '3.12'
    """
    return ".".join(version.split(".")[:2])
