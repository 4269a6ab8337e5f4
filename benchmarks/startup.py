"""Whole-process times of the fast verbs on a locked spec of N packages: the marks of the design.

    python benchmarks/startup.py [--packages 150] [--runs 15]

Cold means a result that nobody has compiled before; the byte code of envc itself is warm in both.
Prints the median and the minimum of each, in ms, beside those of a bare interpreter.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from envc.lock.codec import dumps
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Python, Tools
from envc.lock.package import PipPackage

DIGEST = "sha256:" + "a" * 64
IMAGE = "docker.io/library/python:3.12.7-slim"


def package(name: str) -> PipPackage:
    """Return a wheel that nobody will fetch."""
    return PipPackage(
        name=name,
        version="1.0",
        url=f"https://files.pythonhosted.org/packages/{name.replace('-', '_')}-1.0-py3-none-any.whl",
        sha256="b" * 64,
        index="https://pypi.org/simple",
    )


def write_environment(folder: Path, count: int) -> None:
    """Write a spec in both forms, and the lock of both."""
    names = [f"package-{number}" for number in range(count)]
    base = f"{IMAGE.removeprefix('docker.io/library/')}@{DIGEST}"
    lines = "\n".join(f"    {name} ==1.*" for name in names)
    (folder / "bench.envc").write_text(
        f'environment bench\nbase image "{base}"\npython 3.12.7\npip {{\n{lines}\n}}\n'
    )
    items = "\n".join(f"  - {name} ==1.*" for name in names)
    (folder / "bench.yaml").write_text(
        f"environment: bench\nbase: {{image: '{base}'}}\npython: 3.12.7\npip:\n{items}\n"
    )
    locked = PlatformLock(
        base=BaseImage(image=IMAGE, digest=DIGEST, python="3.12.7", glibc="2.36"),
        python=Python(version="3.12.7", origin="base"),
        tools=Tools(image=IMAGE, digest=DIGEST, packages={"amd64": (package("uv"),)}),
        pip=tuple(package(name) for name in sorted(names)),
    )
    intent = Intent(
        base=f"{IMAGE}@{DIGEST}",
        python="3.12.7",
        channels=("https://conda.anaconda.org/conda-forge",),
        indexes=("https://pypi.org/simple",),
        pip=tuple(sorted(f"{name}==1.*" for name in names)),
    )
    lock = Lock(intent=intent, platforms={"linux/amd64": locked})
    (folder / "bench.lock").write_text(dumps(lock))


def measure(command: Sequence[str], folder: Path, runs: int, before: Callable[[], None]) -> str:
    """Return the median and the minimum of some runs after one that does not count."""
    times = []
    environment = {**os.environ, "ENVC_CACHE": str(folder / "cache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(runs + 1):
        before()
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        times.append((time.perf_counter() - start) * 1000)
    return f"median {statistics.median(times[1:]):6.0f}   minimum {min(times[1:]):6.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=150)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_environment(folder, arguments.packages)
        envc = [sys.executable, "-m", "envc"]

        def forget() -> None:
            for file in folder.glob("cache/compiled/*"):
                file.unlink()

        def keep() -> None:
            pass

        print(f"{arguments.packages} packages, {arguments.runs} runs, whole processes, ms")
        cases = [
            ("bare interpreter", [sys.executable, "-c", "pass"], keep),
            ("compile, DSL, cold", [*envc, "compile", "bench.envc", "-o", "dsl"], forget),
            ("compile, YAML, cold", [*envc, "compile", "bench.yaml", "-o", "yaml"], forget),
            ("compile, DSL", [*envc, "compile", "bench.envc", "-o", "dsl"], keep),
            ("compile, YAML", [*envc, "compile", "bench.yaml", "-o", "yaml"], keep),
            ("hash", [*envc, "hash", "bench.envc"], keep),
            ("lock --check", [*envc, "lock", "--check", "bench.envc"], keep),
        ]
        for label, command, before in cases:
            print(f"{label:22}{measure(command, folder, arguments.runs, before)}")


if __name__ == "__main__":
    main()
