"""A store of many environments: how long it takes to list them, to register one more, to record a build.

    python benchmarks/store.py [--environments 10000] [--runs 15]

Environments have a lock of their own each, of 150 packages, and every tenth has three versions. Times of
verbs are those of whole processes, in ms: the median and the minimum, beside a bare interpreter's.
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
from functools import partial
from pathlib import Path

from startup import write_environment

from envc.canonical import digest
from envc.store import Build, Draft, Entry, Store, StoredFile

PACKAGES = 150
ENV_ID = "sha256:" + "a" * 64


def register(store: Store, folder: Path, name: str, number: int, spec: StoredFile) -> None:
    """Register a version with a lock of its own."""
    lock = folder / "other.lock"
    lock.write_text(f"{(folder / 'bench.lock').read_text()}{name} {number}\n")
    sha256, size = store.content.add(lock)
    files = (spec, StoredFile(path="bench.lock", role="lock", sha256=sha256, size_bytes=size))
    own = digest([name, number])
    draft = Draft(digest=own, spec_id=ENV_ID, env_ids={"": {"linux/amd64": own}}, files=files)
    labels = ("prod",) if number == 1 else ()
    said = f"Environment {name} of a team that describes what it does"
    store.register(Entry(name=name, draft=draft, labels=labels, description=said, now=number))


def fill(store: Store, folder: Path, count: int) -> float:
    """Register environments and return how long one version took, in ms."""
    sha256, size = store.content.add(folder / "bench.envc")
    spec = StoredFile(path="bench.envc", role="spec", sha256=sha256, size_bytes=size)
    start, versions = time.perf_counter(), 0
    for number in range(count):
        for version in range(1, 4 if number % 10 == 0 else 2):
            register(store, folder, f"team-{number % 97}.environment-{number}", version, spec)
            versions += 1
    return (time.perf_counter() - start) * 1000 / versions


def measure(action: Callable[[], object], runs: int) -> str:
    """Return the median and the minimum of some runs after one that does not count."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return f"median {statistics.median(times[1:]):7.1f}   minimum {min(times[1:]):7.1f}"


def record(home: Path) -> None:
    """Record a build, as `envc build` does."""
    build = Build(
        env_id=ENV_ID,
        platform="linux/amd64",
        image="envc:a",
        digest=ENV_ID,
        size_bytes=1,
        spec="bench.envc",
        started=1.0,
        duration_s=1.0,
        outcome="cached",
    )
    with Store.open(home) as store:
        store.record_build(build)


def main() -> None:
    """Fill a store and print the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environments", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name), Path(name) / "home"
        write_environment(folder, PACKAGES)
        variables = {"ENVC_HOME": str(home), "ENVC_CACHE": str(folder / "cache")}
        environment = {**os.environ, **variables}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(command: Sequence[str]) -> None:
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

        with Store.open(home) as store:
            each = fill(store, folder, arguments.environments)
        size = sum(file.stat().st_size for file in home.glob("store.db*"))
        print(
            f"{arguments.environments} environments, {size / 1e6:.0f} MB, {arguments.runs} runs, ms"
        )
        print(f"{'a version, in process':26}{each:14.1f}")
        print(f"{'a build, in process':26}{measure(partial(record, home), arguments.runs)}")
        envc = [sys.executable, "-m", "envc"]
        cases: list[tuple[str, list[str]]] = [
            ("bare interpreter", [sys.executable, "-c", "pass"]),
            ("env list", [*envc, "env", "list"]),
            ("env list --json", [*envc, "env", "list", "--json"]),
            ("env show", [*envc, "env", "show", "team-3.environment-3"]),
            ("env register, the same", [*envc, "env", "register", "bench.envc"]),
            ("hash", [*envc, "hash", "bench.envc"]),
            ("hash bench@1", [*envc, "hash", "bench@1"]),
        ]
        run([*envc, "env", "register", "bench.envc"])
        for label, command in cases:
            print(f"{label:26}{measure(partial(run, command), arguments.runs)}")


if __name__ == "__main__":
    main()
