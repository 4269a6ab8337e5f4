"""Small worlds of distributions in which pip solvers are asked the same thing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from envc.files import sha256_of
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.resolve.base import (
    Cutoff,
    FindLinks,
    IndexAccess,
    LocalWheel,
    PipRequest,
    Provided,
    Requirement,
)
from envc.resolve.pip.pip_tools import PipTools
from envc.resolve.pip.uv import Uv
from envc.source import Source
from support.index import Dist, IndexServer, write_wheel

__all__ = ["CP", "HERE", "MACHINE", "ask", "local_wheel", "silent", "solvers"]

CP = f"cp{sys.version_info[0]}{sys.version_info[1]}"
"""The tag of the running interpreter: pip-tools resolves for no other."""

MACHINE = platform.machine()
HERE = next(one for one in PLATFORMS.values() if one.machine == MACHINE)


def silent(line: str) -> None:
    """Take a report and say nothing."""


def solvers(folder: Path) -> tuple[Uv, PipTools]:
    """Return both solvers with empty caches and a user's settings that would mislead them."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "PIP_INDEX_URL": "http://127.0.0.1:1/wrong",
        "PIP_NO_BINARY": ":all:",
        "UV_INDEX_URL": "http://127.0.0.1:1/wrong",
        "UV_PRERELEASE": "allow",
        "UV_RESOLUTION": "lowest",
    }
    cache = folder / "cache"
    return (
        Uv(cache=cache / "uv", environment=environment, retries=0),
        PipTools(cache=cache / "pip-tools", environment=environment, retries=0),
    )


def ask(
    *requirements: str,
    index: IndexServer | Sequence[IndexServer] | Sequence[IndexAccess],
    wheels: Sequence[LocalWheel] = (),
    provided: dict[str, str] | None = None,
    python_version: str = platform.python_version(),
    target: Platform = HERE,
    glibc: str = "2.28",
    mirrors: Sequence[str] = (),
    find_links: Sequence[FindLinks] = (),
    constraints: Sequence[str] = (),
    overrides: Sequence[str] = (),
    before: str | None = None,
) -> PipRequest:
    """Return a request whose requirements are the lines of a file called `spec`.

    They are followed by its constraints, then its overrides, and then by what `before` says.
    """
    servers = [index] if isinstance(index, IndexServer) else index
    texts = (*requirements, *constraints, *overrides, *([before] if before is not None else ()))
    source = Source(name="spec", text="\n".join(texts))
    asked, start = [], 0
    for text in texts:
        asked.append(Requirement(text=text, span=source.span(start, start + len(text))))
        start += len(text) + 1
    first, second = len(requirements), len(requirements) + len(constraints)
    return PipRequest(
        platform=target,
        python_version=python_version,
        glibc=glibc,
        requirements=tuple(asked[:first]),
        indexes=tuple(
            IndexAccess(url=one.url) if isinstance(one, IndexServer) else one for one in servers
        ),
        wheels=tuple(wheels),
        provided=tuple(
            Provided(name=name, version=version) for name, version in (provided or {}).items()
        ),
        mirrors=MirrorMap.parse(mirrors),
        find_links=tuple(find_links),
        constraints=tuple(asked[first:second]),
        overrides=tuple(asked[second : second + len(overrides)]),
        exclude_newer=Cutoff(moment=datetime.fromisoformat(before), span=asked[-1].span)
        if before is not None
        else None,
    )


def local_wheel(folder: Path, dist: Dist, tag: str = "py3-none-any") -> LocalWheel:
    """Write a wheel and return it as a request names it."""
    file = write_wheel(folder / "dist", dist, tag)
    return LocalWheel(
        path=f"dist/{file.name}",
        file=file,
        sha256=sha256_of(file),
        size=file.stat().st_size,
    )
