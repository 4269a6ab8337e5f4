"""An image that is there already: how long `envc build` takes to say so, beside `docker build`.

    python benchmarks/hits.py BASE [--registry localhost:5000] [--runs 15]

BASE is an image with Python that the engine can pull, such as python:3.12-slim. The environment has some
wheels. Times are those of whole processes, in ms, taken in turns: `envc build` of an image that the engine
has, and of one that only the registry has; `docker buildx build` of the very same Dockerfile with every
step cached, and its image in the engine; and a bare interpreter's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

SPEC = """environment hits
base image "{base}"
pip {{
    httpx
    numpy
    rich
}}
check {{ import httpx, numpy, rich }}
"""


def run(words: Sequence[str], folder: Path, **variables: str) -> str:
    """Run a program to its end and return what it wrote to stdout."""
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stderr}")
    return done.stdout


def measure(words: Sequence[str], folder: Path, **variables: str) -> float:
    """Return how long a program takes, in ms."""
    start = time.perf_counter()
    run(words, folder, **variables)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Build once, then measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--registry", default="localhost:5000")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    envc = [sys.executable, "-m", "envc"]
    own = uuid.uuid4().hex[:12]
    local, shared = f"envc-hits-{own}", f"{arguments.registry}/envc-hits-{own}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("hits.envc").write_text(SPEC.format(base=arguments.base))
        variables = {"ENVC_CACHE": str(folder / "cache"), "ENVC_HOME": str(folder / "home")}
        run([*envc, "lock", "hits.envc"], folder, **variables)
        run([*envc, "compile", "hits.envc", "-o", "out"], folder, **variables)
        build = [*envc, "build", "hits.envc", "--json", "--repository"]
        made = json.loads(run([*build, shared, "--push"], folder, **variables))
        kept = json.loads(run([*build, local], folder, **variables))
        docker = [
            "docker",
            "buildx",
            "build",
            "--quiet",
            "--load",
            "--tag",
            f"{local}:docker",
            "out",
        ]
        run(docker, folder)
        run(["docker", "image", "rm", made["image"]], folder)
        commands = {
            "envc build, engine has it": [*build, local],
            "envc build, registry has it": [*build, shared],
            "docker buildx build, all cached": docker,
            "python -c pass": [sys.executable, "-c", "pass"],
        }
        times: dict[str, list[float]] = {title: [] for title in commands}
        for _ in range(arguments.runs):
            for title, words in commands.items():
                times[title].append(measure(words, folder, **variables))
        run(["docker", "image", "rm", kept["image"], f"{local}:docker"], folder)
    for title, found in times.items():
        print(f"{title:34}median {statistics.median(found):7.1f}   minimum {min(found):7.1f}")


if __name__ == "__main__":
    main()
