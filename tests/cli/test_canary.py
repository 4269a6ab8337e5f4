"""A credential, wherever it comes from, is in nothing that `lock` writes or prints, also where it fails.

What needs an engine is in `tests/e2e/test_canary.py`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from support.conda_channel import serve
from support.conda_world import record, write
from support.forward_proxy import serve_proxy
from support.index import Dist, IndexServer
from support.micromamba_shim import install
from support.registry import FakeRegistry
from support.repositories import Repository, publish, serve_repositories
from support.sources import project
from support.zoo import DIGEST, UV

USER, SECRET = "keeper", "canary-7c1f@/:%"
PAIR = f"{USER}:{SECRET}"
ADDRESSED = f"{USER}:{quote(SECRET, safe='')}@"
BASIC = base64.b64encode(PAIR.encode()).decode()
FORMS = (SECRET, quote(SECRET, safe=""), BASIC, "canary")
SPEC = f"""\
environment zoo
base image "python:3.12-slim-bookworm@{DIGEST}"
python 3.12
"""
CONDA = f"""\
environment zoo
base image "debian:12@{DIGEST}"
virtual-packages {{ __glibc = "2.36" }}
"""


class Place:
    """A folder to lock in, with a home and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.work, self.cache, self.home = folder / "work", folder / "cache", folder / "home"
        for one in (self.work, self.cache, self.home, folder / "tmp"):
            one.mkdir()
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(folder / "tmp"),
            "ENVC_CACHE": str(self.cache),
            "DOCKER_HOST": f"unix://{folder}/no.sock",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }

    def lock(self, spec: str, *words: str, exit_code: int = 0) -> str:
        """Lock a spec twice, once with `--json`, and return all that was printed."""
        (self.work / "zoo.envc").write_text(spec)
        said = ""
        for more in ((), ("--json", "--update")):
            done = subprocess.run(
                [sys.executable, "-m", "envc", "lock", "zoo.envc", *words, *more],
                cwd=self.work,
                env=self.variables,
                capture_output=True,
                text=True,
                check=False,
            )
            said += done.stdout + done.stderr
            assert done.returncode == exit_code, said
        return said

    def keep(self, origin: str, credential: str) -> None:
        """Put the credential where it is found: a netrc file, a keyring, or the variable `TOKEN`."""
        user, _, password = credential.partition(":")
        match origin:
            case "netrc":
                text = f"machine 127.0.0.1 login {user} password {password}\n"
                (self.home / ".netrc").write_text(text)
            case "keyring":
                program = self.home / "keyring"
                program.write_text(f"#!/bin/sh\nprintf '%s\\n' '{user}' '{password}'\n")
                program.chmod(0o755)
                self.variables["PATH"] = f"{self.home}:{self.variables['PATH']}"
            case _:
                self.variables["TOKEN"] = credential

    def leaks(self, said: str) -> list[str]:
        """Return where the credential is, of what was printed and of all files but those at home."""
        found = ["what was printed"] if _has(said.encode()) else []
        parent = self.work.parent
        for file in sorted(parent.rglob("*")):
            if self.home in file.parents:
                continue
            if _has(file.name.encode()) or (file.is_file() and _has(file.read_bytes())):
                found.append(str(file.relative_to(parent)))
        return found


def _has(content: bytes) -> bool:
    return any(form.encode() in content for form in FORMS)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """An index that lets in only whoever has the credential."""
    dists = [UV, Dist(name="app", version="1.0")]
    with IndexServer(dists, credentials=PAIR) as served:
        yield served


def private(index: IndexServer) -> tuple[str, tuple[str, ...]]:
    """Return a spec with that index, and a mirror from which tools come, without a login."""
    spec = f'{SPEC}pip {{\n    index "{index.url}" secret TOKEN\n    app\n}}\n'
    return spec, ("--mirror", f"https://pypi.org=http://{ADDRESSED}{index.address[7:]}")


def test_a_credential_is_found_where_it_is(place: Place) -> None:
    (place.work / "file").write_text(f"http://{ADDRESSED}example.com")
    (place.cache / "canary").write_text("")

    assert place.leaks("") == ["cache/canary", "work/file"]
    assert place.leaks(f"Authorization: Basic {BASIC}")[0] == "what was printed"


@pytest.mark.parametrize(
    ("origin", "solver"),
    [("variable", "uv"), ("variable", "pip-tools"), ("netrc", "uv"), ("keyring", "uv")],
)
def test_the_secret_of_an_index_is_nowhere(
    place: Place, index: IndexServer, origin: str, solver: str
) -> None:
    spec, mirror = private(index)
    spec = spec.replace("python 3.12\n", f"python 3.{sys.version_info[1]}\n")
    spec = spec.replace("python:3.12", f"python:3.{sys.version_info[1]}")
    place.keep(origin, PAIR)

    said = place.lock(spec, *mirror, "--pip-solver", solver)
    index.failures["/simple/app"] = 503
    failed = place.lock(spec, *mirror, "--pip-solver", solver, "--update", exit_code=3)

    assert "E337" in failed
    assert place.leaks(said + failed) == []


def test_a_wrong_secret_is_nowhere(place: Place, index: IndexServer) -> None:
    spec, mirror = private(index)
    place.variables["TOKEN"] = f"{PAIR}-wrong"

    said = place.lock(spec, *mirror, exit_code=3)

    assert "E336" in said
    assert place.leaks(said) == []


@pytest.mark.parametrize("login", ["right", "wrong"])
def test_the_password_of_a_channels_mirror_is_nowhere(place: Place, login: str) -> None:
    write(place.home, {"main": [record("lib", "1.0")]})
    spec = f'{CONDA}channels "https://conda.example/main"\nconda {{ lib }}\n'
    tags = tuple(f"cp310-abi3-manylinux_2_17_{machine}" for machine in ("x86_64", "aarch64"))
    tools = [UV, Dist(name="py-rattler", version="0.28.0", tags=tags)]
    with (
        serve(place.home, f"Basic {BASIC}" if login == "right" else "nobody") as url,
        IndexServer(tools) as index,
    ):
        said = place.lock(
            spec,
            *("--mirror", f"https://conda.example=http://{ADDRESSED}{url[7:]}"),
            *("--mirror", f"https://pypi.org={index.address}"),
            exit_code=0 if login == "right" else 3,
        )

    assert ("E348" in said) == (login == "wrong")
    assert place.leaks(said) == []


@pytest.mark.parametrize(
    ("origin", "solver", "login"),
    [
        ("variable", "rattler", "right"),
        ("variable", "conda-lock", "right"),
        ("variable", "conda-lock", "wrong"),
        ("netrc", "conda-lock", "right"),
        ("keyring", "conda-lock", "right"),
        ("token", "rattler", "right"),
        ("token", "conda-lock", "right"),
        ("token", "conda-lock", "wrong"),
    ],
)
def test_the_secret_of_a_channel_is_nowhere(
    place: Place, origin: str, solver: str, login: str
) -> None:
    write(place.home / "channels", {"main": [record("lib", "1.0")]})
    place.variables["MAMBA_EXE"] = str(install(place.home))
    tags = tuple(f"cp310-abi3-manylinux_2_17_{machine}" for machine in ("x86_64", "aarch64"))
    tools = [UV, Dist(name="py-rattler", version="0.28.0", tags=tags)]
    place.keep(origin, "canary-of-conda" if origin == "token" else PAIR)
    opens = "/t/canary-of-conda" if origin == "token" else f"Basic {BASIC}"
    with (
        serve(place.home / "channels", opens if login == "right" else "nobody") as url,
        IndexServer(tools) as index,
    ):
        said = place.lock(
            f'{CONDA}channels "{url}/main" secret TOKEN\nconda {{ lib }}\n',
            *("--mirror", f"https://pypi.org={index.address}", "--conda-solver", solver),
            exit_code=0 if login == "right" else 3,
        )

    assert ("E348" in said) == (login == "wrong")
    assert place.leaks(said) == []


@pytest.mark.parametrize("kind", ["conda", "pip", "base"])
def test_the_password_of_a_proxy_is_nowhere(place: Place, kind: str) -> None:
    with IndexServer([], failures={"/": 407}) as proxy:
        address = f"http://{ADDRESSED}{proxy.address[7:]}"
        place.variables |= {"HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": ""}
        spec = {
            "conda": f'{CONDA}channels "http://conda.example/main"\nconda {{ lib }}\n',
            "pip": f'{SPEC}pip {{\n    index "http://pypi.example/simple"\n    app\n}}\n',
            "base": 'environment zoo\nbase image "registry.example/pets:1"\n',
        }[kind]

        said = place.lock(spec, exit_code=3)

    assert place.leaks(said) == []


@pytest.mark.parametrize("solver", ["uv", "pip-tools", "rattler", "conda-lock"])
def test_the_password_of_a_proxy_that_lets_through_is_nowhere(place: Place, solver: str) -> None:
    write(place.home / "channels", {"main": [record("lib", "1.0")]})
    place.variables["MAMBA_EXE"] = str(install(place.home))
    tags = tuple(f"cp310-abi3-manylinux_2_17_{machine}" for machine in ("x86_64", "aarch64"))
    dists = [UV, Dist(name="py-rattler", version="0.28.0", tags=tags)]
    is_conda = solver in {"rattler", "conda-lock"}
    spec = CONDA + 'channels "http://conda.example/main"\nconda { lib }\n'
    if not is_conda:
        spec = SPEC.replace("3.12", f"3.{sys.version_info[1]}")
        spec += 'pip {\n    index "http://pypi.example/simple"\n    app\n}\n'
    seen: list[str] = []
    with (
        serve(place.home / "channels") as channels,
        IndexServer([*dists, Dist(name="app", version="1.0")]) as index,
        serve_proxy(
            PAIR, {"pypi.example": index.address, "conda.example": channels}, seen
        ) as proxy,
    ):
        address = f"http://{ADDRESSED}{proxy}"
        place.variables |= {"HTTP_PROXY": address, "http_proxy": address}

        said = place.lock(
            spec,
            *("--mirror", "https://pypi.org=http://pypi.example"),
            *("--conda-solver" if is_conda else "--pip-solver", solver),
        )

    wanted = "http://conda.example/main/" if is_conda else "http://pypi.example/simple/app/"
    assert any(one.startswith(wanted) for one in seen)
    assert place.leaks(said) == []


@pytest.mark.parametrize("origin", ["auth", "helper", "helper that fails"])
def test_the_password_of_a_registry_is_nowhere(place: Place, origin: str) -> None:
    with FakeRegistry() as registry:
        registry.login = "basic"
        registry.add_image("pets", "1", variables=["PYTHON_VERSION=3.12.7"])
        stored: dict[str, object] = {"auths": {registry.host: {"auth": BASIC}}}
        if origin != "auth":
            stored = {"credHelpers": {registry.host: "fake"}}
            answer = json.dumps({"ServerURL": registry.host, "Username": USER, "Secret": SECRET})
            ending = (
                "echo 'the keys are lost' >&2; exit 1" if "fails" in origin else f"echo '{answer}'"
            )
            helper = place.home / "docker-credential-fake"
            helper.write_text(f"#!/bin/sh\ncat >/dev/null\n{ending}\n")
            helper.chmod(0o755)
            place.variables["PATH"] = f"{place.home}:{place.variables['PATH']}"
        (place.home / "config.json").write_text(json.dumps(stored))
        place.variables["DOCKER_CONFIG"] = str(place.home)
        spec = f'environment zoo\nbase image "{registry.host}/pets:1"\n'

        said = place.lock(spec, exit_code=3)

    assert registry.seen != []
    assert "E38" in said
    assert place.leaks(said) == []


@pytest.mark.parametrize(
    "mirror",
    [
        f"http://{ADDRESSED}host/x",
        f"https://pypi.org=http//{ADDRESSED}host",
        f"https://pypi.org={ADDRESSED}host/simple",
        f"docker.io=http://{ADDRESSED}host",
        f"docker.io={ADDRESSED}host",
    ],
)
def test_the_password_of_a_mirror_that_is_none_is_nowhere(place: Place, mirror: str) -> None:
    said = place.lock(f"{SPEC}pip {{ app }}\n", "--mirror", mirror, exit_code=2)

    assert "E002" in said
    assert place.leaks(said) == []


def test_the_password_of_a_repository_is_nowhere(
    place: Place, index: IndexServer, tmp_path: Path
) -> None:
    pets = Repository.make(tmp_path / "pets", project("pets"))
    publish(pets, tmp_path / "served/pets.git")
    place.keep("variable", PAIR)
    place.variables["GIT_CONFIG_NOSYSTEM"] = "1"
    spec, mirror = private(index)
    with serve_repositories(tmp_path / "served", password=SECRET) as served:
        login = served.address.replace("//", f"//me:{quote(SECRET, safe='')}@")
        settings = f'[url "{login}/"]\ninsteadOf = https://git.example.com/\n'
        (place.home / ".gitconfig").write_text(settings)
        own = spec.replace("    app\n", "    pets @ git+https://git.example.com/pets.git@REF\n")
        said = place.lock(own.replace("@REF", "@main"), *mirror)
        said += place.lock(own.replace("@REF", "@nothing"), *mirror, exit_code=1)
        said += place.lock(own.replace("/pets.git@REF", "/cats.git"), *mirror, exit_code=1)
    said += place.lock(own.replace("@REF", ""), *mirror, exit_code=3)

    assert [code for code in ("E350", "E352") if code not in said] == []
    assert served.requests
    assert place.leaks(said) == []


def test_a_password_in_the_address_of_a_repository_is_refused_and_not_repeated(
    place: Place,
) -> None:
    spec = f"{SPEC}pip {{ pets @ git+https://{ADDRESSED}git.example.com/pets.git@v1 }}\n"

    said = place.lock(spec, exit_code=1)

    assert "E213" in said
    assert "credential helper" in said
    (place.work / "zoo.envc").unlink()
    assert place.leaks("\n".join(line for line in said.splitlines() if "|" not in line)) == []
