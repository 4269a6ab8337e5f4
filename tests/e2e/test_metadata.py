"""The image's metadata, from both forms of a spec to what Docker says of the image and does with it."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest

from envc.plan.label import CONTRACT
from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

DSL = """environment notes
base image "{base}"
python 3.11
command ["python", "-m", "http.server", "8080"]

labels {{
    "org.opencontainers.image.title" = "Notes, \\"one\\" a line"
    org.example.price = '$0 \\ ${{HOME}}'
    empty = ""
}}
ports 9000/udp, 8080
volumes "/data", "/my $HOME/it's \\"here\\""
healthcheck {{
    run "test -w /data && test \\"$HOME\\" = /home/envc"
    interval 1s
    timeout 90s
    start 1m30s
    retries 5
}}
stopsignal SIGINT
"""
YAML = """environment: notes
base: {{image: "{base}"}}
python: 3.11
command: [python, -m, http.server, 8080]
stopsignal: SIGINT
healthcheck:
  run: test -w /data && test "$HOME" = /home/envc
  interval: 1000ms
  timeout: 1m30s
  start: 90s
  retries: 5
volumes: ['/my $HOME/it''s "here"/', /data]
ports: [8080/tcp, 9000/udp]
labels:
  empty: ""
  org.example.price: $0 \\ ${{HOME}}
  org.opencontainers.image.title: Notes, "one" a line
"""


def inspect(name: str, part: str = ".Config") -> Any:
    command = ["docker", "inspect", "--format", f"{{{{json {part}}}}}", name]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.fixture
def image(envc: Envc, world: EngineWorld) -> str:
    """The image of the spec in the DSL."""
    envc.write("notes.envc", DSL.format(base=world.python_base))
    envc("lock", "notes.envc")
    return str(envc.build("notes.envc")["image"])


def test_docker_shows_metadata_as_it_was_written(image: str) -> None:
    config = inspect(image)

    own = {name: config["Labels"].pop(name) for name in ("dev.envc.contract", "dev.envc.env-id")}
    assert own["dev.envc.contract"] == str(CONTRACT)
    assert config["Labels"] == {
        "org.opencontainers.image.title": 'Notes, "one" a line',
        "org.example.price": "$0 \\ ${HOME}",
        "empty": "",
    }
    assert config["ExposedPorts"] == {"8080/tcp": {}, "9000/udp": {}}
    assert config["Volumes"] == {"/data": {}, '/my $HOME/it\'s "here"': {}}
    assert config["Healthcheck"] == {
        "Test": ["CMD", "/bin/sh", "-ec", 'test -w /data && test "$HOME" = /home/envc'],
        "Interval": 10**9,
        "Timeout": 90 * 10**9,
        "StartPeriod": 90 * 10**9,
        "Retries": 5,
    }
    assert config["StopSignal"] == "SIGINT"


def test_the_twin_in_yaml_finds_the_image(envc: Envc, world: EngineWorld, image: str) -> None:
    (envc.folder / "notes.envc").unlink()
    envc.write("notes.yaml", YAML.format(base=world.python_base))

    found = envc.build("notes.yaml")

    assert (found["image"], found["cached"]) == (image, True)


def test_a_container_is_healthy_and_ends_at_its_signal(image: str) -> None:
    command = ["docker", "run", "--detach", "--network=none", image]
    container = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    try:
        deadline = time.monotonic() + 60
        while (health := inspect(container, ".State.Health"))["Status"] != "healthy":
            assert time.monotonic() < deadline, health
            time.sleep(0.2)
        write = ["docker", "exec", container, "sh", "-c", 'for f in "$@"; do touch "$f/x"; done']
        folders = ["sh", "/data", '/my $HOME/it\'s "here"']
        subprocess.run([*write, *folders], check=True)
        subprocess.run(["docker", "stop", "--time=30", container], capture_output=True, check=True)
        logs = subprocess.run(
            ["docker", "logs", container],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
    finally:
        subprocess.run(
            ["docker", "rm", "--force", "--volumes", container], capture_output=True, check=False
        )

    assert "Keyboard interrupt received" in logs.stdout


def test_no_health_check_takes_the_bases_away(envc: Envc, world: EngineWorld) -> None:
    base = f"{world.registry}/{envc.repository}:base"
    (envc.folder / "base").mkdir()
    dockerfile = f"FROM {world.python_base}\nHEALTHCHECK CMD true\nEXPOSE 1\nSTOPSIGNAL SIGQUIT\n"
    (envc.folder / "base/Dockerfile").write_text(dockerfile)
    build = ["docker", "buildx", "build", "--quiet", "--provenance=false", "--push", "-t", base]
    subprocess.run([*build, str(envc.folder / "base")], capture_output=True, check=True)
    for name, check in (("kept", ""), ("gone", "healthcheck none\n")):
        text = f'environment {name}\nbase image "{base}"\nports 2\n{check}'
        envc.write(f"{name}.envc", text)
        envc("lock", f"{name}.envc")

    kept, gone = (inspect(envc.build(f"{name}.envc")["image"]) for name in ("kept", "gone"))

    assert kept["Healthcheck"] == {"Test": ["CMD-SHELL", "true"]}
    assert gone["Healthcheck"] == {"Test": ["NONE"]}
    assert kept["ExposedPorts"] == {"1/tcp": {}, "2/tcp": {}}
    assert kept["StopSignal"] == "SIGQUIT"
