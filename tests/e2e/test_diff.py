"""`envc diff` of real images: those of the engine, and those that only a registry has."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from support.command import Envc
from support.engine import EngineWorld
from support.index import Dist, write_wheel

pytestmark = pytest.mark.engine


def diff(envc: Envc, *words: str, exit_code: int = 0) -> dict[str, Any]:
    done = envc("diff", *words, "--json", "--exit-code", exit_code=exit_code)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_images_are_told_from_specs_and_from_each_other(envc: Envc, world: EngineWorld) -> None:
    write_wheel(envc.folder / "dist", Dist(name="cats", version="1.0"))
    text = f'''environment pets
base image "{world.python_base}"
python 3.11
pip {{ wheel "dist/cats-1.0-py3-none-any.whl" }}
variables {{ COLOUR = "black" }}
'''
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")
    old = envc.build("pets.envc")
    same = diff(envc, old["image"], "pets.envc")
    envc.write("pets.envc", text.replace("black", "white") + 'run "date >/srv/a"\n')
    stale = diff(envc, old["image"], "pets.envc", exit_code=4)
    new = envc.build("pets.envc")
    local = diff(envc, old["image"], new["image"], exit_code=4)
    remote = [f"{world.registry}/{envc.repository}:{number}" for number in (1, 2)]
    for image, name in zip((old["image"], new["image"]), remote, strict=True):
        subprocess.run(["docker", "tag", image, name], check=True, capture_output=True)
        subprocess.run(["docker", "push", "--quiet", name], check=True, capture_output=True)
        subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)
    pushed = diff(envc, *remote, exit_code=4)

    colour = {"name": "variables COLOUR", "old": "black", "new": "white"}
    assert (same["same"], same["images"][0]["settings"]) == (True, [])
    assert stale["images"][0]["settings"] == [colour]
    assert stale["images"][0]["old_env_id"] == old["env_id"]
    for found in (local, pushed):
        [image] = found["images"]
        assert (image["old_env_id"], image["new_env_id"]) == (old["env_id"], new["env_id"])
        assert image["settings"] == [colour]
        states = [layer["state"] for layer in image["layers"]]
        assert states == ["reused"] * (len(states) - 1) + ["rebuilt"]
        assert "date >/srv/a" in image["layers"][-1]["name"]
        assert all(layer["size_bytes"] is not None for layer in image["layers"])
    assert local["images"][0]["pull_size_bytes"] is None
    assert pushed["images"][0]["pull_size_bytes"] == pushed["images"][0]["layers"][-1]["size_bytes"]
