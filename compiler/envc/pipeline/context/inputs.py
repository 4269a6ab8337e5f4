"""All files beside a spec that reach its image: those of copy steps, wheels, source folders and its base."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.files import read_tree
from envc.pipeline.context.base import read_base
from envc.pipeline.context.reading import explain_unreadable, to_context_file
from envc.pipeline.context.source_folder import read_source_trees
from envc.pipeline.context.wheel import list_linked, read_linked, read_wheels
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.source import Span
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["list_files", "read_inputs", "walk_files"]


def read_inputs(
    spec: EnvSpec, document: Document, folder: Path, *, locked: Iterable[str] = ()
) -> Inputs:
    """Return the files that copy steps, wheels and sources name, relative to the spec's folder.

    Args:
        locked: Paths of locked wheels: those in folders of find-links are read too, as far as they
            are there.

    Raises:
        InputError: Something is not there (E155), cannot be read or cannot be copied (E156), or is
            a folder without files (E157).
    """
    trees: dict[Selection, Tree] = {}
    wheels: dict[str, ContextFile] = {}
    problems: list[Diagnostic] = []
    for taken, span in _list_copied(spec, document):
        if taken in trees:
            continue
        try:
            trees[taken] = _read_copied(folder, taken, span)
        except InputError as error:
            problems.extend(error.diagnostics)
    try:
        for wheel in read_wheels(spec, document, folder):
            wheels[wheel.path] = ContextFile(
                path=wheel.file.name, sha256=wheel.sha256, origin_path=str(wheel.file)
            )
    except InputError as error:
        problems.extend(error.diagnostics)
    base = None
    try:
        base = read_base(spec, document, folder)
    except InputError as error:
        problems.extend(error.diagnostics)
    for path in list_linked(spec, locked):
        if (linked := read_linked(folder, path)) is not None:
            wheels[path] = linked
    sources = read_source_trees(spec, document, folder, problems)
    if problems:
        raise InputError(problems)
    return Inputs(
        trees=trees | dict(sources.values()),
        wheels=wheels,
        sources={path: taken for path, (taken, _) in sources.items()},
        base=base,
    )


def list_files(inputs: Inputs) -> dict[str, ContextFile]:
    """Return every file of the inputs by its path relative to the spec."""
    return dict(walk_files(inputs))


def walk_files(inputs: Inputs) -> Iterator[tuple[str, ContextFile]]:
    """Yield the path of every file of the inputs, relative to the spec, and the file.

    A path may come again: with another file where a link is copied once as it is and once followed.
    """
    yield from inputs.wheels.items()
    for taken, tree in inputs.trees.items():
        for file in tree.files:
            path = posixpath.join(taken.path, file.path) if tree.is_folder else taken.path
            yield posixpath.normpath(path), file
    if inputs.base is not None:
        for file in inputs.base.files:
            yield posixpath.normpath(posixpath.join(inputs.base.folder, file.path)), file


def _list_copied(spec: EnvSpec, document: Document) -> Iterator[tuple[Selection, Span]]:
    """Yield what copy steps take, and where the spec names it, in the spec's order."""
    for key, steps in (("before-packages", spec.before_packages), ("steps", spec.steps)):
        for number, step in enumerate(steps):
            if step.copy_ is not None:
                span = document.span((key, number, "copy", "from"))
                yield Selection.of(step.copy_), span


def _read_copied(folder: Path, taken: Selection, span: Span) -> Tree:
    source = taken.path
    try:
        is_folder, files = read_tree(folder, source, taken.ignore)
    except OSError as error:
        raise InputError([explain_unreadable(error, folder, source, span)]) from error
    except ValueError as error:
        message = f"`{source}` cannot be copied: {error}"
        hint = "remove it, or copy only what the image needs"
        raise InputError([Diagnostic.at(span, "E156", message, hint=hint)]) from error
    if not files:
        message = f"the folder `{source}` has no files"
        hint = "put files there, or remove the step; caches and version control are never copied"
        if taken.ignore:
            message = f"the step ignores all that is in the folder `{source}`"
            hint = "ignore less, or remove the step"
        raise InputError([Diagnostic.at(span, "E157", message, hint=hint)])
    return Tree(is_folder=is_folder, files=tuple(to_context_file(file) for file in files))
