"""Where an image may come from, and where it must be in the end."""

from __future__ import annotations

from typing import Literal, TypeAlias

from envc.frozen import frozen

__all__ = ["ALL", "COMPRESSIONS", "PULLS", "Compression", "Pull", "Terms"]

ALL = "all"
"""What asks for all of a spec's platforms."""

Pull: TypeAlias = Literal["never", "missing", "always"]
PULLS: tuple[Pull, ...] = ("never", "missing", "always")

Compression: TypeAlias = Literal["gzip", "zstd"]
COMPRESSIONS: tuple[Compression, ...] = ("gzip", "zstd")
"""How layers can be stored; the first is what every engine and every registry reads."""


@frozen
class Terms:
    """Where an image may come from, and where it must be in the end.

    Attributes:
        platforms: Those of the spec's that are wanted, of several as one image; `all` is all. Empty is
            the engine's own, or else the spec's first.
        repository: What the image's name starts with.
        tags: Further names of the image.
        others: Repositories where it is looked for beside its own.
        pull: When registries are asked: `never`, of what is `missing` in the engine, or `always`.
        is_forced: Whether to build although it is there.
        is_pushed: Whether it must be in its registry in the end.
        is_loaded: Whether it must be in the engine in the end.
    """

    platforms: tuple[str, ...] = ()
    repository: str = "envc"
    tags: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    pull: Pull = "missing"
    is_forced: bool = False
    is_pushed: bool = False
    is_loaded: bool = False
