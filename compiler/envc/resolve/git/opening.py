"""Repositories that are opened when somebody first asks for them: few specs need any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from envc.resolve.once import Once

if TYPE_CHECKING:
    from envc.resolve.git.repository import Repositories

__all__ = ["opening"]


def opening(cache: Path, environment: Mapping[str, str]) -> Callable[[], Repositories]:
    """Return what gives the repositories, the same ones each time.

    Args:
        cache: As `Repositories` takes it.
        environment: Likewise.
    """

    def make(_: None) -> Repositories:
        from envc.resolve.git.repository import Repositories

        return Repositories(cache, environment)

    opened = Once(make)
    return lambda: opened(None)
