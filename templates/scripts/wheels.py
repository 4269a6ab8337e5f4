"""Installs the wheels of a layer for the environment's Python and platform, without a network."""

from __future__ import annotations

import configparser
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from layer import (
    ENVIRONMENT,
    LISTING,
    PREFIX,
    find_artefacts,
    finish,
    refuse,
    refuse_folder,
    series,
    write_owners,
)

UV = {
    "HOME": "/tmp",
    "PATH": os.defpath,
    # Into the layer from uv's own folder, which no later stage has: nothing is written twice.
    "UV_LINK_MODE": "hardlink",
    # Its metadata hold the time at which a wheel was unpacked.
    "UV_NO_INSTALLER_METADATA": "1",
}

REFUSALS = (1, 2)  # of uv, where it is not uv that is broken
OS_ERROR = "(os error "  # uv's words where it is neither: a disk is full, say
SAID = re.compile(r"^\s*(?:(?:error|cause|caused by):)?\s*|\s+$", re.IGNORECASE)


def main() -> None:
    listing = json.loads(LISTING.read_bytes())
    archives = find_artefacts()
    rows = [{**row, "path": str(archives[row["file"]])} for row in listing["wheels"]]
    files = {row["name"]: list_files(row, listing["python"]) for row in rows}
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
    command = ["/tools/uv", "pip", "install", "--quiet", "--no-config", "--offline"]
    command += ["--cache-dir", "/tools/cache"]
    command += ["--python", str(ENVIRONMENT / "bin/python"), "--prefix", str(prefix)]
    command += ["--python-version", listing["python"].rstrip("t")]
    command += ["--python-platform", listing["platform"]]
    command += ["--no-deps", "--no-index", "--only-binary", ":all:"]
    for folder in sorted({str(Path(row["path"]).parent) for row in rows}):
        command += ["--find-links", folder]
    command += ["--require-hashes", "--requirements", str(requirements)]
    done = subprocess.run(command, env=UV, stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stderr)
    if done.returncode in REFUSALS and OS_ERROR not in done.stderr:
        said = (SAID.sub("", line) for line in done.stderr.splitlines())
        refuse(
            f"a wheel cannot be installed: {': '.join(filter(None, said))}",
            "leave its package out, or ask for another version of it",
        )
    done.check_returncode()
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
                    (PREFIX / path).unlink()  # it may be the very same file, of uv's folder
                    shutil.copy(Path(alone, path), PREFIX / path)
    return clashes


def list_files(row: dict[str, str], python: str) -> list[tuple[str, str]]:
    """Return what a wheel puts where below a prefix, and what tells its content from another's."""
    with zipfile.ZipFile(row["path"]) as archive:
        (record,) = (
            name
            for name in archive.namelist()
            if name.endswith(".dist-info/RECORD") and name.count("/") == 1
        )
        listed = csv.reader(io.StringIO(archive.read(record).decode()))
        files = [(place(one[0], row["name"], python), one[1]) for one in listed if one and one[1]]
        scripts = record[: -len("RECORD")] + "entry_points.txt"
        points = configparser.ConfigParser(delimiters=["="], interpolation=None)
        points.optionxform = str  # names of scripts are case-sensitive
        if scripts in archive.namelist():
            try:
                points.read_string(archive.read(scripts).decode(), source=scripts)
            except (configparser.Error, UnicodeDecodeError) as error:
                refuse_entry_points(row, error)
    for section in ("console_scripts", "gui_scripts"):
        if points.has_section(section):
            files += [(f"bin/{name}", target) for name, target in points.items(section)]
    return files


def refuse_entry_points(row: dict[str, str], error: Exception) -> None:
    """Refuse a wheel whose programs no installer knows: uv would not install it either."""
    reason = " ".join(str(error).split())
    refuse(
        f"the wheel of `{row['name']}` {row['version']} is broken: {reason}",
        "ask for another version of it, or let whoever makes the wheel correct its entry_points.txt",
    )


def place(path: str, name: str, python: str) -> str:
    """Return where an installer puts a file of a wheel, whose normal name is given, below the prefix.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-data-directory
    """
    site = f"lib/python{python}/site-packages"
    folder, _, rest = path.partition("/")
    if not folder.endswith(".data"):
        return f"{site}/{path}"
    key, _, rest = rest.partition("/")
    headers = f"include/site/python{python}/{name}"
    folders = {
        "data": ".",
        "headers": headers,
        "platlib": site,
        "purelib": site,
        "scripts": "bin",
    }
    return os.path.normpath(f"{folders.get(key, key)}/{rest}")


if __name__ == "__main__":
    main()
