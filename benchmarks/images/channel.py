"""Wheels packed anew as a Conda channel: real files under Conda's rules, where no channel can be reached.

`python` in it is the interpreter that runs this. Wheels for any platform become noarch packages, others
packages of this platform, which bring their byte code as conda-build's do. None says what it needs but
Python: the spec names all, so that no solver has anything to search for.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from support.conda_archive import File, Package, compress, pack, with_byte_code
from support.conda_python import SERIES, python_package

__all__ = ["SUBDIR", "write_channel"]

SUBDIR = "linux-64"
_OLDER = "0.1"


def write_channel(folder: Path, wheels: Iterable[Path], bumps: Iterable[str]) -> list[str]:
    """Write a channel of Python and of what wheels bring; return the packages' MatchSpecs.

    Args:
        bumps: Names that also have a version 0.1, the same but for one file, to change to.
    """
    packages = [python_package(SUBDIR)]
    older = set(bumps)
    for wheel in sorted(wheels):
        package = _repack(wheel)
        packages.append(package)
        if package.name in older:
            packages.append(_age(package))
    records: dict[str, dict[str, Any]] = {SUBDIR: {}, "noarch": {}}
    for package in packages:
        archive, record = pack(package)
        place = folder / package.subdir / package.filename
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(archive)
        records[package.subdir][package.filename] = record
    for subdir, content in records.items():
        _write_repodata(folder / subdir, subdir, content)
    return [f"{one.name} =={one.version}" for one in packages if one.version != _OLDER]


def _write_repodata(folder: Path, subdir: str, records: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "info": {"subdir": subdir},
        "packages": {},
        "packages.conda": dict(records),
        "repodata_version": 1,
    }
    content = json.dumps(data).encode()
    (folder / "repodata.json").write_bytes(content)
    (folder / "repodata.json.zst").write_bytes(compress(content))


def _repack(wheel: Path) -> Package:
    name, version, *_, platform = wheel.stem.split("-")
    is_pure = platform == "any"
    below = "site-packages" if is_pure else f"lib/python{SERIES}/site-packages"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        files = {
            f"{below}/{path.relative_to(folder)}": File(content=path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".data" not in path.relative_to(folder).parts[0]
        }
    return Package(
        name=name.replace("_", "-").lower(),
        version=version.replace("+", "_"),
        build="pyh0_0" if is_pure else f"py{SERIES.replace('.', '')}_0",
        subdir="noarch" if is_pure else SUBDIR,
        noarch="python" if is_pure else None,
        depends=["python"],
        files=files if is_pure else with_byte_code(files),
    )


def _age(package: Package) -> Package:
    path = next(path for path in package.files if path.endswith("METADATA"))
    changed = File(content=package.files[path].content + b"\n")
    return replace(package, version=_OLDER, files={**package.files, path: changed})
