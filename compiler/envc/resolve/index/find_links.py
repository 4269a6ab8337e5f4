"""Wheels beside the indexes: what pages link to and what lies in folders, by the distributions' names."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from email.parser import HeaderParser
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import FindLinks, IndexAccess
from envc.resolve.index.page import IndexFile, parse_page
from envc.resolve.index.transport import Transport
from envc.resolve.index.wheel_file import BrokenWheelError, distribution_of, read_metadata

__all__ = ["Links"]

_ACCEPT = "text/html, */*;q=0.01"


class Links:
    """Looks into all places at most once, when it is first asked; safe to use from several threads.

    Args:
        places: The first that has a file wins over others with the same file.
        mirrors: From canonical to reachable addresses.
        transport: What fetches pages.
    """

    def __init__(
        self, places: Sequence[FindLinks], mirrors: MirrorMap, transport: Transport
    ) -> None:
        self._places = places
        self._mirrors = mirrors
        self._transport = transport
        self._found: dict[str, tuple[IndexFile, ...]] | None = None
        self._lock = threading.Lock()

    @property
    def access(self) -> IndexAccess:
        """Who stands for all places where somebody must."""
        return _access_of(self._places[0])

    def of(self, name: str) -> tuple[IndexFile, ...]:
        """Return the wheels of a distribution by its normalised name: in the places' order.

        Raises:
            ToolError: As `all` does.
        """
        return self.all().get(name, ())

    def all(self) -> dict[str, tuple[IndexFile, ...]]:
        """Return all wheels by the normalised names of their distributions.

        Raises:
            ToolError: A page cannot be reached (E335), refuses (E336), fails or is not there
                (E337), or a folder cannot be read (E337).
        """
        with self._lock:
            if self._found is None:
                self._found = _sort(file for place in self._places for file in self._list(place))
            return self._found

    def _list(self, place: FindLinks) -> Iterable[IndexFile]:
        if place.page is not None:
            return self._ask(place.page)
        assert place.folder is not None, "a place is a page or a folder"  # noqa: S101
        return _read_folder(place, place.folder)

    def _ask(self, page: IndexAccess) -> Iterable[IndexFile]:
        address = self._mirrors.to_mirror(page.url)
        answer = self._transport.get(address, page, address, accept=_ACCEPT)
        if answer is None:
            message = f"there is no page at `{page.url}`"
            hint = "check the address: it is that of a page with links to wheels"
            raise ToolError([Diagnostic.at(page.span, "E337", message, hint=hint)])
        return [replace(file, source=page) for file in parse_page(answer, page)]


def _sort(files: Iterable[IndexFile]) -> dict[str, tuple[IndexFile, ...]]:
    """Return wheels by name; of two of one file name, the first."""
    found: dict[str, dict[str, IndexFile]] = {}
    for file in files:
        distribution = distribution_of(file.filename)
        if distribution is not None and file.filename.endswith(".whl"):
            found.setdefault(distribution[0], {}).setdefault(file.filename, file)
    return {name: tuple(group.values()) for name, group in found.items()}


def _read_folder(place: FindLinks, folder: Path) -> Iterable[IndexFile]:
    """Return the wheels of a folder, sorted by name; those below it do not count, as for pip."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".whl")
        return [
            IndexFile(
                filename=file.name,
                url="",
                size=file.stat().st_size,
                requires_python=_requires_python(file),
                source=_access_of(place),
                local=file,
                path=f"{place.path}/{file.name}" if place.path != "." else file.name,
            )
            for file in files
        ]
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        message = f"the folder `{place.path}` cannot be read: {reason}"
        hint = "check its permissions and the disk"
        raise ToolError([Diagnostic.at(place.span, "E337", message, hint=hint)]) from error


def _requires_python(file: Path) -> str | None:
    """Return what a wheel says of itself; one that is broken is told when it is wanted."""
    try:
        return HeaderParser().parsestr(read_metadata(file)).get("Requires-Python")
    except BrokenWheelError:
        return None


def _access_of(place: FindLinks) -> IndexAccess:
    if place.page is not None:
        return place.page
    return IndexAccess(url=place.path, span=place.span, statement="find-links")
