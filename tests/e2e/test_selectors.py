"""What is for one platform only, from a spec to an image that runs: the other platform's is not in it."""

from __future__ import annotations

import json
import re
import time

import pytest

from support.command import Envc, ServedChannel
from support.index import Dist, write_wheel

pytestmark = pytest.mark.engine

FAST = "fast/pets-1.0-py3-none-manylinux_2_17_x86_64.whl"
SLOW = "slow/pets-2.0-py3-none-manylinux_2_17_aarch64.whl"
SPEC = """\
environment pets
base image "{base}"
platforms linux/amd64, linux/arm64
python 3.11
pip {{
    markupsafe ==3.0.2 on linux/amd64
    six ==1.17.0 on linux/arm64
    wheel "{fast}" on linux/amd64
    wheel "{slow}" on linux/arm64
}}
variables {{
    KIND = "fast" on linux/amd64
    KIND = "slow" on linux/arm64
    SLOW = "yes" on linux/arm64
}}
build-variables {{ MADE_FOR = "amd64" on linux/amd64 }}
before packages {{
    run "echo before >/etc/steps" on linux/amd64
    run "exit 1" on linux/arm64
}}
copy "slow/" to "/srv/slow" on linux/arm64
copy "src/" to "/srv/src"
run "echo $KIND $MADE_FOR >>/etc/steps" on linux/amd64
run "exit 1" on linux/arm64
check {{ import markupsafe, pets }}
"""


def put_files(envc: Envc, base: str) -> None:
    for place, version in ((FAST, "1.0"), (SLOW, "2.0")):
        folder, _, name = place.partition("/")
        tag = name.removesuffix(".whl").split("-", 2)[2]
        write_wheel(envc.folder / folder, Dist(name="pets", version=version), tag)
    envc.write("src/a.txt", "a")
    envc.write("pets.envc", SPEC.format(base=base, fast=FAST, slow=SLOW))
    del envc.variables["ENVC_TOOLS_IMAGE"]  # which is there for amd64 only


def test_an_image_has_what_is_for_its_platform_and_is_the_same_twice(
    envc: Envc, two_platform_base: str
) -> None:
    put_files(envc, two_platform_base)
    envc("lock", "pets.envc")

    first = envc.build("pets.envc", "--platform", "linux/amd64", "--no-cache")
    time.sleep(1.1)  # files made in the same second would be equal by chance
    second = envc.build("pets.envc", "--platform", "linux/amd64", "--no-cache")

    assert first["digest"] == second["digest"]
    image = first["image"]
    assert envc.inside(image, "cat", "/etc/steps") == "before\nfast amd64\n"
    assert envc.inside(image, "sh", "-c", "ls /srv; echo $KIND $SLOW") == "src\nfast\n"
    program = (
        "from importlib.metadata import distributions as all; "
        "print(sorted({f'{one.name} {one.version}' for one in all(path=['/opt/env/lib/"
        "python3.11/site-packages'])} & {'pets 1.0', 'pets 2.0', 'six 1.17.0'}))"
    )
    assert envc.inside(image, "python", "-c", program) == "['pets 1.0']\n"


def test_a_lock_has_for_each_platform_what_is_for_it(envc: Envc, two_platform_base: str) -> None:
    put_files(envc, two_platform_base)

    envc("lock", "pets.envc")

    lock = json.loads((envc.folder / "pets.lock").read_text())
    assert {
        name: [(one["name"], one["version"]) for one in locked["pip"]]
        for name, locked in lock["platforms"].items()
    } == {
        "linux/amd64": [("markupsafe", "3.0.2"), ("pets", "1.0")],
        "linux/arm64": [("pets", "2.0"), ("six", "1.17.0")],
    }
    assert lock["intent"]["pip"] == [
        "markupsafe==3.0.2 on linux/amd64",
        "six==1.17.0 on linux/arm64",
    ]
    envc("lock", "--check", "pets.envc")


def test_the_other_platforms_stages_have_what_is_for_it(envc: Envc, two_platform_base: str) -> None:
    put_files(envc, two_platform_base)
    envc("lock", "pets.envc")

    envc("compile", "pets.envc", "-o", "out")

    dockerfile = (envc.folder / "out" / "Dockerfile").read_text()
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM|\Z)", dockerfile, re.M | re.S))
    assert "FROM image-${TARGETARCH} AS image\n" in dockerfile
    assert "FROM system-${TARGETARCH} AS system\n" in dockerfile
    assert '"exit 1"' in stages["system-arm64"]
    assert [word in stages["image-arm64"] for word in ("exit 1", "KIND=slow", "SLOW=yes")] == [
        True
    ] * 3
    assert [word in stages["image-arm64"] for word in ("KIND=fast", "MADE_FOR")] == [False] * 2
    assert [word in stages["image-amd64"] for word in ("exit 1", "slow", "SLOW")] == [False] * 3
    files = {path.relative_to(envc.folder / "out") for path in (envc.folder / "out").rglob("*")}
    placed = {
        str(path) for path in files if path.suffix in {".whl", ".txt"} or "layers" in path.parts
    }
    assert placed == {
        "layers",
        "layers/account.json",
        "layers/amd64",
        "layers/amd64/environment.json",
        "layers/amd64/pip-1.json",
        "layers/arm64",
        "layers/arm64/environment.json",
        "layers/arm64/pip-1.json",
        f"wheels/amd64/{FAST.partition('/')[2]}",
        f"wheels/arm64/{SLOW.partition('/')[2]}",
        f"files/1/srv/slow/{SLOW.partition('/')[2]}",
        "files/2/srv/src/a.txt",
    }


def test_conda_may_be_for_one_platform_only(
    envc: Envc, channel: ServedChannel, two_platform_base: str
) -> None:
    envc.write(
        "greet.envc",
        f'environment greet\nbase image "{two_platform_base}"\nchannels "{channel.url}"\n'
        "platforms linux/amd64, linux/arm64\n"
        "conda { greeter on linux/amd64 }\npip { six ==1.17.0 }\n",
    )
    envc.variables["ENVC_TOOLS_IMAGE"] = two_platform_base
    envc("lock", "greet.envc")

    image = envc.build("greet.envc", "--platform", "linux/amd64")["image"]

    program = "import greeter, six, sys; print(sys.prefix)"
    assert envc.inside(image, "python", "-c", program) == "/opt/env\n"
    lock = json.loads((envc.folder / "greet.lock").read_text())["platforms"]
    assert {name: locked["python"]["origin"] for name, locked in lock.items()} == {
        "linux/amd64": "conda",
        "linux/arm64": "base",
    }
