"""The channel that tests make is a real one: its packages install and run."""

from __future__ import annotations

import filecmp
import os
import platform
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.resolve.base import CondaRequest, CondaResolution, Requirement, VirtualPackage
from envc.resolve.conda.rattler import Rattler
from support import conda_install
from support.conda_channel import Channel, build, serve
from support.conda_python import SERIES

CANONICAL = "https://conda.example.org/real"


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Channel:
    return build(tmp_path_factory.mktemp("channel"))


@pytest.fixture(scope="module")
def address(channel: Channel) -> Iterator[str]:
    with serve(channel.folder) as address:
        yield address


@pytest.fixture(scope="module")
def prefix(channel: Channel, address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("install")
    names = ["greet-ext", "greet-activate", "packaging", "idna", "libgreet 1.0.*"]
    done = subprocess.run(
        [
            *(sys.executable, conda_install.__file__),
            *(address, channel.subdir, str(folder / "prefix"), str(folder / "cache"), *names),
        ],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / "prefix" / "conda-meta").is_dir(), done.stderr
    return folder / "prefix"


def _run(prefix: Path, *command: str) -> str:
    done = subprocess.run(
        [str(prefix / "bin" / command[0]), *command[1:]],
        env={"PATH": f"{prefix}/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_two_builds_are_equal(channel: Channel, tmp_path: Path) -> None:
    build(tmp_path)

    paths = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    equal, unequal, missing = filecmp.cmpfiles(tmp_path, channel.folder, paths, shallow=False)
    assert (len(equal), unequal, missing) == (22, [], [])


def test_python_runs_from_its_new_home(channel: Channel, prefix: Path) -> None:
    script = (
        "import bz2, ctypes, hashlib, lzma, platform, sqlite3, ssl, sys, uuid, zlib;"
        "ctypes.CDLL(None);"
        "assert sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,);"
        "ssl.create_default_context();"
        "print(sys.prefix, platform.python_version())"
    )

    printed = _run(prefix, "python", "-c", script)

    assert printed == f"{prefix} {channel.python}\n"


def test_python_takes_its_libraries_from_the_prefix(prefix: Path) -> None:
    script = "import ssl, sqlite3, _ctypes; print(open('/proc/self/maps').read())"

    maps = _run(prefix, "python", "-c", script)

    loaded = {word for word in maps.split() if ".so" in word}
    outside = {Path(path).name for path in loaded if not path.startswith(str(prefix))}
    glibc = ("ld-linux", "libc.so", "libm.so", "libdl.so", "libpthread.so", "libutil.so")
    assert [name for name in sorted(outside) if not name.startswith(glibc)] == []


def test_python_packages_work(prefix: Path) -> None:
    script = (
        "import greet_ext, packaging, idna;from importlib.metadata import version;"
        "print(greet_ext.greet(), version('greeter'), version('greet-ext'), idna.encode('ä.de'))"
    )

    printed = _run(prefix, "python", "-c", script)

    assert printed == f"home={prefix} 2.0 2.1 b'xn--4ca.de'\n"


def test_entry_point_works(prefix: Path) -> None:
    assert _run(prefix, "greet-py") == f"cli: home={prefix}\n"


def test_prefixes_modes_and_links_arrive(prefix: Path) -> None:
    library = prefix / "lib" / "libgreet.so"
    binary = library.read_bytes()

    assert _run(prefix, "greet") == f"greetings from {prefix}, 1.0\n"
    assert binary.startswith(b"\x7fgreet\0" + str(prefix).encode() + b"/share/greet\0")
    assert (library.readlink(), (prefix / "lib" / "libgreet.so.1").readlink()) == (
        Path("libgreet.so.1"),
        Path("libgreet.so.1.0"),
    )
    assert (prefix / "share/greet/link").read_text() == f"home={prefix}\n"
    assert (prefix / "share/greet/twin.txt").read_text() == "data\n"
    assert (prefix / "share/greet/wörd with space.txt").read_text() == "wörd\n"
    assert stat.S_IMODE((prefix / "bin/greet-group").stat().st_mode) & 0o111 == 0o111


def test_activation_script_is_rewritten(prefix: Path) -> None:
    script = (prefix / "etc/conda/activate.d/greet.sh").read_text()

    assert script.splitlines()[0] == f'export GREET_HOME="{prefix}/share/greet"'


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_channel_resolves_for_both_platforms(name: str, address: str, tmp_path: Path) -> None:
    request = CondaRequest(
        platform=PLATFORMS[name],
        channels=(CANONICAL,),
        requirements=(Requirement(text="greet-ext"), Requirement(text=f"python {SERIES}.*")),
        virtual_packages=(VirtualPackage(name="__glibc", version=platform.libc_ver()[1]),),
        mirrors=MirrorMap(((CANONICAL, address),)),
    )

    result = Rattler(cache=tmp_path, environment=os.environ).resolve(request, lambda _: None)

    assert isinstance(result, CondaResolution)
    subdir = PLATFORMS[name].subdir
    assert [(p.name, p.subdir, p.distribution) for p in result.packages] == [
        ("_greet_mutex", "noarch", None),
        ("greet-ext", subdir, "greet-ext"),
        ("greeter", "noarch", "greeter"),
        ("libgreet", subdir, None),
        ("python", subdir, None),
    ]
