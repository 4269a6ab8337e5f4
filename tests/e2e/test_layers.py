"""How many layers an environment has: as many as the spec says, and the same files in any case."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import time

import pytest

from support.command import Envc, ServedChannel
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

CONTAINERS = {"etc", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
"""What the engine writes for each container."""

Entry = tuple[bytes, int, int, int, int, str, str]


def layers_of(image: str) -> list[str]:
    command = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [str(layer) for layer in found]


def files_of(image: str) -> dict[str, Entry]:
    """Return all that a container of an image sees below /opt, /home and /etc, by path."""
    made = subprocess.run(["docker", "create", image], capture_output=True, text=True, check=True)
    container = made.stdout.strip()
    found: dict[str, Entry] = {}
    with (
        subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as exporting,
        tarfile.open(fileobj=exporting.stdout, mode="r|") as archive,
    ):
        for one in archive:
            if one.name in CONTAINERS or one.name.partition("/")[0] not in {"opt", "home", "etc"}:
                continue
            own = archive.extractfile(one) if one.isreg() else None
            sha256 = hashlib.sha256(own.read()).hexdigest() if own is not None else ""
            facts = (one.type, one.mode, one.uid, one.gid, int(one.mtime))
            found[one.name] = (*facts, one.linkname, sha256)
    subprocess.run(["docker", "rm", container], capture_output=True, check=True)
    return found


def test_another_number_of_layers_is_the_same_environment_and_bit_equal_itself(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    text = f"""\
environment greet
base image "{world.base}"
channels "{channel.url}"
conda {{ greeter, greet-activate, libgreet }}
pip {{ six, idna }}
"""
    envc.write("greet.envc", text)
    envc("lock", "greet.envc")
    usual = envc.build("greet.envc")
    envc("compile", "greet.envc", "-o", "out")
    envc.write("greet.envc", f"{text}layers 1\n")
    envc("lock", "greet.envc", "--check")

    one = envc.build("greet.envc")
    time.sleep(1.1)  # files made in the same second would be equal by chance
    again = envc.build("greet.envc", "--no-cache")

    listed = json.loads((envc.folder / "out/image.json").read_text())["platforms"]["linux/amd64"]
    many, few = len(layers_of(usual["image"])), len(layers_of(one["image"]))
    # Its packages' layers and the last one are one.
    # Those of packages, that of the account, and the last: instead of one.
    assert many - few == len(listed["layers"]) + 1 > 2
    assert one["env_id"] == again["env_id"] != usual["env_id"]
    assert one["digest"] == again["digest"]
    files = files_of(one["image"])
    assert files == files_of(usual["image"])
    assert {"opt/env/bin/python", "opt/env/bin/envc-activate", "home/envc"} <= files.keys()
    assert envc.inside(one["image"], "python", "-c", "import greeter, six, idna; print(1)") == "1\n"
