"""Whether a spec's image is the same twice, and what is said where it is not."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from support.command import Envc
from support.engine import EngineWorld, list_images
from support.index import Dist, write_wheel

pytestmark = pytest.mark.engine


@pytest.fixture
def text(envc: Envc, world: EngineWorld) -> str:
    """A small spec, and its wheel."""
    write_wheel(envc.folder / "dist", Dist(name="cats", version="1.0"))
    return f'''environment pets
base image "{world.python_base}"
python 3.11
pip {{ wheel "dist/cats-1.0-py3-none-any.whl" }}
'''


def verify(envc: Envc, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    done = envc("verify", "pets.envc", "--json", *arguments, exit_code=exit_code)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_image_is_the_same_twice_and_leaves_no_name(envc: Envc, text: str) -> None:
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")
    env_id = envc("hash", "pets.envc").stdout.split()[1]

    found = verify(envc)

    [image] = found["images"]
    first, second = image.pop("digests")
    assert first == second
    assert (found["ok"], found["diagnostics"]) == (True, [])
    assert image == {
        "variant": "",
        "platform": "linux/amd64",
        "env_id": env_id,
        "same_content": True,
        "same_manifest": True,
        "difference": None,
        "outside": [],
    }
    own = env_id.removeprefix("sha256:")[:32]
    assert [name for name in set(list_images()) if own in name] == []


def test_the_first_byte_that_differs_is_shown_with_the_step(envc: Envc, text: str) -> None:
    step = "cat /proc/sys/kernel/random/uuid >/srv/stamp; touch /srv/same"
    envc.write("pets.envc", f'{text}run "{step}"\n')
    envc("lock", "pets.envc")

    found = verify(envc, exit_code=4)

    [image], [problem] = found["images"], found["diagnostics"]
    first = image["difference"]["files"]["first"]
    assert (image["same_content"], found["ok"]) == (False, False)
    assert (first["path"], first["kind"]) == ("srv/stamp", "content")
    assert image["difference"]["files"]["paths"] == ["srv/stamp"]
    assert (problem["code"], problem["message"]) == (
        "E660",
        "the image for `linux/amd64` is not the same in two builds",
    )
    assert problem["labels"][0]["start"] == {"line": 5, "column": 1}
    assert problem["notes"][0].endswith(step)
    assert problem["notes"][1].startswith(f"`/srv/stamp` has 0x{first['text'][6:8]} at byte ")
    assert problem["hint"].startswith("let the step write no time")


def test_what_uses_the_network_is_named(envc: Envc, text: str) -> None:
    envc.write("pets.envc", text + 'run "cat /proc/sys/kernel/random/uuid >/srv/a" network\n')
    envc("lock", "pets.envc")

    done = envc("verify", "pets.envc", "--network", "none", exit_code=4)

    sentence = "step 1 uses the network: cat /proc/sys/kernel/random/uuid >/srv/a"
    assert f"note: {sentence}\n" in done.stderr
    assert done.stderr.endswith(f"outside of the promise: {sentence}\n")
    assert done.stdout.startswith("linux/amd64 different sha256:")


def test_a_build_is_compared_with_an_image_of_a_registry_or_the_engine(
    envc: Envc, text: str, world: EngineWorld
) -> None:
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")
    name = f"{world.registry}/{envc.repository}:x"
    image = envc.build("pets.envc", "--tag", name)
    subprocess.run(["docker", "push", "--quiet", name], check=True, capture_output=True)

    local = verify(envc, "--against", name)
    for one in (name, image["image"]):
        subprocess.run(["docker", "image", "rm", one], check=True, capture_output=True)
    remote = verify(envc, "--against", name)
    other = verify(envc, "--against", world.python_base, exit_code=4)

    for found in (local, remote):
        assert found["images"][0]["digests"] == [image["digest"]] * 2
    assert not [one for one in set(list_images()) if envc.repository in one]
    [problem] = other["diagnostics"]
    assert problem["message"].startswith("the image for `linux/amd64` and `localhost:")
    assert "the second has no such layer" in problem["notes"]


def test_the_same_content_in_another_form_is_a_warning(envc: Envc, text: str) -> None:
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")
    envc("compile", "pets.envc", "-o", "out")
    head = (envc.folder / "out/Dockerfile").read_text().splitlines()
    [epoch] = {word for line in head for word in line.split() if word.startswith("SOURCE_DATE_E")}
    name = f"{envc.repository}:docker"
    command = ["docker", "buildx", "build", "--provenance=false", f"--build-arg={epoch}"]
    output = f"--output=type=image,name={name},oci-mediatypes=false"
    subprocess.run([*command, output, "out"], cwd=envc.folder, check=True, capture_output=True)

    found = verify(envc, "--against", name)

    [image], [problem] = found["images"], found["diagnostics"]
    assert (image["same_content"], image["same_manifest"], found["ok"]) == (True, False, True)
    assert problem["code"] == "W661"


def test_an_image_to_compare_with_that_is_nowhere_is_told(
    envc: Envc, text: str, world: EngineWorld
) -> None:
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")

    log = envc.folder / "verify.log"
    named = ("--against", f"{world.registry}/envc-test-nosuch:1", "--log", str(log))
    found = verify(envc, *named, exit_code=1)

    assert [problem["code"] for problem in found["diagnostics"]] == ["E370"]
    assert not log.exists()  # nothing was built for it


def test_a_step_that_fails_is_told_as_of_a_build(envc: Envc, text: str) -> None:
    envc.write("pets.envc", text + 'run "exit 3"\n')
    envc("lock", "pets.envc")

    found = verify(envc, exit_code=1)

    assert [problem["code"] for problem in found["diagnostics"]] == ["E610"]
