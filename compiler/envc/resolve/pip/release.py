"""The files of the versions that a backend chose: from its own words where those are enough, else from pages.

A backend's list lacks what a page says of each file: the Pythons it is for, its size, and whether it
was withdrawn. Of a withdrawn version the backend warns, and of most wheels uv's cache knows the Pythons
(`uv_cache`). For the rest a page is read, once for each release and target: what it says of a file never
changes, and is kept. An index may answer now in JSON and now in HTML, without sizes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from envc.files import write_if_changed
from envc.resolve.base import IndexAccess
from envc.resolve.index.client import IndexClient, IndexFile, Project
from envc.resolve.index.wheel_file import Target, distribution_of, fits
from envc.resolve.pip.input import PipInput

__all__ = ["Releases"]

_PYPI = "https://pypi.org/simple"
_Files: TypeAlias = tuple[IndexFile, ...]


class Releases:
    """Finds the files of releases.

    Args:
        given: The problem.
        client: Asks for pages.
        cache: A folder for what pages said.
    """

    def __init__(self, given: PipInput, client: IndexClient, cache: Path) -> None:
        self._given = given
        self._client = client
        self._cache = cache

    def find(
        self,
        pins: Mapping[str, str],
        listed: Mapping[str, _Files],
        withdrawn: frozenset[str] = frozenset(),
        complete: frozenset[str] = frozenset(),
    ) -> dict[str, Project | None]:
        """Return, by name, what there is of each pin; of other versions, not all need be there.

        Args:
            pins: Versions by normalised name.
            listed: The wheels that fit, as the backend names them; without those, pages are asked.
            withdrawn: The names of which the backend says that their version was withdrawn.
            complete: The names of those of `listed` that lack nothing a page would say.

        Raises:
            ToolError: As `IndexClient.project` does.
        """
        index = self._sole_index()
        found: dict[str, Project | None] = {}
        if index is not None:
            known = self._known(index, listed, complete)
            for name in sorted(pins.keys() & listed.keys() - withdrawn):
                is_known = name in known
                if files := listed[name] if is_known else self._recall(index, name, listed[name]):
                    found[name] = Project(name=name, index=index, files=files)
        unknown = {name: pins[name] for name in pins.keys() - found.keys()}
        for name, project in self._client.releases(unknown).items():
            files = listed.get(name, ())
            found[name] = _complete_project(project, files)
            if index is not None and project is not None and files:
                self._keep(index, project, pins[name], files)
        return dict(sorted(found.items()))

    def _known(
        self, index: IndexAccess, listed: Mapping[str, _Files], complete: frozenset[str]
    ) -> set[str]:
        """Return of which distributions no page is needed.

        PyPI has what its pages say of the Pythons from the metadata itself; elsewhere they can say
        more, or nothing. Where extras are asked for, the metadata is read, and a page says whether it
        is served by itself.
        """
        if index.url.rstrip("/") != _PYPI:
            return set()
        with_extras = {root.name for root in self._given.roots if root.parsed.extras}
        return {
            name
            for name in complete - with_extras
            if all(fits(file, self._given.target) for file in listed[name])
        }

    def _sole_index(self) -> IndexAccess | None:
        """Return the index that all files are from; None where a backend's words do not tell which.

        One with credentials is asked each time, for it says who may have its files.
        """
        request = self._given.request
        if len(request.indexes) != 1 or self._given.needs_front:
            return None
        (index,) = request.indexes
        return index if index.credentials is None else None

    def _recall(self, index: IndexAccess, name: str, listed: _Files) -> _Files:
        """Return a release's files with what the index's page said of them; empty where nobody knows."""
        # PyPI withdraws whole releases (https://docs.pypi.org/project-management/yanking/). Elsewhere
        # it can be one wheel of several, of which a backend says nothing.
        if len(listed) != 1 and index.url.rstrip("/") != _PYPI:
            return ()
        try:
            kept = json.loads(self._place(index, name, listed).read_bytes())
            return tuple(_complete(file, kept[file.filename]) for file in listed)
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def _keep(self, index: IndexAccess, project: Project, version: str, listed: _Files) -> None:
        """Keep what a page says of a release where it and the backend have the same files of it."""
        files = list(_list_fitting(project, version, self._given.target))
        if any(file.yanked for file in files) or set(map(_facts, files)) != set(
            map(_facts, listed)
        ):
            return
        sizes = {file.url: file.size for file in listed}
        said = {
            file.filename: {
                "requires-python": file.requires_python,
                "metadata": file.has_metadata,
                "size": file.size or sizes[file.url],
            }
            for file in files
        }
        # A cache that cannot be written costs time, nothing else.
        with contextlib.suppress(OSError):
            write_if_changed(
                self._place(index, project.name, listed),
                json.dumps(said, sort_keys=True).encode(),
                is_durable=False,
            )

    def _place(self, index: IndexAccess, name: str, listed: _Files) -> Path:
        facts = _digest(sorted(map(_facts, listed)))
        return self._cache / f"{self._digest(index, name)}-{facts}.release"

    def _digest(self, index: IndexAccess, name: str) -> str:
        """Return what stands for a distribution of an index, and for the target."""
        target = self._given.target
        return _digest(
            [index.url.rstrip("/"), name, [*target.series, target.machine, target.glibc]]
        )


def _digest(question: object) -> str:
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:40]


def _list_fitting(project: Project, version: str, target: Target) -> Iterable[IndexFile]:
    """Yield the wheels of a version whose tags fit, whatever Python they ask for."""
    for file in project.files:
        if distribution_of(file.filename) == (project.name, version) and fits(
            replace(file, requires_python=None), target
        ):
            yield file


def _facts(file: IndexFile) -> tuple[str, str, str]:
    """Return what makes a file this one; its size does not: uv knows it at times, and a page may not."""
    return file.filename, file.url, file.sha256 or ""


def _complete(file: IndexFile, said: Mapping[str, Any]) -> IndexFile:
    requires_python, size = said["requires-python"], file.size or said["size"]
    if not isinstance(requires_python, str | None) or not isinstance(size, int | None):
        raise TypeError(said)
    return replace(
        file, requires_python=requires_python, has_metadata=bool(said["metadata"]), size=size
    )


def _complete_project(project: Project | None, listed: _Files) -> Project | None:
    """Return a project with hashes and sizes that a backend has found, so that nobody does it again."""
    known = {file.url: file for file in listed}
    if project is None or not known:
        return project
    return replace(
        project,
        files=tuple(
            replace(file, sha256=file.sha256 or other.sha256, size=file.size or other.size)
            if (other := known.get(file.url)) is not None
            else file
            for file in project.files
        ),
    )
