"""How buildx is started: by itself where it lies as a plugin of Docker's, else as `docker buildx`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from envc.registry.credential import configuration_folder

__all__ = ["buildx_command"]

_PLUGIN = "docker-buildx"
_PLUGINS = "cli-plugins"


def buildx_command(environment: Mapping[str, str]) -> list[str]:
    """Return the words that start buildx, where `docker buildx` would find it.

    `docker` takes 0.1 s to look through its plugins; without it, buildx does and reads just the same
    (https://docs.docker.com/engine/extend/cli_plugins/).

    Args:
        environment: What `docker` would see.
    """
    for folder in _folders(environment):
        plugin = folder / _PLUGIN
        if plugin.is_file() and os.access(plugin, os.X_OK):
            return [str(plugin)]
    return ["docker", "buildx"]


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield where `docker` looks for plugins, in its order; of the system's places, those beside it."""
    own = configuration_folder(environment)
    if own is not None:
        yield from _further_folders(own)
        yield own / _PLUGINS
    if program := shutil.which("docker", path=environment.get("PATH", "")):
        prefix = Path(program).resolve().parent.parent
        for folder in ("libexec", "lib"):
            yield prefix / folder / "docker" / _PLUGINS


def _further_folders(configuration: Path) -> Iterator[Path]:
    """Yield the folders that Docker's configuration names, if it does."""
    try:
        said = json.loads((configuration / "config.json").read_bytes())["cliPluginsExtraDirs"]
        yield from map(Path, said)
    except (OSError, ValueError, LookupError, TypeError):
        return
