"""Requirements that name a file by its address (`name @ https://…/x.whl`): fetched and verified."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.files import write_if_changed
from envc.frozen import frozen
from envc.lock.package import SourcePackage
from envc.mark import temporary_folder
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess, Report, Requirement
from envc.resolve.index.kept_size import keep_size, read_size
from envc.resolve.index.transport import Transport
from envc.resolve.index.wheel_file import BrokenWheelError, distribution_of, read_metadata
from envc.resolve.project.workshop import Described, Workshop
from envc.spec.direct import direct_kind
from envc.spec.repository import GitAddress, parse_git_address

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

    from envc.resolve.git.repository import Repositories

__all__ = ["DirectSdist", "DirectWheel", "Downloads", "is_sdist_address"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


@frozen
class DirectWheel:
    """A wheel at an address of its own.

    Attributes:
        url: Canonical, without a fragment.
        filename: The wheel's name.
        metadata: Its METADATA.
        sha256: Of the wheel, in hex.
        size: Of the wheel, in bytes; None for one that was fetched before anybody kept that.
    """

    url: str
    filename: str
    metadata: str
    sha256: str
    size: int | None = None


@frozen
class DirectSdist:
    """A source distribution at an address of its own.

    Attributes:
        url: Canonical, without a fragment.
        sha256: Of the file, in hex.
        size: Of the file, in bytes.
        commit: Where the address is that of a repository, the whole hash of its commit; the file is
            its archive then. None for a file.
        ref: The name that led to it, as the requirement has it.
        subdirectory: The project's folder in it; empty for the whole.
    """

    url: str
    described: Described
    sha256: str
    size: int
    commit: str | None = None
    ref: str = ""
    subdirectory: str = ""

    @property
    def filename(self) -> str:
        """The name of a wheel that stands for it."""
        return self.described.filename

    @property
    def metadata(self) -> str:
        """What its wheel's METADATA will be, as far as solvers look."""
        return self.described.metadata


def is_sdist_address(url: str) -> bool:
    """Say whether a direct reference is one to a source distribution that can be fetched."""
    return direct_kind(url) == "sdist"


class Downloads:
    """Fetches wheels and source distributions by their addresses.

    Args:
        mirrors: From canonical to reachable addresses.
        transport: What fetches.
        cache: A folder for wheels' metadata, which never changes for a SHA-256.
        report: Told what is fetched.
        workshop: Looks at source distributions.
        repositories: Gives what gets commits.
        commits: What the lock had of repositories, to keep.
    """

    def __init__(
        self,
        mirrors: MirrorMap,
        transport: Transport,
        cache: Path,
        report: Report,
        workshop: Workshop,
        repositories: Callable[[], Repositories],
        commits: Iterable[SourcePackage] = (),
    ) -> None:
        self._repositories = repositories
        self._commits = {one.name: one for one in commits if one.commit is not None}
        self._workshop = workshop
        self._mirrors = mirrors
        self._transport = transport
        self._cache = cache
        self._report = report

    def fetch(self, asked: Requirement, parsed: Parsed) -> DirectWheel | DirectSdist:
        """Return what a requirement names.

        Raises:
            InputError: As `fetch_wheel`, or a source distribution is broken (E345, E346), or a
                repository has no such commit (E352 to E358).
            ToolError: As `fetch_wheel`, or a repository cannot be read (E349 to E351, E356).
        """
        if (address := parse_git_address(parsed.url or "")) is not None:
            return self._fetch_commit(asked, parsed, address)
        if is_sdist_address(parsed.url or ""):
            return self._fetch_sdist(asked, parsed)
        return self.fetch_wheel(asked, parsed)

    def fetch_wheel(self, asked: Requirement, parsed: Parsed) -> DirectWheel:
        """Return the wheel that a requirement names.

        With a hash at its address (`#sha256=…`), what was fetched before is not fetched again.

        Raises:
            InputError: There is none, it is of another distribution, or it is not the one that the
                hash says (E331).
            ToolError: Its host cannot be reached (E335), refuses (E336) or fails (E337).
        """
        url, _, fragment = (parsed.url or "").partition("#")
        filename = unquote(urlsplit(url).path.rpartition("/")[2])
        pinned = _pinned_hash(asked, fragment)
        _check_name(asked, parsed, filename)
        kept = self._cache / pinned if pinned else None
        if pinned and kept is not None and kept.is_file():
            return DirectWheel(
                url=url,
                filename=filename,
                metadata=kept.read_text("utf-8"),
                sha256=pinned,
                size=read_size(self._cache / f"{pinned}.size"),
            )
        self._report(f"fetching {url}")
        with temporary_folder("wheel") as folder:
            file = Path(folder) / filename
            sha256 = self._download(asked, url, file)
            _check_hash(asked, url, pinned, sha256)
            metadata = _read(asked, url, file)
            size = file.stat().st_size
        # A cache that cannot be written costs time, nothing else.
        with contextlib.suppress(OSError):
            write_if_changed(self._cache / sha256, metadata.encode())
        keep_size(self._cache / f"{sha256}.size", size)
        return DirectWheel(url=url, filename=filename, metadata=metadata, sha256=sha256, size=size)

    def _fetch_sdist(self, asked: Requirement, parsed: Parsed) -> DirectSdist:
        from packaging.utils import canonicalize_name

        url, _, fragment = (parsed.url or "").partition("#")
        pinned = _pinned_hash(asked, fragment)
        filename = unquote(urlsplit(url).path.rpartition("/")[2])
        self._report(f"fetching {url}")
        with temporary_folder("sdist") as folder:
            file = Path(folder) / filename
            sha256 = self._download(asked, url, file)
            _check_hash(asked, url, pinned, sha256)
            described = self._workshop.describe_archive(file, sha256, named=url, span=asked.span)
            size = file.stat().st_size
        if described.name != canonicalize_name(parsed.name):
            message = f"the file at `{url}` is `{described.name}`, not `{parsed.name}`"
            raise _refuse(asked, message, f"write `{described.name} @ …`, or correct the address")
        return DirectSdist(url=url, described=described, sha256=sha256, size=size)

    def _fetch_commit(self, asked: Requirement, parsed: Parsed, address: GitAddress) -> DirectSdist:
        from packaging.utils import canonicalize_name

        name = canonicalize_name(parsed.name)
        kept = self._commits.get(name)
        is_kept = kept is not None and (kept.repository, kept.ref or "") == (
            address.repository,
            address.ref,
        )
        found = self._repositories().check_out(
            address,
            self._mirrors,
            self._report,
            commit=kept.commit if kept is not None and is_kept else None,
            span=asked.span,
        )
        below = f"#subdirectory={address.subdirectory}" if address.subdirectory else ""
        url = f"git+{address.repository}@{found.commit[:12]}{below}"
        described = self._workshop.describe_archive(
            found.archive.file,
            found.archive.sha256,
            named=url,
            span=asked.span,
            subdirectory=address.subdirectory,
            archival=lambda: self._repositories().archival(address, self._mirrors, found),
        )
        if described.name != name:
            message = f"the project at `{url}` is `{described.name}`, not `{parsed.name}`"
            raise _refuse(asked, message, f"write `{described.name} @ …`, or correct the address")
        return DirectSdist(
            url=address.repository,
            described=described,
            sha256=found.archive.sha256,
            size=found.archive.size,
            commit=found.commit,
            ref=address.ref,
            subdirectory=address.subdirectory,
        )

    def _download(self, asked: Requirement, url: str, file: Path) -> str:
        address = self._mirrors.to_mirror(url)
        access = IndexAccess(url=url, span=asked.span, statement="address")
        if not self._transport.download(address, access, address, file):
            raise _refuse(asked, f"there is no file at `{url}`", "check the address")
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def _pinned_hash(asked: Requirement, fragment: str) -> str:
    """Return the SHA-256 that an address ends in; empty where it has none.

    Raises:
        InputError: What it has is not one (E331).
    """
    stated = dict(part.partition("=")[::2] for part in fragment.split("&"))
    pinned = stated.get("sha256", "").lower()
    if "sha256" in stated and not _SHA256.fullmatch(pinned):
        message = f"`#sha256={stated['sha256']}` is not a SHA-256"
        raise _refuse(asked, message, "write its 64 hex digits, or leave the hash out")
    return pinned


def _check_hash(asked: Requirement, url: str, pinned: str, sha256: str) -> None:
    if pinned not in ("", sha256):
        message = f"the file at `{url}` has another hash than the requirement says"
        hint = f"if that is what you want, write `#sha256={sha256}`"
        raise _refuse(asked, message, hint)


def _check_name(asked: Requirement, parsed: Parsed, filename: str) -> None:
    from packaging.utils import canonicalize_name

    found = distribution_of(filename)
    if found is None:
        hint = "a wheel is named `NAME-VERSION-PYTHON-ABI-PLATFORM.whl`"
        raise _refuse(asked, f"`{filename}` is not the name of a wheel", hint)
    if found[0] != canonicalize_name(parsed.name):
        message = f"`{filename}` is a wheel of `{found[0]}`, not of `{parsed.name}`"
        raise _refuse(asked, message, f"write `{found[0]} @ …`, or correct the address")


def _read(asked: Requirement, url: str, file: Path) -> str:
    try:
        return read_metadata(file)
    except BrokenWheelError as error:
        message = f"the file at `{url}` is not a wheel: {error.reason}"
        raise _refuse(asked, message, "check the address") from error


def _refuse(asked: Requirement, message: str, hint: str) -> InputError:
    return InputError([Diagnostic.at(asked.span, "E331", message, hint=hint)])
