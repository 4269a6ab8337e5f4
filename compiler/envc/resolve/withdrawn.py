"""Wheels of a lock that their index has withdrawn since, or does not have any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from envc.lock.package import PipPackage
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["find_withdrawn"]


def find_withdrawn(
    packages: Iterable[PipPackage],
    indexes: tuple[IndexAccess, ...],
    mirrors: MirrorMap,
    *,
    cache: Path,
    environment: Mapping[str, str],
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """Return, by name, why a locked wheel should not be used any more; sorted.

    Only wheels of indexes are looked at: nobody says anything about others. One of an index that the
    spec does not name any more is not looked at either.

    Raises:
        ToolError: An index cannot be reached (E335), refuses (E336) or fails (E337).
    """
    from envc.resolve.index.client import IndexClient
    from envc.resolve.index.transport import Transport

    transport = Transport(environment, retries=2, tell=tell)
    found: dict[str, str] = {}
    listed = list(packages)
    for index in indexes:
        own = {one.name: one for one in listed if one.index == index.url}
        client = IndexClient((index,), mirrors, transport, cache / "metadata")
        for name, project in client.projects(own).items():
            files = {file.filename: file for file in project.files} if project is not None else {}
            file = files.get(own[name].filename)
            if file is None:
                found[name] = "its index does not have it any more"
            elif file.yanked:
                reason = f": {file.yanked_reason}" if file.yanked_reason else ""
                found[name] = f"withdrawn{reason}"
    return dict(sorted(found.items()))
