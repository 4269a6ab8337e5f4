"""A Python project's folder: what builds it (PEP 517, PEP 518), and the metadata that it states itself."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from envc.frozen import frozen

__all__ = ["BrokenProjectError", "Project", "read_project"]

_LEGACY = ("setuptools.build_meta:__legacy__", ("setuptools >=40.8.0",))
"""What builds a project that does not say so (PEP 517, "Source trees")."""

_TOLD = ("Requires-Dist", "Requires-Python", "Provides-Extra", "Version", "Name")


class BrokenProjectError(Exception):
    """A folder is no Python project; `reason` says why, in lower case."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@frozen
class Project:
    """A project as its folder states it.

    Attributes:
        backend: The object that builds it, such as `hatchling.build`.
        backend_path: The folders, relative to its own, in which a backend of its own lies.
        requires: PEP 508 requirements of the backend.
        metadata: As a wheel of it would have it; None where only the backend knows.
    """

    backend: str
    backend_path: tuple[str, ...]
    requires: tuple[str, ...]
    metadata: str | None


def read_project(folder: Path) -> Project:
    """Return what a project states; none of its code runs.

    Raises:
        BrokenProjectError: It states nothing, or what nobody can understand.
        OSError: A file of it cannot be read.
    """
    path = folder / "pyproject.toml"
    if not path.is_file() and not (folder / "setup.py").is_file():
        raise BrokenProjectError("it has neither `pyproject.toml` nor `setup.py`")
    try:
        stated = tomllib.loads(path.read_text("utf-8-sig")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenProjectError(f"its `pyproject.toml` is not TOML: {error}") from error
    system = stated.get("build-system", {})
    try:
        requires = _strings(system, "requires", _LEGACY[1])
        return Project(
            backend=_text(system, "build-backend", _LEGACY[0]),
            backend_path=_strings(system, "backend-path", ()),
            requires=_with_wheel(requires),
            metadata=_stated_metadata(folder) or _written_metadata(stated.get("project")),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise BrokenProjectError("its `pyproject.toml` is not of PEP 518 and PEP 621") from error


def _with_wheel(requires: tuple[str, ...]) -> tuple[str, ...]:
    """Return requirements with `wheel` where setuptools is one: before version 70.1, it needs that."""
    from packaging.requirements import Requirement

    names = {Requirement(text).name.lower() for text in requires}
    return (*requires, "wheel") if "setuptools" in names and "wheel" not in names else requires


def _stated_metadata(folder: Path) -> str | None:
    """Return a source distribution's own metadata where they hold for every wheel of it (PEP 643)."""
    path = folder / "PKG-INFO"
    if not path.is_file():
        return None
    text = path.read_text("utf-8", errors="replace")
    message = HeaderParser().parsestr(text)
    version = tuple(int(part) for part in message.get("Metadata-Version", "0").split("."))
    dynamic = {name.strip().lower() for name in message.get_all("Dynamic", [])}
    if version < (2, 2) or dynamic & {name.lower() for name in _TOLD}:
        return None
    return _rewrite(message)


def _rewrite(message: Message) -> str:
    lines = ["Metadata-Version: 2.1"]
    for field in ("Name", "Version", "Requires-Python", "Provides-Extra", "Requires-Dist"):
        lines += [f"{field}: {' '.join(text.split())}" for text in message.get_all(field, [])]
    return "".join(f"{line}\n" for line in lines)


def _written_metadata(table: Mapping[str, Any] | None) -> str | None:
    """Return the metadata of a `[project]` table, where it leaves none that counts to the backend."""
    if table is None or not isinstance(table.get("version"), str):
        return None
    dynamic = set(table.get("dynamic", ()))
    if dynamic & {"dependencies", "optional-dependencies", "requires-python", "version"}:
        return None
    return "".join(f"{line}\n" for line in _write_fields(table))


def _write_fields(table: Mapping[str, Any]) -> Iterator[str]:
    from packaging.requirements import Requirement
    from packaging.version import Version

    yield "Metadata-Version: 2.1"
    yield f"Name: {_text(table, 'name', None)}"
    yield f"Version: {Version(table['version'])}"
    if "requires-python" in table:
        yield f"Requires-Python: {_text(table, 'requires-python', None)}"
    for text in _strings(table, "dependencies", ()):
        yield f"Requires-Dist: {Requirement(text)}"
    extras: Mapping[str, Any] = table.get("optional-dependencies", {})
    for extra in extras:
        yield f"Provides-Extra: {extra}"
        for text in _strings(extras, extra, ()):
            requirement = Requirement(text)
            own = f'extra == "{extra}"'
            marker = f"({requirement.marker}) and {own}" if requirement.marker else own
            requirement.marker = None
            # A marker after an address needs the space (PEP 508).
            yield f"Requires-Dist: {requirement} ; {marker}"


def _text(table: Mapping[str, Any], key: str, default: str | None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _strings(table: Mapping[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = table.get(key, default)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise TypeError(key)
    return tuple(value)
