"""The folder of a user's templates becomes its texts, each file known by its name."""

from __future__ import annotations

from pathlib import Path

from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError, UsageError
from envc.plan.override import HEAD, PARTS, STAGE, STAGES, Overrides
from envc.source import Source

__all__ = ["read_overrides"]

_DOCS = "docs/templates.md"


def read_overrides(folder: Path) -> Overrides:
    """Return a user's templates: every `*.j2` in a folder and below it.

    Raises:
        UsageError: There is no such folder, or no template in it (E560).
        InputError: A file of it cannot be read (E560), or is none that envc has a use for (E561).
    """
    if not folder.is_dir():
        raise UsageError([_explain_folder(folder, "there is no folder")])
    paths = sorted(folder.rglob("*.j2"))
    if not paths:
        raise UsageError([_explain_folder(folder, "there is no template in")])
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    problems = [_explain_name(path, name) for name, path in names.items() if not _is_known(name)]
    if problems:
        raise InputError(problems)
    return Overrides(sources={name: _read(path) for name, path in names.items()})


def _is_known(name: str) -> bool:
    if name in {HEAD, STAGE} or name.startswith(PARTS):
        return True
    return name.startswith(STAGES) and "/" not in name.removeprefix(STAGES)


def _read(path: Path) -> Source:
    try:
        return Source(name=str(path), text=path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        problem = Diagnostic(
            code="E560",
            message=f"the template `{path}` cannot be read: {reason}",
            hint="make it a readable text in UTF-8",
        )
        raise InputError([problem]) from error


def _explain_folder(folder: Path, what: str) -> Diagnostic:
    return Diagnostic(
        code="E560",
        message=f"{what} `{folder}`",
        hint=f"name the folder that holds `{STAGE}` or `{STAGES}NAME.j2`; see {_DOCS}",
    )


def _explain_name(path: Path, name: str) -> Diagnostic:
    meant = suggest(name, [HEAD, STAGE])
    known = f"`{HEAD}`, `{STAGE}`, `{STAGES}NAME.j2` and, for what they include, `{PARTS}NAME.j2`"
    return Diagnostic(
        code="E561",
        message=f"`{path}` is no template that envc has a use for",
        hint=f"did you mean `{meant}`?" if meant else f"it uses {known}",
    )
