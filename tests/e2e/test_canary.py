"""A credential is in nothing that envc writes, prints or builds: one that is unique is looked for."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from support.command import Envc, ServedChannel
from support.conda_channel import serve
from support.engine import EngineWorld
from support.forward_proxy import serve_proxy
from support.index import Dist, IndexServer

pytestmark = [pytest.mark.engine, pytest.mark.network]

USER = "keeper"


@pytest.fixture
def canary() -> str:
    """A password that is nowhere else, with characters that addresses must escape."""
    return f"canary-{uuid.uuid4().hex}@/:"


@pytest.fixture
def index(canary: str) -> Iterator[IndexServer]:
    """An index that answers nobody without the password."""
    with IndexServer([Dist(name="pets", version="1.0")], credentials=f"{USER}:{canary}") as served:
        yield served


@pytest.fixture
def private(
    envc: Envc, world: EngineWorld, index: IndexServer, canary: str, tmp_path: Path
) -> Envc:
    """The command in a folder with a spec that needs the secret, with a cache of its own."""
    envc.cache = tmp_path / "cache"
    envc.variables["PETS_TOKEN"] = f"{USER}:{canary}"
    envc.folder = tmp_path / "work"
    envc.write(
        "pets.envc",
        f'environment pets\nbase image "{world.python_base}"\npython 3.11\n'
        f'pip {{\n    index "{index.url}" secret PETS_TOKEN\n    pets ==1.0\n}}\n'
        "check { import pets }\n",
    )
    return envc


def find(canary: str, content: bytes) -> bool:
    """Return whether some bytes hold the password, or what addresses and headers make of it."""
    pair = f"{USER}:{canary}"
    forms = [canary, quote(canary, safe=""), base64.b64encode(pair.encode()).decode()]
    return any(form.encode() in content for form in forms)


def files_with(canary: str, folder: Path) -> list[str]:
    """Return the files below a folder that hold the password, or have it in their names."""
    return [
        str(file.relative_to(folder))
        for file in sorted(folder.rglob("*"))
        if find(canary, file.name.encode()) or (file.is_file() and find(canary, file.read_bytes()))
    ]


def image_has(canary: str, name: str) -> bool:
    """Return whether an image holds the password: in its config, its history or a file of a layer."""
    saved = subprocess.run(["docker", "save", name], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as image:
        blobs = [image.extractfile(member) for member in image if member.isfile()]
        contents = [blob.read() for blob in blobs if blob is not None]
    unpacked = (gzip.decompress(one) if one.startswith(b"\x1f\x8b") else one for one in contents)
    return any(find(canary, one) for one in unpacked)


def test_a_canary_is_found_where_it_is(canary: str, tmp_path: Path) -> None:
    (tmp_path / "leak.log").write_text(
        f"https://{USER}:{quote(canary, safe='')}@example.com/simple"
    )
    (tmp_path / "clean.log").write_text("https://example.com/simple")

    assert files_with(canary, tmp_path) == ["leak.log"]


def test_no_output_of_any_verb_has_the_credential(private: Envc, canary: str) -> None:
    said = [private("lock", "pets.envc"), private("lock", "pets.envc", "--check", "--json")]
    said += [private("check", "pets.envc", "--lint"), private("hash", "pets.envc")]
    said += [
        private("compile", "pets.envc", "-o", "out"),
        private("lock", "pets.envc", "--outdated"),
    ]
    said += [
        private("export", "pets.envc", "--format", name)
        for name in ("pylock", "requirements", "cyclonedx", "spdx")
    ]
    image = private.build("pets.envc", "--network", "host", "--log", "build.log")
    said.append(private("run", "pets.envc", "--repository", private.repository, "--", "env"))

    printed = "".join(done.stdout + done.stderr for done in said) + str(image)
    assert "pets" in printed
    assert not find(canary, printed.encode())
    assert (private.folder / "build.log").stat().st_size > 0
    assert files_with(canary, private.folder) == []
    assert files_with(canary, private.cache) == []
    assert not image_has(canary, str(image["image"]))


def test_a_refused_credential_is_not_repeated(private: Envc, canary: str) -> None:
    private("lock", "pets.envc")
    private.variables["PETS_TOKEN"] = f"{USER}:{canary}-wrong"

    locking = private("lock", "pets.envc", "--update", exit_code=3)
    building = private(
        "build", "pets.envc", "--repository", private.repository, "--network", "host", exit_code=3
    )

    printed = locking.stdout + locking.stderr + building.stdout + building.stderr
    assert "E336" in printed
    assert not find(canary, printed.encode())
    assert not find(f"{canary}-wrong", printed.encode())
    assert files_with(canary, private.folder) == []
    assert files_with(canary, private.cache) == []


def test_the_credential_changes_no_id(private: Envc) -> None:
    private("lock", "pets.envc")
    known = private("hash", "pets.envc").stdout

    private.variables["PETS_TOKEN"] = "somebody:else"

    assert private("hash", "pets.envc").stdout == known


def test_a_mirror_with_a_password_is_in_no_output(
    private: Envc, index: IndexServer, canary: str
) -> None:
    spec = (private.folder / "pets.envc").read_text()
    known, canonical = f'index "{index.url}"', "https://pets.invalid"
    private.write("pets.envc", spec.replace(known, f'index "{canonical}/simple"'))
    place = f"{USER}:{quote(canary, safe='')}@{index.address.removeprefix('http://')}"
    mirror = f"{canonical}=http://{place}"

    said = [
        private("lock", "pets.envc", "--mirror", mirror),
        private("compile", "pets.envc", "-o", "out", "--mirror", mirror, exit_code=2),
        private(
            "build",
            "pets.envc",
            "--repository",
            private.repository,
            "--mirror",
            mirror,
            exit_code=2,
        ),
    ]

    printed = "".join(done.stdout + done.stderr for done in said)
    assert printed.count("E012") == 2
    assert not find(canary, printed.encode())
    assert files_with(canary, private.folder) == []
    assert files_with(canary, private.cache) == []


@pytest.mark.parametrize("kind", ["password in a netrc file", "token in a variable"])
def test_no_output_has_the_credential_of_a_channel(
    envc: Envc,
    world: EngineWorld,
    channel: ServedChannel,
    canary: str,
    tmp_path: Path,
    kind: str,
) -> None:
    envc.cache = tmp_path / "cache"
    envc.folder = tmp_path / "work"
    token = canary.rstrip("@/:")
    header = f"/t/{token}"
    if "netrc" in kind:
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {canary}\n")
        envc.variables["NETRC"] = str(tmp_path / "netrc")
        header = f"Basic {base64.b64encode(f'{USER}:{canary}'.encode()).decode()}"
    else:
        envc.variables["CONDA_TOKEN"] = token
    with serve(channel.channel.folder, header) as url:
        envc.write(
            "greet.envc",
            f'environment greet\nbase image "{world.base}"\n'
            f'channels "{url}" secret CONDA_TOKEN\nconda {{ greeter }}\ncheck {{ import greeter }}\n',
        )
        said = [envc("lock", "greet.envc"), envc("compile", "greet.envc", "-o", "out")]
        said += [
            envc("export", "greet.envc", "--format", name) for name in ("explicit", "conda-lock")
        ]
        image = envc.build("greet.envc", "--network", "host", "--log", "build.log")
        envc.variables |= {"CONDA_TOKEN": f"{token}-wrong"}
        said.append(envc("lock", "greet.envc", "--update", exit_code=3))
        if "token" in kind:  # a part of the address, which messages show
            again = ("--repository", envc.repository, "--network", "host", "--no-cache")
            said.append(envc("build", "greet.envc", *again, exit_code=3))

    printed = "".join(done.stdout + done.stderr for done in said) + str(image)
    assert "E348" in printed
    for secret in (canary, token):
        assert not find(secret, printed.encode())
        assert files_with(secret, envc.folder) == []
        assert files_with(secret, envc.cache) == []
        assert not image_has(secret, str(image["image"]))


def test_no_output_has_a_credential_that_a_keyring_keeps(
    private: Envc, canary: str, tmp_path: Path
) -> None:
    del private.variables["PETS_TOKEN"]
    put_program(private, tmp_path / "keys" / "keyring", f"printf '%s\\n' '{USER}' '{canary}'")
    private.variables["ENVC_HOME"] = str(private.folder / "store")
    own = ("--repository", private.repository)

    said = [private("lock", "pets.envc"), private("vendor", "pets.envc", "vendored")]
    image = private.build("pets.envc", "--network", "host", "--progress", "json")
    said += [
        private("bake", "pets.envc", *own),
        private("env", "register", "pets.envc"),
        private("env", "get", "pets", "copy"),
        private("env", "show", "pets", "--json"),
        private("history", "--json"),
        private("explain", "pets.envc", "--json"),
    ]

    printed = "".join(done.stdout + done.stderr for done in said) + str(image)
    assert "pets" in printed
    assert not find(canary, printed.encode())
    assert list(private.folder.glob("vendored/*")) != []
    assert files_with(canary, private.folder) == []
    assert files_with(canary, private.cache) == []
    assert not image_has(canary, str(image["image"]))


def test_no_output_of_a_build_has_the_password_of_a_proxy(
    private: Envc, canary: str, index: IndexServer
) -> None:
    private("lock", "pets.envc")
    password = quote(canary, safe="")
    seen: list[str] = []
    places = {index.address.removeprefix("http://").partition(":")[0]: index.address}
    with serve_proxy(f"{USER}:{canary}", places, seen) as proxy:
        address = f"http://{USER}:{password}@{proxy}"
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            private.variables |= {name: address, name.upper(): address}
        direct = "localhost,127.0.0.1"
        private.variables |= {"no_proxy": direct, "NO_PROXY": direct}
        said = [private("compile", "pets.envc", "-o", "out")]
        image = private.build("pets.envc", "--network", "host", "--log", "build.log")
        said.append(private("run", "pets.envc", "--repository", private.repository, "--", "env"))

    printed = "".join(done.stdout + done.stderr for done in said) + str(image)
    assert not find(canary, printed.encode())
    assert files_with(canary, private.folder) == []
    assert files_with(canary, private.cache) == []
    assert not image_has(canary, str(image["image"]))


def test_no_output_has_what_a_credential_helper_of_docker_keeps(
    envc: Envc, world: EngineWorld, tmp_path: Path
) -> None:
    user, password = "envc", "envc-secret"
    answer = json.dumps({"ServerURL": world.auth_registry, "Username": user, "Secret": password})
    put_program(
        envc, tmp_path / "keys" / "docker-credential-fake", f"cat >/dev/null; echo '{answer}'"
    )
    stored = {"credHelpers": {world.auth_registry: "fake"}}
    (tmp_path / "keys" / "config.json").write_text(json.dumps(stored))
    plugins = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker"), "cli-plugins")
    if plugins.is_dir():
        (tmp_path / "keys" / "cli-plugins").symlink_to(plugins)
    envc.variables["DOCKER_CONFIG"] = str(tmp_path / "keys")
    envc.cache, envc.folder = tmp_path / "cache", tmp_path / "work"
    envc.variables["ENVC_HOME"] = str(envc.folder / "store")
    envc.write("pets.envc", f'environment pets\nbase image "{world.base}"\n')
    envc.repository = f"{world.auth_registry}/{envc.repository}"

    said = [envc("lock", "pets.envc"), envc("env", "register", "pets.envc")]
    image = envc.build("pets.envc", "--push", "--log", "build.log")
    subprocess.run(["docker", "rmi", str(image["image"])], capture_output=True, check=True)
    said.append(envc("build", "pets.envc", "--repository", envc.repository, "--pull", "always"))
    said.append(envc("env", "push", "pets", "--repository", f"{envc.repository}-envs"))

    printed = "".join(done.stdout + done.stderr for done in said) + str(image)
    pair = base64.b64encode(f"{user}:{password}".encode())
    written = [file for file in (*envc.folder.rglob("*"), *envc.cache.rglob("*")) if file.is_file()]
    assert image["cached"] is False
    assert password not in printed
    assert pair.decode() not in printed
    assert [
        file
        for file in written
        if password.encode() in file.read_bytes() or pair in file.read_bytes()
    ] == []
    assert not image_has(password, str(image["image"]))


def put_program(envc: Envc, path: Path, script: str) -> None:
    """Write a program of the shell, and have the command find it before all others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    envc.variables["PATH"] = f"{path.parent}:{os.environ['PATH']}"
