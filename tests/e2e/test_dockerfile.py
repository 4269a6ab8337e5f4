"""A base that is built from a Dockerfile, from a spec to an image that runs."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

DOCKERFILE = """\
ARG NAME={python}
FROM {debian} AS base
COPY conf/ /conf/
RUN <<END
echo made >/made
END
FROM ${{NAME}} AS python
# Comments stay where they are.
ADD tool.tar "/opt/tool"/
COPY --from=base /made /conf/a.toml /etc/x/
COPY --from=0 /made \\
  /etc/made-too
RUN --mount=type=bind,target=/src cp /src/conf/b.toml /etc/x/ && ls -A /src/conf >/etc/listed
COPY <<END conf/b.toml /etc/z/
body of $NAME
END
ENV WHERE=base
USER nobody
FROM scratch
COPY nothing-of-this-is-built /
"""
SPEC = """\
environment: pets
base: {dockerfile: docker/Dockerfile, target: python}
python: "3.11"
"""


@pytest.fixture
def dockerfile(envc: Envc, world: EngineWorld) -> str:
    """A Dockerfile with all that it copies, and what it must not."""
    text = DOCKERFILE.format(python=world.python_base, debian=world.base)
    envc.write("docker/Dockerfile", text)
    envc.write("docker/conf/a.toml", "a\n")
    envc.write("docker/conf/b.toml", "b\n", mode=0o755)
    envc.write("docker/conf/secret.key", "not for images")
    envc.write("docker/.dockerignore", "**/*.key\nDockerfile\n")
    with tarfile.open(envc.folder / "docker/tool.tar", "w") as archive:
        member = tarfile.TarInfo("tool.txt")
        member.size = len(b"tool\n")
        archive.addfile(member, io.BytesIO(b"tool\n"))
    envc.write("pets.yaml", SPEC)
    return text


def digest_of(image: str) -> str:
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{json .Manifest}}"]
    return str(
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["digest"]
    )


def test_a_dockerfile_is_the_base_of_the_image(
    envc: Envc, world: EngineWorld, dockerfile: str
) -> None:
    envc("lock", "pets.yaml")
    locked = json.loads((envc.folder / "pets.lock").read_text())["platforms"]["linux/amd64"]

    image = envc.build("pets.yaml")["image"]

    python, debian = digest_of(world.python_base), digest_of(world.base)
    assert locked["base"]["built"]["images"] == {world.python_base: python, world.base: debian}
    assert (locked["base"]["image"], locked["base"]["digest"]) == (world.python_base, python)
    script = "cat /etc/x/* /etc/made-too /etc/z/* /opt/tool/tool.txt /etc/listed; id -u"
    assert envc.inside(
        image, "sh", "-c", f"{script}; echo $WHERE; command -v python"
    ).splitlines() == [
        "a",
        "b",
        "made",
        "made",
        "body of ",
        "b",
        "tool",
        "a.toml",
        "b.toml",
        "1000",
        "base",
        "/opt/env/bin/python",
    ]


def test_what_is_compiled_is_built_by_docker_alone(
    envc: Envc, world: EngineWorld, dockerfile: str
) -> None:
    envc("lock", "pets.yaml")
    envc("compile", "pets.yaml", "-o", "out")
    name = f"{envc.repository}:alone"

    subprocess.run(
        ["docker", "build", "--quiet", "-t", name, str(envc.folder / "out")],
        capture_output=True,
        check=True,
    )

    assert envc.inside(name, "cat", "/etc/made-too") == "made\n"
    own = (envc.folder / "out/Dockerfile").read_text().splitlines()
    assert f"FROM {world.python_base}@{digest_of(world.python_base)} AS dockerfile-python" in own
    assert not (envc.folder / "out/base/conf/secret.key").exists()
    facts = json.loads((envc.folder / "out/image.json").read_text())
    assert facts["not_reproducible"] == ["the Dockerfile of the base uses the network"]


def test_text_and_context_are_in_the_id_and_the_text_in_the_lock(
    envc: Envc, dockerfile: str
) -> None:
    envc("lock", "pets.yaml")
    ids = [envc("hash", "pets.yaml").stdout]

    envc.write("docker/conf/secret.key", "another")
    envc.write("docker/Dockerfile", dockerfile.replace("\n", "\r\n"))
    ids.append(envc("hash", "pets.yaml").stdout)
    envc.write("docker/conf/a.toml", "another")
    envc("lock", "--check", "pets.yaml")
    ids.append(envc("hash", "pets.yaml").stdout)
    envc.write("docker/conf/a.toml", "a\n", mode=0o755)
    ids.append(envc("hash", "pets.yaml").stdout)
    envc.write("docker/Dockerfile", dockerfile.replace("echo made", "echo more"))
    told = envc("lock", "--check", "pets.yaml", exit_code=4)

    assert [ids.index(one) for one in ids] == [0, 0, 2, 3]
    assert "the Dockerfile `docker/Dockerfile` has changed since it was locked" in told.stderr


def test_a_step_of_the_dockerfile_that_fails_is_shown_in_it(envc: Envc, dockerfile: str) -> None:
    envc("lock", "pets.yaml")
    kept = (envc.folder / "pets.lock").read_text()
    envc.write("docker/Dockerfile", dockerfile.replace("ls -A", "lz -A"))

    done = envc("lock", "pets.yaml", exit_code=1)

    assert "error[E610]: the build step `python 5/6: RUN cp /src/conf/b.toml" in done.stderr
    assert "--> docker/Dockerfile:13:1" in done.stderr
    assert (envc.folder / "pets.lock").read_text() == kept


def test_a_text_in_the_spec_is_a_base_too_and_what_it_lacks_is_told(
    envc: Envc, world: EngineWorld
) -> None:
    head = f"environment pets\nbase dockerfile '''\nFROM {world.base}\nRUN echo a >/a\n'''\n"
    envc.write("pets.envc", f"{head}user root\n")
    envc.write("python.envc", f"{head}python 3.11\n")

    envc("lock", "pets.envc")
    without = envc("lock", "python.envc", exit_code=1)

    image = envc.build("pets.envc")["image"]
    assert envc.inside(image, "cat", "/a") == "a\n"
    assert "error[E372]: the base `python.envc: base dockerfile` has no `python3`" in without.stderr


def test_a_base_that_is_not_what_was_locked_is_refused_by_the_build(
    envc: Envc, world: EngineWorld
) -> None:
    envc.write("version", "3.11.2")
    envc.write(
        "Dockerfile",
        f"""\
FROM {world.python_base}
COPY version /version
RUN mv /usr/bin/python3 /usr/bin/python3.real && printf '%s\\n' '#!/bin/sh' \\
  'exec /usr/bin/python3.real "$@" | sed "s/^3.11.2$/$(cat /version)/;s/=3.11.2$/=$(cat /version)/"' \\
  >/usr/bin/python3 && chmod 755 /usr/bin/python3
RUN mv /usr/bin/getconf /usr/bin/getconf.real && printf '%s\\n' '#!/bin/sh' \\
  'test "$(cat /version)" = 3.11.2 && exec getconf.real "$@"; echo glibc 2.17' >/usr/bin/getconf \\
  && chmod 755 /usr/bin/getconf
""",
    )
    envc.write("pets.yaml", "environment: pets\nbase: {dockerfile: Dockerfile}\npython: '3.11'\n")
    envc("lock", "pets.yaml")
    envc.write("version", "3.11.9")

    done = envc("build", "pets.yaml", "--repository", envc.repository, exit_code=1)

    assert "the base has glibc 2.17, but the lock says 2.36: lock again" in done.stderr
    assert "--> pets.yaml:2:" in done.stderr


def test_a_context_holds_what_docker_would_send(envc: Envc, world: EngineWorld) -> None:
    names = (
        "a",
        "a.log",
        "x/a.log",
        "x/keep.log",
        "build/a",
        "build/deep/b",
        "n[1]",
        "ab",
        "x/y/ab",
    )
    patterns = "*.log\n**/keep.log\n!x/keep.log\n/build/*/b\na?\n\\#no\n!ab\n"
    for name in names:
        envc.write(f"context/{name}", name)
    envc.write("context/.dockerignore", patterns)
    text = f"FROM {world.base}\nCOPY . /all/\nRUN cd /all && find . -type f | sort >/list\n"
    envc.write("context/Dockerfile", text)
    spec = "environment: pets\nbase: {dockerfile: context/Dockerfile}\nuser: root\n"
    envc.write("pets.yaml", spec)
    build = ["docker", "build", "--quiet", "-t", f"{envc.repository}:plain", "context"]
    subprocess.run(build, cwd=envc.folder, capture_output=True, check=True)
    envc("lock", "pets.yaml")

    image = envc.build("pets.yaml")["image"]

    plain = envc.inside(f"{envc.repository}:plain", "cat", "/list")
    assert envc.inside(image, "cat", "/list") == plain
    assert "keep.log" in plain


def test_the_images_of_a_dockerfile_are_vendored_and_its_steps_cannot_be(
    envc: Envc, world: EngineWorld
) -> None:
    envc.write("Dockerfile", f"FROM {world.base} AS vendor\nRUN echo a >/a\n")
    envc.write("pets.yaml", "environment: pets\nbase: {dockerfile: Dockerfile}\nuser: root\n")
    envc("lock", "pets.yaml")
    envc("vendor", "pets.yaml", "folder")

    image = envc.build("pets.yaml", "--vendor", "folder")["image"]
    offline = ("build", "pets.yaml", "--repository", envc.repository, "--force")
    done = envc(*offline, "--vendor", "folder", "--offline", exit_code=1)

    assert envc.inside(image, "cat", "/a") == "a\n"
    blob = digest_of(world.base).removeprefix("sha256:")
    assert (envc.folder / "folder/blobs/sha256" / blob).exists()
    assert "error[E473]: offline, no step can have a network, and the Dockerfile" in done.stderr
