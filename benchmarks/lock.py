"""Times of `lock` and of the locks themselves: the marks of the design, each beside its peer.

    python benchmarks/lock.py [--runs 5] [--channel ADDRESS] [--pip]

Without options: `lock --check` of 300 packages, in a fresh checkout and on a machine that has seen it,
and a lock of 1,000 packages read, beside the conda-lock.yml of the same. `--channel` also solves some
150 packages of a channel that looks like conda-forge; `--pip` resolves 120 distributions from PyPI,
beside uv alone: `lock_pip.py` does that for more sets and for images of yours.
Prints the medians of the time that passed and of the processors' time, in ms: they differ where a
machine is busy, or the network is waited for.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from startup import DIGEST, IMAGE, write_environment

from envc.interop.exporting import EXPORTS
from envc.interop.subject import Subject
from envc.lock.codec import dumps, loads
from envc.lock.model import BaseImage, Intent, Lock, LockFile, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage

CHANNEL = "https://conda.anaconda.org/conda-forge"
CONDA = ("scikit-learn", "jupyterlab", "pandas")
DEBIAN = "debian:bookworm-slim"


Times = Sequence[tuple[float, float]]
"""Of runs: the time that passed, and the processors' time, in ms."""


def say(label: str, times: Times) -> None:
    """Print the medians."""
    passed, used = (statistics.median(one) for one in zip(*times, strict=True))
    print(f"{label:44}passed {passed:7.0f}   processors {used:7.0f}")


def clock() -> tuple[float, float]:
    """Return the time, and what this process and its children have used of the processors', in ms."""
    used = os.times()
    own = used.user + used.system + used.children_user + used.children_system
    return time.perf_counter() * 1000, own * 1000


def measure(work: Callable[[], object], runs: int, before: Callable[[], object]) -> Times:
    """Return the times of some runs after one that does not count."""
    times = []
    for _ in range(runs + 1):
        before()
        start = clock()
        work()
        end = clock()
        times.append((end[0] - start[0], end[1] - start[1]))
    return times[1:]


def run(folder: Path, *words: str) -> None:
    """Run envc in a folder, with a cache there."""
    environment = {**os.environ, "ENVC_CACHE": str(folder / "cache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "envc", *words]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def check(runs: int) -> None:
    """Time `lock --check`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_environment(folder, 300)

        def forget() -> None:
            shutil.rmtree(folder / "cache", ignore_errors=True)

        def ask() -> None:
            run(folder, "lock", "--check", "bench.envc")

        say("lock --check, 300 packages, fresh machine", measure(ask, runs, forget))
        say("lock --check, 300 packages", measure(ask, runs, lambda: None))


def reader_of(path: Path) -> Callable[[], object]:
    """Return what reads a file as conda-lock itself does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from conda_lock.lockfile import (  # type: ignore[import-untyped,unused-ignore]
            parse_conda_lock_file,
        )
    return lambda: parse_conda_lock_file(path)


def read(runs: int) -> None:
    """Time reading a lock of 1,000 packages, in one process that has read one before."""
    packages = tuple(
        CondaPackage(
            name=f"package-{number:04}",
            version="1.0",
            build="h0_0",
            subdir="linux-64",
            channel=CHANNEL,
            url=f"{CHANNEL}/linux-64/package-{number:04}-1.0-h0_0.conda",
            sha256=f"{number:064x}",
            md5=f"{number:032x}",
            size=1000,
            depends=("libgcc >=13", "python >=3.12,<3.13.0a0"),
        )
        for number in range(1000)
    )
    platform = PlatformLock(
        base=BaseImage(image=IMAGE, digest=DIGEST, glibc="2.36"),
        python=Python(version="3.12.7", origin="conda"),
        tools=Tools(image=IMAGE, digest=DIGEST),
        conda=packages,
    )
    intent = Intent(base=f"{IMAGE}@{DIGEST}", channels=(CHANNEL,), conda=("package-0000",))
    lock = Lock(intent=intent, platforms={"linux/amd64": platform})
    text = dumps(LockFile.of(lock))
    subject = Subject(
        name="bench",
        lock=lock,
        platforms=("linux/amd64",),
        variables={},
        spec="bench.envc",
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "conda-lock.yml")
        path.write_text(EXPORTS["conda-lock"].load()(subject).text)
        say("a lock of 1,000 packages", measure(lambda: loads(text, "x"), runs, lambda: None))
        theirs = measure(reader_of(path), runs, lambda: None)
        say("the conda-lock.yml of the same", theirs)


def solve(runs: int, address: str) -> None:
    """Time a Conda solve whose metadata is in the cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = "\n".join(f"    {package}" for package in CONDA)
        upper = itertools.count(100)

        def ask_for_another() -> None:
            """Change what is asked of Conda and nothing else, so that only that is asked again."""
            (folder / "conda.envc").write_text(
                f'environment bench\nbase image "{DEBIAN}@{DIGEST}"\npython 3.12\n'
                f'virtual-packages {{ __glibc = "2.36" }}\n'
                f'conda {{\n{lines}\n    constraint "python <{next(upper)}"\n}}\n'
            )

        words = ("lock", "conda.envc", "--mirror", f"{CHANNEL}={address}")
        times = measure(lambda: run(folder, *words), runs, ask_for_another)
        count = (folder / "conda.lock").read_text().count('"subdir":')
        say(f"lock of {count} Conda packages, warm", times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--channel", help="where conda-forge, or what looks like it, is reached")
    parser.add_argument("--pip", action="store_true", help="also resolve from PyPI")
    arguments = parser.parse_args()
    check(arguments.runs)
    read(arguments.runs)
    if arguments.channel:
        solve(arguments.runs, arguments.channel)
    if arguments.pip:
        from lock_pip import BASE, PYTHON, resolve

        resolve(arguments.runs, (120,), BASE, PYTHON)


if __name__ == "__main__":
    main()
