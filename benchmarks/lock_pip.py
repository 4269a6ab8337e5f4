"""Times of `lock` for what PyPI offers, beside bare uv: the same questions, pair by pair.

    python benchmarks/lock_pip.py [--runs 5] [--base IMAGE --python VERSION] [--size 10 …]

A pair is `envc lock --update` and `uv pip compile --generate-hashes`, one straight after the other, in
turns first and second, since a network and a machine are not the same from one minute to the next. Both
have a cache of their own in the same state: cold is without anything known of packages; warm is with
all known of them, and a spec that envc has not locked before; again is the same spec once more, where
envc asks uv at once what it asked last time. Both are told of the same Python, so that uv need not look
for one; neither builds, and neither has an old lock to begin with. Prints the medians of the time that
passed and of the processors' time of whole processes and their children, in ms, and envc's over uv's of
each pair, their median.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from startup import DIGEST, IMAGE

_FEW = ("flask", "pandas", "scikit-learn", "fastapi", "jupyterlab", "sqlalchemy", "boto3", "rich")
_MORE = (
    "streamlit",
    "mlflow",
    "dask",
    "distributed",
    "polars",
    "pytest",
    "sphinx",
    "celery",
    "scrapy",
)
BASE, PYTHON = f"{IMAGE}@{DIGEST}", "3.12.7"
SETS: Mapping[int, tuple[str, ...]] = {
    10: ("flask", "rich"),
    60: ("pandas", "scikit-learn", "fastapi", "flask", "boto3", "matplotlib", "httpx", "celery"),
    120: _FEW,
    170: (*_FEW, "streamlit", "mlflow"),
    230: (*_FEW, *_MORE, "django"),
}
"""Requirements by how many distributions they are, about; with the last, uv has to go back a lot."""


State: TypeAlias = Literal["cold", "warm", "again"]
STATES: tuple[State, ...] = ("cold", "warm", "again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Of one run: the time that passed, and the processors' time, in ms."""

    passed: float
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """Who locks.

    Attributes:
        command: What is run.
        caches: What it knows of packages.
        memory: What it knows of questions that were asked before.
        output: What it writes.
        keeps: Whether the output of the time before is no matter to it.
    """

    name: str
    command: tuple[str, ...]
    caches: tuple[Path, ...]
    memory: tuple[Path, ...]
    output: Path
    keeps: bool

    def run(self, folder: Path, state: State) -> Times:
        """Run it once."""
        caches = self.caches if state == "cold" else ()
        for gone in (*caches, *(self.memory if state != "again" else ())):
            shutil.rmtree(gone, ignore_errors=True)
        if not self.keeps:
            self.output.unlink(missing_ok=True)
        environment = {**os.environ, "ENVC_CACHE": str(folder / "envc")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        before, start = os.times(), time.perf_counter()
        subprocess.run(self.command, cwd=folder, env=environment, check=True, capture_output=True)
        passed, after = time.perf_counter() - start, os.times()
        used = after.children_user + after.children_system
        used -= before.children_user + before.children_system
        return Times(passed=passed * 1000, used=used * 1000)


def prepare(
    folder: Path, requirements: Sequence[str], base: str, python: str
) -> tuple[Contestant, Contestant]:
    """Write the same question for both: envc first."""
    import uv

    lines = "\n".join(f"    {one}" for one in requirements)
    (folder / "pip.envc").write_text(
        f'environment bench\nbase image "{base}"\npython {python}\n'
        f'virtual-packages {{ __glibc = "2.36" }}\npip {{\n{lines}\n}}\n'
    )
    (folder / "requirements.in").write_text("\n".join(requirements))
    ours = Contestant(
        name="envc lock --update",
        command=(sys.executable, "-m", "envc", "lock", "--update", "pip.envc"),
        caches=(folder / "envc/uv", folder / "envc/metadata"),
        memory=(folder / "envc/asked",),
        output=folder / "pip.lock",
        keeps=True,
    )
    theirs = Contestant(
        name="uv pip compile --generate-hashes",
        command=(
            *(uv.find_uv_bin(), "pip", "compile", "--no-config", "--generate-hashes"),
            *("--python", sys.executable, "--no-python-downloads"),
            *("--python-version", python, "--python-platform", "x86_64-manylinux_2_36"),
            *("--only-binary", ":all:", "--cache-dir", "uv", "-o", "out.txt", "requirements.in"),
        ),
        caches=(folder / "uv",),
        memory=(),
        output=folder / "out.txt",
        keeps=False,
    )
    return ours, theirs


def check_same(ours: Contestant, theirs: Contestant) -> int:
    """Return how many distributions both have locked.

    Raises:
        SystemExit: They are not the same.
    """
    from envc.lock.codec import loads

    lock = loads(ours.output.read_text(), "pip.lock")
    wheels = next(iter(lock.variants[""].platforms.values())).pip
    pins = {f"{one.name}=={one.version}" for one in wheels}
    lines = theirs.output.read_text().splitlines()
    wanted = {line.split()[0] for line in lines if "==" in line and not line.startswith(" ")}
    if pins != wanted:
        raise SystemExit(f"not the same answer: {sorted(pins ^ wanted)}")
    return len(pins)


def take_turns(
    pair: tuple[Contestant, Contestant], folder: Path, runs: int, state: State
) -> Iterator[tuple[Times, Times]]:
    """Yield the times of both, pair by pair."""
    for number in range(runs):
        order = pair if number % 2 else pair[::-1]
        found = {one.name: one.run(folder, state) for one in order}
        yield found[pair[0].name], found[pair[1].name]


def say(label: str, pairs: Sequence[tuple[Times, Times]]) -> None:
    """Print medians, and the median of what one is over the other."""

    def middle(what: Callable[[tuple[Times, Times]], float]) -> float:
        return statistics.median(map(what, pairs))

    print(
        f"{label:28}"
        f"passed {middle(lambda one: one[0].passed):6.0f} {middle(lambda one: one[1].passed):6.0f}"
        f" {middle(lambda one: one[0].passed / one[1].passed):5.2f}   "
        f"processors {middle(lambda one: one[0].used):6.0f} {middle(lambda one: one[1].used):6.0f}"
        f" {middle(lambda one: one[0].used / one[1].used):5.2f}",
        flush=True,
    )


def resolve(runs: int, sizes: Sequence[int], base: str, python: str) -> None:
    """Time all sets in all states."""
    print(f"{'':28}{'envc, uv, envc / uv':>27}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pair = prepare(folder, SETS[size], base, python)
            for one in pair:
                one.run(folder, "cold")
            count = check_same(*pair)
            for state in STATES:
                if state != "cold":
                    for one in pair:
                        one.run(folder, state)
                times = list(take_turns(pair, folder, runs, state))
                say(f"{count} distributions, {state}", times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--base", default=BASE, help="an image with that Python, by digest")
    parser.add_argument("--python", default=PYTHON)
    parser.add_argument("--size", type=int, action="append", choices=sorted(SETS))
    arguments = parser.parse_args()
    resolve(arguments.runs, arguments.size or sorted(SETS), arguments.base, arguments.python)


if __name__ == "__main__":
    main()
