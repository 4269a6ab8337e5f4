"""envc's Conda answers are those of rattler alone, given the same channel, target and requirements."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.resolve.base import CondaRequest, CondaResolution, Requirement, VirtualPackage
from envc.resolve.rattler import Rattler
from support.conda_site import Site, names, silent
from support.conda_world import record

CANONICAL = "https://conda.anaconda.org/conda-forge"
CHANNEL = "http://127.0.0.1:5080/conda-forge"

# Requirements as environment files of the corpus have them, and mixtures of such. With `CUDA` and the
# last two, requirements that are given by name, with all else as constraints, bring other packages.
SETS = {
    "a notebook": ("python =3.12", "jupyterlab", "numpy", "pandas", "matplotlib"),
    "bounds": ("python >=3.10,<3.13", "numpy >=1.26,<2", "scipy >=1.11", "scikit-learn"),
    "R": ("r-base", "nodejs", "git"),
    "C++": ("xtensor", "xsimd"),
    "CUDA": ("python =3.13", "pytorch", "torchvision", "pillow"),
    "machine learning": ("python =3.11", "xgboost", "lightgbm", "statsmodels", "dask"),
    "an old setuptools": ("python =3.10", "pip", "setuptools <81", "wheel"),
    "many choices": (
        *("python =3.10", "zarr", "polars >=1.12.0", "fastapi", "bottleneck <1.6"),
        *("matplotlib <=3.10.8", "openssl >=3.5.2", "h5py <=3.12.1"),
    ),
    "many languages": (
        *("jupyterlab >=4.3.1", "bokeh <=3.8.1", "fastapi <=0.111.1", "r-base <=4.4.1"),
        *("xsimd >=14.1.0", "openssl", "nodejs <25.2"),
    ),
}

_TARGET = (
    ("__archspec", "1", "x86_64"),
    ("__cuda", "12.4", "0"),
    ("__glibc", "2.36", "0"),
    ("__linux", "5.10", "0"),
    ("__unix", "0", "0"),
)

# rattler's threads may crash a process that ends otherwise.
_ALONE = """
import asyncio, json, os, sys
from rattler import (
    BuildString, Channel, ChannelPriority, GenericVirtualPackage, PackageName, Version, solve,
)
channel, target, sets = json.load(sys.stdin)

async def answer(specs):
    virtual = [GenericVirtualPackage(PackageName(n), Version(v), BuildString(b)) for n, v, b in target]
    records = await solve(
        [Channel(channel)], specs, platforms=["linux-64", "noarch"], virtual_packages=virtual,
        channel_priority=ChannelPriority.Strict,
    )
    return sorted(record.url for record in records)

async def main():
    return {name: await answer(specs) for name, specs in sets.items()}

print(json.dumps(asyncio.run(main())), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def alone() -> dict[str, list[str]]:
    """Return the addresses that rattler alone answers with, sorted, by set.

    Requirements are sorted, as envc has it: their order tips the scales between equal solutions.
    """
    try:
        urllib.request.urlopen(f"{CHANNEL}/noarch/repodata.json.zst", timeout=5).close()
    except (urllib.error.URLError, OSError):
        pytest.skip(f"no conda-forge metadata at {CHANNEL}; serve a copy of it there")
    question = [CHANNEL, _TARGET, {name: sorted(specs) for name, specs in SETS.items()}]
    printed = subprocess.run(
        [sys.executable, "-c", _ALONE],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    answers: dict[str, list[str]] = json.loads(printed)
    return answers


@pytest.mark.parametrize("name", SETS)
def test_answer_is_that_of_rattler_alone(
    name: str, alone: dict[str, list[str]], tmp_path: Path
) -> None:
    request = CondaRequest(
        platform=PLATFORMS["linux/amd64"],
        channels=(CANONICAL,),
        requirements=tuple(Requirement(text=text) for text in SETS[name]),
        virtual_packages=(
            VirtualPackage(name="__cuda", version="12.4"),
            VirtualPackage(name="__glibc", version="2.36"),
        ),
        mirrors=MirrorMap(((CANONICAL, CHANNEL),)),
    )

    result = Rattler(cache=tmp_path, environment=os.environ).resolve(request, silent)

    assert isinstance(result, CondaResolution)
    expected = [address.replace(CHANNEL, CANONICAL) for address in alone[name]]
    assert sorted(package.url for package in result.packages) == expected


def test_requirement_is_served_by_a_later_channel_that_no_earlier_one_shadows(site: Site) -> None:
    site.add(
        first=[record("lib", "1.0")],
        second=[record("lib", "2.0"), record("app", "1.0"), record("app", "2.0", depends=["lib"])],
    )
    solver = Rattler(cache=site.cache, environment=os.environ)

    result = solver.resolve(site.request("app >=2", channels=["first", "second"]), silent)

    assert names(result) == ["app 2.0", "lib 1.0"]
