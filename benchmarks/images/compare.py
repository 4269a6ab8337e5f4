"""Images of the same packages, made by envc and by what people write by hand, measured side by side.

    python benchmarks/images/compare.py --base localhost:5000/python:3.11-slim --registry localhost:5000 \\
        [--set web] [--bumps 5] [--ca-bundle FILE] [--network host]

Every way of building gets the very same wheels: those of the lock that envc makes of the set. For each
of them, in this order and with nothing else running:

- cold: the first build with `--no-cache`. BuildKit's own copies of files that envc fetches by digest
  are removed before (`docker buildx prune`), so that everybody downloads; `--keep-downloads` leaves them.
- size: the bytes of its layers as a registry has them, without those of the base.
- bump: for some packages of which the set allows an older release, the image with that one, which nobody
  has built before: the time of its build, and the bytes of its layers that the first image does not have,
  without the package's own wheel, as a share of the environment.

`pip` is one `RUN pip install --no-cache-dir -r requirements.txt`. What jupyter-repo2docker renders ends in
the same line, after a base and a Conda installation of its own, and the one `RUN conda env create` of
managed services needs a Conda channel: neither is compared here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SETS = {
    "web": ("flask", "requests", "uvicorn", "fastapi", "sqlalchemy", "pydantic", "jinja2", "httpx"),
    "data": (
        "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "pillow", "flask", "requests",
        "pydantic", "uvicorn", "sqlalchemy", "rich", "httpx", "pyyaml", "tqdm", "fastapi", "aiohttp",
    ),
}  # fmt: skip
ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
PIP = """\
# syntax=docker/dockerfile:1
FROM {base}
COPY requirements.txt /
RUN --mount=type=secret,id=ca PIP_CERT=/run/secrets/ca \\
    python3 -m pip install --no-cache-dir --break-system-packages --quiet -r /requirements.txt
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """Where the images come from and go to."""

    base: str
    registry: str
    ca_bundle: Path | None
    network: str | None
    keeps_downloads: bool


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image: how long it took, in s, and its layers, by digest, in bytes."""

    seconds: float
    layers: dict[str, int]


def run(*words: str, folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def envc(*words: str, folder: Path) -> str:
    return run(sys.executable, "-m", "envc", *words, folder=folder)


def write_spec(folder: Path, world: World, requirements: Sequence[str]) -> None:
    lines = "\n".join(f"    {one}" for one in requirements)
    text = f'environment bench\nbase image "{world.base}"\npip {{\n{lines}\n}}\n'
    (folder / "bench.envc").write_text(text)


def layers_of(world: World, image: str) -> dict[str, int]:
    """Push an image and return its layers."""
    run("docker", "push", "--quiet", image, folder=Path.cwd())
    repository, _, tag = image.removeprefix(f"{world.registry}/").partition(":")
    url = f"http://{world.registry}/v2/{repository}/manifests/{tag}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": ACCEPT})) as answer:
        manifest = json.load(answer)
    return {layer["digest"]: layer["size"] for layer in manifest["layers"]}


def build_envc(folder: Path, world: World, *, cold: bool) -> Built:
    repository = f"{world.registry}/envc-bench"
    words = ["build", "bench.envc", "--repository", repository, "--json"]
    words += ["--no-cache"] if cold else ["--force"]
    started = time.monotonic()
    image = json.loads(envc(*words, folder=folder))["image"]
    return Built(seconds=time.monotonic() - started, layers=layers_of(world, image))


def build_pip(folder: Path, world: World, *, cold: bool) -> Built:
    text = envc("export", "bench.envc", "--format", "requirements", folder=folder)
    context = folder / "pip"
    context.mkdir(exist_ok=True)
    (context / "requirements.txt").write_text(text)
    (context / "Dockerfile").write_text(PIP.format(base=world.base).partition("\n")[2])
    image = f"{world.registry}/envc-bench-pip:1"
    words = ["docker", "buildx", "build", "--quiet", "--provenance=false", "-t", image]
    words += ["--secret", f"id=ca,src={world.ca_bundle}"] if world.ca_bundle else []
    words += [f"--network={world.network}"] if world.network else []
    words += ["--no-cache"] if cold else []
    started = time.monotonic()
    run(*words, "--output=type=docker,oci-mediatypes=true", str(context), folder=folder)
    return Built(seconds=time.monotonic() - started, layers=layers_of(world, image))


def wheels_of(folder: Path) -> list[dict[str, str | int]]:
    lock = json.loads((folder / "bench.lock").read_text())
    (platform,) = lock["platforms"].values()
    return list(platform["pip"])


def sizes_of(folder: Path) -> dict[str, int]:
    return {str(one["name"]): int(one.get("size") or 0) for one in wheels_of(folder)}


WAYS = {"envc": build_envc, "pip": build_pip}


def older(folder: Path, world: World, count: int) -> list[str]:
    """Return requirements for an older release of some packages, each of which the set allows."""
    found: list[str] = []
    wheels = wheels_of(folder)
    for package in sorted(wheels, key=lambda one: str(one["sha256"])):
        if len(found) == count:
            break
        limit = f"{package['name']} <{package['version']}"
        kept = [f"{one['name']}=={one['version']}" for one in wheels if one != package]
        with tempfile.TemporaryDirectory() as name:
            write_spec(Path(name), world, [*kept, limit])
            done = subprocess.run(
                [sys.executable, "-m", "envc", "lock", "bench.envc"],
                cwd=name, capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                found.append(limit)
    return found


def measure(name: str, world: World, bumps: int) -> None:
    base: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="envc-bench-") as folder_name:
        folder = Path(folder_name)
        write_spec(folder, world, SETS[name])
        envc("lock", "bench.envc", folder=folder)
        pins = [f"{one['name']}=={one['version']}" for one in wheels_of(folder)]
        sizes = sizes_of(folder)
        base_layers = base_of(world)
        print(f"\n{name}: {len(pins)} wheels, {sum(sizes.values()) / 1e6:.1f} MB")
        cold = {}
        for way, build in WAYS.items():
            if not world.keeps_downloads:
                run("docker", "buildx", "prune", "--force", "--all", folder=folder)
            cold[way] = build(folder, world, cold=True)
            own = sum(size for one, size in cold[way].layers.items() if one not in base_layers)
            base[way] = own
            print(
                f"  {way:5} cold {cold[way].seconds:6.1f} s   {own / 1e6:7.1f} MB on top of the base"
            )
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        shares: dict[str, list[float]] = {way: [] for way in WAYS}
        for limit in older(folder, world, bumps):
            bumped = limit.partition(" ")[0]
            kept = [one for one in pins if one.partition("==")[0] != bumped]
            write_spec(folder, world, [*kept, limit])
            envc("lock", "bench.envc", folder=folder)
            own_size = sizes_of(folder)[bumped]
            for way, build in WAYS.items():
                after = build(folder, world, cold=False)
                pulled = sum(s for one, s in after.layers.items() if one not in cold[way].layers)
                times[way].append(after.seconds)
                shares[way].append(max(pulled - own_size, 0) / base[way])
            print(
                f"  bump {limit:32}"
                + "   ".join(
                    f"{way} {times[way][-1]:5.1f} s {shares[way][-1]:6.1%}" for way in WAYS
                )
            )
        for way in WAYS:
            if times[way]:
                print(
                    f"  {way:5} bump, median: {statistics.median(times[way]):5.1f} s, "
                    f"{statistics.median(shares[way]):.1%} of the environment pulled again"
                )


def base_of(world: World) -> set[str]:
    registry, _, rest = re.sub(r"@.*", "", world.base).partition("/")
    repository, _, tag = rest.rpartition(":")
    url = f"http://{registry}/v2/{repository}/manifests/{tag}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": ACCEPT})) as answer:
        return {layer["digest"] for layer in json.load(answer)["layers"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", required=True, help="an image with Python, in a registry by HTTP")
    parser.add_argument("--registry", required=True, help="where images are pushed, by HTTP")
    parser.add_argument("--set", dest="sets", action="append", choices=SETS, default=[])
    parser.add_argument("--bumps", type=int, default=5)
    parser.add_argument("--ca-bundle", type=Path)
    parser.add_argument("--network", help="of pip's RUN")
    parser.add_argument("--keep-downloads", action="store_true")
    arguments = parser.parse_args()
    world = World(
        base=arguments.base,
        registry=arguments.registry,
        ca_bundle=arguments.ca_bundle,
        network=arguments.network,
        keeps_downloads=arguments.keep_downloads,
    )
    print(f"{os.cpu_count()} processors; {time.strftime('%Y-%m-%d')}")
    for name in arguments.sets or SETS:
        measure(name, world, arguments.bumps)


if __name__ == "__main__":
    main()
