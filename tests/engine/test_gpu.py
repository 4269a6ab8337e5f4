"""What a container that is to get GPUs would miss is told before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.diagnostics import Diagnostic
from envc.engine.facts import EngineFacts
from envc.engine.gpu import check_gpus, minimum_driver

MODULE = """\
NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023
GCC version:  gcc version 12.3.0
"""
OPEN_MODULE = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build\n"


def facts(*, has_nvidia: bool = True, is_local: bool = True) -> EngineFacts:
    return EngineFacts(
        version="28",
        api="1.51",
        platform="linux/amd64",
        has_manifests=True,
        has_nvidia=has_nvidia,
        root="/nowhere",
        is_local=is_local,
    )


def check(
    folder: Path,
    cuda: str | None,
    *,
    has_nvidia: bool = True,
    is_local: bool = True,
    module: str | None = None,
) -> tuple[Diagnostic, ...]:
    if module is not None:
        (folder / "version").write_text(module)
    return check_gpus(
        cuda,
        facts(has_nvidia=has_nvidia, is_local=is_local),
        {"PATH": str(folder)},
        None,
        kernel_module=folder / "version",
    )


def install(folder: Path, script: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [
        ("550.54.14", "12.4"),
        ("550.54.14", "12.4.1"),
        ("580.65.06", "11.8"),
        ("100.1", "99.9"),
        ("100.1", None),
    ],
)
def test_a_driver_that_is_new_enough_is_no_matter(
    tmp_path: Path, driver: str, cuda: str | None
) -> None:
    install(tmp_path, f"echo {driver}; echo {driver}")

    assert check(tmp_path, cuda) == ()


def test_a_driver_that_is_too_old_is_told_with_the_one_that_would_do(tmp_path: Path) -> None:
    install(tmp_path, "echo 550.54.9")

    assert check(tmp_path, "12.4") == (
        Diagnostic(
            code="W631",
            message="the NVIDIA driver 550.54.9 is older than CUDA 12.4, which the image is made for",
            hint="install the driver 550.54.14 or newer, for CUDA 12.4 (https://www.nvidia.com/drivers)",
        ),
    )


@pytest.mark.parametrize(
    "script", [None, "echo 'No devices were found'; exit 6", "echo 550.54.14; exit 9"]
)
def test_a_machine_without_a_driver_that_works_is_told(tmp_path: Path, script: str | None) -> None:
    if script is not None:
        install(tmp_path, script)

    (warning,) = check(tmp_path, "12.4")

    assert (warning.code, warning.message) == (
        "W630",
        "the spec asks for GPUs, and this machine has no NVIDIA driver that works",
    )
    assert warning.hint.startswith("install the driver 550.54.14 or newer, for CUDA 12.4")


@pytest.mark.parametrize(("module", "codes"), [(MODULE, ["W631"]), (OPEN_MODULE, [])])
def test_where_no_program_tells_the_kernel_module_does(
    tmp_path: Path, module: str, codes: list[str]
) -> None:
    assert [one.code for one in check(tmp_path, "12.4", module=module)] == codes


def test_the_driver_of_another_machine_is_not_looked_for_here(tmp_path: Path) -> None:
    assert check(tmp_path, "12.4", is_local=False) == ()


def test_an_engine_that_cannot_give_gpus_is_told(tmp_path: Path) -> None:
    install(tmp_path, "echo 550.54.14")

    (warning,) = check(tmp_path, "12.4", has_nvidia=False)

    assert warning.code == "W632"
    assert "`nvidia-ctk runtime configure --runtime=docker`" in warning.hint


def test_no_driver_is_older_than_that_of_an_older_cuda() -> None:
    versions = ["11.0", "11.8", "12.0", "12.4", "12.8", "13.0"]

    drivers = [tuple(map(int, (minimum_driver(one) or "0").split("."))) for one in versions]

    assert drivers == sorted(set(drivers))
