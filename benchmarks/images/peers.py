"""What people write by hand, and what other programs write for them, for the same packages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["CONDA_BASE", "conda_base", "write_conda", "write_pip", "write_repo2docker"]

_PIP = """\
FROM {base}
COPY requirements.txt /
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\
    python3 -m pip install {options}--break-system-packages --quiet -r /requirements.txt
"""

# As its documentation has it, without Spark, ldconfig's stubs of CUDA, and what switches proxies off.
_CONDA = """\
FROM {base}
USER root
RUN mkdir -p $HOME/.cache
WORKDIR /
COPY mutated_conda_dependencies.yml azureml-environment-setup/mutated_conda_dependencies.yml
RUN conda env create -q -p /azureml-envs/azureml_bench \\
        -f azureml-environment-setup/mutated_conda_dependencies.yml && \\
    rm -rf "$HOME/.cache/pip" && conda clean -aqy && \\
    CONDA_ROOT_DIR=$(conda info --base) && rm -rf "$CONDA_ROOT_DIR/pkgs" && \\
    find "$CONDA_ROOT_DIR" -type d -name __pycache__ -exec rm -rf {{}} + && ldconfig
ENV PATH=/azureml-envs/azureml_bench/bin:$PATH
ENV AZUREML_CONDA_ENVIRONMENT_PATH=/azureml-envs/azureml_bench
ENV LD_LIBRARY_PATH=/azureml-envs/azureml_bench/lib:$LD_LIBRARY_PATH
CMD ["bash"]
"""

CONDA_BASE = "envc-bench-conda-base:1"
# Conda is not on PyPI, its solver libmamba even less: its own source, with the solver it brings.
_CONDA_BASE = """\
FROM {base}
COPY wheels /tmp/wheels
RUN python3 -m venv /opt/miniconda && \\
    /opt/miniconda/bin/pip install -q --no-cache-dir --no-index --no-deps /tmp/wheels/*.whl && \\
    printf '#!/bin/sh\\nexec /opt/miniconda/bin/python -m conda "$@"\\n' >/usr/local/bin/conda && \\
    chmod 755 /usr/local/bin/conda && rm -rf /tmp/wheels
ENV CONDA_SOLVER=classic CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY=false
"""
_CONDA_NEEDS = (
    "archspec", "backports.zstd", "boltons", "charset-normalizer", "conda-package-handling", "distro",
    "frozendict", "msgpack", "packaging", "platformdirs", "pluggy", "pycosat", "requests",
    "ruamel.yaml", "setuptools", "tqdm", "truststore",
)  # fmt: skip

_RENDER = """\
import json, os, sys
from pathlib import Path
import repo2docker.buildpacks
from repo2docker.buildpacks import PythonBuildPack
os.chdir(sys.argv[1])
pack = PythonBuildPack(base_image=sys.argv[2])
pack.platform = "linux/amd64"
print(json.dumps({
    "text": pack.render({"NB_USER": "jovyan", "NB_UID": "1000"}),
    "folder": str(Path(repo2docker.buildpacks.__file__).parent),
}))
"""
# Its Conda, with node and a notebook server, comes from hosts that are out of reach here.
_ITS_PYTHON = (
    "RUN python3 -m venv ${NB_PYTHON_PREFIX} && chown -R ${NB_USER}:${NB_USER} ${CONDA_DIR}\n"
)
_INSTRUCTION = re.compile(
    r"^(?:RUN|COPY|FROM|ENV|ARG|USER|WORKDIR|EXPOSE|CMD|ENTRYPOINT)\b(?:.*\\\n)*.*\n", re.MULTILINE
)


def write_pip(folder: Path, base: str, requirements: str, *, keeps_cache: bool) -> None:
    """Write one `RUN pip install`."""
    folder.mkdir(exist_ok=True)
    (folder / "requirements.txt").write_text(requirements)
    options = "" if keeps_cache else "--no-cache-dir "
    (folder / "Dockerfile").write_text(_PIP.format(base=base, options=options))


def write_repo2docker(folder: Path, base: str, requirements: str, python: str) -> None:
    """Write what jupyter-repo2docker renders, without what cannot be had here: a lower bound.

    Left out are its Debian packages and its Conda with node and the notebook server, in whose place an
    empty virtual environment stands. All else is as it was rendered.

    Args:
        python: An interpreter that has jupyter-repo2docker.
    """
    source = folder / "src"
    source.mkdir(parents=True, exist_ok=True)
    (source / "requirements.txt").write_text(requirements)
    (source / "runtime.txt").write_text("python-3.11\n")
    words = [python, "-c", _RENDER, str(source), base]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    rendered = json.loads(done.stdout)
    for name in ("python3-login", "repo2docker-entrypoint"):
        shutil.copyfile(Path(rendered["folder"], name), folder / name)
    text = _INSTRUCTION.sub(lambda found: _replace(found[0]), rendered["text"])
    (folder / "Dockerfile").write_text(text)


def _replace(instruction: str) -> str:
    if "install-base-env.bash" in instruction and instruction.startswith("RUN"):
        return _ITS_PYTHON
    if any(word in instruction for word in ("apt-get", "locale-gen", "build_script_files")):
        return ""
    if "/bin/pip install" in instruction:
        return instruction.replace(
            "RUN", "RUN --mount=type=secret,id=pip,target=/etc/pip.conf,mode=0444", 1
        )
    return instruction


def write_conda(folder: Path, base: str, channel: str, packages: list[str]) -> None:
    """Write the one `RUN conda env create` that managed services render."""
    folder.mkdir(exist_ok=True)
    data = {"name": "bench", "channels": [channel], "dependencies": packages}
    (folder / "mutated_conda_dependencies.yml").write_text(json.dumps(data))
    (folder / "Dockerfile").write_text(_CONDA.format(base=base))


def conda_base(folder: Path, base: str, conda: Path) -> None:
    """Write what stands for a base with Miniconda; the base's Python is of the series that runs this.

    Args:
        conda: A checkout of https://github.com/conda/conda.
    """
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(wheels)]
    version = {"SETUPTOOLS_SCM_PRETEND_VERSION": "26.7.0"}
    for words in (["--no-deps", str(conda)], list(_CONDA_NEEDS)):
        subprocess.run([*pip, *words], env={**os.environ, **version}, check=True)
    (folder / "Dockerfile").write_text(_CONDA_BASE.format(base=base))
