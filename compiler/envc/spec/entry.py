"""The packages of a spec with their places, read from the document in all shapes that blocks have."""

from __future__ import annotations

from collections.abc import Iterator

from envc.frozen import frozen
from envc.syntax.document import Data, Document, Path

__all__ = [
    "Entry",
    "channel_entries",
    "conda_entries",
    "pip_entries",
    "source_entries",
    "system_entries",
    "texts",
    "wheel_entries",
]


@frozen
class Entry:
    """A text in a list of the document, and the path that leads to it.

    Attributes:
        on: The only platform that it is for, as it is written; None for all.
    """

    path: Path
    text: str
    on: str | None = None

    def meets(self, other: Entry) -> bool:
        """Say whether there may be a platform that both are for."""
        return self.on is None or other.on is None or self.on == other.on


def channel_entries(document: Document) -> tuple[Entry, ...]:
    """Return the channels of a document as they are written, in order; it may be invalid."""
    return _entries(document, ("channels",), "channel")


def conda_entries(document: Document) -> tuple[Entry, ...]:
    """Return the MatchSpecs of a document as they are written, in order; it may be invalid."""
    return _package_entries(document, "conda")


def pip_entries(document: Document) -> tuple[Entry, ...]:
    """Return the requirements of a document as they are written, in order; it may be invalid."""
    return _package_entries(document, "pip")


def system_entries(document: Document) -> tuple[Entry, ...]:
    """Return the Debian packages as they are written, in order; the document may be invalid."""
    return _package_entries(document, "system")


def wheel_entries(document: Document) -> tuple[Entry, ...]:
    """Return the paths of wheels as they are written, in order; the document may be invalid."""
    return _entries(document, ("pip", "wheels"), "wheel")


def source_entries(document: Document) -> tuple[Entry, ...]:
    """Return the paths of sources as they are written, in order; the document may be invalid."""
    return _entries(document, ("pip", "sources"), "source")


def texts(document: Document, path: Path) -> tuple[Entry, ...]:
    """Return the texts in the list at a path; none where there is no list."""
    return tuple(
        Entry(path=(*path, index), text=item)
        for index, item in _items(document, path)
        if isinstance(item, str)
    )


def _package_entries(document: Document, block: str) -> tuple[Entry, ...]:
    is_short = isinstance(document.data_at((block,)), list)
    return _entries(document, (block,) if is_short else (block, "packages"), "package")


def _entries(document: Document, path: Path, key: str) -> tuple[Entry, ...]:
    """Return the entries in the list at a path: texts, and mappings with the text at a key."""
    return tuple(
        entry
        for index, item in _items(document, path)
        if (entry := _entry((*path, index), item, key)) is not None
    )


def _entry(path: Path, item: Data, key: str) -> Entry | None:
    match item:
        case str():
            return Entry(path=path, text=item)
        case dict() if isinstance(text := item.get(key), str):
            on = item.get("on")
            return Entry(path=(*path, key), text=text, on=on if isinstance(on, str) else None)
    return None


def _items(document: Document, path: Path) -> Iterator[tuple[int, Data]]:
    items = document.data_at(path)
    return enumerate(items if isinstance(items, list) else [])
