"""Both Conda solvers pin the same, in every world."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envc.lock.package import CondaPackage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.resolve.base import (
    CondaRequest,
    CondaResolution,
    CondaSolver,
    Conflict,
    Requirement,
    VirtualPackage,
)
from envc.resolve.conda.conda_lock import CondaLock
from envc.resolve.conda.rattler import Rattler
from support.conda_channel import serve
from support.conda_world import WORLDS, World, write
from support.micromamba_shim import install

CANONICAL = "https://conda.example.org"


def _solver(name: str, folder: Path) -> CondaSolver:
    cache = folder / "cache"
    if name == "rattler":
        return Rattler(cache=cache, environment=os.environ)
    return CondaLock(cache=cache, environment=os.environ, program=install(folder))


def _request(world: World, address: str) -> CondaRequest:
    virtual = {"__glibc": "2.36", **(world.virtual or {})}
    return CondaRequest(
        platform=PLATFORMS["linux/amd64"],
        channels=tuple(f"{CANONICAL}/{channel}" for channel in world.channels),
        requirements=tuple(Requirement(text=text) for text in world.requirements),
        virtual_packages=tuple(VirtualPackage(name=n, version=v) for n, v in virtual.items()),
        mirrors=MirrorMap(((CANONICAL, address),)),
        channel_priority=world.channel_priority,
        constraints=tuple(Requirement(text=text) for text in world.constraints),
    )


def _pin(package: CondaPackage) -> tuple[str, str, str, str, str, str, str | None, str | None]:
    return (
        package.name,
        package.version,
        package.build,
        package.channel,
        package.url,
        package.sha256,
        package.md5,
        package.distribution,
    )


def _expected(world: World) -> list[tuple[str, str, str, str, str, str, str | None, str | None]]:
    records = {
        f"{channel}/{record['subdir']}/{record['fn']}": record
        for channel, content in world.channels.items()
        for record in content
    }
    return [
        (
            records[pin]["name"],
            records[pin]["version"],
            records[pin]["build"],
            f"{CANONICAL}/{pin.split('/')[0]}",
            f"{CANONICAL}/{pin}",
            records[pin]["sha256"],
            records[pin]["md5"],
            records[pin]["name"]
            if any(dependency.startswith("python") for dependency in records[pin]["depends"])
            else None,
        )
        for pin in world.pins or ()
    ]


@pytest.mark.parametrize("solver", ["rattler", "conda-lock"])
@pytest.mark.parametrize("name", WORLDS)
def test_solver_pins_what_the_world_demands(name: str, solver: str, tmp_path: Path) -> None:
    world = WORLDS[name]
    write(tmp_path / "channels", world.channels)

    with serve(tmp_path / "channels") as address:
        result = _solver(solver, tmp_path).resolve(_request(world, address), lambda _: None)

    if world.pins is None:
        assert isinstance(result, Conflict)
    else:
        assert isinstance(result, CondaResolution)
        assert [_pin(package) for package in result.packages] == _expected(world)
