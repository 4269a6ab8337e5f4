"""pixi.lock as a spec, and as what its lock holds: one of its environments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.interop.adopted import Adopted
from envc.interop.adoption import ask_for, platform_of, take_conda, take_distribution
from envc.interop.gathered import Gathered, Load
from envc.interop.import_conda_lock import load_texts
from envc.interop.pixi_environment import choose_environment
from envc.interop.subject import channel_name
from envc.source import Source
from envc.spec.requirement import NAME, normal_name

__all__ = ["READ", "gather", "version_of"]

READ = ("6", "7")
"""The versions of the format that are read here; others are rewritten before."""

_VERSION = re.compile(r"^version:\s*([0-9]+)\s*$", re.MULTILINE)
_PYPI = "https://pypi.org/simple"
_PYPI_FILES = "https://files.pythonhosted.org/"
_DISTRIBUTION = re.compile(NAME)
_SOURCE = re.compile(rf"({NAME})(?:\[[^]]*\])?\s+@\s+(.+)")
_STRATEGY = "highest"


@dataclass(frozen=True, slots=True)
class _Taking:
    """The packages of an environment while they are taken.

    Attributes:
        records: What the file says of each package, by its address.
        needed: By platform the names of distributions that others need.
    """

    records: Mapping[str, Mapping[str, Any]]
    adopted: Adopted
    gathered: Gathered
    needed: dict[str, set[str]]


def version_of(source: Source) -> str | None:
    """Return the version of the format that a file says it has."""
    found = _VERSION.search(source.text)
    return found[1] if found is not None else None


def gather(source: Source, load: Load, gathered: Gathered) -> None:  # noqa: ARG001  # as all
    """Take the packages of an environment, on the platforms that are Linux.

    https://github.com/conda/rattler/tree/main/crates/rattler_lock has the format.

    Raises:
        InputError: It is damaged, or of another version than those that are read (E431).
        UsageError: It has no such environment (E001).
    """
    data = load_texts(source)
    environments, packages = data.get("environments"), data.get("packages")
    if data.get("version") not in READ or not isinstance(environments, dict):
        message = f"`{source.name}` cannot be read: it is no pixi.lock of a known version"
        hint = "let pixi write it anew: `pixi lock`"
        raise InputError([Diagnostic(code="E431", message=message, hint=hint)])
    name = choose_environment(source.name, environments, gathered)
    adopted = Adopted()
    gathered.adopted = adopted
    listed = packages if isinstance(packages, list) else []
    records = {url: one for one in listed if (url := _address(one)) is not None}
    taking = _Taking(records, adopted, gathered, {})
    found = environments.get(name)
    environment = found if isinstance(found, dict) else {}
    _gather_places(environment, gathered)
    subdirs = dict(_subdirs(data.get("platforms")))
    pinned = environment.get("packages")
    for platform_name, entries in (pinned if isinstance(pinned, dict) else {}).items():
        platform = platform_of(subdirs.get(platform_name, str(platform_name)), gathered)
        for entry in entries if platform is not None and isinstance(entries, list) else []:
            if platform is not None and isinstance(entry, dict):
                _take(entry, platform, taking)
    ask_for(adopted, gathered, needed=taking.needed)


def _subdirs(platforms: Any) -> Iterator[tuple[str, str]]:
    """Yield the names of platforms, and what Conda calls them: version 7 lets users name theirs."""
    for one in platforms if isinstance(platforms, list) else []:
        if isinstance(one, dict) and "name" in one:
            yield str(one["name"]), str(one.get("subdir") or one["name"])


def _address(entry: Any) -> str | None:
    """Return where a package is, which is also what names it in the file."""
    found = (entry.get("conda") or entry.get("pypi")) if isinstance(entry, dict) else None
    return found if isinstance(found, str) else None


def _gather_places(environment: Mapping[str, Any], gathered: Gathered) -> None:
    for channel in environment.get("channels") or []:
        url = str(channel.get("url", "")) if isinstance(channel, dict) else str(channel)
        gathered.add_channel(channel_name(url.rstrip("/")), None)
    first, *others = environment.get("indexes") or [_PYPI]
    if first != _PYPI:
        gathered.add_index(str(first), None)
    for url in others:
        gathered.add_extra_index(str(url), None)
    for place in environment.get("find-links") or []:
        found = (place.get("url") or place.get("path")) if isinstance(place, dict) else place
        gathered.add_find_links(str(found), None)
    options = environment.get("options")
    for key, value in (options if isinstance(options, dict) else {}).items():
        text = f"{key} = {value}"
        if key in {"channel-priority", "exclude-newer"}:
            gathered.put((key,), str(value), None, text)
        elif value != _STRATEGY:
            gathered.leave_out(text, "a spec has no place for it")


def _take(entry: Mapping[str, Any], platform: str, taking: _Taking) -> None:
    url = _address(entry)
    adopted = taking.adopted
    if (built := _SOURCE.match(str(entry.get("conda_source", "")))) is not None or (
        "conda" in entry and "://" not in str(url)
    ):
        name = built[1] if built is not None else str(entry.get("name") or url)
        taking.gathered.leave_out(
            name, "pixi builds it from source, and envc builds no Conda packages"
        )
        adopted.refuse(f"`{name}` is built from source")
    elif url is not None and "conda" in entry:
        _take_conda(url, platform, taking)
    elif url is not None:
        _take_pypi(url, platform, taking)


def _take_conda(url: str, platform: str, taking: _Taking) -> None:
    record = taking.records.get(url, {})
    depends = record.get("depends")
    take_conda(
        url,
        platform,
        taking.adopted,
        sha256=record.get("sha256"),
        md5=record.get("md5"),
        depends=[str(one) for one in depends] if isinstance(depends, list) else (),
        size=_number(record.get("size")),
        timestamp=_number(record.get("timestamp")),
    )


def _take_pypi(url: str, platform: str, taking: _Taking) -> None:
    record = taking.records.get(url, {})
    name, version = normal_name(str(record.get("name", ""))), str(record.get("version", ""))
    usual = _PYPI if url.startswith(_PYPI_FILES) else None
    take_distribution(
        name,
        version,
        url,
        platform,
        taking.adopted,
        sha256=record.get("sha256"),
        index=record.get("index") or usual,
    )
    requires = record.get("requires_dist")
    for text in requires if isinstance(requires, list) else []:
        if "extra ==" not in text and (own := _DISTRIBUTION.match(str(text))) is not None:
            taking.needed.setdefault(platform, set()).add(normal_name(own.group()))


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() else None
