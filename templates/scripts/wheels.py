"""Installs the wheels of a layer for the environment's Python and platform, without a network."""

from __future__ import annotations

import configparser
import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from layer import (
    ARTEFACTS,
    ENVIRONMENT,
    LISTING,
    PREFIX,
    finish,
    refuse_folder,
    series,
    write_owners,
)

UV = {
    "HOME": "/tmp",
    "PATH": os.defpath,
    # Into the layer from uv's own folder, which is gone when uv ends: nothing is written twice.
    "UV_LINK_MODE": "hardlink",
    # Its metadata hold the time at which a wheel was unpacked.
    "UV_NO_INSTALLER_METADATA": "1",
}


def main() -> None:
    listing = json.loads(LISTING.read_bytes())
    rows = listing["wheels"]
    files = {row["name"]: list_files(ARTEFACTS / row["file"], listing["python"]) for row in rows}
    packages = {name: sorted({path for path, _ in own}) for name, own in files.items()}
    check_folders(packages)
    install(rows, listing, PREFIX)
    write_owners(packages, settle_clashes(rows, listing, files))
    finish(is_to_compile=listing["compile"])


def install(rows: list[dict[str, str]], listing: dict, prefix: Path) -> None:
    """Install wheels, and nothing but them, into a prefix.

    What a wheel is for was decided when it was locked; its names of platforms are compared with the
    newest that there are, so that a layer does not depend on the base's C library.
    """
    prefix.mkdir(parents=True, exist_ok=True)
    requirements = Path(tempfile.mkdtemp(), "requirements.txt")
    lines = [f"{row['name']}=={row['version']} --hash=sha256:{row['sha256']}\n" for row in rows]
    requirements.write_text("".join(lines), encoding="utf-8")
    command = ["/tools/uv", "pip", "install", "--quiet", "--no-config", "--offline", "--no-cache"]
    command += ["--python", str(ENVIRONMENT / "bin/python"), "--prefix", str(prefix)]
    command += ["--python-version", listing["python"].rstrip("t")]
    command += ["--python-platform", listing["platform"]]
    command += ["--no-deps", "--no-index", "--find-links", str(ARTEFACTS), "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirements", str(requirements)]
    subprocess.run(command, env=UV, check=True)
    (prefix / ".lock").unlink(missing_ok=True)  # uv's own, and anybody could write to it
    # What depends on the series of the Python that uv sees is the names of these folders only.
    own, wanted = f"python{series()}", f"python{listing['python']}"
    if own == wanted:
        return
    for folder in ("lib", "include/site"):
        if (prefix / folder / own).is_dir():
            (prefix / folder / own).rename(prefix / folder / wanted)
    for record in (prefix / "lib" / wanted / "site-packages").glob("*.dist-info/RECORD"):
        text = record.read_text(encoding="utf-8")
        changed = text.replace(f"/include/site/{own}/", f"/include/site/{wanted}/")
        record.write_text(changed, encoding="utf-8")


def check_folders(packages: dict[str, list[str]]) -> None:
    """Check that no wheel has a file where another one has a folder: installers race for it."""
    owners = {path: name for name, paths in packages.items() for path in paths}
    for path, name in owners.items():
        parent = path.rpartition("/")[0]
        while parent:
            if owners.get(parent, name) != name:
                refuse_folder(parent, owners[parent], name)
            parent = parent.rpartition("/")[0]


def settle_clashes(
    rows: list[dict[str, str]], listing: dict, files: dict[str, list[tuple[str, str]]]
) -> dict[str, list[str]]:
    """Where wheels own one path with different content, keep the last wheel's; return whose they are.

    Installers leave that to chance: they unpack in parallel. The order is that of the names.
    """
    owners: dict[str, dict[str, str]] = {}
    for name in sorted(files):
        for path, content in files[name]:
            owners.setdefault(path, {})[name] = content
    clashes = {
        path: list(by_name)
        for path, by_name in sorted(owners.items())
        if len(set(by_name.values())) > 1
    }
    lost: dict[str, list[str]] = {}
    for path, names in clashes.items():
        lost.setdefault(names[-1], []).append(path)
    for row in rows:
        if row["name"] in lost:
            with tempfile.TemporaryDirectory() as alone:
                install([row], listing, Path(alone))
                for path in lost[row["name"]]:
                    shutil.copy(Path(alone, path), PREFIX / path)
    return clashes


def list_files(wheel: Path, python: str) -> list[tuple[str, str]]:
    """Return what a wheel puts where below a prefix, and what tells its content from another's."""
    site = f"lib/python{python}/site-packages"
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (
            name
            for name in archive.namelist()
            if name.endswith(".dist-info/RECORD") and name.count("/") == 1
        )
        rows = csv.reader(io.StringIO(archive.read(record).decode()))
        files = [(place(row[0], site), row[1]) for row in rows if row and row[1]]
        scripts = record[: -len("RECORD")] + "entry_points.txt"
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
    main()
