"""The Dockerfile of a base, and the files that it may copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.pipeline.context.reading import (
    Folder,
    explain_file,
    explain_unreadable,
    to_context_file,
)
from envc.plan.context import ContextFile
from envc.source import Source
from envc.spec.defaults import base_context, dockerfile_path
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

if TYPE_CHECKING:
    from envc.dockerfile.ignore import Ignored
    from envc.plan.inputs import BaseRecipe

__all__ = ["read_base", "read_dockerfile"]


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

    source = read_dockerfile(spec, document, folder)
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


def read_dockerfile(spec: EnvSpec, document: Document, folder: Path) -> Source:
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
        raise InputError([explain_unreadable(error, folder, path, span)]) from error
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
    if root.is_file():
        raise InputError([explain_file(context, span, Folder.CONTEXT)])
    places = [
        *([folder / f"{path}.dockerignore"] if path is not None else []),
        root / ".dockerignore",
    ]
    try:
        text = next((place.read_text("utf-8") for place in places if place.is_file()), "")
        files = read_below(root, _Wanted(ignored=Ignored.of(text), copied=copied))
    except OSError as error:
        raise InputError([explain_unreadable(error, folder, context, span)]) from error
    except ValueError as error:
        message = f"the context of the base cannot be copied: {error}"
        hint = "leave it out by a line of `.dockerignore`"
        raise InputError([Diagnostic.at(span, "E156", message, hint=hint)]) from error
    return tuple(to_context_file(file) for file in files)


@frozen
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
