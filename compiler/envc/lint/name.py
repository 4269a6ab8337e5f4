"""Names of packages that are not what they seem: tables, and nothing else."""

from __future__ import annotations

__all__ = [
    "COMPILED",
    "CONDA_NAMES",
    "GPU_FROM_CONDA",
    "ONE_MACHINE",
    "OTHERWISE_NAMED",
    "OUTDATED",
    "PYPI_NAMES",
]

PYPI_NAMES = {
    "bs4": "beautifulsoup4",
    "crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "ldap": "python-ldap",
    "mysqldb": "mysqlclient",
    "pil": "pillow",
    "pytorch": "torch",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""What modules are called, and what brings them: on PyPI these names are stubs, strangers or nothing.

Names that are projects of their own, such as `jwt` or `docx`, are not among them.
"""

CONDA_NAMES = {
    "cv2": "opencv",
    "dateutil": "python-dateutil",
    "opencv-python": "opencv",
    "opencv-python-headless": "opencv",
    "pil": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
}
"""Names of modules or of PyPI that Conda's channels do not know, and what they call it."""

_STDLIB = "is a part of Python: this is a copy for older ones"
_DROPPED = "is not maintained any more"
_RENAMED = "has another name now"
OUTDATED: dict[str, tuple[str, str]] = {
    "argparse": (_STDLIB, ""),
    "asyncio": (_STDLIB, ""),
    "cudatoolkit": ("ends at CUDA 11", "cuda-version"),
    "dataclasses": (_STDLIB, ""),
    "distribute": (_RENAMED, "setuptools"),
    "enum34": (_STDLIB, ""),
    "futures": (_STDLIB, ""),
    "importlib": (_STDLIB, ""),
    "msgpack-python": (_RENAMED, "msgpack"),
    "nose": (_DROPPED, "pytest"),
    "nvidia-ml-py3": (_DROPPED, "nvidia-ml-py"),
    "pandas-profiling": (_RENAMED, "ydata-profiling"),
    "pathlib": (_STDLIB, ""),
    "pycrypto": (_DROPPED, "pycryptodome"),
    "pypdf2": (_RENAMED, "pypdf"),
    "tensorflow-gpu": (_RENAMED, "tensorflow"),
    "typing": (_STDLIB, ""),
    "unittest2": (_STDLIB, ""),
}
"""Packages that nobody should ask for today: why, and what to ask for instead; it may be empty."""

COMPILED = frozenset(
    {
        "h5py", "jax", "jaxlib", "matplotlib", "mpi4py", "netcdf4", "numba", "numpy", "opencv-python",
        "opencv-python-headless", "pandas", "polars", "pyarrow", "scikit-image", "scikit-learn",
        "scipy", "tables", "tensorflow", "torch", "torchaudio", "torchvision", "xgboost",
    }
)  # fmt: skip
"""Distributions with libraries of their own in their wheels, which Conda shares between packages."""

OTHERWISE_NAMED = {
    "matplotlib": ("matplotlib-base",),
    "opencv-python": ("opencv", "py-opencv"),
    "opencv-python-headless": ("opencv", "py-opencv"),
    "tables": ("pytables",),
    "torch": ("pytorch", "pytorch-cpu", "pytorch-gpu"),
}
"""Distributions that come from Conda packages of other names."""

ONE_MACHINE = frozenset(
    {
        "daal4py", "dpnp", "intel-extension-for-pytorch", "intel-openmp", "mkl", "mkl-devel",
        "mkl-fft", "mkl-include", "mkl-random", "mkl-service", "scikit-learn-intelex",
    }
)  # fmt: skip
"""Packages that exist for the processors of linux/amd64 only."""

GPU_FROM_CONDA = frozenset(
    {
        "cupy", "jaxlib", "lightgbm", "onnxruntime", "pytorch", "pytorch-gpu", "tensorflow",
        "tensorflow-gpu", "torchvision", "xgboost",
    }
)  # fmt: skip
"""Conda packages with builds for GPUs and without, between which Conda chooses by `__cuda`."""
