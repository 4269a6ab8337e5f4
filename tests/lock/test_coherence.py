"""Whether a lock is whole: each part may be right, and not all of them together."""

from __future__ import annotations

from typing import Any

import pytest

from envc.lock.coherence import contradictions
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage, PipPackage, SourcePackage

DIGEST = "sha256:" + "a" * 64
HERE = ("platforms", "linux/amd64")


def wheel(name: str, version: str = "1.0", filename: str | None = None) -> PipPackage:
    file = filename or f"{name}-{version}-py3-none-any.whl"
    return PipPackage(
        name=name, version=version, url=f"https://files.example/{file}", sha256="b" * 64
    )


def conda(
    name: str, *depends: str, version: str = "1.0", filename: str | None = None, provides: str = ""
) -> CondaPackage:
    file = filename or f"{name}-{version}-0.conda"
    return CondaPackage(
        name=name,
        version=version,
        build="0",
        subdir="noarch",
        channel="https://conda.example/main",
        url=f"https://conda.example/main/noarch/{file}",
        sha256="c" * 64,
        depends=depends,
        distribution=provides or None,
    )


def found(intent: dict[str, Any] | None = None, **parts: Any) -> list[tuple[Any, str]]:
    platform = PlatformLock(
        base=BaseImage(image="docker.io/library/debian:12", digest=DIGEST, glibc="2.36"),
        tools=parts.pop("tools", Tools(image="docker.io/library/python:3.12", digest=DIGEST)),
        **parts,
    )
    lock = Lock(intent=Intent(base="debian:12", **intent or {}), platforms={HERE[1]: platform})
    return list(contradictions(lock))


def test_a_lock_that_envc_wrote_is_whole() -> None:
    python = conda("python", version="3.12.7", filename="python-3.12.7-0.tar.bz2")
    epoch = conda(
        "x264", "__glibc >=2.17", version="1!164.3095", filename="x264-1%21164.3095-0.conda"
    )

    assert not found(
        {
            "conda": ("numpy >=1", "X264", "osx on linux/arm64", "__glibc >=2.17", "__unix"),
            "pip": (
                "NumPy",
                "six",
                "pets",
                "gone ; python_version < '3'",
                "other on linux/arm64",
                "never",
            ),
            "wheels": ("dist/pets-1.0-py3-none-any.whl",),
            "pip_overrides": ("never ; sys_platform == 'win32'",),
        },
        conda=(
            conda("numpy", "python >=3.12", "main::X264", "PyYAML", provides="numpy"),
            python,
            epoch,
            conda("pyYAML"),
        ),
        pip=(
            PipPackage(
                name="pets", version="1.0", path="dist/pets-1.0-py3-none-any.whl", sha256="d" * 64
            ),
            wheel("six", "1.0.post1", "Six-1.0_post1-1-py2.py3-none-any.whl"),
            wheel("torch", "2.4.1+cpu", "torch-2.4.1%2Bcpu-cp312-cp312-linux_x86_64.whl"),
            wheel("zope-interface", "5.0", "zope.interface-5.0.0-py3-none-any.whl"),
        ),
        build=(wheel("setuptools", "70.0"), wheel("setuptools", "80.0")),
        python=Python(version="3.12.7", origin="conda"),
    )


@pytest.mark.parametrize(
    ("parts", "path", "claim"),
    [
        (
            {"pip": (wheel("a"), wheel("b"), wheel("a", "2.0"))},
            ("pip", 2),
            "the lock has `a` twice",
        ),
        ({"conda": (conda("a"), conda("a"))}, ("conda", 1), "the lock has `a` twice"),
        (
            {
                "pip": (wheel("a"),),
                "sources": (
                    SourcePackage(
                        name="a",
                        version="1.0",
                        kind="folder",
                        path="a",
                        sha256="e" * 64,
                        backend="flit_core.buildapi",
                    ),
                ),
            },
            ("sources", 0),
            "the lock has `a` twice",
        ),
        (
            {"conda": (conda("a", "python >=3", "b"), conda("python"))},
            ("conda", 0),
            "`a` needs `b`, which the lock lacks",
        ),
        (
            {"conda": (conda("a", version="2.0", filename="a-1.0-0.conda"),)},
            ("conda", 0, "url"),
            "it is not the address of `a-2.0-0`",
        ),
        (
            {"pip": (wheel("a", "2.0", "a-1.0-py3-none-any.whl"),)},
            ("pip", 0),
            "`a-1.0-py3-none-any.whl` is not a wheel of `a` 2.0",
        ),
        (
            {"pip": (wheel("a", "1.0", "evil-1.0-py3-none-any.whl"),)},
            ("pip", 0),
            "`evil-1.0-py3-none-any.whl` is not a wheel of `a` 1.0",
        ),
        (
            {"build": (wheel("a", "1.0", "a-1.0.tar.gz"),)},
            ("build", 0),
            "`a-1.0.tar.gz` is not a wheel of `a` 1.0",
        ),
        (
            {
                "tools": Tools(
                    image="docker.io/library/python:3.12",
                    digest=DIGEST,
                    packages={"amd64": (wheel("uv", "1.0", "uv-what-py3-none-any.whl"),)},
                )
            },
            ("tools", "packages", "amd64", 0),
            "`uv-what-py3-none-any.whl` is not a wheel of `uv` 1.0",
        ),
        (
            {
                "conda": (conda("python", version="3.12.7"),),
                "python": Python(version="3.12.6", origin="conda"),
            },
            ("python",),
            "`conda` has Python 3.12.7",
        ),
    ],
)
def test_what_cannot_be_beside_the_rest_is_told(
    parts: dict[str, Any], path: tuple[str | int, ...], claim: str
) -> None:
    assert found(**parts) == [((*HERE, *path), claim)]


@pytest.mark.parametrize(
    ("intent", "name"),
    [
        ({"conda": ("numpy >=1",)}, "numpy"),
        ({"pip": ("zope-interface[x]>=1",)}, "zope-interface"),
        ({"pip": ("six on linux/amd64",)}, "six"),
        ({"wheels": ("dist/pets-1.0-py3-none-any.whl",)}, "dist/pets-1.0-py3-none-any.whl"),
        ({"sources": ("libs/pets",)}, "libs/pets"),
    ],
)
def test_what_a_lock_was_made_for_is_in_it(intent: dict[str, tuple[str, ...]], name: str) -> None:
    assert found(intent) == [(HERE, f"it lacks `{name}`, which it was made for")]
