"""What an engine says of itself: its version, what it runs on, and what it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envc.engine.failure import translated
from envc.frozen import frozen

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["EngineFacts", "describe"]


@frozen
class EngineFacts:
    """What an engine says of itself.

    Attributes:
        version: Docker's.
        api: The version of the API that is spoken with it.
        platform: `os/architecture`, which it runs natively.
        has_manifests: Whether its store keeps images as registries have them (containerd's does).
        has_nvidia: Whether it can hand NVIDIA GPUs to containers.
        root: The folder in which it keeps all it has, on its machine.
        is_local: Whether that machine is this one.
    """

    version: str
    api: str
    platform: str
    has_manifests: bool
    has_nvidia: bool
    root: str
    is_local: bool


def describe(client: DockerClient) -> EngineFacts:
    """Return what an engine says of itself: two requests."""
    with translated("say what it is"):
        version, info = client.version(), client.info()
    devices = [device.get("ID", "") for device in info.get("DiscoveredDevices") or ()]
    return EngineFacts(
        version=str(version["Version"]),
        api=str(client.api.api_version),
        platform=f"{version['Os']}/{version['Arch']}",
        has_manifests=any("containerd" in value for _, value in info.get("DriverStatus") or ()),
        has_nvidia="nvidia" in (info.get("Runtimes") or {})
        or any(device.startswith("nvidia.com/gpu") for device in devices),
        root=str(info.get("DockerRootDir", "")),
        is_local=client.api.base_url.startswith("http+docker://localhost"),
    )
