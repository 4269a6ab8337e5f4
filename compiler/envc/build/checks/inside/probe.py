"""Facts about an environment, told by its own Python: installed packages, and libraries they lack."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from typing import Any

from envc.build.checks.inside.linker import Linker, Missing, list_missing, read_elf

__all__ = ["Site", "judge", "main"]

_MAX_IMPORTS = 40
_IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])"


class Site:
    """The folders of Python packages in an environment."""

    def __init__(self, prefix: str) -> None:
        """Look up where this Python has them; what is not below `prefix` is left out."""
        places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        folders = sorted(os.path.realpath(one) for one in places if one and os.path.isdir(one))
        self.folders = [one for one in folders if one.startswith(f"{prefix}/")]
        self.prefix = prefix

    def distributions(self) -> list[dict[str, Any]]:
        """Return name, version and requirements of what is installed; the first of a name counts."""
        found: dict[str, dict[str, Any]] = {}
        for one in importlib.metadata.distributions(path=self.folders):
            name = one.metadata["Name"]
            if name and name not in found:
                requires = [str(text) for text in one.requires or ()]
                found[name] = {"name": name, "version": one.version, "requires": requires}
        return [found[name] for name in sorted(found)]

    def is_module(self, path: str) -> bool:
        """Whether a file looks like an extension module of a package."""
        is_inside = any(path.startswith(f"{folder}/") for folder in self.folders)
        return (
            is_inside and path.endswith(".so") and bool(_package_of("", [os.path.basename(path)]))
        )


class Owners:
    """Which package brought a file, and what to import to find out whether the file is needed."""

    def __init__(self, site: Site) -> None:
        """Read the packages' lists of files: some ms for each."""
        self._folders = site.folders
        self._owners: dict[str, str] = {}
        self._modules: dict[str, list[str]] = {}
        for one in importlib.metadata.distributions(path=site.folders):
            self._take_distribution(one)
        self._take_conda(site.prefix)

    def owner(self, path: str) -> str:
        """Return the package that brought a file, as `name version`; empty where nobody says so."""
        return self._owners.get(os.path.realpath(path), "")

    def modules(self, path: str) -> list[str]:
        """Return the package that a file is in, else the packages of whoever brought it."""
        for folder in self._folders:
            if path.startswith(f"{folder}/"):
                module = _package_of(folder, path[len(folder) + 1 :].split("/"))
                return [module] if module else self._modules.get(self.owner(path), [])[:5]
        return []

    def _take_distribution(self, one: Any) -> None:
        name = f"{one.metadata['Name']} {one.version}"
        files = [str(file) for file in one.files or ()]
        for file in files:
            self._owners[os.path.realpath(str(one.locate_file(file)))] = name
        tops = {file.split("/")[0] for file in files if file.count("/") == 1}
        self._modules[name] = sorted(top for top in tops if f"{top}/__init__.py" in files)

    def _take_conda(self, prefix: str) -> None:
        folder = f"{prefix}/conda-meta"
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if not name.endswith(".json"):
                continue
            with open(f"{folder}/{name}", encoding="utf-8") as file:
                record = json.load(file)
            for path in record.get("files", ()):
                place = os.path.realpath(f"{prefix}/{path}")
                self._owners.setdefault(place, f"{record.get('name')} {record.get('version')}")


def _package_of(folder: str, inside: Sequence[str]) -> str:
    """Return the regular package that a file is in, else the module that it is; empty for neither."""
    names = list(inside[:-1])
    if not all(name.isidentifier() for name in names):
        return ""
    for end in range(1, len(names) + 1):
        if os.path.exists("/".join((folder, *names[:end], "__init__.py"))):
            return ".".join(names[:end])
    stem = inside[-1].split(".")[0]
    return ".".join((*names, stem)) if stem.isidentifier() and not stem.startswith("lib") else ""


def try_import(module: str, timeout_s: float) -> str:
    """Import a module in a process of its own; return what it says where that fails, else nothing."""
    command = [sys.executable, "-B", "-c", _IMPORT, module]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode else ""


def judge(missing: Sequence[Missing], site: Site, timeout_s: float) -> list[dict[str, Any]]:
    """Return what is missing, with who lacks it and the import that fails because of it, if any.

    What the environment has somewhere, and no import misses, is left out: something loads it first.
    """
    worth = [one for one in missing if not one.is_there or site.is_module(one.path)]
    if not worth:
        return []
    owners = Owners(site)
    said: dict[str, str] = {}
    broken: dict[str, str] = {}
    for one in worth:
        for module in owners.modules(one.path):
            if module not in said and len(said) < _MAX_IMPORTS:
                said[module] = try_import(module, timeout_s)
            if one.library in said.get(module, ""):
                # The linker names the first library that a file lacks, and none after it.
                broken.setdefault(one.path, module)
    return [
        {
            "library": one.library,
            "path": one.path,
            "owner": owners.owner(one.path),
            "breaks": broken.get(one.path, ""),
            "says": said.get(broken.get(one.path, ""), "").strip()[-2000:],
        }
        for one in worth
        if one.path in broken or not one.is_there
    ]


def marker_environment() -> dict[str, str]:
    """Return the values of environment markers (PEP 508)."""
    version = sys.implementation.version
    implementation = f"{version.major}.{version.minor}.{version.micro}"
    if version.releaselevel != "final":
        implementation += version.releaselevel[0] + str(version.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": implementation,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def main(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts about an environment, as JSON data.

    Args:
        asked: `prefix`, the folder to look into; `allowed`, libraries that may be missing; and
            `timeout_s`, for each import that is tried.
    """
    site = Site(asked["prefix"])
    program = os.path.realpath(sys.executable)
    elf = read_elf(program)
    libraries: list[dict[str, Any]] = []
    if elf is not None:
        linker = Linker(elf, program, os.environ)
        missing = list_missing(asked["prefix"], linker, asked["allowed"])
        libraries = judge(missing, site, asked["timeout_s"])
    return {
        "distributions": site.distributions(),
        "markers": marker_environment(),
        "libraries": libraries,
    }
