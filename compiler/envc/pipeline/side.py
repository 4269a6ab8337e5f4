"""What the words of a comparison name: two sides, each a file, one of a Git revision, or an image."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, UsageError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.revision import Repository

__all__ = ["LOCK", "Side", "is_path", "name_sides", "registered_side"]

LOCK = ".lock"
_SUFFIXES = frozenset({".envc", ".yaml", ".yml", LOCK})
_RANGE = re.compile(r"(?P<old>[^/].*?|)(?P<dots>\.{2,3})(?P<new>[^/.].*|)")
_HEAD = "HEAD"

Kind: TypeAlias = Literal["file", "revision", "image"]


@frozen
class Side:
    """One of the two things that are compared.

    Attributes:
        name: What the reader is told: as it was named, of a revision with its path.
        path: Of a file; of a revision, as that calls it.
        repository: None where it is no revision.
        revision: As it was named; empty where it is none.
        folder: Of what is registered, where its files lie; empty for all else.
    """

    kind: Kind
    name: str
    path: str = ""
    repository: Repository | None = None
    revision: str = ""
    folder: str = ""

    def rename(self, text: str) -> str:
        """Return a text in which the files of a registered version are called after that."""
        return text.replace(f"{self.folder}/", f"{self.name}:") if self.folder else text

    @property
    def is_lock(self) -> bool:
        """Whether it is a lock, whatever spec it belongs to."""
        return self.kind != "image" and Path(self.path).suffix == LOCK


def name_sides(
    words: Sequence[str], machine: Machine, registered: Mapping[str, Path]
) -> tuple[Side, Side]:
    """Return the two sides that words name, as Git's users would have it.

    `FILE` is that of the last commit and that of now, `REV..REV FILE` and `REV REV FILE` two
    revisions of a file, `REV FILE` a revision and now, `A B` two of whatever kind: a file, `REV:FILE`
    as `git show` takes it, a registered version, or an image.

    Args:
        registered: Where the specs of registered versions lie, by what they are called.

    Raises:
        UsageError: They name no two sides (E001), or there is no such revision (E721, E722).
        ToolError: There is no Git (E720).
    """
    match list(words):
        case [path] if _is_file(path):
            repository = _repository_of(path, machine)
            return _revision(repository, _HEAD, path), _file(path)
        case [span, path] if not _is_file(span) and (found := _RANGE.fullmatch(span)):
            return _name_range(found, path, machine)
        case [old, new]:
            return (
                _name(old, new, machine, registered),
                _name(new, old, machine, registered),
            )
        case [old, new, path]:
            repository = _repository_of(path, machine)
            return _revision(repository, old, path), _revision(repository, new, path)
    hint = (
        "name two of them, `REV..REV SPEC`, or one spec, which is compared with the last commit's"
    )
    message = f"there is nothing to compare `{words[0]}` with" if len(words) == 1 else _TOO_MANY
    raise UsageError([Diagnostic(code="E001", message=message, hint=hint)])


_TOO_MANY = "two things are compared, and more are named"


def _name_range(found: re.Match[str], path: str, machine: Machine) -> tuple[Side, Side]:
    repository = _repository_of(path, machine)
    old, new = found["old"] or _HEAD, found["new"] or _HEAD
    if found["dots"] == "...":
        old = repository.merge_base(old, new)[:12]
    return _revision(repository, old, path), _revision(repository, new, path)


def _name(word: str, other: str, machine: Machine, registered: Mapping[str, Path]) -> Side:
    if _is_file(word):
        return _file(word)
    if word in registered:
        return registered_side(word, registered[word], machine)
    revision, _, path = word.partition(":")
    if revision and Path(path).suffix in _SUFFIXES:
        return _revision_of(revision, path, machine)
    repository = _find_repository(other, machine) if _is_file(other) else None
    if repository is not None and repository.has(word):
        return _revision(repository, word, other)
    return Side(kind="image", name=word)


def is_path(word: str) -> bool:
    """Say whether a word names a file by what it ends in, here or in a revision."""
    return Path(word).suffix in _SUFFIXES


def _is_file(word: str) -> bool:
    """Say whether a word is a path: of a file that is there, or of one that should be, by its name."""
    return Path(word).is_file() or (Path(word).suffix in _SUFFIXES and ":" not in word)


def _file(path: str) -> Side:
    return Side(kind="file", name=path, path=path)


def registered_side(word: str, path: Path, machine: Machine) -> Side:
    """Return the side that is a registered version, whose files have a folder of their own."""
    folder, kept = path.parent, machine.cache / "registered"
    if path.is_relative_to(kept):
        folder = kept / path.relative_to(kept).parts[0]
    return Side(kind="file", name=word, path=str(path), folder=folder.as_posix())


def _revision_of(revision: str, path: str, machine: Machine) -> Side:
    """Return the side that `REV:PATH` names: from the repository's folder on, or from here with `./`."""
    repository = Repository.around(Path(), machine.environment)
    if path.startswith(("./", "../")):
        return _revision(repository, revision, path)
    return _side(repository, revision, path)


def _revision(repository: Repository, revision: str, path: str) -> Side:
    return _side(repository, revision, repository.relative(Path(path)))


def _side(repository: Repository, revision: str, path: str) -> Side:
    return Side(
        kind="revision",
        name=f"{revision}:{path}",
        path=path,
        repository=repository,
        revision=revision,
    )


def _repository_of(path: str, machine: Machine) -> Repository:
    return Repository.around(Path(path).parent, machine.environment)


def _find_repository(path: str, machine: Machine) -> Repository | None:
    """Return the repository of a file where it has one, and where there is a Git."""
    try:
        return _repository_of(path, machine)
    except EnvcError:
        return None
