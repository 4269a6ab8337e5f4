"""A tree of a file in another folder in; the same with all paths relative to the spec's folder out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from envc.compose.tree import Node
from envc.syntax.origin import Origin

__all__ = ["MOVED", "move_paths"]

_ANY = "*"
_PLAIN: tuple[tuple[str, ...], ...] = (
    ("base", "context"),
    ("base", "dockerfile"),
    *((steps, _ANY, "copy", "from") for steps in ("steps", "before-packages")),
    ("pip", "find-links", _ANY, "path"),
    ("pip", "sources", _ANY),
    ("pip", "sources", _ANY, "source"),
    ("pip", "wheels", _ANY),
    ("pip", "wheels", _ANY, "wheel"),
    ("serve", "entry"),
    ("serve", "model"),
    ("train", "source"),
)
_MOUNTS = ("runtime", "mounts", _ANY, "from")
_SCRIPT = ("train", "script")
MOVED = (*_PLAIN, _MOUNTS, _SCRIPT)
"""Where paths of files beside a spec stand; `*` is any item of a list."""


def move_paths(root: Node, folder: str) -> Node:
    """Return a tree with its paths relative to the folder that `folder` is relative to.

    What could not be the path of a file below its own folder stays as it is, for the model to refuse.
    """
    if posixpath.normpath(folder) == ".":
        return root
    # With a folder of its own, the script is relative to that.
    has_source = "train" in root.fields and "source" in root.fields["train"].fields
    for pattern in (*_PLAIN, *(() if has_source else (_SCRIPT,))):
        root = _move(root, pattern, folder, _move_text)
    return _move(root, _MOUNTS, folder, _move_mount)


def _move(
    node: Node, pattern: tuple[str, ...], folder: str, move: Callable[[Node, str], Node]
) -> Node:
    if not pattern:
        return move(node, folder)
    step, *rest = pattern
    match node.value:
        case tuple() as items if step == _ANY:
            return replace(
                node, value=tuple(_move(item, tuple(rest), folder, move) for item in items)
            )
        case dict() as fields if step in fields:
            return replace(
                node, value=fields | {step: _move(fields[step], tuple(rest), folder, move)}
            )
    return node


def _move_text(node: Node, folder: str) -> Node:
    text = node.value
    if not isinstance(text, str) or not _is_below(text):
        return node
    moved = posixpath.normpath(posixpath.join(folder, text)) + "/" * text.endswith("/")
    origin = node.origin or Origin(text=text, written=text)
    return replace(node, value=moved, origin=origin)


def _move_mount(node: Node, folder: str) -> Node:
    """Move what is mounted: a word without `/` is the name of a volume, and must not become one."""
    if "/" not in str(node.value) and node.value != ".":
        return node
    moved = _move_text(node, folder)
    is_word = isinstance(moved.value, str) and "/" not in moved.value
    return replace(moved, value=f"./{moved.value}") if is_word else moved


def _is_below(text: str) -> bool:
    """Say whether a text can be the path of something in or below its own folder."""
    if not text.strip() or text.startswith(("/", "~")) or re.search(r"[\\\n\r]", text):
        return False
    is_drive = re.match(r"[A-Za-z]:/", text) is not None
    return not is_drive and posixpath.normpath(text).partition("/")[0] != ".."
