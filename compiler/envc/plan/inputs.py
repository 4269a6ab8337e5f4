"""The files beside a spec that reach the image, as the edge read them: the plan's only other input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from envc.canonical import tree_digest
from envc.frozen import frozen
from envc.plan.context import ContextFile

if TYPE_CHECKING:
    from envc.dockerfile.recipe import Recipe
    from envc.spec.model import CopyStep

__all__ = ["BaseRecipe", "Inputs", "Selection", "Tree"]


@frozen
class Selection:
    """What a `copy` step takes, as the spec writes it.

    Attributes:
        path: Its `from`: a file or a folder.
        ignore: Patterns of what is left out, in order, as `.gitignore` has them.
    """

    path: str
    ignore: tuple[str, ...] = ()

    @staticmethod
    def of(step: CopyStep) -> Selection:
        """Return what a step takes."""
        return Selection(path=step.source, ignore=step.ignore)


@frozen
class Tree:
    """What a `copy` step's `from` names: one file, or everything below a folder.

    Attributes:
        is_folder: Whether it is a folder.
        files: Sorted by path, which is relative to the folder; for a file, its name alone. Each has
            its SHA-256, its mode (0o755 where its owner may execute it, else 0o644) and
            `origin_path`; a symbolic link has its target as `link` and is not followed. Empty
            folders, version control's own folders, Python's caches and what the step ignores are
            left out.
    """

    is_folder: bool
    files: tuple[ContextFile, ...]


@frozen
class BaseRecipe:
    """The Dockerfile that the base is built with.

    Attributes:
        folder: Its context, relative to the spec.
        files: What of its context it may read, sorted by path, which is relative to the context.
    """

    recipe: Recipe
    folder: str
    files: tuple[ContextFile, ...]

    @property
    def sha256(self) -> str:
        """The digest of its text, in hex; line ends count as they do in Git: not at all."""
        return hashlib.sha256(self.recipe.text.source.text.encode()).hexdigest()

    @property
    def context_name(self) -> str:
        """Its context as `envc.spec.defaults.base_context` has it."""
        return f"{self.folder.rstrip('/')}/"

    @property
    def context_sha256(self) -> str:
        """The digest of what of its context it may read, in hex; see `envc.canonical.tree_digest`."""
        return tree_digest(self.files)


@frozen
class Inputs:
    """Files from beside the spec.

    Attributes:
        trees: What the copy steps take, and the source folders.
        wheels: Local wheels, by the path that the lock writes; `path` is the file's name.
        sources: Which of the trees is a source folder, by the path that the lock writes.
        base: None where the base is an image.
        archives: Archives of commits by their SHA-256, which are not beside the spec; that they are
            where these say is for whoever writes the context to see to.
    """

    trees: Mapping[Selection, Tree] = field(default_factory=dict)
    wheels: Mapping[str, ContextFile] = field(default_factory=dict)
    sources: Mapping[str, Selection] = field(default_factory=dict)
    base: BaseRecipe | None = None
    archives: Mapping[str, ContextFile] = field(default_factory=dict)
