"""Compiling is a pure function of a few files: its result for them is kept in the cache and found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envc.files import read_tree, sha256_of, write_if_changed
from envc.plan.context import ContextFile
from envc.resources import fingerprint

__all__ = ["Brought", "Question", "Result", "recall", "remember"]

_KEPT = 64
"""How many results are kept; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is compiled: only the content of these counts, not where they lie.

    Attributes:
        spec: The spec's path.
        lock: Its lock's path.
        mirrors: From canonical to mirror addresses.
        cache: Where results are kept.
        key: What stands for all that counts, when it was asked; None where that cannot be read.
    """

    spec: Path
    lock: Path
    mirrors: tuple[tuple[str, str], ...]
    cache: Path
    key: str | None

    @staticmethod
    def ask(spec: Path, lock: Path, mirrors: tuple[tuple[str, str], ...], cache: Path) -> Question:
        """Return the question that the files ask as they are now."""
        key = _digest_question(spec, lock, mirrors)
        return Question(spec=spec, lock=lock, mirrors=mirrors, cache=cache, key=key)

    @property
    def is_stale(self) -> bool:
        """Whether the spec or its lock has changed since it was asked."""
        return self.key is None or self.key != _digest_question(self.spec, self.lock, self.mirrors)

    @property
    def place(self) -> Path:
        """The file that its result is kept in."""
        return self.cache / "compiled" / f"{self.key}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a compile gives.

    Attributes:
        env_ids: By platform, sorted.
        files: All that the output folder is to hold.
        sources: All files that were read: the spec, its lock, then the others, sorted.
    """

    spec_id: str
    env_ids: Mapping[str, str]
    files: tuple[ContextFile, ...]
    sources: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What copy steps and local wheels brought in, by how the spec names it: digests of content."""

    trees: Mapping[str, str]
    wheels: Mapping[str, str]

    @staticmethod
    def of(trees: Mapping[str, tuple[bool, Iterable[Any]]], wheels: Mapping[str, str]) -> Brought:
        """Return the digests; a tree is whether it is a folder, and its files."""
        return Brought(
            trees={
                name: _digest_tree(is_folder, files) for name, (is_folder, files) in trees.items()
            },
            wheels=wheels,
        )


def recall(question: Question) -> Result | None:
    """Return the result for files that are as they were; None where any is not, or nobody knows."""
    try:
        kept = json.loads(question.place.read_bytes())
        found = _find_brought(question.spec.parent, kept)
        if found is None:
            return None
        origins = dict(found)
        return Result(
            spec_id=kept["spec_id"],
            env_ids=kept["env_ids"],
            files=tuple(_restore(row, origins) for row in kept["files"]),
            sources=(question.spec, question.lock, *sorted({Path(file) for _, file in found})),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def remember(question: Question, result: Result, brought: Brought) -> None:
    """Keep a result; a cache that cannot be written is no reason to fail.

    What was edited while it was compiled is not kept: nobody knows of which text the result is.
    """
    if question.is_stale:
        return
    try:
        data = {
            "spec_id": result.spec_id,
            "env_ids": dict(result.env_ids),
            "trees": dict(brought.trees),
            "wheels": dict(brought.wheels),
            "files": [_to_row(file) for file in result.files],
        }
        write_if_changed(question.place, json.dumps(data).encode())
        _prune(question.place.parent)
    except (OSError, UnicodeDecodeError):
        return


def _digest_question(spec: Path, lock: Path, mirrors: tuple[tuple[str, str], ...]) -> str | None:
    try:
        parts = [fingerprint(), spec.name, sha256_of(spec), sha256_of(lock), mirrors]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    except (OSError, ValueError):
        return None


def _find_brought(folder: Path, kept: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Return digest and place of each brought file; None where they are not what they were."""
    found: list[tuple[str, str]] = []
    for name, digest in kept["trees"].items():
        is_folder, files = read_tree(folder, name)
        if _digest_tree(is_folder, files) != digest:
            return None
        found += [(file.sha256, str(file.file)) for file in files if file.link is None]
    for name, digest in kept["wheels"].items():
        if sha256_of(folder / name) != digest:
            return None
        found.append((digest, str(folder / name)))
    return found


def _digest_tree(is_folder: bool, files: Iterable[Any]) -> str:
    rows = [[file.path, file.mode, file.sha256, file.link] for file in files]
    return hashlib.sha256(json.dumps([is_folder, rows]).encode()).hexdigest()


def _to_row(file: ContextFile) -> list[Any]:
    text = file.content.decode() if file.content is not None else None
    return [file.path, file.sha256, file.mode, file.link, text]


def _restore(row: list[Any], origins: Mapping[str, str]) -> ContextFile:
    path, sha256, mode, link, text = row
    is_brought = link is None and text is None
    return ContextFile(
        path=path,
        sha256=sha256,
        mode=mode,
        link=link,
        content=text.encode() if text is not None else None,
        origin_path=origins[sha256] if is_brought else None,
    )


def _prune(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in kept[_KEPT:]:
        file.unlink(missing_ok=True)
