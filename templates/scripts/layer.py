"""What every layer of the environment ends with: byte code that stays valid, and one time for all files.

Also run by itself, in an image of the target's platform: it byte-compiles a layer that the tools could
not, because their Python is of another series than the environment's.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

LAYER = Path("/layer")
TREE = LAYER / "tree"  # what goes into the image, under its full path
FILES = LAYER / "files.json"  # whose files they are, for the last layer
ENVIRONMENT = Path("/opt/env")
PREFIX = TREE / "opt/env"
ARTEFACTS = Path("/mnt/files")
LISTING = ARTEFACTS / "layer.json"
SOURCE = Path("/mnt/source")
FILE_TIME = 946684800  # one constant for all environments, so that they can share layers


def series() -> str:
    """Return which byte code this Python makes, such as `3.12`, or `3.13t` without a GIL."""
    return "{}.{}{}".format(*sys.version_info[:2], getattr(sys, "abiflags", ""))


def compile_tree(python: Path) -> None:
    """Byte-compile the layer.

    The byte code is unchecked: times are fixed afterwards, and a checked one would be stale or slow
    at every start. One process, because parallel compilation does not give the same bytes.
    """
    # A package may ship files for another Python: what does not compile stays source.
    command = [str(python), "-m", "compileall", "-f", "-qq", "-j", "1"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(TREE), "-p", "/", str(TREE)]
    environment = {"PYTHONHASHSEED": "0", "PATH": os.defpath}
    subprocess.run(command, env=environment, check=False)


def write_owners(packages: dict[str, list[str]], clashes: dict[str, list[str]]) -> None:
    """Write whose files the layer has, by paths below the environment, beside its tree.

    Args:
        packages: The paths of each package.
        clashes: Its packages that own one path with different content, the last one's is there.
    """
    content = {"clashes": clashes, "packages": packages}
    FILES.write_text(json.dumps(content, sort_keys=True), encoding="utf-8")


def is_same(one: Path, other: Path) -> bool:
    """Say whether two paths hold the same file, or the same link."""
    if one.is_symlink() and other.is_symlink():
        return os.readlink(one) == os.readlink(other)  # noqa: PTH115  # Path's is of Python 3.9
    if one.is_symlink() or other.is_symlink():
        return False
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def tell(**facts: object) -> None:
    """Write a line that `envc build` understands."""
    print(f"envc: {json.dumps(facts, sort_keys=True)}", flush=True)


def refuse(message: str, hint: str) -> None:
    tell(problem=message, hint=hint)
    sys.exit(1)


def refuse_folder(path: str, package: str, other: str) -> None:
    """Refuse that a path below the environment is a file or a link of a package, and another's folder."""
    refuse(
        f"`{ENVIRONMENT}/{path}` is a file or a link of `{package}`, and a folder of `{other}`",
        "leave one of the two out",
    )


def settle() -> None:
    """Give every folder one mode and owner and everything one time: layers that share a folder must
    agree on it, because the last one's counts."""
    PREFIX.mkdir(parents=True, exist_ok=True)
    for folder, names, files in os.walk(TREE):
        Path(folder).chmod(0o755)
        os.chown(folder, 0, 0)
        for name in (*names, *files, "."):
            os.utime(Path(folder) / name, (FILE_TIME, FILE_TIME), follow_symlinks=False)


def finish(wanted: str | None) -> None:
    """End a layer for an environment whose Python is of this series; None where it has none."""
    if wanted == series():
        compile_tree(Path(sys.executable))
    settle()


def main() -> None:
    shutil.copytree(SOURCE, LAYER, symlinks=True, dirs_exist_ok=True)
    compile_tree(Path(sys.executable))
    settle()


if __name__ == "__main__":
    main()
