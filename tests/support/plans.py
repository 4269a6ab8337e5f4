"""Specs, locks and plans for tests of what comes after the solvers, made by hand and small."""

from __future__ import annotations

from typing import Any

from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage, PipPackage
from envc.mirror import MirrorMap
from envc.plan.inputs import Inputs
from envc.plan.instruction import BuildPlan
from envc.plan.lower import lower
from envc.resources import read_scripts
from envc.source import Source
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

BASE = BaseImage(
    image="docker.io/library/python:3.12-slim",
    digest="sha256:" + "b" * 64,
    python="3.12.7",
    glibc="2.36",
)
DEBIAN = BaseImage(
    image="docker.io/library/debian:bookworm-slim", digest="sha256:" + "d" * 64, glibc="2.36"
)
BARE = PlatformLock(base=BASE, tools=Tools(image=BASE.image, digest=BASE.digest))
"""A platform's lock for which nothing is installed."""
CHANNEL = "https://conda.anaconda.org/conda-forge"


def wheel(name: str, version: str = "1.0", **changes: Any) -> PipPackage:
    """Return a wheel of PyPI's; its digest is that of its name's first letter."""
    file = f"{name}-{version}-py3-none-any.whl"
    fields = {
        "name": name,
        "version": version,
        "url": f"https://files.pythonhosted.org/packages/{file}",
        "sha256": f"{ord(name[0]):02x}" * 32,
        "index": "https://pypi.org/simple",
    }
    return PipPackage.model_validate({**fields, **changes})


def conda_package(
    name: str, version: str = "1.0", build: str = "0", **changes: Any
) -> CondaPackage:
    """Return a package of conda-forge's for linux-64; its digest is that of its name's first letter."""
    fields = {
        "name": name,
        "version": version,
        "build": build,
        "subdir": "linux-64",
        "channel": CHANNEL,
        "url": f"{CHANNEL}/linux-64/{name}-{version}-{build}.conda",
        "sha256": f"{ord(name[0]):02x}" * 32,
    }
    return CondaPackage.model_validate({**fields, **changes})


def pip_lock(*packages: PipPackage) -> PlatformLock:
    """Return a platform's lock for a base that has Python 3.12.7 and installs by itself."""
    return PlatformLock(
        base=BASE,
        python=Python(version="3.12.7", origin="base"),
        tools=Tools(
            image=BASE.image,
            digest=BASE.digest,
            python="3.12.7",
            packages={"amd64": (wheel("uv", "0.9.0"),), "arm64": (wheel("uv", "0.9.0"),)},
        ),
        pip=packages,
    )


def conda_lock(*packages: CondaPackage, pip: tuple[PipPackage, ...] = ()) -> PlatformLock:
    """Return a platform's lock for plain Debian, with Python from Conda and tools of their own."""
    tools = (wheel("py-rattler", "0.28.0"), wheel("uv", "0.9.0"))
    return PlatformLock(
        base=DEBIAN,
        python=Python(version="3.12.7", origin="conda"),
        tools=Tools(
            image=BASE.image,
            digest=BASE.digest,
            python="3.12.7",
            packages={"amd64": tools, "arm64": tools},
        ),
        conda=packages,
        pip=pip,
    )


def plan_of(
    data: dict[str, Any],
    platforms: dict[str, PlatformLock],
    inputs: Inputs | None = None,
    mirrors: MirrorMap | None = None,
    *,
    is_vendored: bool = False,
) -> BuildPlan:
    """Return the plan of a spec given as data."""
    source = Source(name="spec.yaml", text="spec\n")
    span = source.span(0, 4)
    document = Document(source=source, data=data, spans={(): span}, key_spans={})
    spec = EnvSpec.model_validate({"platforms": list(platforms), **data})
    return lower(
        spec,
        document,
        Lock(intent=Intent(base="unused"), platforms=platforms),
        inputs or Inputs(),
        scripts=read_scripts(),
        mirrors=mirrors or MirrorMap(),
        is_vendored=is_vendored,
    )
