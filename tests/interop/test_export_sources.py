"""What is built from its source is in every format that has a place for it, and else it is told."""

from __future__ import annotations

import tomllib

from envc.interop import (
    export_conda_lock,
    export_environment,
    export_pylock,
    export_requirements,
)
from envc.interop.inventory import inventory
from envc.interop.subject import Subject
from envc.lock.model import (
    BaseImage,
    Intent,
    Lock,
    PipPackage,
    PlatformLock,
    SourcePackage,
    Tools,
)

DIGEST = "sha256:" + "a" * 64
TOYS = SourcePackage(
    name="toys",
    version="1.0",
    kind="sdist",
    url="https://files.example/toys-1.0.tar.gz",
    sha256="b" * 64,
    size=7,
    index="https://pypi.org/simple",
    backend="own",
)
PETS = SourcePackage(
    name="pets", version="2.0", kind="folder", path="libs/pets", sha256="c" * 64, backend="own"
)
MAKER = PipPackage(
    name="maker",
    version="3.0",
    url="https://files.example/maker-3.0-py3-none-any.whl",
    sha256="d" * 64,
    index="https://pypi.org/simple",
)
FOLDER = "pip knows no hash of one"


def subject() -> Subject:
    image = "docker.io/library/python:3.12"
    locked = PlatformLock(
        base=BaseImage(image=image, digest=DIGEST, glibc="2.36"),
        tools=Tools(image=image, digest=DIGEST),
        sources=(PETS, TOYS),
        build=(MAKER,),
    )
    lock = Lock(intent=Intent(base=image), platforms={"linux/amd64": locked})
    return Subject(name="x", spec="x.envc", lock=lock, platforms=("linux/amd64",))


def test_pylock_has_sources_as_what_they_are() -> None:
    found = export_pylock.export(subject())

    packages = tomllib.loads(found.text)["packages"]
    assert packages == [
        {"name": "pets", "version": "2.0", "directory": {"path": "libs/pets"}},
        {
            "name": "toys",
            "version": "1.0",
            "index": "https://pypi.org/simple",
            "sdist": {
                "name": "toys-1.0.tar.gz",
                "url": "https://files.example/toys-1.0.tar.gz",
                "size": 7,
                "hashes": {"sha256": "b" * 64},
            },
        },
    ]
    assert found.warnings == ()


def test_requirements_have_hashes_of_files_and_tell_of_folders() -> None:
    found = export_requirements.export(subject())

    assert found.text.splitlines()[2:] == [
        "toys==1.0 \\",
        f"    --hash=sha256:{'b' * 64}",
    ]
    assert [(one.code, FOLDER in one.message) for one in found.warnings] == [("W430", True)]


def test_an_environment_file_names_both() -> None:
    found = export_environment.export(subject())

    assert "toys==1.0" in found.text
    assert "./libs/pets" in found.text


def test_conda_lock_has_files_and_tells_of_folders() -> None:
    found = export_conda_lock.export(subject())

    assert "https://files.example/toys-1.0.tar.gz" in found.text
    message = "`conda-lock` has no place for what lies beside the spec: `libs/pets` is not in it"
    assert [one.message for one in found.warnings] == [message]


def test_an_inventory_lists_sources_as_packages_and_what_builds_them_as_tools() -> None:
    found = {(one.role, one.purl): one.sha256 for one in inventory(subject())}

    assert found[("package", "pkg:pypi/toys@1.0?file_name=toys-1.0.tar.gz")] == TOYS.sha256
    assert found[("package", "pkg:pypi/pets@2.0")] == PETS.sha256
    assert (
        found[("tool", "pkg:pypi/maker@3.0?file_name=maker-3.0-py3-none-any.whl")] == MAKER.sha256
    )
