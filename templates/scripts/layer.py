"""What every layer of the environment ends with: byte code that stays valid, and one time for all files.

Also run by itself: it adds the byte code to a layer that the tools could not compile, because their Python
is of another series than the environment's.
"""

from __future__ import annotations

import _imp
import filecmp
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

LAYER = Path("/envc/layer")
TREE = LAYER / "tree"  # what goes into the image, under its full path
FILES = LAYER / "files.json"  # whose files they are, for the last layer
ENVIRONMENT = Path("/opt/env")
PREFIX = TREE / "opt/env"
ARTEFACTS = Path("/mnt/files")  # in folders
LISTING = Path("/mnt/layer.json")  # what they are
CODE = Path("/mnt/code")  # byte code that the environment's own Python has made
FILE_TIME = 946684800  # one constant for all environments, so that they can share layers


def find_artefacts() -> dict[str, Path]:
    """Return where the layer's artefacts are, by their file names."""
    return {path.name: path for path in ARTEFACTS.glob("*/*")}


def series() -> str:
    """Return which byte code this Python makes, such as `3.12`, or `3.13t` without a GIL."""
    return "{}.{}{}".format(*sys.version_info[:2], getattr(sys, "abiflags", ""))


def adopt_byte_code() -> None:
    """Keep the byte code that packages bring for the sources that they bring, whatever its Python.

    To be called while files have their packages' times, which tell what belongs together. What is stale
    goes: nothing would tell later.
    """
    for code in TREE.rglob("__pycache__/*.pyc"):
        source = Path(importlib.util.source_from_cache(str(code)))
        if source.is_file():
            with code.open("r+b") as file:
                head = file.read(16)
                is_fresh = is_made_of(head, source)
                if is_fresh:
                    file.seek(0)
                    file.write(unchecked(head[:4], source))
            if not is_fresh:
                code.unlink()


def is_made_of(code: bytes, source: Path) -> bool:
    """Say whether the head of byte code names a source, by its time and size or by its hash (PEP 552)."""
    if code[4:8] != bytes(4):
        return code[8:16] == unchecked(code[:4], source)[8:]
    found = source.stat()
    return code[8:16] == struct.pack(
        "<LL", *(int(n) % 2**32 for n in (found.st_mtime, found.st_size))
    )


def unchecked(magic: bytes, source: Path) -> bytes:
    """Return the head of byte code that nobody compares with its source when it is imported."""
    key = int.from_bytes(magic, "little")
    return magic + struct.pack("<L", 1) + _imp.source_hash(key, source.read_bytes())


def compile_tree() -> None:
    """Byte-compile what of the layer is not yet, before `settle`.

    The byte code is unchecked: times are fixed afterwards, and a checked one would be stale or slow
    at every start. It is made in a process of its own, since its bytes show what that has done before.
    """
    script = Path(__file__).with_name("bytecode.py")
    command = [sys.executable, str(script), str(TREE), str(TREE)]
    subprocess.run(command, env={"PYTHONHASHSEED": "0", "PATH": os.defpath}, check=True)


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


def finish(*, is_to_compile: bool) -> None:
    """End a layer; it is byte-compiled if this Python makes what the environment's reads."""
    if is_to_compile:
        compile_tree()
    settle()


def main() -> None:
    shutil.copytree(CODE, TREE, dirs_exist_ok=True)
    settle()


if __name__ == "__main__":
    main()
