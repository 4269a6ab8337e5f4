"""A tree of a file in another folder in; the same with all paths relative to the spec's folder out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from envc.compose.tree import Node
from envc.syntax.origin import Origin

__all__ = ["move_paths"]

_ANY = "*"
_PATHS: tuple[tuple[str, ...], ...] = (
    ("base", "context"),
    ("base", "dockerfile"),
    *((steps, _ANY, "copy", "from") for steps in ("steps", "before-packages")),
    ("pip", "find-links", _ANY, "path"),
    ("pip", "sources", _ANY),
    ("pip", "sources", _ANY, "source"),
    ("pip", "wheels", _ANY),
    ("pip", "wheels", _ANY, "wheel"),
    ("runtime", "mounts", _ANY, "from"),
    ("serve", "entry"),
    ("serve", "model"),
    ("train", "script"),
    ("train", "source"),
)
"""Where paths of files beside a spec stand."""


def move_paths(root: Node, folder: str) -> Node:
    """Return a tree with its paths relative to the folder that `folder` is relative to.

    What could not be the path of a file below its own folder stays as it is, for the model to refuse.
    """
    if posixpath.normpath(folder) == ".":
        return root
    for pattern in _PATHS:
        root = _move(root, pattern, folder)
    return root


def _move(node: Node, pattern: tuple[str, ...], folder: str) -> Node:
    if not pattern:
        return _move_text(node, folder)
    step, *rest = pattern
    match node.value:
        case tuple() as items if step == _ANY:
            return replace(node, value=tuple(_move(item, tuple(rest), folder) for item in items))
        case dict() as fields if step in fields:
            return replace(node, value=fields | {step: _move(fields[step], tuple(rest), folder)})
    return node


def _move_text(node: Node, folder: str) -> Node:
    text = node.value
    if not isinstance(text, str) or not _is_below(text) or "\n" in text or "\r" in text:
        return node
    moved = posixpath.normpath(posixpath.join(folder, text)) + "/" * text.endswith("/")
    origin = node.origin or Origin(text=text, written=text)
    return replace(node, value=moved, origin=origin)


def _is_below(text: str) -> bool:
    """Say whether a text can be the path of something in or below its own folder."""
    if not text.strip() or text.startswith(("/", "~")) or "\\" in text:
        return False
    is_drive = re.match(r"[A-Za-z]:/", text) is not None
    return not is_drive and next(_parts(text), "") != ".."


def _parts(text: str) -> Iterator[str]:
    return iter(posixpath.normpath(text).split("/"))
