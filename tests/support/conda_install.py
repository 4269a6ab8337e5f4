"""A process that solves and installs Conda packages with rattler: `CHANNEL SUBDIR PREFIX CACHE SPEC…`.

It ends by `os._exit`, since rattler's threads may crash a process that ends otherwise.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import rattler
from rattler.networking import Client
from rattler.platform.subdir import Subdir


async def _install(channel: str, subdir: str, prefix: str, cache: str, *specs: str) -> None:
    client = Client()
    records = await rattler.solve(
        [rattler.Channel(channel)],
        list(specs),
        gateway=rattler.Gateway(cache_dir=Path(cache) / "repodata", client=client),
        platforms=[Subdir(subdir), Subdir("noarch")],
        virtual_packages=[package.into_generic() for package in rattler.VirtualPackage.detect()],
    )
    await rattler.install(
        records,
        target_prefix=prefix,
        cache_dir=Path(cache) / "packages",
        client=client,
        show_progress=False,
        installed_packages=[],
    )


if __name__ == "__main__":
    asyncio.run(_install(*sys.argv[1:]))
    sys.stdout.flush()
    os._exit(0)
