"""What files give is kept in the cache and found again: a compile's result, and that a lock is right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from envc.files import read_tree, sha256_of, write_if_changed
from envc.frozen import frozen
from envc.plan.context import ContextFile
from envc.plan.inputs import Selection
from envc.resources import fingerprint

__all__ = [
    "Agreement",
    "Brought",
    "Question",
    "Result",
    "VariantResult",
    "recall",
    "recall_agreement",
    "remember",
    "remember_agreement",
]

_KEPT = 64
"""How many results are kept; the oldest go first."""


@frozen
class Question:
    """What is compiled: only the content of these counts, not where they lie.

    Attributes:
        spec: The spec's path.
        lock: Its lock's path.
        mirrors: From canonical to mirror addresses.
        sets: The parameters that the command line sets, and their values; sorted.
        variants: Those that are asked for; empty for all.
        templates: The user's own, by path in their folder, and their texts; sorted.
        is_vendored: Whether artefacts come from a vendor folder.
        cache: Where results are kept.
        key: What stands for all that counts, when it was asked; None where that cannot be read.
    """

    spec: Path
    lock: Path
    mirrors: tuple[tuple[str, str], ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    variants: tuple[str, ...] = ()
    templates: tuple[tuple[str, str], ...] = ()
    is_vendored: bool = False
    cache: Path
    key: str | None = None

    def ask(self) -> Question:
        """Return the question that the files ask as they are now."""
        return replace(self, key=self._digest())

    @property
    def is_stale(self) -> bool:
        """Whether the spec or its lock has changed since it was asked."""
        return self.key is None or self.key != self._digest()

    @property
    def place(self) -> Path:
        """The file that its result is kept in."""
        return self.cache / "compiled" / f"{self.key}.json"

    @property
    def agreement_place(self) -> Path:
        """The file that says that its lock is right."""
        return self.cache / "agreed" / f"{self.key}.json"

    def _digest(self) -> str | None:
        chosen = [self.mirrors, self.sets, self.variants, self.templates, self.is_vendored]
        try:
            files = [self.spec.name, sha256_of(self.spec), sha256_of(self.lock)]
            parts = [fingerprint(), *files, *chosen]
            return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        except (OSError, ValueError):
            return None


@frozen
class VariantResult:
    """What a compile gives for one variant.

    Attributes:
        spec_id: Its own.
        env_ids: By platform, sorted.
        checks: By platform, what tells the checks of its image from others.
        files: All that its output folder is to hold.
        unresolved: Debian packages that the lock does not pin, by platform, sorted; of those only
            that have any.
    """

    spec_id: str
    env_ids: Mapping[str, str]
    checks: Mapping[str, str]
    files: tuple[ContextFile, ...]
    unresolved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@frozen
class Result:
    """What a compile gives.

    Attributes:
        environment: The spec's name.
        spec_id: The whole spec's.
        names: Of all of the spec's variants, in its order.
        variants: Those that were asked for, by name, in the spec's order; of a spec without a
            matrix, the only name is the empty one.
        sources: All files that were read: the spec, its lock, then the others, sorted.
    """

    environment: str
    spec_id: str
    names: tuple[str, ...]
    variants: Mapping[str, VariantResult]
    sources: tuple[Path, ...]


@frozen
class Brought:
    """What was read beside the spec and its lock, by how the spec names it: digests of content.

    Attributes:
        trees: Of copy steps.
        wheels: Local ones.
        texts: Of files that the spec includes or extends.
        archives: Of commits that the lock pins, with the places where the cache has them or would:
            whoever writes them looks at them.
    """

    trees: Mapping[Selection, str]
    wheels: Mapping[str, str]
    texts: Mapping[str, str]
    archives: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(
        trees: Mapping[Selection, tuple[bool, Iterable[Any]]],
        wheels: Mapping[str, str],
        texts: Mapping[str, str],
        archives: Mapping[str, str] | None = None,
    ) -> Brought:
        """Return the digests; a tree is whether it is a folder, and its files."""
        return Brought(
            trees={
                taken: _digest_tree(is_folder, files) for taken, (is_folder, files) in trees.items()
            },
            wheels=wheels,
            texts={name: _digest_text(text) for name, text in texts.items()},
            archives=archives or {},
        )


def recall(question: Question) -> Result | None:
    """Return the result for files that are as they were; None where any is not, or nobody knows."""
    try:
        kept = json.loads(question.place.read_bytes())
        found = _find_brought(question.spec.parent, kept)
        if found is None:
            return None
        origins = {**kept["archives"], **dict(found)}
        beside = {Path(file) for _, file in found}
        return Result(
            environment=kept["environment"],
            spec_id=kept["spec_id"],
            names=tuple(kept["names"]),
            variants={
                name: VariantResult(
                    spec_id=one["spec_id"],
                    env_ids=one["env_ids"],
                    checks=one["checks"],
                    files=tuple(_restore(row, origins) for row in one["files"]),
                    unresolved={name: tuple(names) for name, names in one["unresolved"].items()},
                )
                for name, one in kept["variants"].items()
            },
            sources=(question.spec, question.lock, *sorted(beside)),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def remember(question: Question, result: Result, variants: Sequence[Brought]) -> None:
    """Keep a result; a cache that cannot be written is no reason to fail.

    What was edited while it was compiled is not kept: nobody knows of which text the result is.

    Args:
        variants: What each variant brought in.
    """
    brought = _join(variants)
    if brought is None or question.is_stale:
        return
    try:
        data = {
            "environment": result.environment,
            "spec_id": result.spec_id,
            "names": list(result.names),
            "trees": [
                [taken.path, list(taken.ignore), digest] for taken, digest in brought.trees.items()
            ],
            "wheels": dict(brought.wheels),
            "texts": dict(brought.texts),
            "archives": dict(brought.archives),
            "variants": {
                name: {
                    "spec_id": one.spec_id,
                    "env_ids": dict(one.env_ids),
                    "checks": dict(one.checks),
                    "files": [_to_row(file) for file in one.files],
                    "unresolved": {name: list(names) for name, names in one.unresolved.items()},
                }
                for name, one in result.variants.items()
            },
        }
        write_if_changed(question.place, json.dumps(data).encode())
        _prune(question.place.parent)
    except (OSError, UnicodeDecodeError):
        return


@frozen
class Agreement:
    """That a lock is the one of its spec.

    Attributes:
        environment: The spec's name.
        has_warnings: Whether something about the spec is odd.
        wheels: The SHA-256 of the local wheels that it is about, by path.
        texts: The files that the spec includes or extends, by path.
    """

    environment: str
    has_warnings: bool
    wheels: Mapping[str, str]
    texts: Mapping[str, str]


def recall_agreement(question: Question) -> Agreement | None:
    """Return that a lock is right; None where a file is not as it was, or nobody knows."""
    folder = question.spec.parent
    try:
        kept = json.loads(question.agreement_place.read_bytes())
        found = Agreement(**kept)
        are_same = all(
            sha256_of(folder / name) == digest for name, digest in found.wheels.items()
        ) and all(
            _digest_text(_read_text(folder / name)) == digest
            for name, digest in found.texts.items()
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return found if are_same else None


def remember_agreement(question: Question, agreement: Agreement) -> None:
    """Keep that a lock is right, unless a file was edited meanwhile, or the cache cannot be written.

    Args:
        agreement: With the texts themselves.
    """
    if question.is_stale:
        return
    texts = {name: _digest_text(text) for name, text in agreement.texts.items()}
    data = {
        "environment": agreement.environment,
        "has_warnings": agreement.has_warnings,
        "wheels": dict(agreement.wheels),
        "texts": texts,
    }
    try:
        write_if_changed(question.agreement_place, json.dumps(data).encode())
        _prune(question.agreement_place.parent)
    except (OSError, UnicodeError):
        return


def _join(variants: Sequence[Brought]) -> Brought | None:
    """Return what all variants brought in; None where two of them saw different content."""
    joined = Brought(
        trees={taken: digest for one in variants for taken, digest in one.trees.items()},
        wheels={name: digest for one in variants for name, digest in one.wheels.items()},
        texts={name: digest for one in variants for name, digest in one.texts.items()},
        archives={name: place for one in variants for name, place in one.archives.items()},
    )
    agree = all(
        one.trees.items() <= joined.trees.items()
        and one.wheels.items() <= joined.wheels.items()
        and one.texts.items() <= joined.texts.items()
        for one in variants
    )
    return joined if agree else None


def _find_brought(folder: Path, kept: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Return digest and place of each brought file; None where they are not what they were."""
    found: list[tuple[str, str]] = []
    for name, ignore, digest in kept["trees"]:
        is_folder, files = read_tree(folder, name, ignore)
        if _digest_tree(is_folder, files) != digest:
            return None
        found += [(file.sha256, str(file.file)) for file in files if file.link is None]
    for name, digest in kept["wheels"].items():
        if sha256_of(folder / name) != digest:
            return None
        found.append((digest, str(folder / name)))
    for name, digest in kept["texts"].items():
        if _digest_text(_read_text(folder / name)) != digest:
            return None
        found.append((digest, str(folder / name)))
    return found


def _read_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def _digest_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
