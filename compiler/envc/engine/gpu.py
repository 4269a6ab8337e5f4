"""A machine's GPUs asked before a container is to get them: what it would miss there, as warnings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.engine.facts import EngineFacts
from envc.process import ProgramMissingError, run
from envc.source import Span

__all__ = ["check_gpus", "minimum_driver"]

_TIMEOUT_S = 20.0
_TOOLKIT = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/"
_DRIVERS = "https://www.nvidia.com/drivers"
_KERNEL_MODULE = Path("/proc/driver/nvidia/version")
_MODULE_VERSION = re.compile(r"Kernel Module.*?\s(\d+(?:\.\d+)+)\s")
_VERSION = re.compile(r"\d+(?:\.\d+)+")

# The drivers of Linux that the toolkits came with first:
# https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/index.html#cuda-major-component-versions,
# "CUDA Toolkit and Corresponding Driver Versions".
_DRIVER_OF_CUDA = {
    "9.0": "384.81",
    "9.1": "390.46",
    "9.2": "396.26",
    "10.0": "410.48",
    "10.1": "418.39",
    "10.2": "440.33",
    "11.0": "450.51.05",
    "11.1": "455.23",
    "11.2": "460.27.03",
    "11.3": "465.19.01",
    "11.4": "470.42.01",
    "11.5": "495.29.05",
    "11.6": "510.39.01",
    "11.7": "515.43.04",
    "11.8": "520.61.05",
    "12.0": "525.60.13",
    "12.1": "530.30.02",
    "12.2": "535.54.03",
    "12.3": "545.23.06",
    "12.4": "550.54.14",
    "12.5": "555.42.02",
    "12.6": "560.28.03",
    "12.8": "570.26",
    "12.9": "575.51.03",
    "13.0": "580.65.06",
}


def minimum_driver(cuda: str) -> str | None:
    """Return the oldest driver that supports a version of CUDA; None where this envc does not know.

    >>> minimum_driver("12.4"), minimum_driver("12.4.1"), minimum_driver("99.0")
    ('550.54.14', '550.54.14', None)
    """
    return _DRIVER_OF_CUDA.get(".".join(cuda.split(".")[:2]))


def check_gpus(
    cuda: str | None,
    facts: EngineFacts,
    environment: Mapping[str, str],
    span: Span | None,
    *,
    kernel_module: Path = _KERNEL_MODULE,
) -> tuple[Diagnostic, ...]:
    """Return what a container would miss that is to get GPUs (W630 to W632): warnings, because an
    engine need not tell all that it can do.

    Args:
        cuda: The version of CUDA that the image was made for, as its label says; None for none.
        facts: Of the engine. The driver of another machine cannot be asked.
        environment: Names the folders that programs lie in.
        span: Where the spec asks for GPUs.
        kernel_module: Where the driver's kernel module says what it is.
    """
    found = []
    if facts.is_local and (lack := _check_driver(cuda, environment, span, kernel_module)):
        found.append(lack)
    if not facts.has_nvidia:
        hint = (
            f"install the NVIDIA container toolkit on the engine's machine ({_TOOLKIT}), then run "
            "`nvidia-ctk runtime configure --runtime=docker` and restart Docker"
        )
        message = "the Docker engine does not say that it can give GPUs to containers"
        found.append(Diagnostic.at(span, "W632", message, hint=hint))
    return tuple(found)


def _check_driver(
    cuda: str | None, environment: Mapping[str, str], span: Span | None, kernel_module: Path
) -> Diagnostic | None:
    driver = _find_driver(environment, kernel_module)
    wanted = minimum_driver(cuda) if cuda is not None else None
    least = f" {wanted} or newer, for CUDA {cuda}" if wanted is not None else ""
    hint = f"install the driver{least} ({_DRIVERS})"
    if driver is None:
        message = "the spec asks for GPUs, and this machine has no NVIDIA driver that works"
        return Diagnostic.at(span, "W630", message, hint=hint)
    if wanted is not None and _numbers(driver) < _numbers(wanted):
        message = (
            f"the NVIDIA driver {driver} is older than CUDA {cuda}, which the image is made for"
        )
        return Diagnostic.at(span, "W631", message, hint=hint)
    return None


def _find_driver(environment: Mapping[str, str], kernel_module: Path) -> str | None:
    """Return the version of the driver that works, or None."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        asked = run(query, environment=environment, timeout_s=_TIMEOUT_S)
    except ProgramMissingError:
        return _read_module(kernel_module)
    except (TimeoutError, PermissionError):
        return None
    found = _VERSION.match(asked.stdout.strip())
    return found[0] if asked.returncode == 0 and found is not None else None


def _read_module(kernel_module: Path) -> str | None:
    """Return the version of the driver that is loaded, where no program tells; None for none."""
    try:
        found = _MODULE_VERSION.search(kernel_module.read_text(errors="replace"))
    except OSError:
        return None
    return found[1] if found is not None else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
