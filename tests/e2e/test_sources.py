"""Sources, from a spec to an image that has what was built of them, and nothing that built it."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from support.command import Envc, ServedChannel
from support.engine import EngineWorld
from support.repositories import Repository
from support.sources import project

pytestmark = pytest.mark.engine

SETUP = """\
from setuptools import Extension, setup

setup(name="cext", version="0.1", ext_modules=[Extension("cext", ["cext.c"])])
"""


def test_sources_are_built_without_a_network_and_what_builds_them_stays_outside(
    envc: Envc, world: EngineWorld
) -> None:
    for path, text in project("pets", requires=("six",), build=("idna",)).items():
        envc.write(f"libs/pets/{path}", text)
    envc.write(
        "pets.envc",
        f'''environment pets
base image "{world.python_base}"
pip {{
    docopt ==0.6.2
    sdist "docopt"
    source "libs/pets"
}}
check {{ import docopt, pets, six }}
''',
    )
    envc("lock", "pets.envc")

    first = envc.build("pets.envc", "--no-cache")
    time.sleep(1.1)  # files made in the same second would be equal by chance
    second = envc.build("pets.envc", "--no-cache")

    program = "import pets, importlib.metadata as m; print(pets.EPOCH, m.version('docopt'))"
    assert envc.inside(first["image"], "python", "-c", program) == "946684800 0.6.2\n"
    found = envc.inside(
        first["image"], "sh", "-c", "ls /opt/env/lib/python3*/site-packages; ls /tmp"
    )
    assert not {"idna", "setuptools", "envc-build"} & set(found.split())
    assert first["digest"] == second["digest"]
    envc("compile", "pets.envc", "-o", "out")
    facts = json.loads((envc.folder / "out/image.json").read_text())
    said = "pip packages on linux/amd64 are built from their source: docopt 0.6.2, pets 1.0"
    assert said in facts["not_reproducible"]


def test_a_changed_folder_is_drift_and_its_lock_moves_only_that(
    envc: Envc, world: EngineWorld
) -> None:
    for path, text in project("pets", requires=("six",)).items():
        envc.write(f"libs/pets/{path}", text)
    text = f'environment pets\nbase image "{world.python_base}"\npip {{ source "libs/pets" }}\n'
    envc.write("pets.envc", text)
    envc("lock", "pets.envc")
    before = (envc.folder / "pets.lock").read_text()
    envc.write("libs/pets/more.py", "x = 1\n")

    drifted = envc("lock", "--check", "pets.envc", exit_code=4)
    envc("lock", "pets.envc")
    after = (envc.folder / "pets.lock").read_text()
    moved = envc("lock", "pets.envc", "--update-package", "pets")

    assert "the source `libs/pets` has changed since it was locked" in drifted.stderr
    assert "1 built from source" in moved.stderr
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert len(changed) == 2
    assert all('"libs/pets"' in line for line in changed)


def test_a_build_without_a_compiler_says_which_packages_bring_one(
    envc: Envc, world: EngineWorld
) -> None:
    envc.write("libs/cext/setup.py", SETUP)
    envc.write("libs/cext/cext.c", "#include <Python.h>\n")
    text = f'environment cext\nbase image "{world.python_base}"\npip {{ source "libs/cext" }}\n'
    envc.write("cext.envc", text)
    envc("lock", "cext.envc")

    failed = envc("build", "cext.envc", exit_code=1)

    assert "`cext` 0.1 cannot be built from its source" in failed.stderr
    assert "add `system { gcc, libc6-dev, libpython3.11-dev }`" in failed.stderr


def test_condas_python_builds_what_goes_beside_its_packages(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    for path, text in project("pets", build=("idna",)).items():
        envc.write(f"libs/pets/{path}", text)
    envc.write(
        "pets.envc",
        f'''environment pets
base image "{world.base}"
channels "{channel.url}"
conda {{ greeter }}
pip {{ source "libs/pets" }}
''',
    )
    envc("lock", "pets.envc")

    image = envc.build("pets.envc")["image"]

    program = "import greeter, pets, platform; print(platform.python_version())"
    assert envc.inside(image, "python", "-c", program).strip() == channel.channel.python


def test_a_commit_is_locked_built_and_built_again_without_its_repository(
    envc: Envc, world: EngineWorld
) -> None:
    files = {f"libs/pets/{path}": text for path, text in project("pets", build=("idna",)).items()}
    repository = Repository.make(envc.folder / "repository", files)
    repository.git("tag", "v1")
    envc.write(
        "pets.envc",
        f"""environment pets
base image "{world.python_base}"
pip {{ pets @ git+{repository.url}@v1#subdirectory=libs/pets }}
check {{ import pets }}
""",
    )
    envc("lock", "pets.envc")
    envc("vendor", "pets.envc", "v")
    repository.folder.rename(envc.folder / "gone")

    built = envc.build("pets.envc")
    shutil.rmtree(envc.cache / "git")
    vendored = envc.build("pets.envc", "--offline", "--vendor", "v", "--no-cache")

    program = "import pets, importlib.metadata as m; print(m.version('pets'))"
    assert envc.inside(built["image"], "python", "-c", program) == "1.0\n"
    assert vendored["env_id"] == built["env_id"]
    assert vendored["digest"] == built["digest"]
