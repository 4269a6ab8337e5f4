"""Installs wheels on top of /opt/env into a layer of their own; runs in the environment's Python."""

import configparser
import csv
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from layer import ENVIRONMENT, LAYER, finish

PREFIX = LAYER / "opt/env"
UV = {
    "HOME": "/tmp",
    "PATH": os.defpath,
    "UV_LINK_MODE": "copy",
    # Its metadata hold the time at which a wheel was unpacked.
    "UV_NO_INSTALLER_METADATA": "1",
}


def main(wheels: Path) -> None:
    PREFIX.mkdir(parents=True)
    if any(wheels.glob("*.whl")):
        install(wheels, PREFIX, "--require-hashes", "--requirements", wheels / "requirements.txt")
        settle_clashes(wheels)
    finish(ENVIRONMENT / "bin/python")


def install(wheels: Path, prefix: Path, *what: str | Path) -> None:
    """Install wheels, and nothing but them, for the environment's Python."""
    command: list[str | Path] = ["/mnt/tools/uv", "pip", "install", "--quiet"]
    command += ["--no-config", "--offline", "--no-cache", "--break-system-packages"]
    command += ["--python", ENVIRONMENT / "bin/python", "--prefix", prefix]
    command += ["--no-deps", "--no-index", "--find-links", wheels, "--only-binary", ":all:"]
    subprocess.run([*command, *what], env=UV, check=True)
    (prefix / ".lock").unlink(missing_ok=True)  # uv's own, and anybody could write to it


def settle_clashes(wheels: Path) -> None:
    """Where wheels own one path with different content, keep the last wheel's, and say so.

    Installers leave that to chance: they unpack in parallel. The order is that of the names.
    """
    owners: dict[str, dict[str, Path]] = {}
    for wheel in sorted(wheels.glob("*.whl")):
        for path, content in list_files(wheel):
            owners.setdefault(path, {})[content] = wheel
    lost: dict[Path, list[str]] = {}
    for path, by_content in sorted(owners.items()):
        if len(by_content) > 1:
            names = sorted(wheel.name for wheel in by_content.values())
            print(f"{path} is in {' and in '.join(names)}: the last one's is kept", file=sys.stderr)
            lost.setdefault(wheels / names[-1], []).append(path)
    for wheel, paths in lost.items():
        with tempfile.TemporaryDirectory() as alone:
            name, version = wheel.name.split("-")[:2]
            install(wheels, Path(alone), f"{name}=={version}")
            for path in paths:
                shutil.copy(Path(alone, path), PREFIX / path)


def list_files(wheel: Path) -> list[tuple[str, str]]:
    """Return what a wheel puts where below a prefix, and what tells its content from another's."""
    site = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (
            name
            for name in archive.namelist()
            if name.endswith(".dist-info/RECORD") and name.count("/") == 1
        )
        rows = csv.reader(io.StringIO(archive.read(record).decode()))
        files = [(place(row[0], site), row[1]) for row in rows if row and row[1]]
        scripts = record.removesuffix("RECORD") + "entry_points.txt"
        points = configparser.ConfigParser(delimiters=["="], interpolation=None)
        points.optionxform = str  # names of scripts are case-sensitive
        if scripts in archive.namelist():
            points.read_string(archive.read(scripts).decode())
    for section in ("console_scripts", "gui_scripts"):
        if points.has_section(section):
            files += [(f"bin/{name}", target) for name, target in points.items(section)]
    return files


def place(path: str, site: str) -> str:
    """Return where an installer puts a wheel's file, below the prefix.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-data-directory
    """
    folder, _, rest = path.partition("/")
    if not folder.endswith(".data"):
        return f"{site}/{path}"
    key, _, rest = rest.partition("/")
    folders = {"scripts": "bin", "data": ".", "purelib": site, "platlib": site}
    return os.path.normpath(f"{folders.get(key, key)}/{rest}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
