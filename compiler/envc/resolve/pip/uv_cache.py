"""What uv's cache says of wheels that uv chose, and uv's answer does not: the Pythons they are for.

uv reads each wheel's metadata to resolve and keeps it, so that nobody has to read pages for it again.
The kinds of entries have numbers, which uv raises when the form of one changes
(https://docs.astral.sh/uv/concepts/cache/#cache-versioning). What has another number or another form
than is known here says nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from envc.resolve.index.page import IndexFile

__all__ = ["complete_sole", "list_folders"]

_BUCKET = re.compile(r"wheels-v([0-9]+)")
_KNOWN = range(5, 9)
"""The numbers with the form that `_read` knows: those of uv 0.9 to 0.13."""


def list_folders(cache: Path) -> Iterator[Path]:
    """Yield a folder for each index of which uv keeps metadata in a form that is known."""
    with contextlib.suppress(OSError):
        buckets = {
            int(found[1]): place
            for place in cache.iterdir()
            if (found := _BUCKET.fullmatch(place.name))
        }
        newest = max(buckets, default=0)
        if newest in _KNOWN:
            yield buckets[newest] / "pypi"
            yield from (buckets[newest] / "index").glob("*")


def complete_sole(
    cache: Path, pins: Mapping[str, str], listed: Mapping[str, tuple[IndexFile, ...]]
) -> dict[str, IndexFile]:
    """Return, by name, the sole wheel of a version with the Pythons it is for, where uv knows them.

    Which index and which wheel an entry is of, its place does not always tell. So all that are of a
    version have to agree. Of several wheels that fit, uv reads one, and says nothing of the others.

    Args:
        cache: uv's, after it has resolved.
        pins: Versions by normalised name.
        listed: Their wheels that fit, by the same.
    """
    folders = list(list_folders(cache))
    found = {}
    for name, files in listed.items():
        if len(files) == 1:
            # uv has read its metadata, so that it is among them. An entry's name may be cut short.
            entries = [place for folder in folders for place in (folder / name).glob("*.msgpack")]
            said = set(itertools.chain(*(_read(place, name, pins[name]) for place in entries)))
            if len(said) == 1:
                found[name] = replace(files[0], requires_python=said.pop())
    return found


def _read(place: Path, name: str, version: str) -> Iterator[str | None]:
    """Yield Requires-Python from a wheel's metadata where it is one of a version."""
    import msgpack

    try:
        unpacker = msgpack.Unpacker(max_buffer_size=0)
        unpacker.feed(place.read_bytes())
        entry = unpacker.unpack()  # what follows it is of no matter: how long it is fresh
    except (OSError, ValueError, msgpack.UnpackException):
        return
    match entry:
        case [str(named), str(stated), list(), None | str() as pythons, list(), bool()]:
            if (named, stated) == (name, version):
                yield pythons
        case _:
            return
