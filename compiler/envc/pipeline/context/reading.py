"""A file or a folder beside a spec: read for a context, or why it cannot be."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

from envc.diagnostics import Diagnostic, suggest
from envc.files import TreeFile
from envc.plan.context import ContextFile
from envc.source import Span

__all__ = ["Folder", "explain_file", "explain_unreadable", "to_context_file"]


class Folder(Enum):
    """A folder that a spec names, and what to do where it names a file instead."""

    SOURCE = "name the folder with the project's `pyproject.toml`; a wheel's file is a `wheel`"
    CONTEXT = "name the folder that the Dockerfile copies from"


def to_context_file(file: TreeFile) -> ContextFile:
    place: dict[str, Any] = {"origin_path": str(file.file)} if file.link is None else {}
    return ContextFile(path=file.path, sha256=file.sha256, mode=file.mode, link=file.link, **place)


def explain_unreadable(error: OSError, folder: Path, path: str, span: Span) -> Diagnostic:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        message = f"there is no `{path}` beside the spec"
        return Diagnostic.at(span, "E155", message, hint=_advise(folder / path))
    reason = (error.strerror or "unknown error").lower()
    where = Path(error.filename).name if error.filename else path
    message = f"`{where}` cannot be read: {reason}"
    return Diagnostic.at(span, "E156", message, hint="check its permissions and the disk")


def explain_file(path: str, span: Span, folder: Folder) -> Diagnostic:
    """Return what is wrong where a folder is meant and a file is there (E156)."""
    return Diagnostic.at(span, "E156", f"`{path}` is a file, not a folder", hint=folder.value)


def _advise(path: Path) -> str:
    if path.is_symlink():
        return "it is a link to what is not there: mend the link"
    if not {*"*?["}.isdisjoint(path.name):
        return "no pattern counts here: name the folder; of a `copy`, `ignore` says what stays out"
    if not path.parent.is_dir():
        return "paths are relative to the spec's folder"
    meant = suggest(path.name, (entry.name for entry in path.parent.iterdir()))
    return f"did you mean `{meant}`?" if meant else "paths are relative to the spec's folder"
