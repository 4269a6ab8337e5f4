"""In-process times of reading and checking a spec of N packages: the language's mark is 30 ms for 300.

    python benchmarks/language.py [--packages 300] [--runs 15]

Half of the packages are Conda's, half are pip's. The first run imports what it needs and is left out.
Prints the median and the minimum of each form, in ms.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline import check_file
from envc.source import Source


def in_dsl(conda: Sequence[str], pip: Sequence[str]) -> str:
    """Return a spec with these packages."""
    lines = ["environment large", "channels conda-forge"]
    for word, entries in (("conda", conda), ("pip", pip)):
        lines += [f"{word} {{", *(f"    {entry}" for entry in entries), "}"]
    return "\n".join(lines)


def in_yaml(conda: Sequence[str], pip: Sequence[str]) -> str:
    """Return the same spec in YAML."""
    lines = ["environment: large", "channels: [conda-forge]"]
    for word, entries in (("conda", conda), ("pip", pip)):
        lines += [f"{word}:", *(f"  - {entry}" for entry in entries)]
    return "\n".join(lines)


def measure(source: Source, machine: Machine, runs: int) -> list[float]:
    """Return the time of each run after the first, in ms."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        check_file(source, machine)
        times.append(1000 * (time.perf_counter() - start))
    return times[1:]


def main() -> None:
    """Measure both forms."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packages", type=int, default=300)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    half = arguments.packages // 2
    conda = [f"package-{number} >=1.{number},<2" for number in range(half)]
    pip = [f"distribution-{number} ==1.{number}.*" for number in range(half)]
    with tempfile.TemporaryDirectory() as cache:
        machine = Machine(environment={}, cache=Path(cache), mirrors=MirrorMap(()))
        for name, text in (
            ("large.envc", in_dsl(conda, pip)),
            ("large.yaml", in_yaml(conda, pip)),
        ):
            times = measure(Source(name=name, text=text), machine, arguments.runs)
            median, minimum = statistics.median(times), min(times)
            print(f"{name:12} median {median:6.1f}   minimum {minimum:6.1f}")


if __name__ == "__main__":
    main()
