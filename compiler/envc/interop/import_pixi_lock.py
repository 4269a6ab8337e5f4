"""pixi.lock as a spec, and as what its lock holds: the default environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.interop.adopted import Adopted, ask_for, conda_from_url, platform_of, wheel_from_url
from envc.interop.gathered import Gathered, Load
from envc.interop.import_conda_lock import load_texts
from envc.interop.subject import channel_name
from envc.source import Source
from envc.spec.requirement import NAME, normal_name

__all__ = ["gather"]

_VERSIONS = ("6", "7")
_PYPI = "https://pypi.org/simple"
_PYPI_FILES = "https://files.pythonhosted.org/"
_DISTRIBUTION = re.compile(NAME)


def gather(source: Source, load: Load, gathered: Gathered) -> None:  # noqa: ARG001  # as all
    """Take the packages of the default environment, on the platforms that are Linux.

    Raises:
        InputError: It is damaged, or of another version than 6 and 7 (E431).
    """
    data = load_texts(source)
    environments, packages = data.get("environments"), data.get("packages")
    if data.get("version") not in _VERSIONS or not isinstance(environments, dict):
        listed = " or ".join(_VERSIONS)
        message = f"`{source.name}` cannot be read: it is no pixi.lock of version {listed}"
        hint = "let a newer pixi write it: `pixi lock`"
        raise InputError([Diagnostic(code="E431", message=message, hint=hint)])
    for name in environments:
        if name != "default":
            why = "only the default environment is imported"
            gathered.leave_out(f"environments.{name}", why)
    adopted = Adopted()
    gathered.adopted = adopted
    listed_packages = packages if isinstance(packages, list) else []
    records = {url: one for one in listed_packages if (url := _address(one)) is not None}
    environment = environments.get("default")
    environment = environment if isinstance(environment, dict) else {}
    _gather_places(environment, gathered)
    needed: dict[str, set[str]] = {}
    pinned = environment.get("packages")
    for subdir, entries in (pinned if isinstance(pinned, dict) else {}).items():
        platform = platform_of(str(subdir), gathered)
        for entry in entries if platform is not None and isinstance(entries, list) else []:
            url = _address(entry)
            if url is not None and platform is not None:
                _take(url, entry, records.get(url, {}), platform, adopted, needed)
    ask_for(adopted, gathered, needed=needed)


def _address(entry: Any) -> str | None:
    """Return where a package is, which is also what names it in the file."""
    found = (entry.get("conda") or entry.get("pypi")) if isinstance(entry, dict) else None
    return found if isinstance(found, str) else None


def _gather_places(environment: Mapping[str, Any], gathered: Gathered) -> None:
    for channel in environment.get("channels") or []:
        url = str(channel.get("url", "")) if isinstance(channel, dict) else str(channel)
        gathered.add(("channels",), channel_name(url.rstrip("/")), None)
    first, *others = environment.get("indexes") or [_PYPI]
    if first != _PYPI:
        gathered.add_index(str(first), None)
    for url in others:
        gathered.add_extra_index(str(url), None)


def _take(
    url: str,
    entry: Mapping[str, Any],
    record: Mapping[str, Any],
    platform: str,
    adopted: Adopted,
    needed: dict[str, set[str]],
) -> None:
    sha256 = record.get("sha256")
    if "conda" in entry:
        depends = record.get("depends")
        found = conda_from_url(
            url,
            adopted,
            sha256=sha256,
            md5=record.get("md5"),
            depends=[str(one) for one in depends] if isinstance(depends, list) else (),
            size=_number(record.get("size")),
            timestamp=_number(record.get("timestamp")),
        )
        if found is not None:
            adopted.conda.setdefault(platform, []).append(found)
        return
    name, version = normal_name(str(record.get("name", ""))), str(record.get("version", ""))
    index = _PYPI if url.startswith(_PYPI_FILES) else None
    wheel = wheel_from_url(name, version, url, adopted, sha256=sha256, index=index)
    if wheel is not None:
        adopted.wheels.setdefault(platform, []).append(wheel)
    requires = record.get("requires_dist")
    for text in requires if isinstance(requires, list) else []:
        if "extra ==" not in text and (own := _DISTRIBUTION.match(str(text))) is not None:
            needed.setdefault(platform, set()).add(normal_name(own.group()))


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() else None
