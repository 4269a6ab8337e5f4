"""Conda packages and wheels for two platforms: built here, and the one that cannot run is looked into."""

from __future__ import annotations

import json
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Envc, ServedChannel
from support.conda_archive import PLACEHOLDER
from support.conda_channel import MACHINES
from support.conda_python import SERIES
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

HOME = f"opt/env/lib/python{SERIES}"
SITE = f"{HOME}/site-packages"
FILE_TIME = 946684800


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def spec(envc: Envc, channel: ServedChannel, two_platform_base: str) -> str:
    lines = [
        "environment x",
        f'base image "{two_platform_base}"',
        "platforms linux/amd64, linux/arm64",
        f'channels "{channel.url}"',
        "conda { greeter, greet-ext, greet-activate, idna }",
        "pip {",
        "    markupsafe ==3.0.2",
        "    six",
        "}",
    ]
    envc.write("x.envc", "\n".join([*lines, ""]))
    envc("lock", "x.envc")
    return "x.envc"


class Root:
    """An image's own files, unpacked; what a container adds to them is not among them."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self.members = {
            member.name: member
            for member in archive.getmembers()
            if member.name.startswith(("opt/", "home/"))
        }

    def read(self, path: str) -> bytes:
        file = self._archive.extractfile(self.members[path])
        assert file is not None
        return file.read()

    def files(self) -> Iterator[tuple[str, bytes]]:
        for path, member in self.members.items():
            if member.isfile():
                yield path, self.read(path)


def export(image: str, file: Path) -> None:
    container = run("docker", "create", "--platform=linux/arm64", image, "x")
    try:
        run("docker", "export", "--output", str(file), container)
    finally:
        run("docker", "rm", container)


def test_conda_packages_and_wheels_of_two_platforms_are_one_image_from_one_call(
    envc: Envc, spec: str
) -> None:
    built = envc.build(spec, "--platform", "all")
    time.sleep(1.1)  # files made in the same second would be equal by chance
    again = envc.build(spec, "--platform", "linux/arm64", "--no-cache")

    assert list(built["platforms"]) == ["linux/amd64", "linux/arm64"]
    assert [warning["code"] for warning in built["diagnostics"]] == ["W627"]
    assert again["digest"] == built["platforms"]["linux/arm64"]["digest"]
    index = json.loads(run("docker", "image", "inspect", "--format", "{{json .}}", built["image"]))
    assert index["Id"] == built["digest"]
    program = "import markupsafe._speedups, six, greet_ext; print(greet_ext.greet())"
    assert envc.inside(built["image"], "python", "-c", program) == "home=/opt/env\n"


def test_a_base_without_a_shell_is_refused_before_anything_is_built(
    envc: Envc, channel: ServedChannel, world: EngineWorld, tmp_path: Path
) -> None:
    base = f"{world.registry}/envc-test-shellless:1"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    run(
        *("docker", "buildx", "build", "--quiet", "--platform=linux/arm64", "--provenance=false"),
        *("--push", "-t", base, str(tmp_path)),
    )
    lines = [
        "environment x",
        f'base image "{base}"',
        "platforms linux/arm64",
        'virtual-packages { __glibc = "2.36" }',
        f'channels "{channel.url}"',
        "conda { greeter }",
    ]
    envc.write("x.envc", "\n".join([*lines, ""]))
    envc("lock", "x.envc")

    try:
        done = envc("build", "x.envc", "--repository", envc.repository, exit_code=1)
    finally:
        pulled = run("docker", "image", "ls", "--quiet", base.rpartition(":")[0])
        run("docker", "image", "rm", "--force", *pulled.split())

    assert done.stderr.startswith(
        f"error[E375]: the base `{base}` has no `/bin/sh` for `linux/arm64`, and images with Conda "
        f"packages need one\n --> x.envc:2:12\n2 | {lines[1]}\n"
    )


def test_the_platform_that_cannot_run_here_is_laid_out_as_it_should_be(
    envc: Envc, spec: str, tmp_path: Path
) -> None:
    image = envc.build(spec, "--platform", "linux/arm64")["image"]
    export(image, tmp_path / "root.tar")

    with tarfile.open(tmp_path / "root.tar") as archive:
        root = Root(archive)
        elves = {path: data[18] for path, data in root.files() if data.startswith(b"\x7fELF")}
        placed = [path for path, data in root.files() if PLACEHOLDER.encode() in data]
        # Python corrects the paths in byte code when it imports it.
        brought = {path for path in placed if path.endswith(".pyc")}
        unready = [
            path
            for path in placed
            if not path.startswith("opt/env/conda-meta/") and path not in brought
        ]
        checked = [
            path
            for path, data in root.files()
            if path.endswith(".pyc") and data[4:8] != b"\1\0\0\0"  # PEP 552: unchecked by its hash
        ]
        caches = {path for path in root.members if path.endswith(".pyc")}
        bare = [
            path
            for path, member in root.members.items()
            if path.endswith(".py")
            and member.size
            and f"{path.rpartition('/')[0]}/__pycache__/{Path(path).stem}.cpython-311.pyc"
            not in caches
        ]
        text = {
            path: root.read(path).decode()
            for path in ("opt/env/etc/greet.conf", "opt/env/bin/greet", "opt/env/bin/greet-py")
        }
        library = root.read("opt/env/lib/libgreet.so.1.1")
        native = root.read("opt/env/bin/greet-native")
        links = {path: m.linkname for path, m in root.members.items() if m.issym()}
        times = {member.mtime for member in root.members.values()}
        owners = {
            (member.uid, member.gid)
            for path, member in root.members.items()
            if not path.startswith("home/envc")
        }
        activate = root.read("opt/env/bin/envc-activate").decode()

    # Python, its libraries, a package's own and a wheel's: all of them are the platform's.
    assert set(elves.values()) == {MACHINES["linux-aarch64"]}
    assert {
        f"opt/env/bin/python{SERIES}",
        "opt/env/bin/greet-native",
        f"{SITE}/_greet_native.so",
        f"{SITE}/markupsafe/_speedups.cpython-311-aarch64-linux-gnu.so",
    } <= set(elves)
    assert (unready, checked, bare) == ([], [], [])
    assert f"{HOME}/__pycache__/abc.cpython-311.pyc" in brought
    assert {f"{SITE}/__pycache__/greet_ext.cpython-311.pyc", f"{SITE}/greeter/__init__.py"} < (
        caches | set(root.members)
    )
    assert text["opt/env/etc/greet.conf"] == "home=/opt/env\n"
    assert text["opt/env/bin/greet"] == '#!/bin/sh\necho "greetings from /opt/env, 1.1"\n'
    assert text["opt/env/bin/greet-py"].startswith(f"#!/opt/env/bin/python{SERIES}\n")
    # A binary keeps its length: what the prefix is shorter than its place goes to the string's end.
    assert b"\0/opt/env/share/greet\0" in library
    assert len(library) == len(b"\x7fgreet\0" + PLACEHOLDER.encode() + b"/share/greet\0") + 4
    assert native[64:].startswith(b"/opt/env/etc/greet.conf\0")
    assert native.endswith(b"\0end")
    assert {path: links[path] for path in ("opt/env/lib/libgreet.so", "opt/env/bin/python3")} == {
        "opt/env/lib/libgreet.so": "libgreet.so.1",
        "opt/env/bin/python3": f"python{SERIES}",
    }
    assert (times, owners) == ({FILE_TIME}, {(0, 0)})
    assert 'export GREET_HOME="/opt/env/share/greet"' in activate


def test_byte_code_that_the_tools_cannot_make_needs_the_platform_and_says_so(
    envc: Envc, spec: str
) -> None:
    lock = json.loads((envc.folder / "x.lock").read_text())
    for locked in lock["platforms"].values():
        locked["tools"]["python"] = "3.10.1"  # what is told of another one is done for it
    envc.write("x.lock", json.dumps(lock))

    done = envc("build", spec, "--platform", "all", exit_code=3)

    assert "error[E607]: the builder cannot run programs for `linux/arm64`" in done.stderr
    assert "note: what runs: byte code, which the tools' Python cannot make" in done.stderr
