"""What every solver is asked and what it answers: the border between a spec and its lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from envc.diagnostics import Diagnostic
from envc.files import TreeFile
from envc.frozen import frozen
from envc.lock.model import BaseImage
from envc.lock.package import CondaPackage, PipPackage, SourcePackage
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.source import Span

__all__ = [
    "ChannelPriority",
    "CondaRequest",
    "CondaResolution",
    "CondaSolver",
    "Conflict",
    "Cutoff",
    "FindLinks",
    "IndexAccess",
    "LocalSource",
    "LocalWheel",
    "PipRequest",
    "PipResolution",
    "PipSolver",
    "Provided",
    "Report",
    "Requirement",
    "VirtualPackage",
]

Report: TypeAlias = Callable[[str], None]
"""Told what a solver is busy with, a line at a time; never part of an answer."""


ChannelPriority: TypeAlias = Literal["strict", "disabled"]
"""Whether a package comes only from the first channel that has it, or from any."""


@frozen
class Requirement:
    """What somebody asked for: a MatchSpec or a PEP 508 requirement, and where it is written."""

    text: str
    span: Span | None = field(default=None, compare=False)


@frozen
class Conflict:
    """A solver's proof that nothing satisfies all requirements.

    Attributes:
        message: What is wrong, in one lower-case line.
        explanation: The solver's own chain of reasons, as it tells it; may be empty.
        causes: The requirements that cannot go together, in spec order; empty where the solver
            does not tell.
        hint: What to do; may be empty.
    """

    message: str
    explanation: str = ""
    causes: tuple[Requirement, ...] = ()
    hint: str = ""


@frozen
class VirtualPackage:
    """What the target machine provides, such as `__glibc` 2.36."""

    name: str
    version: str


@frozen
class Cutoff:
    """From when on nothing exists for a solver.

    Attributes:
        moment: What came at this instant, or later, is left out; in UTC.
    """

    moment: datetime
    span: Span | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """The moment as RFC 3339 has it."""
        return self.moment.isoformat().replace("+00:00", "Z")


@frozen
class CondaRequest:
    """A Conda problem for one platform.

    Attributes:
        channels: Canonical addresses, the highest priority first.
        requirements: MatchSpecs, in spec order; Python's own included.
        virtual_packages: What the target provides besides what follows from its platform; nothing
            is detected on this machine.
        mirrors: From canonical to reachable addresses.
        constraints: MatchSpecs that hold for packages which are installed anyway.
        exclude_newer: Leaves out what a channel got later; None leaves out nothing.
        preferred: Packages to take where they are still there and nothing speaks against them.
        logins: Channels that want credentials, with them.
        distributions: What packages are for pip, whatever their channels say; `none` for nothing.
    """

    platform: Platform
    channels: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    virtual_packages: tuple[VirtualPackage, ...]
    mirrors: MirrorMap
    channel_priority: ChannelPriority = "strict"
    constraints: tuple[Requirement, ...] = ()
    exclude_newer: Cutoff | None = None
    preferred: tuple[CondaPackage, ...] = ()
    logins: tuple[IndexAccess, ...] = ()
    distributions: Mapping[str, str] = field(default_factory=dict)


@frozen
class CondaResolution:
    """The packages that satisfy a Conda request, sorted by name, with canonical addresses.

    Attributes:
        warnings: What is odd about them, though they are what was asked for.
    """

    packages: tuple[CondaPackage, ...]
    warnings: tuple[Diagnostic, ...] = ()


@frozen
class IndexAccess:
    """A package index: its canonical address, and `user:password` or a bare token where it needs one.

    Attributes:
        secret: The name of the secret, where it needs one.
        span: Where the spec names it.
        statement: The word of the language that names it, which is what messages call it.
    """

    url: str
    secret: str | None = None
    credentials: str | None = field(default=None, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)
    statement: str = field(default="index", compare=False, repr=False)


@frozen
class FindLinks:
    """Wheels beside the indexes: those that a page links to, or those in a folder beside the spec.

    Attributes:
        page: The page, which is asked like an index; None for a folder.
        folder: Where the folder lies; None for a page.
        path: The folder as the lock writes it, relative to the spec in POSIX form.
    """

    page: IndexAccess | None = None
    folder: Path | None = None
    path: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@frozen
class LocalWheel:
    """A wheel file beside the spec: `path` as the lock writes it, `file` where it lies, its SHA-256."""

    path: str
    file: Path
    sha256: str
    size: int
    span: Span | None = field(default=None, compare=False)


@frozen
class LocalSource:
    """A project's folder beside the spec.

    Attributes:
        path: As the lock writes it.
        folder: Where it lies.
        files: What counts of it, sorted by path.
        sha256: Of the list of its files, see `envc.canonical.tree_digest`.
    """

    path: str
    folder: Path
    files: tuple[TreeFile, ...] = field(repr=False)
    sha256: str
    span: Span | None = field(default=None, compare=False)


@frozen
class Provided:
    """A distribution that Conda provides: fixed for pip, and never emitted as a wheel.

    Attributes:
        asked: The Conda requirement that names it; None where another package brings it.
        via: The Conda requirement whose package brings it, itself or by what it needs, where none
            names it.
    """

    name: str
    version: str
    asked: Requirement | None = field(default=None, compare=False)
    via: Requirement | None = field(default=None, compare=False)


@frozen
class PipRequest:
    """A pip problem for one platform.

    Attributes:
        python_version: Of the target, exact (`3.12.7`) or a series (`3.12`).
        glibc: The newest manylinux wheels that fit, such as `2.36`.
        requirements: PEP 508, in spec order.
        indexes: The first that knows a distribution wins.
        wheels: Local ones; each is a requirement of its own.
        provided: What Conda provides, sorted by name.
        mirrors: From canonical to reachable addresses.
        find_links: Further wheels; what they offer counts beside what an index offers.
        constraints: PEP 508; they hold for distributions that are installed anyway.
        overrides: PEP 508; each replaces all that anybody asks of its distribution.
        exclude_newer: Leaves out what an index got later, but nothing of `find_links`; None leaves
            out nothing.
        preferred: Wheels whose versions to take where they are still there and nothing speaks
            against them.
        sources: Folders; each is a requirement of its own.
        sdists: Normalised names of distributions that may be built from their source where no wheel
            of a version fits.
        preferred_sources: As `preferred`, of what was built from its source.
        preferred_build: As `preferred`, of what builds.
        base: What the target starts from, where that is known: a place to run a solver in.
    """

    platform: Platform
    python_version: str
    glibc: str
    requirements: tuple[Requirement, ...]
    indexes: tuple[IndexAccess, ...]
    wheels: tuple[LocalWheel, ...] = ()
    provided: tuple[Provided, ...] = ()
    mirrors: MirrorMap
    find_links: tuple[FindLinks, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    overrides: tuple[Requirement, ...] = ()
    exclude_newer: Cutoff | None = None
    preferred: tuple[PipPackage, ...] = ()
    sources: tuple[LocalSource, ...] = ()
    sdists: frozenset[str] = frozenset()
    preferred_sources: tuple[SourcePackage, ...] = ()
    preferred_build: tuple[PipPackage, ...] = ()
    base: BaseImage | None = None


@frozen
class PipResolution:
    """The wheels that satisfy a pip request, sorted by name, with canonical addresses.

    Attributes:
        sources: What is to be built from its source beside them.
        build: The wheels that build it, sorted by name and version.
        warnings: What is odd about them, though they are what was asked for.
    """

    packages: tuple[PipPackage, ...]
    warnings: tuple[Diagnostic, ...] = ()
    sources: tuple[SourcePackage, ...] = ()
    build: tuple[PipPackage, ...] = ()


class CondaSolver(Protocol):
    """Solves Conda problems.

    Attributes:
        keeps_pins: Whether it honours what a request prefers.
    """

    name: str
    keeps_pins: bool

    def resolve(self, request: CondaRequest, report: Report) -> CondaResolution | Conflict:
        """Return the packages or the conflict.

        Raises:
            ToolError: A channel or a program failed (E34x).
        """
        ...


class PipSolver(Protocol):
    """Solves pip problems."""

    name: str

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        """Return the wheels or the conflict.

        Raises:
            InputError: The target is one this solver cannot resolve for (E32x).
            ToolError: An index or a program failed (E33x).
        """
        ...
