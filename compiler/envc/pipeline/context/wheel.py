"""Wheels beside a spec: those that it names, and those that its lock took of folders of find-links."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.files import sha256_of
from envc.pipeline.context.reading import explain_unreadable
from envc.plan.context import ContextFile
from envc.spec.defaults import find_links
from envc.spec.defaults import wheels as wheel_paths
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

if TYPE_CHECKING:
    from envc.resolve.base import LocalWheel

__all__ = ["list_linked", "read_linked", "read_wheels"]


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
            problems.append(explain_unreadable(error, folder, path, span))
            continue
        wheels.append(LocalWheel(path=normal, file=file, sha256=sha256, size=size, span=span))
    if problems:
        raise InputError(problems)
    return tuple(wheels)


def list_linked(spec: EnvSpec, paths: Iterable[str]) -> tuple[str, ...]:
    """Return, of the paths of locked wheels, those that lie in a folder of find-links; sorted.

    A lock is no reason to read anything that its spec does not name.
    """
    folders = {place.path for place in find_links(spec) if place.path is not None}
    named = set(wheel_paths(spec))
    return tuple(
        sorted(path for path in {*paths} - named if (posixpath.dirname(path) or ".") in folders)
    )


def read_linked(folder: Path, path: str) -> ContextFile | None:
    """Return a locked wheel, or None where there is no such file that can be read."""
    file = folder / path
    try:
        return ContextFile(path=file.name, sha256=sha256_of(file), origin_path=str(file))
    except OSError:
        return None
