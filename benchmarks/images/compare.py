"""Images of the same packages, made by envc and by what people write by hand, measured side by side.

    python benchmarks/images/compare.py --base localhost:5000/python:3.11-slim --registry localhost:5000 \\
        [--set web] [--turns 3] [--bumps 3] [--repo2docker PYTHON] [--conda CHECKOUT]

Every way of building gets the very same files: those of the lock that envc makes of the set. All builds
of one kind are made in turns, so that what else the machine does hits all of them:

- cold: a build with `--no-cache`, `--turns` times. Nobody's downloads count: pip and conda fetch from a
  server on this machine, and BuildKit keeps what it has fetched for envc by digest.
- size: the bytes of its layers as a registry has them, without those of the base.
- bump: for some packages of which the set allows an older release, the image with that one, which nobody
  has built before, where every way has just built the first image: the time of its build, and the bytes
  of its layers that the first image does not have, without the package's own, as a share of the
  environment. envc's time has all of it, checks included.
  Of envc's two ways only the one that builds first is timed, in turns: the other finds the steps done.

The ways: envc, and envc with `--compression zstd`; `pip`, one `RUN pip install --no-cache-dir -r
requirements.txt`; `pip+cache`, the same without that option; `repo2docker`, what jupyter-repo2docker
renders, without what peers.py says cannot be had; for `--set conda` (the wheels of `web` as Conda packages:
channel.py) `conda`, the one `RUN conda env create` of managed services, by Conda's own program.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import http.server
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from channel import write_channel
from peers import CONDA_BASE, conda_base, write_conda, write_pip, write_repo2docker

SETS = {
    "web": ("flask", "requests", "uvicorn", "fastapi", "sqlalchemy", "pydantic", "jinja2", "httpx"),
    "data": (
        "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "pillow", "flask", "requests",
        "pydantic", "uvicorn", "sqlalchemy", "rich", "httpx", "pyyaml", "tqdm", "fastapi", "aiohttp",
    ),
}  # fmt: skip
CONDA = "conda"
ENVC = ("envc", "envc zstd")
ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True, kw_only=True)
class World:
    """Where the images come from and go to.

    Attributes:
        served: A folder, which `url` serves: wheels with their index, and a channel.
        repo2docker: An interpreter that has jupyter-repo2docker; None leaves it out.
        conda: A checkout of Conda's source; needed for its set.
    """

    base: str
    registry: str
    served: Path
    url: str
    repo2docker: str | None
    conda: Path | None


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image: how long it took, in s, and its layers, by digest, in bytes."""

    seconds: float
    layers: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Packages:
    """What an environment has, as each way wants to be told."""

    is_conda: bool
    names: tuple[str, ...]
    requirements: str = ""


Way = Callable[[Path, World, Packages, bool], Built]


@dataclass(kw_only=True)
class Measured:
    """What came out for one way."""

    cold: list[Built] = field(default_factory=list)
    bumps: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)


def run(*words: str, folder: Path) -> str:
    environment = {"ENVC_TOOLS_IMAGE": os.environ.get("ENVC_TEST_PYTHON_BASE", ""), **os.environ}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def envc(*words: str, folder: Path) -> str:
    return run(sys.executable, "-m", "envc", *words, folder=folder)


def lock(folder: Path, world: World, names: Sequence[str], *, is_conda: bool) -> Packages:
    """Write and lock a spec; return what its lock has."""
    block, channel = ("conda", f'channels "{world.url}/channel"\n') if is_conda else ("pip", "")
    lines = "\n".join(f"    {one}" for one in names)
    text = f'environment bench\nbase image "{world.base}"\n{channel}{block} {{\n{lines}\n}}\n'
    (folder / "bench.envc").write_text(text)
    envc("lock", "bench.envc", folder=folder)
    if is_conda:
        return Packages(is_conda=True, names=tuple(names))
    for wheel in wheels_of(folder):
        serve_wheel(world, str(wheel["name"]), str(wheel["url"]))
    pins = tuple(f"{one['name']}=={one['version']}" for one in wheels_of(folder))
    text = envc("export", "bench.envc", "--format", "requirements", folder=folder)
    return Packages(is_conda=False, names=pins, requirements=text)


def serve_wheel(world: World, name: str, url: str) -> None:
    """Put a wheel into the index of this machine."""
    file = world.served / "simple" / name / url.rpartition("/")[2]
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        run("curl", "--fail", "--silent", "--show-error", "-o", str(file), url, folder=file.parent)


def layers_of(world: World, image: str) -> dict[str, int]:
    """Push an image and return its layers."""
    run("docker", "push", "--quiet", image, folder=Path.cwd())
    repository, _, tag = image.removeprefix(f"{world.registry}/").partition(":")
    url = f"http://{world.registry}/v2/{repository}/manifests/{tag}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": ACCEPT})) as answer:
        manifest = json.load(answer)
    return {layer["digest"]: layer["size"] for layer in manifest["layers"]}


def build_envc(folder: Path, world: World, _: Packages, cold: bool, *, compression: str) -> Built:
    repository = f"{world.registry}/envc-bench-{compression}"
    words = ["build", "bench.envc", "--repository", repository, "--compression", compression]
    words += ["--json", "--no-cache" if cold else "--force"]
    started = time.monotonic()
    image = json.loads(envc(*words, folder=folder))["image"]
    return Built(seconds=time.monotonic() - started, layers=layers_of(world, image))


def build_by_hand(folder: Path, world: World, name: str, *, cold: bool) -> Built:
    image = f"{world.registry}/envc-bench-{name}:1"
    settings = folder / "pip.conf"
    settings.write_text(f"[global]\nindex-url = {world.url}/simple\n")
    words = ["docker", "buildx", "build", "--quiet", "--provenance=false", "-t", image]
    words += ["--secret", f"id=pip,src={settings}", "--network=host"]
    words += ["--build-arg=NB_USER=jovyan", "--build-arg=NB_UID=1000"]
    words += ["--no-cache"] if cold else []
    started = time.monotonic()
    run(*words, "--output=type=docker,oci-mediatypes=true", str(folder / name), folder=folder)
    return Built(seconds=time.monotonic() - started, layers=layers_of(world, image))


def build_pip(folder: Path, world: World, packages: Packages, cold: bool, *, name: str) -> Built:
    keeps_cache = name == "pip-cache"
    write_pip(folder / name, world.base, packages.requirements, keeps_cache=keeps_cache)
    return build_by_hand(folder, world, name, cold=cold)


def build_repo2docker(folder: Path, world: World, packages: Packages, cold: bool) -> Built:
    name, python = "repo2docker", world.repo2docker or sys.executable
    write_repo2docker(folder / name, world.base, packages.requirements, python)
    return build_by_hand(folder, world, name, cold=cold)


def build_conda(folder: Path, world: World, packages: Packages, cold: bool) -> Built:
    names = [one.replace(" ==", "=") for one in packages.names]
    write_conda(folder / "conda", CONDA_BASE, f"{world.url}/channel", names)
    return build_by_hand(folder, world, "conda", cold=cold)


def make_conda_base(folder: Path, world: World, conda: Path) -> None:
    conda_base(folder / "conda-base", world.base, conda)
    words = ["docker", "buildx", "build", "--quiet", "--provenance=false"]
    output = f"--output=type=docker,name={CONDA_BASE},oci-mediatypes=true"
    run(*words, output, str(folder / "conda-base"), folder=folder)


def wheels_of(folder: Path) -> list[dict[str, str | int]]:
    content = json.loads((folder / "bench.lock").read_text())
    (platform,) = content["platforms"].values()
    return list(platform.get("pip", ()))


def sizes_of(folder: Path) -> dict[str, int]:
    content = json.loads((folder / "bench.lock").read_text())
    (platform,) = content["platforms"].values()
    rows = [*platform.get("pip", ()), *platform.get("conda", ())]
    return {str(one["name"]): int(one.get("size") or 0) for one in rows}


def ways_of(world: World, *, is_conda: bool) -> Mapping[str, Way]:
    own: dict[str, Way] = {
        "envc": functools.partial(build_envc, compression="gzip"),
        "envc zstd": functools.partial(build_envc, compression="zstd"),
    }
    if is_conda:
        return {**own, "conda": build_conda}
    peers: dict[str, Way] = {
        "pip": functools.partial(build_pip, name="pip"),
        "pip+cache": functools.partial(build_pip, name="pip-cache"),
    }
    return {
        **own,
        **peers,
        **({"repo2docker": build_repo2docker} if world.repo2docker else {}),
    }


def older(world: World, pins: Sequence[str], count: int) -> list[str]:
    """Return requirements for an older release of some packages, each of which the set allows."""
    found: list[str] = []
    for pin in sorted(pins, key=lambda one: hashlib.sha256(one.encode()).digest()):
        if len(found) == count:
            break
        name, _, version = pin.partition("==")
        kept = [one for one in pins if one != pin]
        with tempfile.TemporaryDirectory() as folder:
            lines = "\n".join(f"    {one}" for one in [*kept, f"{name} <{version}"])
            text = f'environment bench\nbase image "{world.base}"\npip {{\n{lines}\n}}\n'
            Path(folder, "bench.envc").write_text(text)
            done = subprocess.run(
                [sys.executable, "-m", "envc", "lock", "bench.envc"],
                cwd=folder, capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                found.append(f"{name} <{version}")
    return found


def measure(name: str, world: World, turns: int, bumps: int) -> None:
    with tempfile.TemporaryDirectory(prefix="envc-bench-") as folder_name:
        folder = Path(folder_name)
        is_conda = name == CONDA
        ways = ways_of(world, is_conda=is_conda)
        packages = lock(folder, world, SETS["web" if is_conda else name], is_conda=False)
        sizes = sizes_of(folder)
        if is_conda:
            packages, changes = as_conda(folder, world, sizes, bumps)
        else:
            changes = older(world, packages.names, bumps)
        measured = {way: Measured() for way in ways}
        # BuildKit fetches now what nobody shall wait for later.
        envc("build", "bench.envc", "--repository", "envc-bench", folder=folder)
        for _ in range(turns):
            for way, build in ways.items():
                measured[way].cold.append(build(folder, world, packages, True))
                tell(f"  {way:12} cold {measured[way].cold[-1].seconds:6.1f} s, load {load()}")
        below = {way: base_of(world, way) for way in ways}
        # The steps of the last cold build are the ones that bumps find done: of another way's, no
        # layer would be there in this one's compression.
        for build in ways.values():
            build(folder, world, packages, False)
        for number, change in enumerate(changes):
            bumped = change.partition(" ")[0]
            kept = [one for one in packages.names if re.split(" ?==", one)[0] != bumped]
            after = lock(folder, world, [*kept, change], is_conda=is_conda)
            own = sizes_of(folder)[bumped]
            is_timed = True
            for way in in_turn(ways, number):
                one = measured[way]
                built = ways[way](folder, world, after, False)
                first = one.cold[-1].layers
                pulled = sum(size for key, size in built.layers.items() if key not in first)
                if is_timed or way not in ENVC:
                    one.bumps.append(built.seconds)
                is_timed = is_timed and way not in ENVC
                one.shares.append(max(pulled - own, 0) / above(first, below[way]))
                tell(f"  {way:12} {change:32} {built.seconds:6.1f} s {one.shares[-1]:6.1%}")
        count, megabytes = len(sizes_of(folder)), sum(sizes_of(folder).values()) / 1e6
        tell(f"\n{name}: {count} packages, {megabytes:.1f} MB to download; load {load()}\n")
        report(measured, below)


def in_turn(ways: Mapping[str, Way], number: int) -> list[str]:
    """Return the ways' names, those of envc in turns: what the first has done, the second finds done."""
    others = [one for one in ways if one not in ENVC]
    return [*(ENVC if number % 2 == 0 else reversed(ENVC)), *others]


def as_conda(
    folder: Path, world: World, sizes: Mapping[str, int], bumps: int
) -> tuple[Packages, list[str]]:
    """Serve wheels as a channel, and lock them as Conda packages."""
    ordered = sorted(sizes, key=lambda one: sizes[one])
    changed = [ordered[at * (len(ordered) - 1) // max(bumps - 1, 1)] for at in range(bumps)]
    wheels = [world.served / "simple" / str(one["name"]) / str(one["url"]).rpartition("/")[2]
              for one in wheels_of(folder)]  # fmt: skip
    names = write_channel(world.served / "channel", wheels, changed)
    if world.conda is None:
        sys.exit("the set of Conda packages needs --conda")
    make_conda_base(folder, world, world.conda)
    return lock(folder, world, names, is_conda=True), [f"{one} ==0.1" for one in changed]


def above(layers: Mapping[str, int], below: int) -> int:
    """Return the bytes of an image without its base."""
    return sum(layers.values()) - below


def report(measured: Mapping[str, Measured], below: Mapping[str, int]) -> None:
    """Print a table in Markdown."""
    tell("| | cold, median | least | on top of the base | whole | a bump, median | pulled again |")
    tell("| --- | --- | --- | --- | --- | --- | --- |")
    for way, one in measured.items():
        seconds = [built.seconds for built in one.cold]
        layers = one.cold[-1].layers
        cells = [f"{statistics.median(seconds):.1f} s", f"{min(seconds):.1f} s"]
        cells += [
            f"{above(layers, below[way]) / 1e6:.1f} MB",
            f"{sum(layers.values()) / 1e6:.1f} MB",
        ]
        cells.append(f"{statistics.median(one.bumps):.1f} s" if one.bumps else "")
        cells.append(f"{statistics.median(one.shares):.1%}" if one.shares else "")
        tell(f"| {way} | {' | '.join(cells)} |")


def base_of(world: World, way: str) -> int:
    """Return the bytes of a way's base; under zstd, of its layers as they are made anew."""
    if way == "conda":
        image = f"{world.registry}/envc-bench-base:conda"
        run("docker", "tag", CONDA_BASE, image, folder=Path.cwd())
        return sum(layers_of(world, image).values())
    if way == "envc zstd":
        with tempfile.TemporaryDirectory() as name:
            Path(name, "Dockerfile").write_text(f"FROM {world.base}\nLABEL bench=1\n")
            image = f"{world.registry}/envc-bench-base:zstd"
            output = f"--output=type=docker,name={image},oci-mediatypes=true"
            output += ",compression=zstd,force-compression=true"
            words = ["docker", "buildx", "build", "--quiet", "--provenance=false", output, name]
            run(*words, folder=Path(name))
        return sum(layers_of(world, image).values())
    registry, _, rest = re.sub(r"@.*", "", world.base).partition("/")
    repository, _, tag = rest.rpartition(":")
    url = f"http://{registry}/v2/{repository}/manifests/{tag}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": ACCEPT})) as answer:
        return sum(layer["size"] for layer in json.load(answer)["layers"])


def load() -> str:
    return Path("/proc/loadavg").read_text().partition(" ")[0]


def tell(line: str) -> None:
    print(line, flush=True)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder; give its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", required=True, help="an image with Python, in a registry by HTTP")
    parser.add_argument("--registry", required=True, help="where images are pushed, by HTTP")
    parser.add_argument("--set", dest="sets", action="append", choices=[*SETS, CONDA], default=[])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--bumps", type=int, default=3)
    parser.add_argument("--repo2docker", metavar="PYTHON", help="one that has jupyter-repo2docker")
    parser.add_argument("--conda", metavar="CHECKOUT", type=Path, help="Conda's source")
    parser.add_argument("--files", metavar="DIR", type=Path, help="keep what is served there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="envc-bench-files-") as temporary:
        served = arguments.files or Path(temporary)
        served.mkdir(parents=True, exist_ok=True)
        with serving(served) as url:
            world = World(
                base=arguments.base,
                registry=arguments.registry,
                served=served,
                url=url,
                repo2docker=arguments.repo2docker,
                conda=arguments.conda,
            )
            tell(f"{os.cpu_count()} processors; {time.strftime('%Y-%m-%d')}; load {load()}")
            for name in arguments.sets or SETS:
                measure(name, world, arguments.turns, arguments.bumps)


if __name__ == "__main__":
    main()
