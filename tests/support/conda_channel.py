"""A Conda channel of real packages, made on this machine, and a server for any channel."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support.conda_archive import PLACEHOLDER, File, Package, compress, pack
from support.conda_python import SERIES, VERSION, python_package
from support.http_server import FolderHandler, LoopbackServer

__all__ = ["MACHINES", "Channel", "build", "serve"]

MACHINES = {"linux-64": 62, "linux-aarch64": 183}
"""ELF's number of each platform's machine (`e_machine`): EM_X86_64 and EM_AARCH64."""

_SUBDIRS = tuple(MACHINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel in a folder.

    Attributes:
        subdir: This machine's. The other platform's packages are laid out alike, and cannot run here.
        python: The exact version of the `python` in it.
        records: As repodata has them, by subdir and archive name.
    """

    folder: Path
    subdir: str
    python: str
    records: Mapping[str, Mapping[str, Mapping[str, Any]]]


def build(folder: Path) -> Channel:
    """Write the channel into an empty folder; it takes seconds, so share it.

    Two builds on one machine are equal, bit for bit. It holds:

    - `python`, the running interpreter, for a C library not older than this machine's;
    - `libgreet` 1.0 and 1.1: text and binary prefixes, symbolic and hard links, executables, one
      with mode 0775, and a dependency on `_greet_mutex`, which is empty and generic;
    - `greeter`, noarch Python with the entry point `greet-py`, and `greet-ext`, a platform's Python
      package that depends on it, in the old archive format; the latter has binaries
      that are little more than a header;
    - `greet-activate`, with scripts for activation and deactivation that only set variables, and
      `greet-hook`, with one that does more;
    - `idna` and `packaging`, noarch Python, as installed here: pip knows them too.
    """
    here = "linux-aarch64" if platform.machine() == "aarch64" else "linux-64"
    records: dict[str, dict[str, dict[str, Any]]] = {subdir: {} for subdir in _SUBDIRS}
    records["noarch"] = {}
    (other,) = set(_SUBDIRS) - {here}
    own = _packages(here)
    foreign = [_rebuild(package, other) for package in own if package.subdir == here]
    for package in (*own, *foreign):
        archive, record = pack(package)
        path = folder / package.subdir / package.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive)
        records[package.subdir][package.filename] = record
    for subdir, content in records.items():
        _write_repodata(folder / subdir, subdir, content)
    return Channel(folder=folder, subdir=here, python=VERSION, records=records)


def _rebuild(package: Package, subdir: str) -> Package:
    """Return a package as another platform has it: the machine in every program's header (ELF's
    `e_machine`) is another, so that this one refuses to run it."""
    machine = MACHINES[subdir].to_bytes(2, "little")
    files = {
        path: replace(file, content=file.content[:18] + machine + file.content[20:])
        if file.content.startswith(b"\x7fELF")
        else file
        for path, file in package.files.items()
    }
    return replace(package, subdir=subdir, files=files)


def _write_repodata(folder: Path, subdir: str, records: Mapping[str, dict[str, Any]]) -> None:
    repodata = {
        "info": {"subdir": subdir},
        "packages": {fn: r for fn, r in records.items() if fn.endswith(".tar.bz2")},
        "packages.conda": {fn: r for fn, r in records.items() if fn.endswith(".conda")},
        "repodata_version": 1,
    }
    content = json.dumps(repodata, indent=1, sort_keys=True).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "repodata.json").write_bytes(content)
    (folder / "repodata.json.zst").write_bytes(compress(content))


def _packages(subdir: str) -> list[Package]:
    python = f"python >={SERIES},<{SERIES.split('.')[0]}.{int(SERIES.split('.')[1]) + 1}.0a0"
    return [
        python_package(subdir),
        _libgreet(subdir, "1.0"),
        _libgreet(subdir, "1.1"),
        Package(
            name="_greet_mutex", version="0.1", build="main", subdir="noarch", noarch="generic"
        ),
        Package(
            name="greeter",
            version="2.0",
            build="pyh0_0",
            subdir="noarch",
            noarch="python",
            depends=["libgreet >=1.0", "python >=3.9"],
            entry_points=["greet-py = greeter.cli:main"],
            files=_distribution("greeter", "2.0", _GREETER, below="site-packages"),
        ),
        Package(
            name="greet-ext",
            version="2.1",
            build=f"py{SERIES.replace('.', '')}_0",
            subdir=subdir,
            depends=["greeter >=2.0", python],
            files=_distribution(
                "greet-ext",
                "2.1",
                {"greet_ext.py": "from greeter import greet as greet\n"},
                below=f"lib/python{SERIES}/site-packages",
            )
            | {
                f"lib/python{SERIES}/site-packages/_greet_native.so": _program(subdir),
                "bin/greet-native": replace(_program(subdir), mode=0o755),
            },
            suffix=".tar.bz2",
        ),
        Package(
            name="greet-activate",
            version="1.0",
            build="h0_0",
            subdir=subdir,
            depends=["libgreet"],
            files={
                "etc/conda/activate.d/greet.sh": File(content=_ACTIVATE.encode(), prefix="text"),
                "etc/conda/deactivate.d/greet.sh": File(content=b"unset GREET_HOME GREETING\n"),
            },
        ),
        Package(
            name="greet-hook",
            version="1.0",
            build="h0_0",
            subdir=subdir,
            files={"etc/conda/activate.d/greet-hook.sh": File(content=_HOOK)},
        ),
        _installed("idna"),
        _installed("packaging"),
    ]


def _libgreet(subdir: str, version: str) -> Package:
    binary = b"\x7fgreet\0" + PLACEHOLDER.encode() + b"/share/greet\0" + b"\x01\x02\x03\0"
    script = f'#!/bin/sh\necho "greetings from {PLACEHOLDER}, {version}"\n'
    return Package(
        name="libgreet",
        version=version,
        build="h0_1",
        number=1,
        subdir=subdir,
        depends=["_greet_mutex 0.1 main", "__glibc >=2.17,<3.0.a0"],
        files={
            "bin/greet": File(content=script.encode(), mode=0o755, prefix="text"),
            "bin/greet-group": File(content=b"#!/bin/sh\necho group\n", mode=0o775),
            "etc/greet.conf": File(content=f"home={PLACEHOLDER}\n".encode(), prefix="text"),
            f"lib/libgreet.so.{version}": File(content=binary, mode=0o755, prefix="binary"),
            "lib/libgreet.so": File(symlink="libgreet.so.1"),
            "lib/libgreet.so.1": File(symlink=f"libgreet.so.{version}"),
            "share/greet/data.txt": File(content=b"data\n"),
            "share/greet/twin.txt": File(hardlink="share/greet/data.txt"),
            "share/greet/link": File(symlink="../../etc/greet.conf"),
            "share/greet/wörd with space.txt": File(content="wörd\n".encode()),
        },
    )


def _program(subdir: str) -> File:
    """Return what looks like a program of a platform: its header, and a prefix to be written into it."""
    header = b"\x7fELF\2\1\1" + bytes(9) + b"\3\0" + MACHINES[subdir].to_bytes(2, "little")
    tables = b"\1\0\0\0" + bytes(28) + b"\x40\0" + bytes(10)
    content = header + tables + PLACEHOLDER.encode() + b"/etc/greet.conf\0end"
    return File(content=content, prefix="binary")


_GREETER = {
    "greeter/__init__.py": """\
import sys
from pathlib import Path


def greet() -> str:
    return Path(sys.prefix, "etc/greet.conf").read_text().strip()
""",
    "greeter/cli.py": """\
from greeter import greet


def main() -> None:
    print("cli:", greet())
""",
}

_ACTIVATE = f"""\
export GREET_HOME="{PLACEHOLDER}/share/greet"
export GREETING="hello from $CONDA_PREFIX"
"""

_HOOK = b"""\
if [ -d "${CONDA_PREFIX}/bin" ]; then
  export GREET_HOOK="$(echo hooked)"
fi
"""


def _distribution(
    name: str, version: str, modules: Mapping[str, str], *, below: str
) -> dict[str, File]:
    """Return modules and a dist-info that importlib.metadata and pip understand."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    content = {path: text.encode() for path, text in modules.items()}
    content[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    )
    content[f"{info}/INSTALLER"] = b"conda\n"
    content[f"{info}/RECORD"] = _record(content, f"{info}/RECORD")
    return {f"{below}/{path}": File(content=data) for path, data in content.items()}


def _installed(name: str) -> Package:
    """Return a pure distribution of this interpreter's environment as a noarch package."""
    distribution = importlib.metadata.distribution(name)
    kept: dict[str, bytes] = {}
    for file in distribution.files or ():
        local = Path(str(distribution.locate_file(file)))
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        if file.parts[0].endswith(".dist-info") and file.name not in {"METADATA", "WHEEL"}:
            continue
        kept[file.as_posix()] = local.read_bytes()
    info = next(path.split("/")[0] for path in kept if path.endswith(".dist-info/METADATA"))
    kept[f"{info}/INSTALLER"] = b"conda\n"
    kept[f"{info}/RECORD"] = _record(kept, f"{info}/RECORD")
    return Package(
        name=name,
        version=distribution.version,
        build="pyh0_0",
        subdir="noarch",
        noarch="python",
        depends=["python >=3.9"],
        files={f"site-packages/{path}": File(content=data) for path, data in kept.items()},
    )


def _record(content: Mapping[str, bytes], own: str) -> bytes:
    lines = [
        f"{path},sha256={_encode(hashlib.sha256(data).digest())},{len(data)}\n"
        for path, data in sorted(content.items())
    ]
    return "".join([*lines, f"{own},,\n"]).encode()


def _encode(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class _Handler(FolderHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, login: str, **options: Any) -> None:
        self._login = login
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        if self._has_login():
            super().do_GET()

    def do_HEAD(self) -> None:
        if self._has_login():
            super().do_HEAD()

    def _has_login(self) -> bool:
        if self._login.startswith("/"):
            has_it = self.path.startswith(f"{self._login}/")
            self.path = self.path.removeprefix(self._login)
        else:
            has_it = self.headers.get("Authorization", "") == self._login
        if not has_it:
            self.send_error(401)
        return has_it


@contextmanager
def serve(folder: Path, login: str = "") -> Iterator[str]:
    """Serve a folder and give its address, without a slash at its end.

    Args:
        login: The header that every request must carry, or a token that its path must start with, as
            `/t/TOKEN`; empty lets everybody in.
    """
    handler = functools.partial(_Handler, login=login, directory=str(folder))
    with LoopbackServer(handler) as server:
        yield server.url
        server.server_close()
