"""How layers are stored: another manifest, and the same environment."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import Any

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

ACCEPT = "application/vnd.oci.image.manifest.v1+json"
SPEC = """environment pets
base image "{base}"
before packages {{ run "seq 20000 >/srv/numbers" }}
"""


def pushed(world: EngineWorld, image: str) -> dict[str, Any]:
    """Push an image and return its manifest."""
    subprocess.run(["docker", "push", "--quiet", image], check=True, capture_output=True)
    repository, _, tag = image.removeprefix(f"{world.registry}/").partition(":")
    url = f"http://{world.registry}/v2/{repository}/manifests/{tag}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": ACCEPT})) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def kinds(manifest: dict[str, Any]) -> set[str]:
    return {layer["mediaType"].rpartition("+")[2] for layer in manifest["layers"]}


def test_a_manifest_depends_on_the_compression_and_on_nothing_built_before(
    envc: Envc, world: EngineWorld
) -> None:
    envc.write("pets.envc", SPEC.format(base=world.base))
    envc("lock", "pets.envc")
    envc.repository = f"{world.registry}/{envc.repository}"
    images, manifests = [], []
    for compression in ("zstd", "gzip", "zstd"):
        images.append(envc.build("pets.envc", "--force", "--compression", compression))
        manifests.append(pushed(world, images[-1]["image"]))

    found = envc.build("pets.envc", "--compression", "gzip")
    verified = json.loads(
        envc(
            "verify", "pets.envc", "--compression", "gzip", "--against", found["image"], "--json"
        ).stdout
    )

    assert [kinds(one) for one in manifests] == [{"zstd"}, {"gzip"}, {"zstd"}]
    assert len({one["config"]["digest"] for one in manifests}) == 1
    assert len({one["env_id"] for one in images}) == 1
    assert images[0]["digest"] == images[2]["digest"] != images[1]["digest"]
    assert (found["cached"], found["digest"]) == (True, images[2]["digest"])
    assert [problem["code"] for problem in verified["diagnostics"]] == ["W661"]
    subprocess.run(["docker", "image", "rm", found["image"]], check=True, capture_output=True)
    assert envc.inside(found["image"], "tail", "-n1", "/srv/numbers") == "20000\n"
