"""What the end-to-end tests share: the command as users run it, and images that go away again."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Envc, ServedChannel
from support.conda_channel import build, serve
from support.engine import EngineWorld, list_images, open_engine_world


@pytest.fixture(scope="session")
def world() -> Iterator[EngineWorld]:
    """The real engine and its registries."""
    opened = open_engine_world()
    yield opened
    opened.engine.close()


@pytest.fixture(scope="session")
def envc_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: metadata is fetched once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedChannel]:
    """The channel of real packages, served to solvers and to the engine."""
    folder = tmp_path_factory.mktemp("channel")
    built = build(folder)
    with serve(folder) as url:
        yield ServedChannel(channel=built, url=url)


@pytest.fixture
def envc(tmp_path: Path, envc_cache: Path, world: EngineWorld) -> Iterator[Envc]:
    """The command, in an empty folder; its images are removed afterwards."""
    repository = f"envc-test-{uuid.uuid4().hex[:12]}"
    tools = {"ENVC_TOOLS_IMAGE": world.python_base}
    yield Envc(folder=tmp_path, cache=envc_cache, repository=repository, variables=tools)
    listed = list_images()
    images = [name for name in listed if repository in name and not name.endswith(":<none>")]
    if images:
        subprocess.run(
            ["docker", "image", "rm", "--force", *images], capture_output=True, check=True
        )


@pytest.fixture
def two_platform_base(tmp_path_factory: pytest.TempPathFactory, world: EngineWorld) -> str:
    """A base that is the Python base on amd64; on arm64 its programs are of that platform, and do
    nothing: they are there to be looked at."""
    folder = tmp_path_factory.mktemp("arm64")
    (folder / "Dockerfile").write_text("FROM scratch\nENV PYTHON_VERSION=3.11.2\nCOPY root /\n")
    # A header of ELF, 64 bits, for AArch64, and what Python's own program has of its version.
    header = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\xb7\0\1" + bytes(100) + b"3.11.2\0"
    for path in ("bin/sh", "usr/bin/python3"):
        program = folder / "root" / path
        program.parent.mkdir(parents=True)
        program.write_bytes(header)
        program.chmod(0o755)
    library = folder / "root/usr/lib/python3.11/os.py"
    library.parent.mkdir(parents=True)
    library.touch()
    arm64 = f"{world.registry}/envc-test-python:bookworm-arm64"
    both = f"{world.registry}/envc-test-python:bookworm"
    build = ["docker", "buildx", "build", "--quiet", "--platform=linux/arm64", "--provenance=false"]
    subprocess.run([*build, "--push", "-t", arm64, str(folder)], capture_output=True, check=True)
    create = ["docker", "buildx", "imagetools", "create", "-t", both, world.python_base, arm64]
    subprocess.run(create, capture_output=True, check=True)
    return both
