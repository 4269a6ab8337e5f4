"""Makes the last layer of an environment: what ties its packages together, and to the base.

That is the virtual environment for the base's Python, or what activates Conda's packages; and the right
file where packages own one path.
"""

from __future__ import annotations

import glob
import json
import os
import posixpath
import re
import shlex
import shutil
from pathlib import Path

from base import SYSTEM, inside, locate, read_rows, settle
from layer import ENVIRONMENT, PREFIX, is_same, refuse, refuse_folder, tell

FACTS = Path("/mnt/environment.json")
LAYERS = Path("/mnt/layers")
SKELETON = ENVIRONMENT  # what tools.py has made for the tools' own Python
PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
SHOWN = 20

HEAD = """\
#!/bin/sh
# Sets what the environment's packages want to have set, then runs the command.
"""
# Many packages' scripts are written for bash, whatever they are called.
BASH = """\
[ -n "${BASH_VERSION-}" ] || ! command -v bash >/dev/null 2>&1 || exec bash "$0" "$@"
"""
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = rf"\${_NAME}|\$\{{{_NAME}\}}"
_VALUE = (
    rf"""(?:"(?:[^"`$\\]|\\["`$\\]|{_VARIABLE})*"|'[^']*'|[A-Za-z0-9_./:,+@%=-]|{_VARIABLE})*"""
)
SETTING = re.compile(rf"\s*(?:(?:export\s+)?{_NAME}={_VALUE}|export\s+{_NAME})?\s*(?:#.*)?")


def list_layers() -> list[str]:
    return sorted(folder.name for folder in LAYERS.iterdir()) if LAYERS.is_dir() else []


def check_place() -> None:
    """Check that the layers fit: a folder of theirs would replace a link of the base."""
    for path in ("/opt", str(ENVIRONMENT)):
        place = Path(f"{SYSTEM}{path}")
        if not os.path.lexists(place):
            continue
        if place.is_symlink() or not place.is_dir():
            what = "a link" if place.is_symlink() else "a file"
            refuse(
                f"the base's `{path}` is {what}",
                f"take a base in which `{path}` is a folder, or missing",
            )
        owner = place.stat()
        if (owner.st_uid, owner.st_gid) != (0, 0):
            said = f"the base's `{path}` belongs to {owner.st_uid}:{owner.st_gid}"
            refuse(said, f"take a base in which `{path}` is a folder of root's, or missing")


def make_venv(python: dict) -> None:
    """Make a virtual environment for the base's own Python, whose version is verified."""
    program, home = find_python(python)
    series = python["series"]
    (PREFIX / "bin").mkdir(parents=True, exist_ok=True)
    (PREFIX / f"lib/python{series}/site-packages").mkdir(parents=True)
    if not any((LAYERS / name / "tree/opt/env/lib64").is_dir() for name in list_layers()):
        (PREFIX / "lib64").symlink_to("lib")
    (PREFIX / "bin/python").symlink_to(program)
    for name in ("python3", f"python{series}"):
        (PREFIX / "bin" / name).symlink_to("python")
    lines = [
        f"home = {home}",
        "include-system-site-packages = false",
        f"version = {python['version']}",
    ]
    (PREFIX / "pyvenv.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for script in ("activate", "activate.csh", "activate.fish"):
        shutil.copyfile(SKELETON / "bin" / script, PREFIX / "bin" / script)


def find_python(python: dict) -> tuple[str, str]:
    """Return the path of the base's Python, and that of the folder which tells it where it lives."""
    candidates = [python["interpreter"]] if python["interpreter"] else []
    candidates = candidates or [f"{folder}/python3" for folder in PROGRAMS]
    program = next((one for one in candidates if is_program(one)), None)
    again = "lock again where a Docker engine of this platform runs"
    if program is None:
        refuse("the base has no `python3` where programs usually are", again)
        raise AssertionError
    series, wanted = python["series"], python["version"]
    real = locate(program)
    homes = (posixpath.dirname(program), posixpath.dirname(real))
    home = next((one for one in homes if has_library(one, series)), None)
    if home is None:
        refuse(f"the base's `{program}` is not Python {wanted}, as the lock says", "lock again")
        raise AssertionError
    found = read_versions(real, series)
    if found and not any(f"{one}.".startswith(f"{wanted}.") for one in found):
        versions = " or ".join(sorted(found))
        refuse(f"the base has Python {versions}, but the lock says {wanted}", "lock again")
    return program, home


def is_program(path: str) -> bool:
    return inside(path).is_file() and os.access(inside(path), os.X_OK)


def has_library(folder: str, series: str) -> bool:
    prefix = posixpath.dirname(folder)
    return any(
        inside(f"{prefix}/{name}/python{series}/os.py").is_file() for name in ("lib", "lib64")
    )


def read_versions(program: str, series: str) -> set[str]:
    """Return the versions of a series that a Python, which is not run, says that it has."""
    prefix = posixpath.dirname(posixpath.dirname(program))
    libraries = [
        f"/{file.relative_to(SYSTEM)}"
        for place in ("lib*", "lib*/*")  # below which Debian has a folder for each architecture
        for file in inside(prefix).glob(f"{place}/libpython{series}*.so*")
    ]
    pattern = re.compile(
        rb"(?<![0-9.])(" + re.escape(series).encode() + rb"\.\d+(?:(?:a|b|rc)\d+)?)\+?\0"
    )
    found: set[str] = set()
    for file in (program, *libraries):
        if inside(file).is_file():
            found |= {match.decode() for match in pattern.findall(inside(file).read_bytes())}
    return found


def make_activation(names: list[str]) -> None:
    """Write the program that sets what packages want: settings are copied, other scripts are sourced."""
    scripts: dict[str, Path] = {}
    variables: dict[str, str] = {}
    owners: dict[str, str] = {}
    for name in names:
        folder = LAYERS / name / "tree/opt/env/etc/conda"
        packages = json.loads((LAYERS / name / "files.json").read_bytes())["packages"]
        owners.update({path: package for package, paths in packages.items() for path in paths})
        scripts.update({file.name: file for file in folder.glob("activate.d/*.sh")})
        for file in sorted(folder.glob("env_vars.d/*.json")):
            variables.update(json.loads(file.read_bytes()))
    body = [f"export {key}={shlex.quote(str(variables[key]))}\n" for key in sorted(variables)]
    sourced = []
    for name, file in sorted(scripts.items()):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        if all(SETTING.fullmatch(line) for line in text.splitlines()):
            body.append(text if text.endswith("\n") else f"{text}\n")
        else:
            sourced.append([name, owners[f"etc/conda/activate.d/{name}"]])
            body.append(f". {shlex.quote(f'{ENVIRONMENT}/etc/conda/activate.d/{name}')}\n")
    if sourced:
        tell(activation=sourced)
    script = PREFIX / "bin/envc-activate"
    script.parent.mkdir(parents=True, exist_ok=True)
    text = "".join((HEAD, BASH if sourced else "", *body, 'exec "$@"\n'))
    script.write_text(text, encoding="utf-8", errors="surrogateescape")
    script.chmod(0o755)
    (PREFIX / "conda-meta").mkdir()
    (PREFIX / "conda-meta/history").touch()


def settle_clashes(names: list[str]) -> None:
    """Where packages own one path with different content, see to it that the right one's is there.

    That of a wheel counts before that of a Conda package, and among these, the last name's.
    """
    owners: dict[str, list[tuple[bool, str, str]]] = {}
    clashing: set[str] = set()
    for layer in names:
        files = json.loads((LAYERS / layer / "files.json").read_bytes())
        clashing.update(files["clashes"])
        for package, paths in files["packages"].items():
            for path in paths:
                owners.setdefault(path, []).append((layer.startswith("pip-"), package, layer))
    check_folders(owners)
    clashes = []
    for path, own in sorted(owners.items()):
        if len(own) == 1 or path.endswith(".pyc"):
            continue
        top, winner = own[-1][2], max(own)
        files = {layer: LAYERS / layer / "tree/opt/env" / path for _, _, layer in own}
        if path not in clashing and all(is_same(files[top], file) for file in files.values()):
            continue
        clashes.append((path, sorted(own)))
        if winner[2] != top:
            restore(path, files[winner[2]])
    for path, own in clashes[:SHOWN]:
        packages = [f"{package} ({'pip' if is_pip else 'conda'})" for is_pip, package, _ in own]
        tell(clash=path, packages=packages)
    if clashes[SHOWN:]:
        tell(more=len(clashes) - SHOWN)


def check_folders(owners: dict[str, list[tuple[bool, str, str]]]) -> None:
    """Check that no layer has a file or a link where another one has a folder."""
    for path, own in owners.items():
        parent = path.rpartition("/")[0]
        while parent:
            for _, package, layer in owners.get(parent, ()):
                if any(layer != one for _, _, one in own):
                    refuse_folder(parent, package, own[-1][1])
            parent = parent.rpartition("/")[0]


def restore(path: str, file: Path) -> None:
    """Put a file into this layer, above those that hide it, with the byte code that belongs to it."""
    caches = []
    if path.endswith(".py"):
        caches = sorted(file.parent.glob(f"__pycache__/{glob.escape(file.stem)}.*.pyc"))
    for one in (file, *caches):
        target = PREFIX / posixpath.dirname(path) / one.relative_to(file.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(one, target, follow_symlinks=False)


def check_user(name: str) -> None:
    """Check that the base has the user whom the spec names, whatever its number."""
    if name not in ("0", "root") and not any(row[0] == name for row in read_rows("/etc/passwd")):
        hint = "name one that the base or a step before the packages makes, or a number"
        refuse(f"the base has no user `{name}`", hint)


def main() -> None:
    facts = json.loads(FACTS.read_bytes())
    check_place()
    if facts["user"] is not None:
        check_user(facts["user"])
    settle_clashes(facts["layers"])
    if facts["has_conda"]:
        make_activation(facts["layers"])
    elif facts["python"] is not None:
        make_venv(facts["python"])
    PREFIX.mkdir(parents=True, exist_ok=True)
    settle({})


if __name__ == "__main__":
    main()
