"""The packages that a lock pins: Conda's, pip's wheels and sources, and Debian's."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from envc.lock.part import Commit, Part, Sha256, Size

__all__ = [
    "CondaPackage",
    "PipPackage",
    "SourcePackage",
    "SystemPackage",
    "archive_name",
    "filename_of",
]


class CondaPackage(Part):
    """A Conda package of one exact build.

    Attributes:
        name: As its channel spells it.
        version: Exact, as its channel spells it.
        build: The build string.
        subdir: The channel's folder it lies in: a platform's, or `noarch`.
        channel: The channel's canonical address.
        url: The canonical address of its archive.
        sha256: Of the archive, in hex.
        md5: Of the archive, in hex, where the channel states it.
        size: Of the archive, in bytes, where the channel states it.
        timestamp: When it was built, in ms since 1970, where the channel states it.
        depends: The MatchSpecs it depends on, sorted.
        distribution: The normalised name of the Python distribution it provides, or None.
    """

    name: str
    version: str
    build: str
    subdir: str
    channel: str
    url: str
    sha256: Sha256
    md5: str | None = None
    size: Size | None = None
    timestamp: int | None = None
    depends: tuple[str, ...] = ()
    distribution: str | None = None

    @property
    def filename(self) -> str:
        """The archive's name."""
        return filename_of(self.url)


class PipPackage(Part):
    """A wheel.

    Attributes:
        name: Normalised (PEP 503).
        version: Exact (PEP 440).
        url: The canonical address of the wheel; None for a local one.
        path: Where a local wheel lies, relative to the spec, in POSIX form; None for another.
        sha256: Of the wheel, in hex.
        size: Of the wheel, in bytes, where its source states it.
        index: The canonical address of the index that offered it; None for a local one.
    """

    name: str
    version: str
    url: str | None = None
    path: str | None = None
    sha256: Sha256
    size: Size | None = None
    index: str | None = None

    @property
    def is_commit(self) -> bool:
        """Whether it stands for a commit, whose address (`git+…`) is not that of a file."""
        return self.url is not None and self.url.startswith("git+")

    @property
    def filename(self) -> str:
        """The wheel's name."""
        return (
            filename_of(self.url) if self.url is not None else (self.path or "").rpartition("/")[2]
        )


class SourcePackage(Part):
    """A distribution whose wheel is built with the image, without a network, from a pinned source.

    Attributes:
        name: Normalised (PEP 503).
        version: Exact (PEP 440).
        kind: Where the source is: a source distribution, a folder beside the spec, or a commit.
        url: The canonical address of a source distribution; None for another.
        path: Where a folder lies, relative to the spec, in POSIX form; None for another.
        repository: The address of a commit's repository, as `git` takes it; None for another.
        commit: The whole hash of a commit; None for another.
        ref: The branch, the tag or the like that led to it; None for the default branch.
        subdirectory: The project's folder in its source, in POSIX form; None for the whole.
        sha256: Of the source distribution; of a folder, of the list of its files, see
            `envc.canonical.tree_digest`; of a commit, of its archive, see `envc.resolve.git.archive`.
        size: Of the source distribution or the archive, in bytes, where its source states it.
        index: The canonical address of the index that offered it; None for what the spec names.
        backend: What builds it (PEP 517), such as `setuptools.build_meta`.
        backend_path: The folders in it where its own backend lies.
        build: What the backend needs, sorted: `NAME==VERSION` of wheels in `PlatformLock.build`.
    """

    name: str
    version: str
    kind: Literal["sdist", "folder", "git"]
    url: str | None = None
    path: str | None = None
    repository: str | None = None
    commit: Commit | None = None
    ref: str | None = None
    subdirectory: str | None = None
    sha256: Sha256
    size: Size | None = None
    index: str | None = None
    backend: str
    backend_path: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    @property
    def filename(self) -> str:
        """What the source is called: the file's own name, or that of a folder or of an archive."""
        if self.url is not None:
            return filename_of(self.url)
        suffix = ".tar" if self.commit is not None else ""
        return f"{self.name}-{self.version}{suffix}"

    @property
    def git_url(self) -> str | None:
        """The address of a commit, as pip and SPDX write it; None for another."""
        if self.commit is None:
            return None
        below = f"#subdirectory={quote(self.subdirectory)}" if self.subdirectory else ""
        return f"git+{self.repository}@{self.commit}{below}"

    @property
    def artefact(self) -> PipPackage:
        """The source as what it is fetched or read as, for those who need not build it."""
        return PipPackage(
            name=self.name,
            version=self.version,
            url=self.git_url or self.url,
            path=self.path,
            sha256=self.sha256,
            size=self.size,
            index=self.index,
        )


class SystemPackage(Part):
    """A Debian package that the base does not have.

    Attributes:
        name: As Debian spells it.
        version: Exact, with its epoch.
        architecture: Debian's name of it, or `all`.
        url: The canonical address of its archive.
        sha256: Of the archive, in hex.
        size: Of the archive, in bytes.
    """

    name: str
    version: str
    architecture: str
    url: str
    sha256: Sha256
    size: Size

    @property
    def filename(self) -> str:
        """The archive's name."""
        return filename_of(self.url)


def archive_name(commit: str, sha256: str) -> str:
    """Return what the file is called that the cache keeps the archive of a commit in."""
    return f"{commit}-{sha256}.tar"


def filename_of(url: str) -> str:
    """Return the name of the file that an address ends in, its escapes undone."""
    return unquote(urlsplit(url).path.rpartition("/")[2])
