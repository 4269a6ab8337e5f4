"""A spec, a lock of it that needs no network, and what the command line did with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from envc.lock.intent import intent
from envc.lock.model import BaseImage, Lock, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage, PipPackage
from envc.source import Source
from envc.spec.load import load
from envc.syntax import parse

SPEC = """\
environment pets

base image "python:3.12-slim-bookworm"
python 3.12
pip { six ==1.17.* }
copy "src/" to "/app"
"""


CONDA_SPEC = """\
environment science
base image "debian:bookworm-slim"
conda { numpy >=1.26 }
"""

VOUCHED = ("numpy >=1.26",)
"""The Conda requirements of CONDA_SPEC, which no test needs to ask rattler about."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What the command line did."""

    code: int
    out: str
    err: str


EnvcMain = Callable[..., Ran]


def _package(name: str, version: str) -> PipPackage:
    return PipPackage(
        name=name,
        version=version,
        url=f"https://files.pythonhosted.org/{name}-{version}-py3-none-any.whl",
        sha256="b" * 64,
        index="https://pypi.org/simple",
    )


def lock_of(text: str) -> Lock:
    """Return a lock of a spec in the DSL, with `six` for whatever it asks of pip."""
    spec = load(parse(Source(name="pets.envc", text=text)), vouched=VOUCHED)
    digest = "sha256:" + "a" * 64
    image = "docker.io/library/python:3.12-slim-bookworm"
    platform = PlatformLock(
        base=BaseImage(image=image, digest=digest, python="3.12.7", glibc="2.36"),
        python=Python(version="3.12.7", origin="base"),
        tools=Tools(
            image=image,
            digest=digest,
            python="3.12.7",
            packages={"amd64": (_package("uv", "0.9"),), "arm64": (_package("uv", "0.9"),)},
        ),
        pip=(_package("six", "1.17.0"),),
    )
    if spec.conda.packages:
        conda = CondaPackage(
            name="numpy",
            version="2.0",
            build="0",
            subdir="linux-64",
            channel="https://conda.anaconda.org/conda-forge",
            url="https://conda.anaconda.org/conda-forge/linux-64/numpy-2.0-0.conda",
            sha256="c" * 64,
        )
        platform = platform.model_copy(update={"conda": (conda,), "pip": (), "python": None})
    return Lock(intent=intent(spec), platforms=dict.fromkeys(spec.platforms, platform))


def snapshot(folder: Path) -> dict[str, tuple[str, int]]:
    """Return every file's content and time."""
    return {
        path.relative_to(folder).as_posix(): (path.read_text(), os.stat(path).st_mtime_ns)  # noqa: PTH116
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
