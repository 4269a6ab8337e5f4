"""Git repositories as sources: an address goes in, a whole commit and its archive in the cache come out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError
from envc.files import unwritable
from envc.frozen import frozen
from envc.mirror import MirrorMap
from envc.resolve.base import Report
from envc.resolve.git.archive import Archive, UnfitError, find_archive, list_pointers
from envc.resolve.git.fetch import (
    NoCommitError,
    NotThereError,
    archive_commit,
    describe_commit,
    find_commit,
    list_refs,
)
from envc.resolve.git.program import Git, GitFailedError, explain
from envc.source import Span
from envc.spec.repository import GitAddress

__all__ = ["FOLDER", "Checkout", "Repositories"]

FOLDER = "git"
"""Where the cache has archives of commits."""

_SHOWN = 5
_WHOLE = (40, 64)
"""The digits of a whole hash, which no repository need be asked for."""


@frozen
class Checkout:
    """A commit, and its files as an archive."""

    commit: str
    archive: Archive


class Repositories:
    """Gets commits. What a name means is asked once: all platforms of a lock get the same commit.

    Args:
        cache: A folder for archives, which never change for a commit.
        environment: The caller's variables, which `git` gets.
    """

    def __init__(self, cache: Path, environment: Mapping[str, str]) -> None:
        self._folder = cache / FOLDER
        self._git = Git(environment)
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._commits: dict[tuple[str, str], str] = {}

    def check_out(
        self,
        address: GitAddress,
        mirrors: MirrorMap,
        report: Report,
        *,
        commit: str | None = None,
        span: Span | None = None,
    ) -> Checkout:
        """Return the commit that an address means, and its archive; what is kept needs no network.

        Args:
            commit: What its name meant before, and is to mean again; None asks the repository.
            span: Where the spec has the address.

        Raises:
            InputError: There is no such repository, branch, tag or commit (E352), the name leads to
                no commit (E353), it has no such folder (E354), its files are Git LFS pointers (E355)
                or cannot be a source (E358).
            ToolError: There is no `git` (E349), the repository cannot be reached (E350) or read
                (E351), `git` fails (E356), or the cache cannot be written (E553).
        """
        key = (mirrors.to_mirror(address.repository), commit or address.ref)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            try:
                found = self._check_out(address, *key, report)
            except GitFailedError as error:
                raise explain(error, address.repository, span) from error
            except NotThereError as error:
                raise self._refuse_name(address, key, span) from error
            except NoCommitError as error:
                message = f"`{key[1]}` of `{address.repository}` is a {error.kind}, not a commit"
                hint = "name a branch, a tag of a commit, or a commit"
                raise _refuse("E353", message, hint, span) from error
            except UnfitError as error:
                message = f"`{address.repository}` at `{key[1] or 'HEAD'}` cannot be a source: {error.reason}"
                hint = "build a wheel and name its file"
                raise _refuse("E358", message, hint, span) from error
            except OSError as error:
                raise unwritable(self._folder, error) from error
        _inspect(found, address, span)
        return found

    def archival(self, address: GitAddress, mirrors: MirrorMap, found: Checkout) -> str:
        """Return what `.git_archival.txt` says of a commit: backends whose versions follow tags read it.

        https://setuptools-scm.readthedocs.io/en/latest/usage/#git-archives

        Raises:
            ToolError: As `check_out`.
            InputError: As `check_out`, where there is no repository any more (E352).
        """
        url = mirrors.to_mirror(address.repository)
        try:
            described = describe_commit(self._git, url, found.commit)
        except GitFailedError as error:
            raise explain(error, address.repository, None) from error
        return f"node: {found.commit}\ndescribe-name: {described}\n"

    def _check_out(self, address: GitAddress, url: str, ref: str, report: Report) -> Checkout:
        commit = self._commits.get((url, ref))
        if commit is None:
            if len(ref) not in _WHOLE:
                report(f"asking {address.repository} for {ref or 'its default branch'}")
            commit = find_commit(self._git, url, ref)
        archive = find_archive(self._folder, commit)
        if archive is None:
            report(f"fetching {address.repository} at {commit[:12]}")
            commit, archive = archive_commit(self._git, url, commit, self._folder)
        self._commits[url, ref] = commit
        return Checkout(commit=commit, archive=archive)

    def _refuse_name(
        self, address: GitAddress, key: tuple[str, str], span: Span | None
    ) -> InputError:
        url, name = key
        if not name:
            message = f"the repository `{address.repository}` has no commit"
            return _refuse("E352", message, "push one, or name another repository", span)
        try:
            names = list_refs(self._git, url)
        except GitFailedError:
            names = ()
        meant = suggest(name, names)
        listed = ", ".join(f"`{one}`" for one in names[:_SHOWN])
        hint = (
            f"did you mean `{meant}`?" if meant else "name a branch, a tag or a commit that it has"
        )
        if not meant and listed:
            hint += f": {listed}{', …' if len(names) > _SHOWN else ''}"
        message = f"the repository `{address.repository}` has no branch, tag or commit `{name}`"
        return _refuse("E352", message, hint, span)


def _inspect(found: Checkout, address: GitAddress, span: Span | None) -> None:
    """Check that a commit has what an address names, and its files themselves.

    Raises:
        InputError: It does not (E354, E355).
    """
    pointers = list_pointers(found.archive.file, address.subdirectory)
    where = f"`{address.repository}` at `{found.commit[:12]}`"
    if pointers is None:
        message = f"{where} has no folder `{address.subdirectory}`"
        raise _refuse("E354", message, "correct `subdirectory`, or name another commit", span)
    if pointers:
        listed = ", ".join(f"`{one}`" for one in pointers[:_SHOWN])
        more = f" and {len(pointers) - _SHOWN} more" if len(pointers) > _SHOWN else ""
        message = f"{where} has pointers of Git LFS in place of {listed}{more}"
        hint = "build a wheel where `git lfs` brings the files, and name its file"
        raise _refuse("E355", message, hint, span)


def _refuse(code: str, message: str, hint: str, span: Span | None) -> InputError:
    return InputError([Diagnostic.at(span, code, message, hint=hint)])
