"""Platforms under the names that Docker, Conda and uv give them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from envc.frozen import frozen

__all__ = ["PLATFORMS", "Architecture", "Platform"]

Architecture: TypeAlias = Literal["amd64", "arm64"]
"""What Docker calls the architectures that envc knows."""


@frozen
class Platform:
    """One platform.

    Attributes:
        name: Docker's name, `os/architecture`, as specs and locks write it.
        architecture: Docker's architecture: BuildKit's `TARGETARCH`.
        subdir: Conda's name: a channel's subdirectory.
        machine: What `uname -m` says: the last part of a wheel's platform tag.
    """

    name: str
    architecture: Architecture
    subdir: str
    machine: str


# https://docs.docker.com/build/building/multi-platform/,
# https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/channels.html
PLATFORMS: dict[str, Platform] = {
    platform.name: platform
    for platform in (
        Platform(name="linux/amd64", architecture="amd64", subdir="linux-64", machine="x86_64"),
        Platform(
            name="linux/arm64", architecture="arm64", subdir="linux-aarch64", machine="aarch64"
        ),
    )
}
