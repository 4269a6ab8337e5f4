"""What lies beside a spec and reaches its image: read here, so that lowering stays pure."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc.canonical import tree_digest
from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError
from envc.files import TreeFile, read_tree, sha256_of
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.source import Source, Span
from envc.spec.defaults import base_context, dockerfile_path, find_links, source_paths
from envc.spec.defaults import wheels as wheel_paths
from envc.spec.entry import system_entries
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

if TYPE_CHECKING:
    from envc.dockerfile.ignore import Ignored
    from envc.plan.inputs import BaseRecipe
    from envc.resolve.base import LocalSource, LocalWheel

__all__ = [
    "digest_read_sources",
    "digest_wheels",
    "list_files",
    "list_linked",
    "read_base",
    "read_inputs",
    "read_sources",
    "read_wheels",
    "walk_files",
]


def read_wheels(spec: EnvSpec, document: Document, folder: Path) -> tuple[LocalWheel, ...]:
    """Return the spec's local wheels, in its order.

    Raises:
        InputError: One is not there (E155) or is not a file that can be read (E156).
    """
    if not spec.pip.wheel_texts:
        return ()
    from envc.resolve.base import LocalWheel

    wheels: list[LocalWheel] = []
    problems: list[Diagnostic] = []
    for number, (path, normal) in enumerate(
        zip(spec.pip.wheel_texts, wheel_paths(spec), strict=True)
    ):
        span = document.span(("pip", "wheels", number))
        file = folder / path
        try:
            size, sha256 = file.stat().st_size, sha256_of(file)
        except OSError as error:
            problems.append(_explain(error, folder, path, span))
            continue
        wheels.append(LocalWheel(path=normal, file=file, sha256=sha256, size=size, span=span))
    if problems:
        raise InputError(problems)
    return tuple(wheels)


def read_sources(spec: EnvSpec, document: Document, folder: Path) -> tuple[LocalSource, ...]:
    """Return the spec's source folders, in its order.

    Raises:
        InputError: One is not there (E155), is not a folder or cannot be read (E156), or has no
            files (E157).
    """
    named = tuple(_list_sources(spec, document))
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


def list_linked(spec: EnvSpec, paths: Iterable[str]) -> tuple[str, ...]:
    """Return, of the paths of locked wheels, those that lie in a folder of find-links; sorted.

    A lock is no reason to read anything that its spec does not name.
    """
    folders = {place.path for place in find_links(spec) if place.path is not None}
    named = set(wheel_paths(spec))
    return tuple(
        sorted(path for path in {*paths} - named if (posixpath.dirname(path) or ".") in folders)
    )


def digest_wheels(
    spec: EnvSpec, document: Document, folder: Path, locked: Iterable[str]
) -> dict[str, str | None]:
    """Return the SHA-256 of what lies beside the spec by its path: its wheels and its source
    folders, and locked wheels of find-links; and that of the base's Dockerfile, with line feeds as
    its line ends, and of what that may copy where Debian packages depend on it, by the folder's path
    and `/`.

    Args:
        locked: Paths of locked wheels. One that is not there any more has None.

    Raises:
        InputError: As `read_wheels` and `read_sources`.
    """
    found: dict[str, str | None] = {
        wheel.path: wheel.sha256 for wheel in read_wheels(spec, document, folder)
    }
    found |= {one.path: one.sha256 for one in read_sources(spec, document, folder)}
    for path in list_linked(spec, locked):
        wheel = _read_linked(folder, path)
        found[path] = wheel.sha256 if wheel is not None else None
    if (dockerfile := dockerfile_path(spec)) is not None:
        text = _read_dockerfile(spec, document, folder).text
        found[dockerfile] = hashlib.sha256(text.encode()).hexdigest()
    if system_entries(document) and (base := read_base(spec, document, folder)) is not None:
        found[base.context_name] = base.context_sha256
    return found


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
        if (linked := _read_linked(folder, path)) is not None:
            wheels[path] = linked
    sources = _read_source_trees(spec, document, folder, problems)
    if problems:
        raise InputError(problems)
    return Inputs(
        trees=trees | dict(sources.values()),
        wheels=wheels,
        sources={path: taken for path, (taken, _) in sources.items()},
        base=base,
    )


def read_base(spec: EnvSpec, document: Document, folder: Path) -> BaseRecipe | None:
    """Return the Dockerfile of a spec's base, and what it may copy; None where the base is an image.

    Raises:
        InputError: It is not there (E155) or cannot be read (E153, E156), says what cannot be taken
            over (E386 to E389), or its context cannot be read (E155, E156).
    """
    if spec.base is None or spec.base.dockerfile is None:
        return None
    from envc.dockerfile.recipe import read_recipe
    from envc.plan.inputs import BaseRecipe

    source = _read_dockerfile(spec, document, folder)
    recipe = read_recipe(
        source,
        platforms=spec.platforms,
        target=spec.base.target,
        place=document.span(("base", "target")),
    )
    context = (base_context(spec) or "").rstrip("/")
    files: tuple[ContextFile, ...] = ()
    if recipe.copied:
        files = _read_context(spec, document, folder, context, recipe.copied)
    return BaseRecipe(recipe=recipe, folder=context, files=files)


def _read_dockerfile(spec: EnvSpec, document: Document, folder: Path) -> Source:
    from envc.files import decode_source

    path, span = dockerfile_path(spec), document.span(("base", "dockerfile"))
    if path is None:
        text = (spec.base.dockerfile if spec.base is not None else None) or ""
        return Source(
            name=f"{document.source.name}: base dockerfile", text=text.replace("\r\n", "\n")
        )
    try:
        source = decode_source((folder / path).read_bytes(), path)
    except OSError as error:
        raise InputError([_explain(error, folder, path, span)]) from error
    return Source(name=path, text=source.text.replace("\r\n", "\n"))


def _read_context(
    spec: EnvSpec, document: Document, folder: Path, context: str, copied: tuple[str, ...]
) -> tuple[ContextFile, ...]:
    """Return what the base's Dockerfile may copy, without what its `.dockerignore` leaves out."""
    from envc.dockerfile.ignore import Ignored
    from envc.files import read_below

    path, own = dockerfile_path(spec), spec.base.context if spec.base is not None else None
    key = "context" if own is not None else "dockerfile"
    span = document.span(("base", key))
    if own is None and path is None:
        message = "the Dockerfile copies files, and a text has no folder that they could be in"
        hint = 'name it, as in `context "docker/"`'
        raise InputError([Diagnostic.at(span, "E397", message, hint=hint)])
    root = folder / context
    places = [
        *([folder / f"{path}.dockerignore"] if path is not None else []),
        root / ".dockerignore",
    ]
    try:
        text = next((place.read_text("utf-8") for place in places if place.is_file()), "")
        files = read_below(root, _Wanted(ignored=Ignored.of(text), copied=copied))
    except OSError as error:
        raise InputError([_explain(error, folder, context, span)]) from error
    except ValueError as error:
        message = f"the context of the base cannot be copied: {error}"
        hint = "leave it out by a line of `.dockerignore`"
        raise InputError([Diagnostic.at(span, "E156", message, hint=hint)]) from error
    return tuple(_to_context_file(file) for file in files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What of a context may be copied.

    Attributes:
        copied: Paths that are; one that is empty is all.
    """

    ignored: Ignored
    copied: tuple[str, ...]

    def match_file(self, path: str, /) -> bool:
        """Say whether a file, or all in a folder, is left out."""
        is_folder, place = path.endswith("/"), path.rstrip("/")
        is_copied = any(
            not one
            or place == one
            or place.startswith(f"{one}/")
            or (is_folder and one.startswith(f"{place}/"))
            for one in self.copied
        )
        return not is_copied or self.ignored.match_file(path)


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


def _read_source_trees(
    spec: EnvSpec, document: Document, folder: Path, problems: list[Diagnostic]
) -> dict[str, tuple[Selection, Tree]]:
    found: dict[str, tuple[Selection, Tree]] = {}
    for path, span in _list_sources(spec, document):
        try:
            taken, files = _read_source(folder, path, span)
        except InputError as error:
            problems.extend(error.diagnostics)
            continue
        found[path] = taken, Tree(is_folder=True, files=tuple(map(_to_context_file, files)))
    return found


def _list_sources(spec: EnvSpec, document: Document) -> Iterator[tuple[str, Span]]:
    """Yield the paths of source folders, and where the spec names them, in its order."""
    for number, path in enumerate(source_paths(spec)):
        yield path, document.span(("pip", "sources", number))


def _read_source(folder: Path, path: str, span: Span) -> tuple[Selection, tuple[TreeFile, ...]]:
    """Return what counts of a source folder, and its files.

    What its own `.gitignore` names is left out: builds leave much in a project's folder.
    """
    try:
        taken = Selection(path=path, ignore=_read_ignored(folder / path))
        is_folder, files = read_tree(folder, path, taken.ignore)
    except OSError as error:
        raise InputError([_explain(error, folder, path, span)]) from error
    except ValueError as error:
        message = f"`{path}` cannot be a source: {error}"
        hint = "remove it, or name it in the folder's `.gitignore`"
        raise InputError([Diagnostic.at(span, "E156", message, hint=hint)]) from error
    if not is_folder:
        message = f"`{path}` is a file, not a folder"
        hint = "name the folder with the project's `pyproject.toml`; a wheel's file is a `wheel`"
        raise InputError([Diagnostic.at(span, "E156", message, hint=hint)])
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


def _read_linked(folder: Path, path: str) -> ContextFile | None:
    """Return a locked wheel, or None where there is no such file that can be read."""
    file = folder / path
    try:
        return ContextFile(path=file.name, sha256=sha256_of(file), origin_path=str(file))
    except OSError:
        return None


def _read_copied(folder: Path, taken: Selection, span: Span) -> Tree:
    source = taken.path
    try:
        is_folder, files = read_tree(folder, source, taken.ignore)
    except OSError as error:
        raise InputError([_explain(error, folder, source, span)]) from error
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
    return Tree(is_folder=is_folder, files=tuple(_to_context_file(file) for file in files))


def _to_context_file(file: TreeFile) -> ContextFile:
    place: dict[str, Any] = {"origin_path": str(file.file)} if file.link is None else {}
    return ContextFile(path=file.path, sha256=file.sha256, mode=file.mode, link=file.link, **place)


def _explain(error: OSError, folder: Path, path: str, span: Span) -> Diagnostic:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        message = f"there is no `{path}` beside the spec"
        return Diagnostic.at(span, "E155", message, hint=_advise(folder / path))
    reason = (error.strerror or "unknown error").lower()
    where = Path(error.filename).name if error.filename else path
    message = f"`{where}` cannot be read: {reason}"
    return Diagnostic.at(span, "E156", message, hint="check its permissions and the disk")


def _advise(path: Path) -> str:
    if not path.parent.is_dir():
        return "paths are relative to the spec's folder"
    meant = suggest(path.name, (entry.name for entry in path.parent.iterdir()))
    return f"did you mean `{meant}`?" if meant else "paths are relative to the spec's folder"
