"""Conda packages, and wheels on top of them, from a spec to an image that runs."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from support.command import Envc, ServedChannel
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


def spec(channel: ServedChannel, world: EngineWorld, *lines: str) -> str:
    head = ["environment greet", f'base image "{world.base}"', f'channels "{channel.url}"']
    return "\n".join([*head, *lines, ""])


def test_conda_packages_run_on_plain_debian(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    envc.write("greet.envc", spec(channel, world, "conda { greeter, greet-ext, greet-activate }"))

    envc("lock", "greet.envc")
    image = envc.build("greet.envc")["image"]

    version = envc.inside(
        image, "python", "-c", "import platform; print(platform.python_version())"
    )
    assert version.strip() == channel.channel.python
    program = "import ssl, sqlite3, ctypes, zlib, hashlib; print(ssl.create_default_context() is not None)"
    assert envc.inside(image, "python", "-c", program) == "True\n"
    assert envc.inside(image, "greet-py") != ""
    assert envc.inside(image, "sh", "-c", "id -u; echo $CONDA_PREFIX") == "1000\n/opt/env\n"


def test_packages_of_conda_are_not_installed_again_by_pip(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    packages = ["conda { python; greeter; packaging }".replace("; ", "\n")]
    envc.write("greet.envc", spec(channel, world, *packages, "pip { packaging, six, idna }"))

    envc("lock", "greet.envc")
    image = envc.build("greet.envc")["image"]

    lock = json.loads((envc.folder / "greet.lock").read_text())["platforms"]["linux/amd64"]
    assert [package["name"] for package in lock["pip"]] == ["idna", "six"]
    program = "import packaging, six, idna, greeter; print(packaging.__version__)"
    conda = next(package for package in lock["conda"] if package["name"] == "packaging")
    assert envc.inside(image, "python", "-c", program).strip() == conda["version"]


def test_two_builds_of_conda_and_wheels_are_bit_equal(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    wanted = "conda { greeter, greet-ext, greet-activate, libgreet }"
    envc.write(
        "greet.envc",
        spec(channel, world, wanted, "pip { six }", 'run "date >/dev/null; touch /made"'),
    )
    envc("lock", "greet.envc")

    first = envc.build("greet.envc", "--no-cache")["digest"]
    time.sleep(1.1)  # files made in the same second would be equal by chance
    second = envc.build("greet.envc", "--no-cache")["digest"]

    assert first == second


def test_the_layers_of_an_environment_do_not_depend_on_its_base(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    layers = []
    for number, base in enumerate((world.base, world.python_base)):
        text = spec(channel, world, "conda { greeter }").replace(world.base, base)
        envc.write(f"greet{number}.envc", text)
        envc("lock", f"greet{number}.envc")
        image = envc.build(f"greet{number}.envc")["image"]
        command = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image]
        layers.append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))

    # The bases' one layer, then the user's, Conda's and the work folder's.
    assert layers[0][0] != layers[1][0]
    assert layers[0][-2:] == layers[1][-2:]


def test_tools_with_another_python_lead_to_the_same_layers(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    text = spec(channel, world, "conda { greeter, greet-ext }", "pip { six }")
    envc.write("greet.envc", text)
    envc("lock", "greet.envc")
    lock = json.loads((envc.folder / "greet.lock").read_text())
    tools = lock["platforms"]["linux/amd64"]["tools"]

    layers = []
    for python in (tools["python"], "3.10.1"):  # what is told of another one is done for it
        tools["python"] = python
        envc.write("greet.lock", json.dumps(lock))
        image = envc.build("greet.envc")["image"]
        command = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image]
        layers.append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))

    envc("compile", "greet.envc", "-o", "out")
    dockerfile = (envc.folder / "out/Dockerfile").read_text()
    assert '["/opt/env/bin/python", "/mnt/envc/layer.py"]' in dockerfile
    assert layers[0] == layers[1]


def test_activation_scripts_are_honoured(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    text = spec(channel, world, "conda { greet-activate }", 'entrypoint ["sh", "-c"]')
    envc.write("greet.envc", text)
    envc("lock", "greet.envc")
    image = envc.build("greet.envc")["image"]

    assert "GREET" in envc.inside(image, "env")
