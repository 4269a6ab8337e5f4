"""The examples of docs/templates.md, built: what users' templates add is in the image."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Envc
from support.engine import EngineWorld
from support.http_server import serve_folder

pytestmark = pytest.mark.engine

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"
EXAMPLE = re.compile(r"```jinja\n\{# (\S+) #\}\n(.*?)```", re.DOTALL)
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has the certificate."""
    folder = tmp_path_factory.mktemp("pki")
    (folder / "root.pem").write_bytes(CERTIFICATE)
    with serve_folder(folder) as url:
        yield url


def test_the_examples_are_built(envc: Envc, world: EngineWorld, site: str) -> None:
    envc.write(
        "pets.envc",
        f'environment pets\nbase image "{world.python_base}"\npython 3.11\n'
        'run "cp /usr/local/share/ca-certificates/example.crt /seen"\n',
    )
    sha256 = hashlib.sha256(CERTIFICATE).hexdigest()
    for name, text in EXAMPLE.findall(PAGE.read_text()):
        own = text.replace('"0" * 64', f'"{sha256}"').replace("https://pki.example.com", site)
        envc.write(f"house/{name}", own)
    envc("lock", "pets.envc")

    built = envc.build("pets.envc", "--templates", "house")

    envc("compile", "pets.envc", "-o", "out", "--templates", "house")
    inspect = ["docker", "inspect", "--format", "{{json .Config.Labels}}", built["image"]]
    labels = json.loads(subprocess.run(inspect, capture_output=True, check=True).stdout)
    assert (envc.folder / "out/Dockerfile").read_text().startswith("# Property of Example Corp.\n#")
    assert labels["com.example.team"] == "platform & data"
    assert envc.inside(built["image"], "cat", "/seen").encode() == CERTIFICATE
    assert built["env_id"] in envc("hash", "pets.envc", "--templates", "house").stdout
    assert built["env_id"] not in envc("hash", "pets.envc").stdout
