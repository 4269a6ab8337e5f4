"""Who asks for a package: a line of the spec, or another package, which such a line asks for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage
from envc.spec.debian import split_debian
from envc.spec.entry import (
    conda_entries,
    pip_entries,
    source_entries,
    system_entries,
    wheel_entries,
)
from envc.spec.matchspec import split_matchspec
from envc.spec.requirement import normal_name
from envc.syntax.document import Document, Path

__all__ = ["Asked", "find_askers"]

Asked = tuple[Path, str]
"""Where the spec asks, and the package through which it does; that is empty where it asks by itself."""

_PIP_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_CONDA_NAME = re.compile(r"[^\s<>=!~\[]+")


def find_askers(
    document: Document, locked: PlatformLock
) -> dict[tuple[str, str], tuple[Asked, ...]]:
    """Return who asks for each package of a platform, by its kind (`conda`, `pip`, `system`) and name.

    What a lock does not tell is left out: of pip's and Debian's packages only those are there that
    the spec asks for by itself.

    Args:
        document: What the spec says for this platform; see `envc.spec.select.for_platform`.
    """
    direct: dict[tuple[str, str], list[Asked]] = {}
    for kind, name, path in _requests(document, locked):
        direct.setdefault((kind, name), []).append((path, ""))
    found = {key: tuple(asked) for key, asked in direct.items()}
    own = {name: asked for (kind, name), asked in found.items() if kind == "conda"}
    for name, asked in _spread(locked.conda, own).items():
        found.setdefault(("conda", name), asked)
    return found


def _requests(document: Document, locked: PlatformLock) -> Iterator[tuple[str, str, Path]]:
    """Yield kind, name and place of all that the spec asks for by itself."""
    for entry in conda_entries(document):
        parts = split_matchspec(entry.text)
        if parts is not None:
            yield "conda", parts.name.lower(), entry.path
    if ("python",) in document.spans:
        yield "conda", "python", ("python",)
    for entry in pip_entries(document):
        if (match := _PIP_NAME.match(entry.text)) is not None:
            yield "pip", normal_name(match[1]), entry.path
    files = {one.path: one.name for one in locked.distributions if one.path is not None}
    for entry in (*wheel_entries(document), *source_entries(document)):
        name = files.get(posixpath.normpath(entry.text))
        if name is not None:
            yield "pip", name, entry.path
    for entry in system_entries(document):
        yield "system", split_debian(entry.text)[0], entry.path


def _spread(
    packages: Iterable[CondaPackage], asked: dict[str, tuple[Asked, ...]]
) -> dict[str, tuple[Asked, ...]]:
    """Return through whom packages are asked for that the spec does not name: by the shortest way."""
    needs = {
        package.name: sorted({m[0] for text in package.depends if (m := _CONDA_NAME.match(text))})
        for package in packages
    }
    found: dict[str, tuple[Asked, ...]] = {}
    reached = set(asked)
    front = {name: (paths[0][0], name) for name, paths in sorted(asked.items()) if name in needs}
    while front:
        following: dict[str, Asked] = {}
        for name, origin in front.items():
            for needed in needs[name]:
                if needed in needs and needed not in reached:
                    reached.add(needed)
                    following[needed] = origin
        found |= {name: (origin,) for name, origin in following.items()}
        front = following
    return found
