"""Layers on the engine: for another platform, over another base, and which of them a change makes anew."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from support.command import Envc
from support.engine import EngineWorld, list_images
from support.index import Dist, write_wheel

pytestmark = pytest.mark.engine

AARCH64 = 183  # EM_AARCH64 of ELF's header


def run(*command: str, **options: object) -> bytes:
    return subprocess.run(command, capture_output=True, check=True, **options).stdout  # type: ignore[call-overload,no-any-return]


def layers_of(image: str) -> list[str]:
    found = json.loads(
        run("docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image)
    )
    return [str(layer) for layer in found]


def steps_of(log: Path) -> tuple[set[str], set[str]]:
    """Return which stages had steps that ran, and which had those that were cached.

    BuildKit may tell of a step more than once: what it had once was not made.
    """
    found: dict[str, set[str]] = {"CACHED": set(), "DONE": set()}
    for line in log.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        name = rest.strip()
        if kind in found and name.startswith("[") and "] RUN " in name:
            found[kind].add(name[1:].split()[0])
    return found["DONE"] - found["CACHED"], found["CACHED"]


@pytest.fixture
def spec(envc: Envc, two_platform_base: str) -> str:
    text = (
        f'environment x\nbase image "{two_platform_base}"\n'
        "platforms linux/amd64, linux/arm64\npython 3.11\npip {\n    markupsafe ==3.0.2\n    six\n}\n"
    )
    envc.write("x.envc", text)
    envc("lock", "x.envc")
    return "x.envc"


def test_images_of_two_platforms_are_one_that_is_pushed_whole(
    envc: Envc, spec: str, world: EngineWorld
) -> None:
    name = f"{world.registry}/{envc.repository}:both"

    built = envc.build(spec, "--platform", "all", "-t", name)
    again = envc.build(spec, "--platform", "linux/arm64", "--platform", "linux/amd64")
    run("docker", "push", "--quiet", name)
    pushed = json.loads(run("docker", "buildx", "imagetools", "inspect", "--raw", name))
    run("docker", "image", "rm", name)

    parts = built["platforms"]
    assert (again["digest"], again["cached"]) == (built["digest"], True)
    own = f"{envc.repository}:{parts['linux/arm64']['env_id'][7:39]}"
    assert [
        (warning["code"], warning["message"].partition(" is ")[0])
        for warning in built["diagnostics"]
    ] == [("W627", f"`{own}`")]
    assert {
        f"{entry['platform']['os']}/{entry['platform']['architecture']}": entry["digest"]
        for entry in pushed["manifests"]
    } == {platform: part["digest"] for platform, part in parts.items()}
    program = "import markupsafe._speedups, six; print('works')"
    assert envc.inside(built["image"], "python", "-c", program) == "works\n"


def test_the_other_platforms_files_are_its_own_though_nothing_was_emulated(
    envc: Envc, spec: str
) -> None:
    image = envc.build(spec, "--platform", "linux/arm64")["image"]

    container = run("docker", "create", "--platform=linux/arm64", image, "x").decode().strip()
    site = "/opt/env/lib/python3.11/site-packages"
    try:
        run("docker", "cp", f"{container}:{site}/markupsafe", str(envc.folder / "markupsafe"))
        run("docker", "cp", f"{container}:{site}/__pycache__", str(envc.folder / "cache"))
        run("docker", "cp", f"{container}:/etc/passwd", str(envc.folder / "passwd"))
        run("docker", "cp", f"{container}:/opt/env/pyvenv.cfg", str(envc.folder / "pyvenv.cfg"))
    finally:
        run("docker", "rm", container)
    (library,) = (envc.folder / "markupsafe").glob("*.so")
    assert int.from_bytes(library.read_bytes()[18:20], "little") == AARCH64
    assert [path.name for path in (envc.folder / "cache").iterdir()] == ["six.cpython-311.pyc"]
    assert "envc:x:1000:1000::/home/envc:/bin/sh" in (envc.folder / "passwd").read_text()
    assert "home = /usr/bin\n" in (envc.folder / "pyvenv.cfg").read_text()


def test_a_step_that_needs_emulation_is_refused_before_anything_is_built(
    envc: Envc, spec: str
) -> None:
    with (envc.folder / spec).open("a") as text:
        text.write('run "true"\n')
    envc("lock", spec)

    done = envc("build", spec, "--platform", "all", exit_code=3)

    [problem, *_] = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert problem.startswith("error[E607]: the builder cannot run programs for `linux/arm64`")
    assert '--> x.envc:9:1\n9 | run "true"\n' in done.stderr
    assert "--install all" in done.stderr
    for verb in ("bake", "verify"):
        assert "error[E607]" in envc(verb, spec, "--platform", "linux/arm64", exit_code=3).stderr
    assert (
        list_images(envc.repository) == []
    )  # nor was the other platform's built, only to be of no use


def test_another_base_has_the_same_layers_and_makes_none_of_them_anew(
    envc: Envc, world: EngineWorld
) -> None:
    base = f"{world.registry}/{envc.repository}:base"
    (envc.folder / "base").mkdir()
    text = f"FROM {world.python_base}\nRUN echo {uuid.uuid4().hex} > /news\n"
    (envc.folder / "base/Dockerfile").write_text(text)
    run(
        "docker",
        "build",
        "-q",
        "--provenance=false",
        "--push",
        "-t",
        base,
        str(envc.folder / "base"),
    )
    for name, image in (("old", world.python_base), ("new", base)):
        envc.write(f"{name}.envc", f'environment x\nbase image "{image}"\npip {{ six ==1.16.0 }}\n')
        envc("lock", f"{name}.envc")
    log = envc.folder / "build.log"

    old = envc.build("old.envc")["image"]
    new = envc.build("new.envc", "--log", str(log))["image"]

    ran, cached = steps_of(log)
    assert ({"tools", "pip-1"} <= cached, ran) == (True, {"account", "environment"})
    bases = len(layers_of(world.python_base)), len(layers_of(base))
    assert layers_of(old)[bases[0] :] == layers_of(new)[bases[1] :]


def test_a_bump_makes_its_own_layer_anew_and_no_other(envc: Envc, world: EngineWorld) -> None:
    log = envc.folder / "build.log"
    images = []
    news = uuid.uuid4().int % 10**9  # BuildKit has what earlier runs made in its cache
    for version in (f"{news}.0", f"{news}.1"):
        wheel = write_wheel(envc.folder, Dist(name="ape", version=version))
        text = (
            f'environment x\nbase image "{world.python_base}"\n'
            f'pip {{\n    wheel "{wheel.name}"\n    numpy ==2.2.6\n}}\n'
        )
        envc.write("x.envc", text)
        envc("lock", "x.envc")
        lock = json.loads((envc.folder / "x.lock").read_text())
        numpy = lock["platforms"]["linux/amd64"]["pip"][1]
        numpy["size"] = 16_820_000  # which not every index states
        envc.write("x.lock", json.dumps(lock))
        images.append(envc.build("x.envc", "--log", str(log))["image"])

    ran, cached = steps_of(log)
    assert ran == {"pip-1", "environment"}
    assert "pip-numpy" in cached
    count = len(layers_of(world.python_base))
    before, after = (layers_of(image)[count:] for image in images)
    same = [one == other for one, other in zip(before, after, strict=True)]
    # The account, the work directory, numpy, what is bumped, and the last.
    assert same == [True, True, True, False, True]
