"""Specs of several files in memory: what they say together, and what is wrong with them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from envc.compose import Choice, Composition, compose
from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.source import Source
from envc.syntax import read
from envc.syntax.document import Draft

__all__ = ["composed", "data_of", "problems_of"]


def composed(
    files: Mapping[str, str], main: str = "spec.yaml", sets: Mapping[str, str] | None = None
) -> Composition:
    """Return what files say together; `main` is the spec, and all paths are relative to it."""

    def load(path: str) -> Draft:
        if path not in files:
            raise InputError([Diagnostic(code="E150", message=f"there is no file `{path}`")])
        return read(Source(name=posixpath.join("specs", path), text=files[path]))

    draft = read(Source(name=posixpath.join("specs", main), text=files[main]))
    return compose(draft, load, Choice(sets=sets or {}))


def data_of(
    files: Mapping[str, str], variant: str = "", sets: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the data of a variant, with which nothing is wrong."""
    draft = composed(files, sets=sets).variants[variant]

    assert draft.problems == ()
    return draft.document.data


def problems_of(
    files: Mapping[str, str], variant: str = "", sets: Mapping[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Return the code, the file and the marked text of all that is wrong with a variant."""
    problems = composed(files, sets=sets).variants[variant].problems
    return [
        (
            problem.code,
            problem.labels[0].span.source.name.removeprefix("specs/"),
            problem.labels[0].span.text,
        )
        for problem in problems
    ]
