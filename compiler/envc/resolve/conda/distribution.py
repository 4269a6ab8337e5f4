"""Which Python distribution a Conda package provides: what pip must take as given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

__all__ = ["distribution_of", "package_of"]

# Python itself, in parts and by other names: pip takes its version from elsewhere.
_INTERPRETERS = frozenset(
    {
        "_python_abi3_support",
        "cpython",
        "pypy",
        "python",
        "python-abi3",
        "python-freethreading",
        "python-gil",
        "python-jit",
        "python_abi",
    }
)

# Where conda-forge's name is not PyPI's. A package that is only a `-base` or `-core` of another
# still brings the other's dist-info, and so what pip looks for.
_NAMES = {
    "antlr-python-runtime": "antlr4-python3-runtime",
    "astropy-base": "astropy",
    "brotli-python": "brotli",
    "coal-python": "coal",
    "cupy-core": "cupy",
    "dask-core": "dask",
    "docker-py": "docker",
    "fastapi-core": "fastapi",
    "geopandas-base": "geopandas",
    "h3-py": "h3",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "mujoco-python": "mujoco",
    "nbconvert-core": "nbconvert",
    "opencv": "opencv-python",
    "py-lief": "lief",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pyarrow-core": "pyarrow",
    "pyqt": "pyqt5",
    "pytables": "tables",
    "python-build": "build",
    "python-cityhash": "cityhash",
    "python-duckdb": "duckdb",
    "python-fastjsonschema": "fastjsonschema",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-igraph": "igraph",
    "python-installer": "installer",
    "python-libarchive-c": "libarchive-c",
    "python-librt": "librt",
    "python-lmdb": "lmdb",
    "python-lsp-server-base": "python-lsp-server",
    "python-tzdata": "tzdata",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "pytorch_geometric": "torch-geometric",
    "qtconsole-base": "qtconsole",
    "ray-core": "ray",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tiledb-py": "tiledb",
    "vtk-base": "vtk",
}


def distribution_of(name: str, depends: Iterable[str], purls: Iterable[str] = ()) -> str | None:
    """Return the normalised name (PEP 503) of the distribution a package provides, or None.

    A channel's own word (`pkg:pypi/…` among the record's `purls`, CEP 63) comes first. Otherwise
    a package that depends on Python provides the distribution of its name, where no other is known.

    >>> distribution_of("pytorch", ["python_abi 3.12.* *_cp312"])
    'torch'
    >>> distribution_of("python", ["libffi >=3.4"]) is None
    True
    """
    from packaging.utils import canonicalize_name

    if name in _INTERPRETERS:
        return None
    for purl in sorted(purls):
        if purl.startswith("pkg:pypi/"):
            return canonicalize_name(unquote(re.split(r"[@?#]", purl.removeprefix("pkg:pypi/"))[0]))
    if not any(package_of(dependency) in {"python", "python_abi"} for dependency in depends):
        return None
    return canonicalize_name(_NAMES.get(name, name))


def package_of(match_spec: str) -> str:
    """Return the package that a MatchSpec names, as it is written.

    >>> package_of("conda-forge::numpy>=1.26")
    'numpy'
    """
    return re.split(r"[\s=<>!~\[]", match_spec.rpartition("::")[2].strip(), maxsplit=1)[0]
