"""A server of Conda channels that a test fills, requests for them, and the solvers to ask."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from envc.errors import EnvcError
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.resolve.base import (
    ChannelPriority,
    CondaRequest,
    CondaResolution,
    CondaSolver,
    Conflict,
    Cutoff,
    Requirement,
    VirtualPackage,
)
from envc.resolve.conda.conda_lock import CondaLock
from envc.resolve.conda.rattler import Rattler
from envc.source import Source
from support.conda_world import Record, write
from support.micromamba_shim import install

__all__ = ["AMD64", "CANONICAL", "Site", "conflict", "fail", "names", "silent"]

CANONICAL = "https://conda.example.org"
AMD64 = PLATFORMS["linux/amd64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A folder of channels that is served, and where solvers keep what they fetch."""

    folder: Path
    address: str
    cache: Path

    def add(self, **channels: Sequence[Record]) -> None:
        write(self.folder, channels)

    def request(
        self,
        *requirements: str,
        channels: Sequence[str] = ("main",),
        platform: Platform = AMD64,
        channel_priority: ChannelPriority = "strict",
        constraints: Sequence[str] = (),
        before: datetime | None = None,
    ) -> CondaRequest:
        """Return a request whose requirements, then constraints, are the lines of a spec."""
        texts = (*requirements, *constraints)
        source = Source(name="spec.envc", text="\n".join(texts))
        offsets = [len("\n".join([*texts[:i], ""])) for i in range(len(texts))]
        lines = tuple(
            Requirement(text=text, span=source.span(offset, offset + len(text)))
            for text, offset in zip(texts, offsets, strict=True)
        )
        return CondaRequest(
            platform=platform,
            channels=tuple(f"{CANONICAL}/{channel}" for channel in channels),
            requirements=lines[: len(requirements)],
            virtual_packages=(VirtualPackage(name="__glibc", version="2.36"),),
            mirrors=MirrorMap(((CANONICAL, self.address),)),
            channel_priority=channel_priority,
            constraints=lines[len(requirements) :],
            exclude_newer=Cutoff(moment=before) if before is not None else None,
        )

    def solvers(self) -> list[CondaSolver]:
        self.cache.mkdir(exist_ok=True)
        program = install(self.cache)
        return [
            Rattler(cache=self.cache, environment=os.environ),
            CondaLock(cache=self.cache, environment=os.environ, program=program),
        ]


def silent(line: str) -> None:
    """Take a report and do nothing with it."""


def fail(solver: CondaSolver, request: CondaRequest) -> EnvcError:
    with pytest.raises(EnvcError) as caught:
        solver.resolve(request, silent)
    return caught.value


def conflict(solver: CondaSolver, request: CondaRequest) -> Conflict:
    result = solver.resolve(request, silent)
    assert isinstance(result, Conflict)
    return result


def names(result: CondaResolution | Conflict) -> list[str]:
    assert isinstance(result, CondaResolution)
    return [f"{package.name} {package.version}" for package in result.packages]
