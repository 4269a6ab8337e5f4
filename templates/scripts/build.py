"""Builds wheels from pinned sources with the environment's Python, without a network (PEP 517)."""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

SOURCES = Path("/mnt/sources")
BUILT = Path("/built")
# Compilers write the folder into what they make: it has one name, and not a random one.
WORK = Path("/tmp/envc-build")
FILE_TIME = 946684800

# By such a file setuptools-scm knows that what is there is what the commit has; it looks nowhere else
# for the version, which SETUPTOOLS_SCM_PRETEND_VERSION says.
ARCHIVAL = f"node: {'0' * 40}\ndescribe-name: v0.0.0-0-g{'0' * 12}\n"

# https://peps.python.org/pep-0517/#build-backend-interface
HOOK = """\
import importlib, json, sys
backend, paths, target = sys.argv[1:]
sys.path[:1] = json.loads(paths)
module, _, attribute = backend.partition(":")
found = importlib.import_module(module)
for part in filter(None, attribute.split(".")):
    found = getattr(found, part)
found.build_wheel(target)
"""


def main() -> None:
    listing = json.loads((SOURCES / "sources.json").read_bytes())
    BUILT.mkdir()
    rows = []
    for row in listing.pop("sources"):
        wheel = build(row)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        name, version = row["name"], row["version"]
        rows.append({"file": wheel.name, "name": name, "sha256": digest, "version": version})
        shutil.move(str(wheel), str(BUILT / wheel.name))
    # What installs a layer reads this, as it does the list of any other.
    (BUILT / "layer.json").write_text(json.dumps({**listing, "wheels": rows}), encoding="utf-8")
    shutil.rmtree(WORK)


def build(row: dict) -> Path:
    """Return the wheel of a source, built in an environment of its own."""
    home = WORK / f"{row['name']}-{row['version']}"
    environment = home / "environment"
    subprocess.run(
        [sys.executable, "-I", "-m", "venv", "--without-pip", str(environment)], check=True
    )
    python = environment / "bin/python"
    for name in row["wheels"]:
        install(SOURCES / name, environment, python)
    project = unpack(row, home)
    target = home / "wheel"
    target.mkdir()
    words = [str(python), "-c", HOOK, row["backend"]]
    words += [json.dumps([str(project / path) for path in row["backend_path"]]), str(target)]
    own = {
        "HOME": str(home),
        "PATH": f"{environment / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(FILE_TIME),
        # The version was read when the source was locked; there is no version control here.
        "PBR_VERSION": row["version"],
        "SETUPTOOLS_SCM_PRETEND_VERSION": row["version"],
    }
    done = subprocess.run(words, cwd=project, env={**os.environ, **own}, check=False)
    if done.returncode:
        refuse(f"`{row['name']}` {row['version']} cannot be built from its source", advise())
    made = sorted(target.glob("*.whl"))
    found = [(normal(wheel.name.split("-")[0]), wheel.name.split("-")[1]) for wheel in made]
    if found != [(row["name"], row["version"])]:
        names = ", ".join(wheel.name for wheel in made) or "nothing"
        refuse(
            f"what the lock has as `{row['name']}` {row['version']} was built as {names}",
            "lock again, with the Python that the environment has",
        )
    return made[0]


def normal(name: str) -> str:
    """Return a name as all spellings of it have in common (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def install(wheel: Path, environment: Path, python: Path) -> None:
    """Unpack a wheel into an environment; its programs become scripts of it."""
    (site,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        (record,) = (
            name
            for name in archive.namelist()
            if name.endswith(".dist-info/RECORD") and name.count("/") == 1
        )
        executable = {
            info.filename for info in archive.infolist() if info.external_attr >> 16 & 0o111
        }
    for name in executable:
        if (site / name).is_file():
            (site / name).chmod(0o755)
    data = site / record.replace(".dist-info/RECORD", ".data")
    for folder in ("purelib", "platlib"):
        if (data / folder).is_dir():
            shutil.copytree(data / folder, site, dirs_exist_ok=True)
    if (data / "data").is_dir():
        shutil.copytree(data / "data", environment, dirs_exist_ok=True)
    if (data / "scripts").is_dir():
        for script in sorted((data / "scripts").iterdir()):
            content = script.read_bytes()
            if content.startswith(b"#!python"):
                content = b"#!" + str(python).encode() + content[len(b"#!python") :]
            write_program(environment / "bin" / script.name, content)
    points = configparser.ConfigParser(delimiters=["="], interpolation=None)
    points.optionxform = str  # names of scripts are case-sensitive
    points.read(site / record.replace("RECORD", "entry_points.txt"), encoding="utf-8")
    for name, value in points.items("console_scripts") if "console_scripts" in points else ():
        module, _, attribute = value.partition("[")[0].strip().partition(":")
        first = attribute.strip().split(".")[0]
        text = f"#!{python}\nimport sys\nfrom {module.strip()} import {first}\n"
        text += f"sys.exit({attribute.strip()}())\n"
        write_program(environment / "bin" / name, text.encode())


def write_program(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)


def unpack(row: dict, home: Path) -> Path:
    """Return a source's folder, where a backend may write."""
    target = home / "source"
    source = SOURCES / row["file"]
    if source.is_dir():
        shutil.copytree(str(source), str(target), symlinks=True)
        project = target
    else:
        target.mkdir()
        if source.suffix == ".zip":
            with zipfile.ZipFile(source) as archive:
                archive.extractall(target)
        else:
            with tarfile.open(source) as archive:
                # Pythons before PEP 706 have no filters, and it was unpacked with one for the lock.
                safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                archive.extractall(target, **safe)
        (project,) = (path for path in target.iterdir() if path.is_dir())
    top, project = project, project / row.get("subdirectory", "")
    if row.get("is_commit"):
        for folder in (top, project):
            (folder / ".git_archival.txt").write_text(ARCHIVAL, encoding="utf-8")
    for folder, names, files in os.walk(project):
        for name in (*names, *files, "."):
            os.utime(Path(folder) / name, (FILE_TIME, FILE_TIME), follow_symlinks=False)
    return project


def advise() -> str:
    packages = []
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        packages += ["gcc", "libc6-dev"]
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        packages.append(f"libpython{sys.version_info[0]}.{sys.version_info[1]}-dev")
    if not packages:
        return "read what its build backend says above; what it needs of Debian goes into `system`"
    return (
        f"if it needs a C compiler, add `system {{ {', '.join(packages)} }}`, or take a base that "
        "has one"
    )


def refuse(message: str, hint: str) -> None:
    print(f"envc: {json.dumps({'hint': hint, 'problem': message}, sort_keys=True)}", flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
