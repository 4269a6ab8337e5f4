"""Source folders beside a spec, whose wheels are built with the image: their files, as far as they count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from envc.canonical import tree_digest
from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.files import TreeFile, read_tree
from envc.pipeline.context.reading import (
    Folder,
    explain_file,
    explain_unreadable,
    to_context_file,
)
from envc.source import Span
from envc.spec.defaults import source_paths
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

if TYPE_CHECKING:
    from envc.plan.inputs import Inputs, Selection, Tree
    from envc.resolve.base import LocalSource

__all__ = ["digest_read_sources", "list_sources", "read_source_trees", "read_sources"]


def read_sources(spec: EnvSpec, document: Document, folder: Path) -> tuple[LocalSource, ...]:
    """Return the spec's source folders, in its order.

    Raises:
        InputError: One is not there (E155), is not a folder or cannot be read (E156), or has no
            files (E157).
    """
    named = tuple(list_sources(spec, document))
    if not named:
        return ()
    from envc.resolve.base import LocalSource

    sources: list[LocalSource] = []
    problems: list[Diagnostic] = []
    for path, span in named:
        try:
            _, files = _read_source(folder, path, span)
        except InputError as error:
            problems.extend(error.diagnostics)
            continue
        digest = tree_digest(files)
        sources.append(
            LocalSource(path=path, folder=folder / path, files=files, sha256=digest, span=span)
        )
    if problems:
        raise InputError(problems)
    return tuple(sources)


def digest_read_sources(inputs: Inputs) -> dict[str, str]:
    """Return the digests of the source folders among the inputs, by their paths."""
    return {path: tree_digest(inputs.trees[taken].files) for path, taken in inputs.sources.items()}


def read_source_trees(
    spec: EnvSpec, document: Document, folder: Path, problems: list[Diagnostic]
) -> dict[str, tuple[Selection, Tree]]:
    from envc.plan.inputs import Tree

    found: dict[str, tuple[Selection, Tree]] = {}
    for path, span in list_sources(spec, document):
        try:
            taken, files = _read_source(folder, path, span)
        except InputError as error:
            problems.extend(error.diagnostics)
            continue
        found[path] = taken, Tree(is_folder=True, files=tuple(map(to_context_file, files)))
    return found


def list_sources(spec: EnvSpec, document: Document) -> Iterator[tuple[str, Span]]:
    """Yield the paths of source folders, and where the spec names them, in its order."""
    for number, path in enumerate(source_paths(spec)):
        yield path, document.span(("pip", "sources", number))


def _read_source(folder: Path, path: str, span: Span) -> tuple[Selection, tuple[TreeFile, ...]]:
    """Return what counts of a source folder, and its files.

    What its own `.gitignore` names is left out: builds leave much in a project's folder.
    """
    from envc.plan.inputs import Selection

    try:
        taken = Selection(path=path, ignore=_read_ignored(folder / path))
        is_folder, files = read_tree(folder, path, taken.ignore)
    except OSError as error:
        raise InputError([explain_unreadable(error, folder, path, span)]) from error
    except ValueError as error:
        message = f"`{path}` cannot be a source: {error}"
        hint = "remove it, or name it in the folder's `.gitignore`"
        raise InputError([Diagnostic.at(span, "E156", message, hint=hint)]) from error
    if not is_folder:
        raise InputError([explain_file(path, span, Folder.SOURCE)])
    if not files:
        message = f"the folder `{path}` has no files"
        hint = "name the folder with the project's `pyproject.toml`"
        raise InputError([Diagnostic.at(span, "E157", message, hint=hint)])
    return taken, files


def _read_ignored(folder: Path) -> tuple[str, ...]:
    """Return the patterns of a folder's own `.gitignore`; none where there is no such file."""
    path = folder / ".gitignore"
    if not path.is_file():
        return ()
    lines = path.read_text("utf-8", errors="surrogateescape").splitlines()
    return tuple(line for line in lines if line.strip() and not line.startswith("#"))
