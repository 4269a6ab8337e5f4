"""The packages of a spec with their places, read from the document in both shapes that blocks have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from envc.syntax.document import Document, Path

__all__ = ["Entry", "conda_entries", "pip_entries", "texts", "wheel_entries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A text in a list of the document, and the path that leads to it."""

    path: Path
    text: str


def conda_entries(document: Document) -> tuple[Entry, ...]:
    """Return the MatchSpecs of a document as they are written, in order; it may be invalid."""
    return _block_entries(document, "conda", "packages")


def pip_entries(document: Document) -> tuple[Entry, ...]:
    """Return the requirements of a document as they are written, in order; it may be invalid."""
    return _block_entries(document, "pip", "packages")


def wheel_entries(document: Document) -> tuple[Entry, ...]:
    """Return the paths of wheels as they are written, in order; the document may be invalid."""
    return _block_entries(document, "pip", "wheels")


def texts(document: Document, path: Path) -> tuple[Entry, ...]:
    """Return the texts in the list at a path; none where there is no list."""
    items = document.data_at(path)
    if not isinstance(items, list):
        return ()
    return tuple(
        Entry(path=(*path, index), text=item)
        for index, item in enumerate(items)
        if isinstance(item, str)
    )


def _block_entries(
    document: Document, block: Literal["conda", "pip"], key: Literal["packages", "wheels"]
) -> tuple[Entry, ...]:
    if key == "packages" and isinstance(document.data_at((block,)), list):
        return texts(document, (block,))
    return texts(document, (block, key))
