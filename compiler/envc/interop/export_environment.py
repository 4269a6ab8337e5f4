"""A lock as an environment.yml whose packages are all pinned, for tools that read nothing better."""

from __future__ import annotations

from typing import Any

from envc.interop.subject import Exported, Subject, channel_name
from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage

__all__ = ["export"]

_PYPI = "https://pypi.org/simple"


def export(subject: Subject) -> Exported:
    """Return an environment file with name, version and build of every package.

    https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
    """
    import yaml

    platform, lock = subject.only
    channels = [channel_name(url) for url in _channels(subject, lock)]
    data: dict[str, Any] = {
        "name": subject.name,
        "channels": [*channels, "nodefaults"],
        "dependencies": [_pin(package, len(channels)) for package in lock.conda],
    }
    if lock.distributions:
        if not any(package.name == "pip" for package in lock.conda):
            data["dependencies"].append("pip")
        data["dependencies"].append({"pip": _list_pip(subject, lock)})
    if variables := subject.variables.get(platform.name):
        data["variables"] = dict(sorted(variables.items()))
    body = yaml.safe_dump(data, sort_keys=False, width=4096, allow_unicode=True)
    head = f"# platform: {platform.subdir}\n"
    return Exported(text=head + body)


def _channels(subject: Subject, lock: PlatformLock) -> list[str]:
    """Return the channels in the spec's order, then those that only packages name."""
    named = [*subject.lock.intent.channels, *sorted({package.channel for package in lock.conda})]
    return list(dict.fromkeys(named))


def _pin(package: CondaPackage, channel_count: int) -> str:
    channel = f"{channel_name(package.channel)}::" if channel_count > 1 else ""
    return f"{channel}{package.name}={package.version}={package.build}"


def _list_pip(subject: Subject, lock: PlatformLock) -> list[str]:
    indexes = list(subject.lock.intent.indexes)
    lines = []
    if indexes not in ([], [_PYPI]):
        lines.append(f"--index-url {indexes[0]}")
        lines += [f"--extra-index-url {url}" for url in indexes[1:]]
    return [*lines, *(_name(package) for package in lock.distributions)]


def _name(package: PipPackage) -> str:
    if package.index is not None:
        return f"{package.name}=={package.version}"
    if package.url is not None:
        return f"{package.name} @ {package.url}"
    return f"./{package.path}"
