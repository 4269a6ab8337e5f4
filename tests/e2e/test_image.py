"""What shapes an image beside its packages, from a spec to an image that runs: steps, owners, a Python
of the base's own, what checks print, and how containers are run."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

STEPS = """environment: pets
base: {{image: "{base}"}}
user: pets
workdir: /srv
cuda: "12.4"
variables: {{STAGE: production, BOTH: image}}
build-variables: {{SECRET_OF_BUILD: '$x "y"', BOTH: build}}
before-packages:
  - run: |
      groupadd -r keepers
      useradd -r -m -g keepers pets
      echo "$PWD $STAGE $BOTH $SECRET_OF_BUILD" >/etc/before
  - copy: {{from: conf/, to: /etc/pets}}
steps:
  - copy: {{from: src/, to: /srv/app, owner: pets, mode: "0640", ignore: ["*.log", tests/]}}
  - copy: {{from: conf/a.conf, to: /var/keys/deep/key, owner: "7:8", mode: "0600"}}
  - copy: {{from: conf/, to: /lib/pets}}
  - run: echo "$PWD $STAGE $BOTH $SECRET_OF_BUILD" >/etc/after
check:
  run:
    - {{command: cat /etc/after; id -un >&2, prints: "production build $x \\"y\\"\\npets"}}
"""


def put_files(envc: Envc) -> None:
    for name in ("main.py", "lib/b.py", "debug.log", "lib/tests/test_b.py"):
        envc.write(f"src/{name}", name, mode=0o755)
    envc.write("conf/a.conf", "key")


def test_steps_make_what_the_spec_says_and_twice_the_same(envc: Envc, world: EngineWorld) -> None:
    put_files(envc)
    envc.write("pets.yaml", STEPS.format(base=world.base))
    envc("lock", "pets.yaml")

    first = envc.build("pets.yaml", "--no-cache")
    time.sleep(1.1)  # files made in the same second would be equal by chance
    second = envc.build("pets.yaml", "--no-cache")

    assert first["digest"] == second["digest"]
    image = first["image"]
    assert envc.inside(image, "cat", "/etc/before", "/etc/after").splitlines() == [
        '/ production build $x "y"',
        '/srv production build $x "y"',
    ]
    assert envc.inside(image, "sh", "-c", "id -un; echo $BOTH; env").count("SECRET") == 0
    places = "/srv/app /srv/app/main.py /srv/app/lib /srv/app/lib/b.py /var/keys /var/keys/deep"
    places += " /var/keys/deep/key /etc/pets/a.conf /usr/lib/pets/a.conf"
    listed = envc.inside(image, "sh", "-c", f"stat -c '%U:%G %a %n' {places}; ls -R /srv/app")
    assert listed.splitlines() == [
        "pets:keepers 750 /srv/app",
        "pets:keepers 640 /srv/app/main.py",
        "pets:keepers 750 /srv/app/lib",
        "pets:keepers 640 /srv/app/lib/b.py",
        "root:root 755 /var/keys",
        "root:root 755 /var/keys/deep",
        "lp:mail 600 /var/keys/deep/key",
        "root:root 644 /etc/pets/a.conf",
        "root:root 644 /usr/lib/pets/a.conf",
        "/srv/app:",
        "lib",
        "main.py",
        "",
        "/srv/app/lib:",
        "b.py",
    ]
    config = inspect(image)
    assert config["Labels"]["dev.envc.cuda"] == "12.4"
    assert [one.partition("=")[0] for one in config["Env"]] == ["PATH", "BOTH", "STAGE"]


def inspect(image: str) -> dict[str, Any]:
    command = ["docker", "image", "inspect", "--format", "{{json .Config}}", image]
    config = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert isinstance(config, dict)
    return config


def test_what_is_ignored_does_not_change_the_id(envc: Envc, world: EngineWorld) -> None:
    put_files(envc)
    envc.write("pets.yaml", STEPS.format(base=world.base))
    envc("lock", "pets.yaml")
    before = envc("hash", "pets.yaml").stdout

    envc.write("src/later.log", "later")
    assert envc("hash", "pets.yaml").stdout == before

    envc.write("src/later.py", "later")
    assert envc("hash", "pets.yaml").stdout != before


def test_an_owner_that_the_image_does_not_have_is_the_specs_mistake(
    envc: Envc, world: EngineWorld
) -> None:
    put_files(envc)
    head = f'environment: pets\nbase: {{image: "{world.base}"}}\nsteps:\n'
    envc.write("pets.yaml", f"{head}  - copy: {{from: src/, to: /app, owner: nobody-here}}\n")
    envc("lock", "pets.yaml")

    done = envc("build", "pets.yaml", "--repository", envc.repository, exit_code=1)

    assert "error[E610]" in done.stderr
    assert "--> pets.yaml:4:" in done.stderr
    assert "no such user" in done.stderr


@pytest.mark.parametrize(
    ("copied", "to", "message"),
    [
        ("conf/a.conf", "/srv", "`/srv` is a folder of the image, and the copy would put a file"),
        ("conf/a.conf", "/bin", "`/bin` is a folder of the image, and the copy would put a file"),
        (
            "conf/",
            "/etc/passwd",
            "`/etc/passwd` is a file of the image, and the copy would put a folder",
        ),
    ],
)
def test_a_copy_replaces_no_folder_by_a_file_and_no_file_by_a_folder(
    envc: Envc, world: EngineWorld, copied: str, to: str, message: str
) -> None:
    put_files(envc)
    head = f'environment: pets\nbase: {{image: "{world.base}"}}\nsteps:\n'
    envc.write("pets.yaml", f"{head}  - copy: {{from: {copied}, to: {to}}}\n")
    envc("lock", "pets.yaml")

    done = envc("build", "pets.yaml", "--repository", envc.repository, exit_code=1)

    assert f"error[E590]: {message} in its place" in done.stderr
    assert "--> pets.yaml:4:" in done.stderr


OWN_PYTHON = """environment: own
base: {{image: "{base}"}}
python: {{managed: no}}
interpreter: {interpreter}
check: {{import: [json], run: [{{command: python -V, prints: "{prints}"}}]}}
"""


def test_a_python_of_the_bases_own_is_used_as_it_is(envc: Envc, world: EngineWorld) -> None:
    text = OWN_PYTHON.format(
        base=world.python_base, interpreter="/usr/bin/python3", prints="Python 3.11"
    )
    envc.write("own.yaml", text)
    envc("lock", "own.yaml")
    lock = json.loads((envc.folder / "own.lock").read_text())["platforms"]["linux/amd64"]

    first = envc.build("own.yaml", "--no-cache")
    time.sleep(1.1)
    second = envc.build("own.yaml", "--no-cache")

    assert first["digest"] == second["digest"]
    assert lock.keys() == {"base", "tools"}
    assert lock["tools"].keys() == {"image", "digest"}
    assert envc.inside(first["image"], "python", "-c", "import sys; print(sys.prefix)") == "/usr\n"
    config = inspect(first["image"])
    assert config["Cmd"] == ["/usr/bin/python3"]
    assert "/opt/env" not in json.dumps(config["Env"])


def test_an_interpreter_that_is_not_there_is_shown_in_the_spec(
    envc: Envc, world: EngineWorld
) -> None:
    text = OWN_PYTHON.format(base=world.base, interpreter="/opt/py/bin/python", prints="x")
    envc.write("own.yaml", text)
    envc("lock", "own.yaml")

    done = envc("build", "own.yaml", "--repository", envc.repository, exit_code=1)

    assert "--> own.yaml:4:" in done.stderr
    assert "error[E619]: `/opt/py/bin/python` is no Python that works" in done.stderr


def test_a_check_that_prints_something_else_keeps_the_image_from_its_name(
    envc: Envc, world: EngineWorld
) -> None:
    text = OWN_PYTHON.format(
        base=world.python_base, interpreter="/usr/bin/python3", prints="Python 2.7"
    )
    envc.write("own.yaml", text)
    envc("lock", "own.yaml")

    done = envc("build", "own.yaml", "--repository", envc.repository, exit_code=1)

    assert "error[E623]" in done.stderr
    assert "--> own.yaml:5:" in done.stderr
    assert "it should print:\n" in done.stderr
    assert "Python 2.7" in done.stderr
    assert "Python 3.11" in done.stderr


RUNTIME = """environment: job
base: {{image: "{base}"}}
user: root
runtime:
  arguments: ["--hostname=kennel", "--network=none"]
  mounts:
    - {{from: data/, to: /data, read-only: true}}
    - {{from: "{absolute}", to: /out}}
"""


def test_a_run_has_the_arguments_and_mounts_of_the_spec(envc: Envc, world: EngineWorld) -> None:
    envc.write("data/in.txt", "read\n")
    out = envc.write("elsewhere/out.txt", "").parent
    envc.write("job.yaml", RUNTIME.format(base=world.base, absolute=out))
    envc("lock", "job.yaml")
    script = (
        "hostname; ls /sys/class/net; cat /data/in.txt; touch /data/x || echo done >/out/out.txt"
    )

    options = ("--repository", envc.repository, "--", "sh", "-c", script)
    done = envc("run", "job.yaml", *options)

    assert done.stdout == "kennel\nlo\nread\n"
    assert (out / "out.txt").read_text() == "done\n"


def test_a_folder_that_a_run_misses_is_shown_in_the_spec(envc: Envc, world: EngineWorld) -> None:
    envc.write("job.yaml", RUNTIME.format(base=world.base, absolute="/"))
    envc("lock", "job.yaml")

    done = envc("run", "job.yaml", "--repository", envc.repository, "--", "true", exit_code=1)

    assert "error[E634]" in done.stderr
    assert "--> job.yaml:7:" in done.stderr
    assert f"there is no `{envc.folder / 'data'}` to mount" in done.stderr


def test_steps_run_as_root_whoever_the_base_runs_as(envc: Envc, world: EngineWorld) -> None:
    name = f"{world.registry}/{envc.repository}:odd"
    lines = (
        'ENTRYPOINT ["/usr/bin/env"]\nENV PATH=/srv/bin:/usr/bin:/bin\nWORKDIR /srv\nUSER nobody\n'
    )
    subprocess.run(
        ["docker", "buildx", "build", "--quiet", "--push", "-t", name, "-"],
        input=f"FROM {world.python_base}\n{lines}",
        text=True,
        capture_output=True,
        check=True,
    )
    head = f'environment: pets\nbase: {{image: "{name}"}}\npython: "3.11"\n'
    steps = "before-packages: [{run: id -u >/before}]\nsteps: [{run: id -u >/after}]\n"
    envc.write("pets.yaml", f"{head}{steps}")
    envc("lock", "pets.yaml")

    image = envc.build("pets.yaml")["image"]

    assert envc.inside(image, "cat", "/before", "/after").splitlines() == ["0", "0"]
    assert envc.inside(image, "python", "-c", "import sys, os; print(sys.prefix, os.getuid())") == (
        "/opt/env 1000\n"
    )


ODD = """FROM {python}
RUN mkdir -p /srv/homes "/srv/a b/deep" /usr/lib/accounts && chmod 711 /srv/homes && \\
    chown 7:8 "/srv/a b" && cp -p /etc/passwd /usr/lib/accounts/ && \\
    ln -sf ../usr/lib/accounts/passwd /etc/passwd && rm -rf /home && ln -s srv/./homes /home && \\
    ln -s "/srv/a b" /data && mkdir -p /usr/local/sbin && \\
    ln -sf "$(readlink -f "$(command -v python3)")" /usr/local/sbin/python3
"""


def test_a_base_that_the_build_changes_gets_the_layers_of_one_that_it_takes_as_it_is(
    envc: Envc, world: EngineWorld
) -> None:
    name = f"{world.registry}/{envc.repository}-odd:1"
    subprocess.run(
        ["docker", "buildx", "build", "--quiet", "--push", "-t", name, "-"],
        input=ODD.format(python=world.python_base),
        text=True,
        capture_output=True,
        check=True,
    )
    text = f'environment pets\nbase image "{name}"\npython 3.11\nworkdir "/data/deep/new/x y"\n'
    envc.write("pets.envc", text)
    envc.write("changed.envc", f'{text}before packages {{ run "true" }}\n')
    images = []
    for spec in ("pets.envc", "changed.envc"):
        envc("lock", spec)
        images.append(envc.build(spec)["image"])

    own, changed = ([*layers_of(image)] for image in images)

    assert len(own) == len(changed) - 1  # the step's own, which is empty
    assert set(own) <= set(changed)
    look = "stat -c '%u %g %a %N' /home /srv/homes /home/envc /data '/srv/a b' '/srv/a b/deep/new'"
    told = [envc.inside(image, "sh", "-c", f"{look}; pwd; tail -1 /etc/passwd") for image in images]
    assert told[0] == told[1]
    assert told[0].splitlines() == [
        "0 0 777 '/home' -> 'srv/./homes'",
        "0 0 711 '/srv/homes'",
        "1000 1000 755 '/home/envc'",
        "0 0 777 '/data' -> '/srv/a b'",
        "7 8 755 '/srv/a b'",
        "0 0 755 '/srv/a b/deep/new'",
        "/srv/a b/deep/new/x y",
        "envc:x:1000:1000::/home/envc:/bin/sh",
    ]


def layers_of(image: str) -> list[str]:
    command = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [str(layer) for layer in found]


@pytest.mark.parametrize("has_environment", [True, False])
def test_a_work_directory_leaves_no_trace_of_the_day(
    envc: Envc, world: EngineWorld, *, has_environment: bool
) -> None:
    base = world.python_base if has_environment else world.base
    python = 'python: "3.11"' if has_environment else ""
    account = "useradd -u 1700 -m ape && touch -d 2001-01-01 /home/ape"
    envc.write(
        "pets.yaml",
        f'environment: pets\nbase: {{image: "{base}"}}\n{python}\n'
        f"before-packages: [{{run: {account}}}]\nuser: ape\nworkdir: /home/ape/a b\n",
    )
    envc("lock", "pets.yaml")

    built = envc.build("pets.yaml")

    look = "stat -c '%U %a %Y %n' /home/ape '/home/ape/a b'; pwd"
    assert envc.inside(built["image"], "sh", "-c", look).splitlines() == [
        "ape 755 946684800 /home/ape",
        "root 755 946684800 /home/ape/a b",
        "/home/ape/a b",
    ]
    assert [one["code"] for one in built["diagnostics"]] == ["W626"]


def test_gpus_that_are_not_there_are_told_before_the_engine_refuses(
    envc: Envc, world: EngineWorld
) -> None:
    head = f'environment: pets\nbase: {{image: "{world.base}"}}\ncuda: "12.4"\n'
    envc.write("pets.yaml", f"{head}runtime: {{gpus: all}}\n")
    program = envc.write("bin/nvidia-smi", "#!/bin/sh\necho 535.104.05\n", mode=0o755)
    envc.variables["PATH"] = f"{program.parent}:{world.environment['PATH']}"
    envc("lock", "pets.yaml")

    done = envc("run", "pets.yaml", "--repository", envc.repository, "--", "true", exit_code=3)

    said = [line for line in done.stderr.splitlines() if line.startswith(("warning", "error"))]
    assert said == [
        "warning[W631]: the NVIDIA driver 535.104.05 is older than CUDA 12.4, which the image is made for",
        "warning[W632]: the Docker engine does not say that it can give GPUs to containers",
        f"error[E633]: the Docker engine could not start a container of `{image_name(envc)}`",
    ]


def image_name(envc: Envc) -> str:
    return f"{envc.repository}:{envc('hash', 'pets.yaml').stdout.split()[-1].removeprefix('sha256:')[:32]}"
