"""Sources of distributions: an archive or a folder goes in, and what a solver must know of it comes out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from email.parser import HeaderParser
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.files import TreeFile, write_if_changed
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.resolve.base import LocalSource, Report
from envc.resolve.project.backend import (
    BackendError,
    BuildWheelsError,
    InstallBuildWheels,
    ask_backend,
)
from envc.resolve.project.folder import BrokenProjectError, Project, read_project
from envc.source import Span

__all__ = ["ARCHIVAL", "Described", "Workshop"]

ARCHIVAL = ".git_archival.txt"
_FOLLOWERS = frozenset({"setuptools-scm", "setuptools_scm", "hatch-vcs", "hatch_vcs"})
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@frozen
class Described:
    """What is known of a source before its wheel is built.

    Attributes:
        name: Normalised.
        version: Exact (PEP 440).
        metadata: As its wheel will have it, as far as solvers look.
        backend: What builds it (PEP 517).
        backend_path: The folders in it where its own backend lies.
        requires: PEP 508 requirements of what builds it.
    """

    name: str
    version: str
    metadata: str
    backend: str
    backend_path: tuple[str, ...]
    requires: tuple[str, ...]

    @property
    def filename(self) -> str:
        """The name of a wheel that stands for it."""
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"


class Workshop:
    """Looks at sources; their build backends run here, so that only what a spec names may come.

    Args:
        cache: A folder for what is known, which depends on a source's content and on this Python.
        install: Installs what a backend needs.
        report: Told what is looked at.
    """

    def __init__(self, cache: Path, install: InstallBuildWheels, report: Report) -> None:
        self._cache = cache
        self._install = install
        self._report = report

    def describe_folder(self, source: LocalSource) -> Described:
        """Return what is known of a folder beside the spec.

        Raises:
            InputError: It is no project (E345), or its backend fails (E346).
        """
        with temporary_folder("source") as name:
            folder = Path(name) / "project"
            _copy_tree(source.files, folder)
            return self._describe(folder, source.sha256, source.path, source.span)

    def describe_archive(
        self,
        archive: Path,
        sha256: str,
        *,
        named: str,
        span: Span | None = None,
        subdirectory: str = "",
        archival: Callable[[], str] | None = None,
    ) -> Described:
        """Return what is known of a source distribution.

        Args:
            named: How messages call it.
            subdirectory: The project's folder in it; empty for the whole.
            archival: Of a commit, gives what `.git_archival.txt` says of it; asked only where the
                project's version follows tags.

        Raises:
            InputError: As `describe_folder`.
        """
        with temporary_folder("source") as name:
            try:
                folder = _unpack(archive, Path(name))
            except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
                message = f"`{named}` is not a source distribution: it cannot be unpacked"
                hint = "check the address, or tell whoever made it"
                problem = Diagnostic.at(span, "E345", message, hint=hint)
                raise InputError([problem]) from error
            known = sha256
            if archival is not None:
                # Commits with the same files may have other tags.
                known = hashlib.sha256(f"{sha256} {named}".encode()).hexdigest()
            tops = (folder, folder / subdirectory)
            return self._describe(
                folder / subdirectory,
                known,
                named,
                span,
                prepare=lambda project: _follow_tags(project, tops, archival),
            )

    def _describe(
        self,
        folder: Path,
        sha256: str,
        named: str,
        span: Span | None,
        *,
        prepare: Callable[[Project], None] = lambda _: None,
    ) -> Described:
        kept = self._cache / f"{sha256}-{sys.version_info[0]}.{sys.version_info[1]}.json"
        with contextlib.suppress(OSError, ValueError, TypeError):
            return _restore(kept.read_text("utf-8"))
        self._report(f"looking at the source {named}")
        try:
            project = read_project(folder)
        except BrokenProjectError as error:
            message = f"`{named}` cannot be built: {error.reason}"
            hint = "name a folder or a file with a Python project"
            raise InputError([Diagnostic.at(span, "E345", message, hint=hint)]) from error
        prepare(project)
        try:
            asked = ask_backend(folder, project, self._install)
        except BackendError as error:
            raise _explain(error, named, span) from error
        name, version = _read(asked.metadata or "", named, span)
        described = Described(
            name=name,
            version=version,
            metadata=asked.metadata or "",
            backend=asked.backend,
            backend_path=asked.backend_path,
            requires=asked.requires,
        )
        # A cache that cannot be written costs time, nothing else.
        with contextlib.suppress(OSError):
            write_if_changed(kept, json.dumps(asdict(described)).encode())
        return described


def _follow_tags(
    project: Project, folders: Iterable[Path], archival: Callable[[], str] | None
) -> None:
    """Have a commit's version follow the tags of its repository, where its project is made so."""
    names = {name[0].lower() for text in project.requires if (name := _NAME.match(text))}
    if archival is None or project.metadata is not None or not names & _FOLLOWERS:
        return
    text = archival()
    for folder in folders:
        (folder / ARCHIVAL).write_text(text, "utf-8")


def _restore(text: str) -> Described:
    data = json.loads(text)
    data |= {name: tuple(data[name]) for name in ("backend_path", "requires")}
    return Described(**data)


def _read(metadata: str, named: str, span: Span | None) -> tuple[str, str]:
    """Return a distribution's normalised name and its exact version."""
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    message = HeaderParser().parsestr(metadata)
    name, version = message.get("Name", ""), message.get("Version", "")
    try:
        return canonicalize_name(name, validate=True), str(Version(version))
    except (InvalidVersion, ValueError) as error:
        text = f"`{named}` cannot be built: its metadata have no name and version that count"
        hint = "write `name` and `version` into its `pyproject.toml`"
        raise InputError([Diagnostic.at(span, "E345", text, hint=hint)]) from error


def _explain(error: BackendError, named: str, span: Span | None) -> InputError:
    if isinstance(error, BuildWheelsError):
        code, message = "E347", f"what builds `{named}` cannot be had"
        hint = (
            "it is built from wheels only: correct its `requires`, or name the index that has them"
        )
    else:
        code, message = "E346", f"`{named}` cannot be locked: {error.reason}"
        hint = (
            "state its metadata in `[project]` of its `pyproject.toml`, or build a wheel and name "
            "its file"
        )
    notes = (error.output,) if error.output else ()
    return InputError([replace(Diagnostic.at(span, code, message, hint=hint), notes=notes)])


def _copy_tree(files: Iterable[TreeFile], folder: Path) -> None:
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link is not None:
            target.symlink_to(file.link)
        else:
            shutil.copyfile(file.file, target)
            target.chmod(file.mode)


def _unpack(archive: Path, target: Path) -> Path:
    """Return the one folder that a source distribution holds (PEP 625), unpacked.

    Raises:
        ValueError: It holds something else.
    """
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(target)  # noqa: S202  # it drops `..` and leading slashes
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
    (folder,) = (path for path in target.iterdir() if path.is_dir())
    return folder
