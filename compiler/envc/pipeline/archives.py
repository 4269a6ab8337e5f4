"""Archives of commits that a lock pins: where the cache has them, and got again where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError
from envc.lock.model import PlatformLock
from envc.lock.package import SourcePackage, archive_name
from envc.machine import Machine
from envc.plan.context import ContextFile

if TYPE_CHECKING:
    from envc.resolve.git.repository import Repositories

__all__ = ["Fetcher", "bring", "bring_files", "list_commits", "name_archives"]

_FOLDER = "git"
"""As `envc.resolve.git.repository.FOLDER`, which loads slowly."""


def list_commits(platforms: Iterable[PlatformLock]) -> tuple[SourcePackage, ...]:
    """Return the sources that are commits, each content once, by its SHA-256."""
    found = {
        source.sha256: source
        for locked in platforms
        for source in locked.sources
        if source.commit is not None
    }
    return tuple(found[sha256] for sha256 in sorted(found))


def name_archives(platforms: Iterable[PlatformLock], cache: Path) -> dict[str, ContextFile]:
    """Return the archives of a lock's commits by their SHA-256, where the cache has them or would."""
    return {
        source.sha256: ContextFile(
            path=source.filename,
            sha256=source.sha256,
            origin_path=str(_place(source, cache)),
        )
        for source in list_commits(platforms)
    }


def bring(platforms: Iterable[PlatformLock], machine: Machine, *, is_offline: bool = False) -> None:
    """Get the archives of a lock's commits that the cache does not have.

    Raises:
        InputError: A repository does not have a commit any more (E352), its files are not what the
            lock says (E357), or they are to be got without a network (E359).
        ToolError: As `envc.resolve.git.repository.Repositories.check_out`.
    """
    missing = [one for one in list_commits(platforms) if not _place(one, machine.cache).is_file()]
    if not missing:
        return
    if is_offline:
        raise InputError([_explain_offline(one) for one in missing])
    fetch = Fetcher(machine, machine.tell)
    problems: list[EnvcError] = []
    for source in missing:
        try:
            fetch(source)
        except (InputError, ToolError) as error:
            problems.append(error)
    if problems:
        raise _join(problems)


def bring_files(
    spec: Path, files: Iterable[ContextFile], machine: Machine, *, is_offline: bool = False
) -> None:
    """Get the archives among some files that the cache does not have, as the lock of a spec names them.

    Raises:
        InputError: As `bring`.
        ToolError: As `bring`.
    """
    folder = machine.cache / _FOLDER
    missing = {
        file.sha256
        for file in files
        if file.origin_path is not None
        and Path(file.origin_path).parent == folder
        and not Path(file.origin_path).is_file()
    }
    if not missing:
        return
    from envc.files import read_source
    from envc.lock.codec import loads

    source = read_source(spec.with_suffix(".lock"))
    locked = loads(source.text, source.name)
    platforms = [one for lock in locked.variants.values() for one in lock.platforms.values()]
    kept = (
        one.model_copy(
            update={"sources": tuple(own for own in one.sources if own.sha256 in missing)}
        )
        for one in platforms
    )
    bring(kept, machine, is_offline=is_offline)


class Fetcher:
    """Gets archives, one by one; what the cache has stays there.

    Args:
        report: Told what is fetched.
    """

    def __init__(self, machine: Machine, report: Callable[[str], None]) -> None:
        self._machine, self._report = machine, report
        self._repositories: Repositories | None = None

    def __call__(self, source: SourcePackage) -> Path:
        """Return where the archive of a commit is.

        Raises:
            InputError: As `bring`.
            ToolError: As `bring`.
        """
        from envc.resolve.git.repository import Repositories
        from envc.spec.repository import GitAddress

        place = _place(source, self._machine.cache)
        if place.is_file():
            return place
        if self._repositories is None:
            self._repositories = Repositories(self._machine.cache, self._machine.environment)
        address = GitAddress(
            repository=source.repository or "",
            ref=source.commit or "",
            subdirectory=source.subdirectory or "",
        )
        mirrors = self._machine.mirrors
        found = self._repositories.check_out(
            address, mirrors, self._report, commit=source.commit
        ).archive
        if found.sha256 != source.sha256:
            message = (
                f"`{source.repository}` at `{(source.commit or '')[:12]}` gives other files than the "
                f"lock has of `{source.name}`"
            )
            notes = (f"the lock has {source.sha256}", f"they have {found.sha256}")
            hint = f"find out why, and lock it again: `--update-package {source.name}`"
            raise InputError([Diagnostic(code="E357", message=message, notes=notes, hint=hint)])
        return found.file


def _place(source: SourcePackage, cache: Path) -> Path:
    return cache / _FOLDER / archive_name(source.commit or "", source.sha256)


def _join(problems: Iterable[EnvcError]) -> EnvcError:
    """Return all problems as one: it is the input's fault only where no tool failed."""
    found = list(problems)
    diagnostics = tuple(problem for error in found for problem in error.diagnostics)
    kinds: Mapping[bool, type[EnvcError]] = {True: ToolError, False: InputError}
    return kinds[any(isinstance(error, ToolError) for error in found)](diagnostics)


def _explain_offline(source: SourcePackage) -> Diagnostic:
    place = f"`{source.repository}` at `{(source.commit or '')[:12]}`"
    message = f"offline, `{source.name}` cannot be got: the cache does not have {place}"
    hint = "compile where there is a network first, or name a folder with `--vendor DIR`"
    return Diagnostic(code="E359", message=message, hint=hint)
