"""Wheels on a base that has Python, from a spec to an image that runs."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envc.plan.label import CONTRACT
from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


@pytest.fixture
def spec(envc: Envc, world: EngineWorld) -> str:
    """A spec with everything that needs no server but the package index."""
    envc.write("src/train.py", "print('trained')\n")
    envc.write("src/tools/go.sh", "#!/bin/sh\necho gone\n", mode=0o755)
    (envc.folder / "src/latest.py").symlink_to("train.py")
    text = f'''environment train
base image "{world.python_base}"
python 3.11
pip {{
    six ==1.16.0
    idna >=3 ; python_version >= "3.8"
    tomli >=2 ; python_version < "3.11"
}}
variables {{ GREETING = "a \\"b\\" $HOME" }}
copy "src/" to "/app"
run "python -m compileall -q ."
run """
echo one > /app/made
rm -rf /usr/share/doc
"""
workdir "/app"
command ["python", "train.py"]
check {{
    import six, idna
    run "test -x tools/go.sh"
}}
runtime {{ shm 96m }}
'''
    envc.write("train.envc", text)
    envc("lock", "train.envc")
    return "train.envc"


def test_an_environment_is_built_once_and_found_again(envc: Envc, spec: str) -> None:
    first = envc.build(spec)
    second = envc.build(spec)

    env_id = envc("hash", spec).stdout.split()[1]
    assert first["image"] == f"{envc.repository}:{env_id.removeprefix('sha256:')[:32]}"
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["digest"] == first["digest"]


def test_the_image_is_as_the_spec_says(envc: Envc, spec: str) -> None:
    image = envc.build(spec)["image"]

    assert envc.inside(image) == "trained\n"
    assert envc.inside(image, "tools/go.sh") == "gone\n"
    assert envc.inside(image, "readlink", "latest.py") == "train.py\n"
    assert envc.inside(image, "printenv", "GREETING") == 'a "b" $HOME\n'
    assert envc.inside(image, "sh", "-c", "id -u; pwd; cat made") == "1000\n/app\none\n"
    assert (
        envc.inside(image, "sh", "-c", "ls /usr/share/doc 2>/dev/null; touch /app/x && echo ok")
        == "ok\n"
    )
    program = "import six, idna, sys; print(six.__version__, sys.prefix)"
    assert envc.inside(image, "python", "-c", program) == "1.16.0 /opt/env\n"


def test_nothing_that_installs_is_in_the_image(envc: Envc, spec: str) -> None:
    image = envc.build(spec)["image"]

    command = "ls /tools /mnt/* /layer /wheels 2>/dev/null; ls /opt; ls -A /opt/env"
    found = envc.inside(image, "sh", "-c", command).split()
    assert found == ["env", "bin", "lib", "lib64", "pyvenv.cfg"]


def test_two_builds_are_bit_equal(envc: Envc, spec: str) -> None:
    first = envc.build(spec, "--no-cache")["digest"]
    time.sleep(1.1)  # files made in the same second would be equal by chance
    second = envc.build(spec, "--no-cache")["digest"]

    assert first == second


def test_files_beside_the_builds_own_mounts_are_bit_equal_too(
    envc: Envc, world: EngineWorld
) -> None:
    envc.write("data.txt", "data\n")
    envc.write(
        "mnt.envc",
        f'''environment mnt
base image "{world.python_base}"
copy "data.txt" to "/mnt/data/"
run "mkdir /mnt/made && echo made > /mnt/made/file"
''',
    )
    envc("lock", "mnt.envc")

    first = envc.build("mnt.envc", "--no-cache")
    time.sleep(1.1)
    second = envc.build("mnt.envc", "--no-cache")

    assert first["digest"] == second["digest"]
    command = "cat /mnt/data/data.txt /mnt/made/file; ls /mnt"
    assert envc.inside(first["image"], "sh", "-c", command).split() == [
        "data", "made", "data", "made",
    ]  # fmt: skip


def test_docker_accepts_the_folder_alone_and_the_head_gives_the_same_bits(
    envc: Envc, spec: str
) -> None:
    image = envc.build(spec)
    envc("compile", spec, "-o", "out")
    head = [line[2:] for line in (envc.folder / "out/Dockerfile").read_text().splitlines()[:6]]
    command = " ".join(line.strip(" \\") for line in head if line.startswith("    "))
    assert command.startswith("docker buildx build ")

    plain = f"{envc.repository}:plain"
    subprocess.run(["docker", "build", "-q", "-t", plain, "out"], cwd=envc.folder, check=True)
    exact = f"{envc.repository}:exact"
    words = command.replace("NAME", exact).split()
    subprocess.run(words, cwd=envc.folder / "out", check=True, capture_output=True)

    assert envc.inside(plain) == "trained\n"
    inspect = ["docker", "image", "inspect", "--format", "{{.Id}}", exact]
    found = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()
    assert found == image["digest"]


def test_a_command_runs_with_its_own_exit_code_and_the_specs_runtime(envc: Envc, spec: str) -> None:
    repository = ("--repository", envc.repository)

    done = envc("run", spec, *repository, "--", "sh", "-c", "df -m /dev/shm; exit 7", exit_code=7)

    assert " 96 " in done.stdout
    assert envc("run", spec, *repository).stdout == "trained\n"


def test_a_step_that_may_use_the_network_can(envc: Envc, world: EngineWorld) -> None:
    probe = "cat /proc/net/dev | wc -l > /count"
    text = (
        f'environment x\nbase image "{world.python_base}"\nrun "{probe}"\nrun "{probe}2" network\n'
    )
    envc.write("x.envc", text.replace("/count2", "/count-network"))
    envc("lock", "x.envc")

    image = envc.build("x.envc")["image"]

    without = int(envc.inside(image, "cat", "/count"))
    assert int(envc.inside(image, "cat", "/count-network")) > without


def test_a_local_wheel_is_installed_from_beside_the_spec(envc: Envc, world: EngineWorld) -> None:
    wheel = Path(__file__).parents[2] / "specs/pets/dist/pets-1.0-py3-none-any.whl"
    (envc.folder / "dist").mkdir()
    (envc.folder / "dist" / wheel.name).write_bytes(wheel.read_bytes())
    text = f'environment x\nbase image "{world.python_base}"\npip {{ wheel "dist/{wheel.name}" }}\n'
    envc.write("x.envc", text)
    envc("lock", "x.envc")

    image = envc.build("x.envc")["image"]

    assert envc.inside(image, "python", "-m", "pets", "--version") == "1.0\n"


def test_a_wheel_that_find_links_offers_is_found_locked_and_installed(
    envc: Envc, world: EngineWorld
) -> None:
    wheel = Path(__file__).parents[2] / "specs/pets/dist/pets-1.0-py3-none-any.whl"
    (envc.folder / "wheels").mkdir()
    (envc.folder / "wheels" / wheel.name).write_bytes(wheel.read_bytes())
    pip = 'pip {\n    find-links "wheels/"\n    pets\n    constraint "pets <2"\n}\n'
    envc.write("x.envc", f'environment x\nbase image "{world.python_base}"\n{pip}')
    envc("lock", "x.envc")

    image = envc.build("x.envc")["image"]

    assert envc.inside(image, "python", "-m", "pets", "--version") == "1.0\n"
    [locked] = json.loads((envc.folder / "x.lock").read_text())["platforms"].values()
    assert [package["path"] for package in locked["pip"]] == [f"wheels/{wheel.name}"]


def test_compile_writes_only_what_changes(envc: Envc, spec: str) -> None:
    envc("compile", spec, "-o", "out")
    times = {path: path.stat().st_mtime_ns for path in (envc.folder / "out").rglob("*")}

    envc("compile", spec, "-o", "out")
    envc.write("src/train.py", "print('trained better')\n")
    envc("compile", spec, "-o", "out")

    changed = {
        path.relative_to(envc.folder / "out").as_posix()
        for path, mtime in times.items()
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime_ns != mtime
    }
    assert changed == {"Dockerfile", "files/1/app/train.py", "image.json"}


def test_labels_say_which_environment_an_image_is(envc: Envc, spec: str) -> None:
    image = envc.build(spec)

    command = ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", image["image"]]
    labels = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert labels == {"dev.envc.contract": str(CONTRACT), "dev.envc.env-id": image["env_id"]}


def test_wheels_that_own_one_path_are_settled_by_name(envc: Envc, world: EngineWorld) -> None:
    names = ["ape", "bee", "cow"]
    unique = uuid.uuid4().hex  # what BuildKit has in its cache tells nothing
    for name in names:
        write_wheel(
            envc.folder / f"{name}-1.0-py3-none-any.whl",
            {
                f"{name}.py": f"def main():\n    print('{name}')\n",
                "shared/__init__.py": f"OWNER = '{name}'\n# {unique}\n",
                f"{name}-1.0.data/data/share/note": name,
                f"{name}-1.0.dist-info/entry_points.txt": f"[console_scripts]\ntool = {name}:main\n",
            },
        )
    wheels = "\n".join(f'wheel "{name}-1.0-py3-none-any.whl"' for name in names)
    envc.write("x.envc", f'environment x\nbase image "{world.python_base}"\npip {{\n{wheels}\n}}\n')
    envc("lock", "x.envc")

    built = envc.build("x.envc")

    image = built["image"]
    assert envc.inside(image, "tool") == "cow\n"
    assert envc.inside(image, "cat", "/opt/env/share/note") == "cow"
    program = "import ape, bee, cow, shared; print(shared.OWNER)"
    assert envc.inside(image, "python", "-c", program) == "cow\n"
    again = envc.build("x.envc", "--force")
    assert again["diagnostics"] == built["diagnostics"] == envc.build("x.envc")["diagnostics"]
    [warning] = built["diagnostics"]
    assert warning["code"] == "W651"
    owners = "that of cow (pip) is kept, not that of ape (pip), bee (pip)"
    site = "lib/python3.11/site-packages"
    assert warning["notes"][0].splitlines() == [
        f"bin/tool: {owners}",
        f"{site}/shared/__init__.py: {owners}",
        f"share/note: {owners}",
    ]


def write_wheel(path: Path, files: dict[str, str]) -> None:
    """Write a wheel with the metadata that its name says."""
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": tags,
    }
    rows = []
    for file, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.append(f"{file},sha256={digest.decode()},{len(text)}\n")
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {
            **content,
            f"{info}/RECORD": "".join(rows) + f"{info}/RECORD,,\n",
        }.items():
            archive.writestr(file, text)


def test_one_dockerfile_serves_two_platforms(envc: Envc, two_platform_base: str) -> None:
    text = (
        f'environment x\nbase image "{two_platform_base}"\n'
        "platforms linux/amd64, linux/arm64\npython 3.11\npip { markupsafe ==3.0.2 }\n"
    )
    envc.write("x.envc", text)
    del envc.variables["ENVC_TOOLS_IMAGE"]  # which is there for amd64 only
    envc("lock", "x.envc")

    image = envc.build("x.envc", "--platform", "linux/amd64")["image"]

    platforms = json.loads((envc.folder / "x.lock").read_text())["platforms"]
    wheels = {name: locked["pip"][0]["url"] for name, locked in platforms.items()}
    assert wheels["linux/amd64"].endswith("x86_64.whl")
    assert wheels["linux/arm64"].endswith("aarch64.whl")
    assert len(set(envc("hash", "x.envc").stdout.split())) == 4
    program = "import markupsafe._speedups as s; print(s.__file__.endswith('x86_64-linux-gnu.so'))"
    assert envc.inside(image, "python", "-c", program) == "True\n"


def test_of_two_builds_at_once_one_builds_and_both_get_the_image(envc: Envc, spec: str) -> None:
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(envc.build, [spec, spec]))

    assert sorted(result["cached"] for result in results) == [False, True]
    assert len({result["digest"] for result in results}) == 1
