"""envc's Conda answers are those of rattler alone, given the same channels, target and requirements.

The channel is a part of the real conda-forge. Where it is, requirements of every kind are solved for
three platforms: as environment files have them, with build strings, with channels that have packages
of the same name, for machines with and without CUDA, and some that nothing can satisfy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envc.errors import InputError
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.resolve.base import (
    ChannelPriority,
    CondaRequest,
    CondaResolution,
    Conflict,
    Requirement,
    VirtualPackage,
)
from envc.resolve.conda.rattler import Rattler
from support.conda_channel import serve
from support.conda_site import Site, names, silent
from support.conda_world import record, write

CHANNELS = Path(__file__).parents[3] / "shared" / "channels"
CANONICAL = "https://conda.anaconda.org"

AMD64, ARM64 = PLATFORMS["linux/amd64"], PLATFORMS["linux/arm64"]
# No image is for it, but a solver knows no more of a platform than its subdir.
MACOS = Platform(name="osx/arm64", architecture="arm64", subdir="osx-arm64", machine="m1")
LINUX, ALL = (AMD64, ARM64), (AMD64, ARM64, MACOS)

CUDA = {"__glibc": "2.36", "__cuda": "12.4"}
FORGE = ("conda-forge",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is asked; `target` says more of Linux machines than that they have glibc 2.36."""

    specs: Sequence[str]
    platforms: Sequence[Platform] = ALL
    constraints: Sequence[str] = ()
    target: dict[str, str] = field(default_factory=dict)
    channels: Sequence[str] = FORGE
    priority: ChannelPriority = "strict"

    def virtual(self, platform: Platform) -> dict[str, str]:
        """Return what the machine has besides what follows from its platform."""
        return {"__osx": "13.0"} if platform == MACOS else {"__glibc": "2.36", **self.target}


CASES = {
    "a notebook": Case(
        specs=["python =3.12", "jupyterlab", "numpy", "pandas", "matplotlib"],
        platforms=[AMD64, MACOS],
    ),
    "bounds": Case(
        specs=["python >=3.10,<3.13", "numpy >=1.26,<2", "scipy >=1.11", "scikit-learn"]
    ),
    "an or": Case(specs=["python 3.11.*|3.12.*", "numpy"]),
    "an exclusion": Case(specs=["python >=3.11,!=3.12.*", "numpy"]),
    "compatible releases": Case(specs=["python ~=3.12.0", "pandas ~=2.2"]),
    "a fuzzy version": Case(specs=["openssl =3.5", "git"], platforms=[AMD64, MACOS]),
    "an exact version": Case(specs=["openssl ==3.5.2", "curl"], platforms=[AMD64, MACOS]),
    "an old setuptools": Case(
        specs=["python =3.10", "pip", "setuptools <81", "wheel"], platforms=[AMD64, MACOS]
    ),
    "an old Python": Case(specs=["python 3.9.*", "numpy 1.*"], platforms=[AMD64, MACOS]),
    "noarch alone": Case(specs=["flask", "requests", "click"]),
    "noarch beside arch": Case(specs=["python-tzdata", "pytz", "pyarrow >=15", "pandas >=2"]),
    "R": Case(specs=["r-base", "nodejs", "git"], platforms=[AMD64, MACOS]),
    "C++": Case(specs=["xtensor", "xsimd", "cmake"]),
    "compilers": Case(specs=["compilers", "make"]),
    "maps": Case(specs=["libgdal-core"]),
    "films, by a licence in the build": Case(specs=["ffmpeg * gpl*"]),
    "machine learning": Case(
        specs=["python =3.11", "xgboost", "lightgbm", "statsmodels", "dask"], platforms=[AMD64]
    ),
    "many choices": Case(
        specs=[
            *("python =3.10", "zarr", "polars >=1.12.0", "fastapi", "bottleneck <1.6"),
            *("matplotlib <=3.10.8", "openssl >=3.5.2", "h5py <=3.12.1"),
        ],
        platforms=[AMD64],
    ),
    "many languages": Case(
        specs=[
            *("jupyterlab >=4.3.1", "bokeh <=3.8.1", "fastapi <=0.111.1", "r-base <=4.4.1"),
            *("xsimd >=14.1.0", "openssl", "nodejs <25.2"),
        ],
        platforms=[AMD64],
    ),
    "BLAS by its build": Case(specs=["numpy", "libblas * *openblas"]),
    "another BLAS": Case(specs=["scipy", "blas * mkl"], platforms=[AMD64]),
    "no MPI": Case(specs=["h5py", "hdf5 * nompi*"]),
    "a Python without its lock": Case(specs=["python 3.13.* *_cp313t"], platforms=[AMD64, MACOS]),
    "the first build": Case(specs=["numpy[version='>=2',build_number=0]"]),
    "CUDA that the machine has": Case(
        specs=["python =3.13", "pytorch", "torchvision", "pillow"],
        platforms=[AMD64],
        target=CUDA,
    ),
    "CUDA by its build": Case(
        specs=["pytorch * cuda*", "python 3.12.*"], platforms=[AMD64], target=CUDA
    ),
    "no CUDA": Case(specs=["pytorch", "python 3.12.*"], platforms=[AMD64]),
    "no CUDA by its build": Case(
        specs=["pytorch * cpu*", "python 3.12.*"], platforms=[AMD64], target=CUDA
    ),
    "arrays on CUDA": Case(specs=["cupy", "python 3.12.*"], platforms=[AMD64], target=CUDA),
    "CUDA's own toolkit": Case(specs=["cudatoolkit 11.8.*"], platforms=[AMD64], target=CUDA),
    "an old C library": Case(
        specs=["python 3.12.*", "numpy"], platforms=LINUX, target={"__glibc": "2.17"}
    ),
    "a C library in between": Case(
        specs=["cmake", "nodejs"], platforms=LINUX, target={"__glibc": "2.28"}
    ),
    "a claim on the machine": Case(specs=["__glibc >=2.28", "zlib"], platforms=LINUX),
    "constraints": Case(
        specs=["python 3.12.*", "pandas"], constraints=["numpy <2.3", "openssl <3.6"]
    ),
    "a constraint on a build": Case(
        specs=["scipy"], constraints=["libblas * *openblas", "nosuch <1"]
    ),
    "a name in two channels, the first one's": Case(
        specs=["python 3.12.*", "click"], channels=["extra", "conda-forge"]
    ),
    "a name in two channels, the second one shadowed": Case(
        specs=["python 3.12.*", "click"], channels=["conda-forge", "extra"]
    ),
    "a name in two channels, the newest": Case(
        specs=["python 3.12.*", "click"], channels=["conda-forge", "extra"], priority="disabled"
    ),
    "a dependency in two channels": Case(
        specs=["python 3.12.*", "flask"], channels=["extra", "conda-forge"]
    ),
    "a channel for one package": Case(
        specs=["python 3.12.*", "house-tool"], channels=["extra", "conda-forge"]
    ),
}

# rattler's threads may crash a process that ends otherwise.
_ALONE = """
import asyncio, json, os, sys
from pathlib import Path
from rattler import (
    BuildString, Channel, ChannelPriority, Gateway, GenericVirtualPackage, PackageName, Version, solve,
)
channels, subdir, target, specs, constraints, priority, cache = json.load(sys.stdin)

async def answer():
    virtual = [GenericVirtualPackage(PackageName(n), Version(v), BuildString(b)) for n, v, b in target]
    records = await solve(
        [Channel(one) for one in channels], specs, platforms=[subdir, "noarch"],
        gateway=Gateway(cache_dir=Path(cache)), virtual_packages=virtual, constraints=constraints,
        channel_priority=getattr(ChannelPriority, priority.capitalize()),
    )
    return sorted(record.url for record in records)

print(json.dumps(asyncio.run(answer())), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the real channel, and one that has packages of the same names."""
    if not CHANNELS.is_dir():
        pytest.skip(f"no metadata of conda-forge in {CHANNELS}; put a copy of it there")
    folder = tmp_path_factory.mktemp("channels")
    write(
        folder,
        {
            "extra": [
                record("click", "99.0", subdir="noarch", depends=["python"]),
                record("click", "8.1.0", subdir="noarch", depends=["python"]),
                record("werkzeug", "3.1.0", subdir="noarch", depends=["python", "markupsafe"]),
                record("house-tool", "1.0", subdir="noarch", depends=["python", "requests"]),
            ]
        },
    )
    (folder / "conda-forge").symlink_to(CHANNELS.resolve() / "conda-forge")
    with serve(folder) as served:
        yield served


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What channels say is read once for all tests, by envc and by rattler alone."""
    return tmp_path_factory.mktemp("cache")


def ask(case: Case, platform: Platform, address: str, cache: Path) -> CondaResolution | Conflict:
    request = CondaRequest(
        platform=platform,
        channels=tuple(f"{CANONICAL}/{channel}" for channel in case.channels),
        requirements=tuple(Requirement(text=text) for text in case.specs),
        constraints=tuple(Requirement(text=text) for text in case.constraints),
        virtual_packages=tuple(
            VirtualPackage(name=name, version=version)
            for name, version in sorted(case.virtual(platform).items())
        ),
        channel_priority=case.priority,
        mirrors=MirrorMap(((CANONICAL, address),)),
    )
    return Rattler(cache=cache, environment=os.environ).resolve(request, silent)


def ask_alone(case: Case, platform: Platform, address: str, cache: Path) -> list[str]:
    """Return the addresses that rattler alone answers with, sorted.

    Requirements are sorted, as envc has them: their order tips the scales between equal solutions.
    """
    kernel = {} if platform == MACOS else {"__linux": "5.10"}
    target = {"__unix": "0", **kernel, **case.virtual(platform)}
    virtual = [(name, version, "0") for name, version in target.items()]
    question = [
        [f"{address}/{channel}" for channel in case.channels],
        platform.subdir,
        sorted([*virtual, ("__archspec", "1", platform.machine)]),
        sorted(case.specs),
        sorted(case.constraints),
        case.priority,
        str(cache / "alone"),
    ]
    printed = subprocess.run(
        [sys.executable, "-c", _ALONE],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    urls: list[str] = json.loads(printed)
    return urls


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        pytest.param(name, platform, id=f"{name} on {platform.subdir}")
        for name, case in CASES.items()
        for platform in case.platforms
    ],
)
def test_answer_is_that_of_rattler_alone(
    name: str, platform: Platform, address: str, cache: Path
) -> None:
    expected = ask_alone(CASES[name], platform, address, cache)

    result = ask(CASES[name], platform, address, cache)

    assert isinstance(result, CondaResolution)
    found = [package.url.replace(CANONICAL, address) for package in result.packages]
    assert sorted(found) == expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A question that nothing can satisfy, and what a user is told.

    Attributes:
        hint: Its beginning.
        causes: The requirements whose lines are shown.
        chain: What the explanation names, from the requirement down to what lacks.
    """

    case: Case
    message: str
    hint: str
    causes: Sequence[str]
    chain: Sequence[str] = ()


_TOGETHER = "the Conda requirements cannot be installed together on linux/amd64"
_LOOSEN = "loosen one of them, or let another channel serve them"
_NOTHING = "nothing in `https://conda.anaconda.org/conda-forge` fits `{}` on linux/amd64"

REFUSALS = {
    "a package for another Python": Refusal(
        case=Case(specs=["python 3.12.*", "numpy <1.20", "zlib"]),
        message=_TOGETHER,
        hint=_LOOSEN,
        causes=["python 3.12.*", "numpy <1.20"],
        chain=["numpy <1.20 cannot", "numpy 1.18.5 would require", "python >=3.8,<3.9.0a0, for"],
    ),
    "a dependency of a dependency": Refusal(
        case=Case(specs=["gdal 3.8.*", "numpy >=2"]),
        message=_TOGETHER,
        hint=_LOOSEN,
        causes=["gdal 3.8.*", "numpy >=2"],
        chain=["gdal 3.8.* cannot", "gdal 3.8.5 would require", "numpy >=1.26.4,<2.0a0, for"],
    ),
    "two builds of one package": Refusal(
        case=Case(specs=["libblas * *mkl", "libblas * *openblas"]),
        message=_TOGETHER,
        hint=_LOOSEN,
        causes=["libblas * *mkl", "libblas * *openblas"],
        chain=["libblas * *openblas cannot", "libblas * *mkl cannot"],
    ),
    "a constraint": Refusal(
        case=Case(specs=["python 3.12.*", "pandas >=3"], constraints=["numpy <1.22"]),
        message=_TOGETHER,
        hint=_LOOSEN,
        causes=["pandas >=3", "numpy <1.22"],
        chain=["pandas 3.0.", "numpy >=1.2", "the constraint numpy <1.22 cannot be fulfilled"],
    ),
    "a build that there is not": Refusal(
        case=Case(specs=["numpy", "libblas * *accelerate"]),
        message=_NOTHING.format("libblas * *accelerate"),
        hint="`libblas` 3.11.0 is there as `1_h4a7cf45_openblas`, ",
        causes=["libblas * *accelerate"],
    ),
    "a version that there is not": Refusal(
        case=Case(specs=["numpy >=99"]),
        message=_NOTHING.format("numpy >=99"),
        hint="the newest `numpy` there is 2.5.1",
        causes=["numpy >=99"],
    ),
    "a machine without CUDA": Refusal(
        case=Case(specs=["pytorch * cuda*", "python 3.12.*"]),
        message="`pytorch * cuda*` cannot be installed on linux/amd64",
        hint="the target provides no `__cuda`: ask for a build that does not need it",
        causes=["pytorch * cuda*"],
        chain=["pytorch * cuda* cannot", "__cuda *, for which no candidates were found"],
    ),
    "a machine with an old CUDA": Refusal(
        case=Case(specs=["ffmpeg * lgpl*"], target=CUDA),
        message="`ffmpeg * lgpl*` cannot be installed on linux/amd64",
        hint="the target has `__cuda` 12.4, which comes from `cuda` or `virtual-packages`: ",
        causes=["ffmpeg * lgpl*"],
        chain=["ffmpeg 8.0.1 would constrain", "__cuda >=12.8, which conflicts"],
    ),
    "a machine with an old C library": Refusal(
        case=Case(specs=["nodejs >=24"], target={"__glibc": "2.17"}),
        message="`nodejs >=24` cannot be installed on linux/amd64",
        hint="the target has `__glibc` 2.17, which comes from the base or `virtual-packages`: ",
        causes=["nodejs >=24"],
        chain=["nodejs >=24 cannot", "__glibc >=2.28,<3.0.a0, for which no candidates"],
    ),
    "a claim on the machine": Refusal(
        case=Case(specs=["__glibc >=2.40", "zlib"]),
        message="the target provides no `__glibc >=2.40`",
        hint="the target has `__glibc` 2.36, which comes from the base or `virtual-packages`: ",
        causes=["__glibc >=2.40"],
    ),
    "a channel that shadows another": Refusal(
        case=Case(specs=["click >=99"], channels=["conda-forge", "extra"]),
        message="nothing in `https://conda.anaconda.org/conda-forge` fits `click >=99`, and it comes "
        "before `https://conda.anaconda.org/extra`, which has what fits",
        hint="channel priority is strict: name the channel in the requirement ",
        causes=["click >=99"],
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_is_told_in_the_terms_of_the_spec(
    name: str, address: str, cache: Path
) -> None:
    refusal = REFUSALS[name]

    told = ask(refusal.case, AMD64, address, cache)

    assert isinstance(told, Conflict)
    assert told.message == refusal.message
    assert told.hint.startswith(refusal.hint)
    assert [cause.text for cause in told.causes] == list(refusal.causes)
    assert [part for part in refusal.chain if part not in told.explanation] == []
    assert bool(told.explanation) == bool(refusal.chain)
    assert address not in f"{told.message}{told.explanation}{told.hint}"


def test_a_package_for_other_platforms_says_which(address: str, cache: Path) -> None:
    with pytest.raises(InputError) as caught:
        ask(Case(specs=["cupy"]), MACOS, address, cache)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        "E301",
        "no channel has a package `cupy` for osx/arm64",
        "only linux-64 and linux-aarch64 have it: use another package or channel, "
        "or drop the platform",
    )


def test_requirement_is_served_by_a_later_channel_that_no_earlier_one_shadows(site: Site) -> None:
    site.add(
        first=[record("lib", "1.0")],
        second=[record("lib", "2.0"), record("app", "1.0"), record("app", "2.0", depends=["lib"])],
    )
    solver = Rattler(cache=site.cache, environment=os.environ)

    result = solver.resolve(site.request("app >=2", channels=["first", "second"]), silent)

    assert names(result) == ["app 2.0", "lib 1.0"]
