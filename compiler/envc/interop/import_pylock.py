"""pylock.toml (PEP 751) as a spec, and as what its lock holds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Set
from typing import Any
from urllib.parse import quote

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.interop.adopted import Adopted
from envc.interop.adoption import ask_for, digests_of, take_distribution, wheel_from_url
from envc.interop.foreign_toml import read_toml
from envc.interop.gathered import Gathered, Load
from envc.lock.package import PipPackage
from envc.platform import PLATFORMS
from envc.source import Source
from envc.spec.requirement import normal_name

__all__ = ["gather"]

_SERIES = re.compile(r"[~=>]=\s*(3\.[0-9]+)")
_PYTHON = "3.12"
_PYPI = "https://pypi.org/simple"
_ARCHIVES = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")


def gather(source: Source, load: Load, gathered: Gathered) -> None:  # noqa: ARG001  # as all
    """Take the packages of a lock, for each platform that it is for.

    https://packaging.python.org/en/latest/specifications/pylock-toml/

    Raises:
        InputError: It is damaged, or of another version (E431).
    """
    data = read_toml(source)
    packages = data.get("packages")
    if str(data.get("lock-version", "")).partition(".")[0] != "1" or not isinstance(packages, list):
        message = f"`{source.name}` cannot be read: it is no pylock.toml of version 1"
        raise InputError([Diagnostic(code="E431", message=message)])
    adopted = Adopted()
    gathered.adopted = adopted
    series = _SERIES.search(str(data.get("requires-python", "")))
    python = series[1] if series is not None else _PYTHON
    gathered.put(("python",), python, None)
    groups = _default_groups(data)
    for platform in _platforms(data, python):
        for package in packages:
            if isinstance(package, dict) and _holds(
                package.get("marker"), platform, python, groups
            ):
                _take(package, platform, adopted, gathered)
    for key in ("extras", "dependency-groups"):
        if data.get(key):
            gathered.leave_out(key, "what is not installed by default has no place in a spec")
    ask_for(adopted, gathered)


def _default_groups(data: dict[str, Any]) -> frozenset[str]:
    """Return the groups that are installed where nobody names one."""
    groups = data.get("default-groups")
    return frozenset(map(str, groups)) if isinstance(groups, list) else frozenset()


def _platforms(data: dict[str, Any], python: str) -> Iterator[str]:
    """Yield the platforms that a lock is for; one that does not say it is for linux/amd64."""
    found = data.get("environments")
    environments = found if isinstance(found, list) else []
    if not environments:
        yield "linux/amd64"
        return
    for name in sorted(PLATFORMS):
        if any(_holds(marker, name, python) for marker in environments):
            yield name


def _holds(
    marker: object, platform: str, python: str, groups: frozenset[str] = frozenset()
) -> bool:
    """Return whether a marker holds where no extra is asked for."""
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    if not marker:
        return True
    environment: dict[str, str | Set[str]] = {
        "dependency_groups": groups,
        "extras": frozenset(),
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": PLATFORMS[platform].machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
        "extra": "",
    }
    try:
        return Marker(str(marker)).evaluate(environment, context="lock_file")
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


def _take(package: dict[str, Any], platform: str, adopted: Adopted, gathered: Gathered) -> None:
    name, version = normal_name(str(package.get("name", ""))), str(package.get("version", ""))
    if (place := _read_commit(package.get("vcs"))) is not None:
        adopted.refuse(f"`{name}` is a commit, and only `envc lock` gets its files")
        gathered.add(("pip", "packages"), f"{name} @ {place}", None)
        return
    if (origin := _find_source(package)) is not None:
        _take_source(name, version, origin, package, platform, adopted, gathered)
        return
    found: list[PipPackage] = []
    problems = Adopted()
    for wheel in _wheels(package):
        one = _read_wheel(name, version, package, wheel, problems, gathered)
        if one is not None:
            found.append(one)
    if not found:
        sentences = problems.obstacles or [
            f"`{name} =={version}` has no wheel, and a lock holds wheels"
        ]
        for sentence in sentences:
            adopted.refuse(sentence)
        is_beside = any(isinstance(one, dict) and "path" in one for one in _wheels(package))
        if version and not is_beside:
            gathered.add(("pip", "packages"), f"{name} =={version}", None)
        return
    adopted.wheels.setdefault(platform, []).extend(found)


def _find_source(package: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a package is built from, or fetched from, that has no wheels of an index.

    https://packaging.python.org/en/latest/specifications/pylock-toml/#packages-directory
    """
    keys = ("directory", "archive") if _wheels(package) else ("directory", "archive", "sdist")
    return next((package[key] for key in keys if isinstance(package.get(key), dict)), None)


def _take_source(
    name: str,
    version: str,
    origin: dict[str, Any],
    package: dict[str, Any],
    platform: str,
    adopted: Adopted,
    gathered: Gathered,
) -> None:
    """Let the spec ask for a folder, an address of its own, or a source distribution of an index."""
    url, path = origin.get("url"), str(origin.get("path", ""))
    below = str(origin.get("subdirectory", ""))
    if url is None and path.endswith(_ARCHIVES):
        adopted.refuse(f"the archive `{path}` lies beside the spec")
        gathered.leave_out(path, "a spec names wheels and folders beside it, no archives")
        return
    is_own = origin is package.get("archive")
    place = posixpath.join(path, below) if url is None else str(url)
    if url is not None and below:
        place += f"#subdirectory={quote(below)}"
    take_distribution(
        name,
        version,
        f"direct+{place}" if is_own else place,
        platform,
        adopted,
        sha256=digests_of(origin.get("hashes")).get("sha256"),
        index=None if is_own else str(package.get("index") or _PYPI),
    )


def _read_commit(vcs: object) -> str | None:
    """Return the address of a commit as requirements have it; None where there is none of Git.

    https://packaging.python.org/en/latest/specifications/pylock-toml/#packages-vcs
    """
    if not isinstance(vcs, dict) or vcs.get("type") != "git":
        return None
    url, commit = str(vcs.get("url", "")), str(vcs.get("commit-id", ""))
    if not url or not commit:
        return None
    below = str(vcs.get("subdirectory", ""))
    return f"git+{url}@{commit}" + (f"#subdirectory={quote(below)}" if below else "")


def _wheels(package: dict[str, Any]) -> list[Any]:
    wheels = package.get("wheels")
    return wheels if isinstance(wheels, list) else []


def _read_wheel(
    name: str,
    version: str,
    package: dict[str, Any],
    wheel: Any,
    problems: Adopted,
    gathered: Gathered,
) -> PipPackage | None:
    sha256 = digests_of(wheel.get("hashes") if isinstance(wheel, dict) else None).get("sha256")
    if isinstance(wheel, dict) and "path" in wheel and "url" not in wheel:
        path = gathered.beside(str(wheel["path"]))
        gathered.add(("pip", "wheels"), path, None)
        problems.refuse(f"the wheel `{path}` lies beside the spec")
        return None
    url = str(wheel.get("url", "")) if isinstance(wheel, dict) else ""
    index = package.get("index")
    own = str(index) if index else None
    return wheel_from_url(name, version, url, problems, sha256=sha256, index=own)
