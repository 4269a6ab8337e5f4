"""The tree that an env id is the digest of, as named nodes: each with its digest, and where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Literal, TypeAlias

from envc.canonical import Json, digest
from envc.frozen import frozen

__all__ = ["Node", "Origin", "Place"]

Origin: TypeAlias = Literal["spec", "lock", "file", "template", "envc"]
"""Who says something: the spec or a file that it includes, its lock, a file that is copied, a template
of the user's, or envc itself."""


@frozen
class Place:
    """Where a part of an identity comes from.

    Attributes:
        file: None where nobody wrote it: envc's own, or a default of the spec's.
        line: From 1; None where all of the file is meant.
        column: From 1; as `line`.
        via: The package through which the spec asks for this one; empty where it asks by itself.
    """

    origin: Origin
    file: str | None = None
    line: int | None = None
    column: int | None = None
    via: str = ""

    def __str__(self) -> str:
        where = self.file if self.file is not None else _NOBODY[self.origin]
        where += f":{self.line}" if self.line is not None else ""
        return f"{where} (by {self.via})" if self.via else where


_NOBODY: dict[Origin, str] = {
    "spec": "default",
    "lock": "lock",
    "file": "file",
    "template": "template",
    "envc": "envc",
}


@frozen
class Node:
    """A part of an identity.

    Attributes:
        name: Unique among its siblings, and the same wherever the same thing is meant.
        value: What the identity has of it.
        text: What it is, as people say it; of a node with children, what they have in common.
        places: Where it comes from, who asks for it first; may be empty.
        children: In the identity's order; empty for a leaf.
        is_sequence: Whether its children have numbers for names: that one comes between moves others.
        digest: `sha256:` and the SHA-256 of the value's canonical JSON; of the root, the env id.
    """

    name: str
    value: Json = field(repr=False)
    text: str = ""
    places: tuple[Place, ...] = ()
    children: tuple[Node, ...] = ()
    is_sequence: bool = False
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self.value))

    def find(self, name: str) -> Node | None:
        """Return the child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def leaves(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Yield every leaf below this node, in order, with the names that lead to it."""
        for child in self.children:
            own = (*path, child.name)
            if child.children:
                yield from child.leaves(own)
            else:
                yield own, child
