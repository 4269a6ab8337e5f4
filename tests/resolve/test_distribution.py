"""Which distribution a Conda package provides."""

from __future__ import annotations

import functools
import json
import urllib.request

import pytest

from envc.resolve.conda import distribution
from envc.resolve.conda.distribution import distribution_of

CONDA_FORGE = "http://127.0.0.1:5080/conda-forge"


@pytest.mark.parametrize(
    ("name", "depends", "provided"),
    [
        ("numpy", ["libblas >=3.9", "python_abi 3.12.* *_cp312"], "numpy"),
        ("pytorch", ["python >=3.12,<3.13.0a0"], "torch"),
        ("matplotlib-base", ["python"], "matplotlib"),
        ("ruamel.yaml", ["python 3.12.*"], "ruamel-yaml"),
        ("jupyter_core", ["conda-forge::python>=3.9"], "jupyter-core"),
        ("Foo__Bar", ["python[version='>=3.9']"], "foo-bar"),
        ("libblas", ["libgcc >=13"], None),
        ("python", ["libffi >=3.4", "python_abi 3.12.*"], None),
        ("python_abi", ["python 3.12.*"], None),
        ("tzdata", [], None),
        ("tool", ["python-dateutil", "pythonnet"], None),
    ],
)
def test_package_provides(name: str, depends: list[str], provided: str | None) -> None:
    assert distribution_of(name, depends) == provided


@pytest.mark.parametrize(
    ("purls", "provided"),
    [
        (["pkg:pypi/Py_Torch@2.4?foo=1#bar"], "py-torch"),
        (["pkg:generic/other", "pkg:pypi/zope.interface"], "zope-interface"),
        (["pkg:generic/other"], "pytorch-like"),
    ],
)
def test_word_of_the_channel_comes_first(purls: list[str], provided: str) -> None:
    assert distribution_of("pytorch-like", ["python"], purls) == provided


@functools.cache
def _conda_forge() -> dict[str, list[list[str]]]:
    """Return the dependencies of each build of each package, or skip."""
    depends: dict[str, list[list[str]]] = {}
    for subdir in ("linux-64", "noarch"):
        try:
            with urllib.request.urlopen(f"{CONDA_FORGE}/{subdir}/repodata.json") as answer:
                repodata = json.load(answer)
        except OSError:
            pytest.skip(f"no conda-forge metadata at {CONDA_FORGE}; serve a copy of it there")
        for record in (*repodata["packages"].values(), *repodata["packages.conda"].values()):
            depends.setdefault(record["name"], []).append(record["depends"])
    return depends


@pytest.mark.parametrize(
    ("name", "provided"),
    [
        ("pandas", {"pandas"}),
        ("pytorch", {"torch"}),
        ("matplotlib-base", {"matplotlib"}),
        ("python-tzdata", {"tzdata"}),
        ("py-opencv", {"opencv-python"}),
        ("dask-core", {"dask"}),
        ("pytables", {"tables"}),
        ("python", {None}),
        ("python_abi", {None}),
        ("openssl", {None}),
        ("libopenblas", {None}),
    ],
)
def test_real_package_provides(name: str, provided: set[str | None]) -> None:
    builds = _conda_forge()[name]

    assert {distribution_of(name, depends) for depends in builds} == provided


def test_real_packages_bear_the_names_that_are_mapped() -> None:
    # conda-forge has these too, but the copy of its metadata is a part of the whole.
    beyond = {"python-duckdb", "python-igraph", "python-lmdb", "pytorch_geometric"}
    beyond |= {"ray-core", "tensorflow-base"}

    unknown = set(distribution._NAMES) - set(_conda_forge())

    assert unknown == beyond
