"""Packages that own one path: both are named, whatever they come from, and nothing is left to chance."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.command import Envc, ServedChannel
from support.conda_archive import File, Package, pack
from support.conda_channel import serve
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


def write_channel(folder: Path, packages: Mapping[str, Mapping[str, str]]) -> None:
    """Write a channel of packages without Python, by the text of each file of theirs."""
    records = {}
    (folder / "noarch").mkdir()
    for name, files in packages.items():
        content = {path: File(content=text.encode()) for path, text in files.items()}
        package = Package(
            name=name, version="1.0", build="0", subdir="noarch", noarch="generic", files=content
        )
        archive, records[package.filename] = pack(package)
        (folder / "noarch" / package.filename).write_bytes(archive)
    for subdir, own in (("noarch", records), ("linux-64", {})):
        repodata = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": own}
        (folder / subdir).mkdir(exist_ok=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(repodata))


def write_wheel(folder: Path, name: str, files: Mapping[str, str]) -> str:
    """Write a wheel of these files, and return its name."""
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = ""
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows += f"{path},sha256={digest.decode()},{len(text)}\n"
    wheel = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", rows + f"{info}/RECORD,,\n")
    return wheel


@pytest.fixture
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and where it is served."""
    folder = tmp_path_factory.mktemp("channel")
    with serve(folder) as url:
        yield folder, url


def lock(envc: Envc, base: str, *lines: str) -> None:
    envc.write("x.envc", "\n".join([f'environment x\nbase image "{base}"', *lines, ""]))
    envc("lock", "x.envc")


def test_conda_packages_that_own_a_file_are_both_named(
    envc: Envc, address: tuple[Path, str], world: EngineWorld
) -> None:
    folder, url = address
    same = {"share/same": "same"}
    write_channel(
        folder, {"ape": {"share/note": "ape"} | same, "bee": {"share/note": "bee"} | same}
    )
    lock(envc, world.base, f'channels "{url}"', "conda { ape, bee }")

    built = envc.build("x.envc")

    [warning] = built["diagnostics"]
    assert warning["code"] == "W651"
    assert warning["notes"] == ["share/note: that of bee (conda) is kept, not that of ape (conda)"]
    assert envc.inside(built["image"], "cat", "/opt/env/share/note") == "bee"


def test_a_conda_package_and_a_wheel_that_own_a_file_are_both_named(
    envc: Envc, channel: ServedChannel, world: EngineWorld
) -> None:
    wheel = write_wheel(envc.folder, "ape", {"ape-1.0.data/data/share/greet/data.txt": "ape"})
    own = (f'channels "{channel.url}"', "conda { greeter }", f'pip {{ wheel "{wheel}" }}')
    lock(envc, world.base, *own)

    built = envc.build("x.envc")

    [warning] = built["diagnostics"]
    assert warning["code"] == "W651"
    assert warning["notes"] == [
        "share/greet/data.txt: that of ape (pip) is kept, not that of libgreet (conda)"
    ]
    assert envc.inside(built["image"], "cat", "/opt/env/share/greet/data.txt") == "ape"


@pytest.mark.parametrize(("file", "folder_of"), [("ape", "bee"), ("bee", "ape")])
def test_a_file_of_a_conda_package_where_another_has_a_folder_is_refused(
    envc: Envc, address: tuple[Path, str], world: EngineWorld, file: str, folder_of: str
) -> None:
    folder, url = address
    write_channel(folder, {file: {"share/note": "x"}, folder_of: {"share/note/a/b": "y"}})
    lock(envc, world.base, f'channels "{url}"', "conda { ape, bee }")

    done = envc("build", "x.envc", "--repository", envc.repository, exit_code=1)

    assert "error[E650]" in done.stderr
    said = f"`/opt/env/share/note` is a file or a link of `{file}`, and a folder of `{folder_of}`"
    assert said in done.stderr


def test_a_file_of_a_wheel_where_another_has_a_folder_is_refused(
    envc: Envc, world: EngineWorld
) -> None:
    wheels = [
        write_wheel(envc.folder, "ape", {"shared": "a file"}),
        write_wheel(envc.folder, "bee", {"shared/__init__.py": ""}),
    ]
    own = (f'    wheel "{wheel}"' for wheel in wheels)
    lock(envc, world.python_base, "pip {", *own, "}")

    done = envc("build", "x.envc", "--repository", envc.repository, exit_code=1)

    assert "error[E650]" in done.stderr
    site = "/opt/env/lib/python3.11/site-packages"
    said = f"`{site}/shared` is a file or a link of `ape`, and a folder of `bee`"
    assert said in done.stderr


def test_of_wheels_of_one_layer_the_last_name_counts(envc: Envc, world: EngineWorld) -> None:
    # Several pairs: which of two an installer leaves in place is chance, and either must do.
    pairs = [(f"ape{n}", f"bee{n}") for n in range(6)]
    wheels = [
        write_wheel(envc.folder, name, {f"shared_{n}.py": f"OWNER = '{name}'\n"})
        for n, pair in enumerate(pairs)
        for name in pair
    ]
    own = (f'    wheel "{wheel}"' for wheel in wheels)
    lock(envc, world.python_base, "pip {", *own, "}")

    built = envc.build("x.envc", "--no-cache")

    assert [one["code"] for one in built["diagnostics"]] == ["W651"]
    program = (
        "import importlib as i; print(*(i.import_module(f'shared_{n}').OWNER for n in range(6)))"
    )
    told = envc.inside(built["image"], "python", "-c", program)
    assert told.split() == [last for _, last in pairs]


def test_headers_of_wheels_lie_apart(envc: Envc, world: EngineWorld) -> None:
    wheels = [
        write_wheel(envc.folder, name, {f"{name}-1.0.data/headers/api.h": name})
        for name in ("ape", "bee")
    ]
    own = (f'    wheel "{wheel}"' for wheel in wheels)
    lock(envc, world.python_base, "pip {", *own, "}")

    built = envc.build("x.envc")

    headers = [f"/opt/env/include/site/python3.11/{name}/api.h" for name in ("ape", "bee")]
    assert (built["diagnostics"], envc.inside(built["image"], "cat", *headers)) == ([], "apebee")


def test_a_wheel_whose_programs_cannot_be_read_is_named(envc: Envc, world: EngineWorld) -> None:
    points = "[console_scripts]\nape = ape:main\nape = ape:other\n"
    wheel = write_wheel(envc.folder, "ape", {"ape-1.0.dist-info/entry_points.txt": points})
    lock(envc, world.python_base, f'pip {{ wheel "{wheel}" }}')

    done = envc("build", "x.envc", "--repository", envc.repository, exit_code=1)

    first = done.stderr[done.stderr.index("error[") :].splitlines()[0]
    assert first == (
        "error[E650]: the environment cannot be put together: the wheel of `ape` 1.0 is broken: "
        "While reading from 'ape-1.0.dist-info/entry_points.txt' [line 3]: option 'ape' in section "
        "'console_scripts' already exists"
    )


def test_a_wheel_that_uv_refuses_is_told_in_its_words(envc: Envc, world: EngineWorld) -> None:
    wheel = write_wheel(envc.folder, "ape", {"ape-1.0.data/scripts/python3": "#!/bin/sh\n"})
    lock(envc, world.python_base, f'pip {{ wheel "{wheel}" }}')

    done = envc("build", "x.envc", "--repository", envc.repository, exit_code=1)

    said = done.stderr[done.stderr.index("error[") :]
    assert said.startswith(
        "error[E650]: the environment cannot be put together: a wheel cannot be installed: "
        "Failed to install: ape-1.0-py3-none-any.whl (ape==1.0): Scripts must not use the reserved "
        "name"
    )
    assert "Traceback" not in done.stderr
