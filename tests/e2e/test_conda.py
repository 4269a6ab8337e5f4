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
    assert '["/opt/env/bin/python", "/mnt/envc/bytecode.py",' in dockerfile
    assert layers[0] == layers[1]


def starts_of(image: str) -> dict[str, set[str]]:
    """Return the names of the variables of greetings that a program sees, by how it is started."""

    def look(*words: str) -> set[str]:
        done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
        return {line.split("=")[0] for line in done.stdout.splitlines() if line.startswith("GREET")}

    run = ("run", "--rm", "--network=none")
    command = ["docker", "run", "--detach", "--network=none", image, "sleep", "600"]
    container = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    try:
        return {
            "run": look(*run, image, "env"),
            "exec": look("exec", container, "env"),
            "exec by envc-activate": look("exec", container, "envc-activate", "env"),
            # What Kubernetes' `command` does, too.
            "another entrypoint": look(*run, "--entrypoint=env", image),
            "envc-activate as the entrypoint": look(
                *run, "--entrypoint=envc-activate", image, "env"
            ),
        }
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=True)


def test_what_packages_activate_is_seen_by_the_entrypoint_the_checks_and_whoever_asks_for_it(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    lines = [
        "conda { greet-activate, greet-hook }",
        'healthcheck { run "env" }',
        "check { run 'echo $GREETING, $GREET_HOOK' prints 'hello from /opt/env, hooked' }",
    ]
    envc.write("greet.envc", spec(channel, world, *lines))
    envc("lock", "greet.envc")

    built = envc.build("greet.envc")
    starts = starts_of(built["image"])

    [warning] = built["diagnostics"]
    assert (warning["code"], warning["notes"]) == (
        "W652",
        ["they are `greet-hook.sh` of `greet-hook`"],
    )
    active = {"GREETING", "GREET_HOME", "GREET_HOOK"}
    assert starts == {
        "run": active,
        "exec": set(),
        "exec by envc-activate": active,
        "another entrypoint": set(),
        "envc-activate as the entrypoint": active,
    }
    command = ["docker", "image", "inspect", "--format", "{{json .Config}}", built["image"]]
    config = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    activate = "/opt/env/bin/envc-activate"
    assert config["Healthcheck"]["Test"][:2] == ["CMD", activate]
    assert config["Entrypoint"] == [activate]


def test_an_image_in_which_nothing_can_start_gets_no_name(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    lines = ["conda { libgreet, greet-hook }", 'run "echo exit 3 >> $HOOK"']
    hook = "/opt/env/etc/conda/activate.d/greet-hook.sh"
    envc.write("greet.envc", spec(channel, world, *lines).replace("$HOOK", hook))
    envc("lock", "greet.envc")

    done = envc("build", "greet.envc", "--repository", envc.repository, exit_code=1)

    assert f"error[E608]: nothing can start in `{envc.repository}:" in done.stderr
    assert "what activates its Conda packages fails" in done.stderr
