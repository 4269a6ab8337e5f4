"""What is built from its source is in every format that has a place for it, and else it is told."""

from __future__ import annotations

import json
import tomllib

from envc.interop import (
    export_conda_lock,
    export_cyclonedx,
    export_environment,
    export_pylock,
    export_requirements,
    export_spdx,
)
from envc.interop.inventory import inventory
from envc.interop.subject import Subject
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Tools
from envc.lock.package import PipPackage, SourcePackage

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
CATS = SourcePackage(
    name="cats",
    version="3.0",
    kind="git",
    repository="ssh://git@git.example.com/cats.git",
    commit="e" * 40,
    ref="main",
    subdirectory="libs/my cats",
    sha256="f" * 64,
    size=9,
    backend="own",
)
PLACE = f"git+ssh://git@git.example.com/cats.git@{'e' * 40}"
MAKER = PipPackage(
    name="maker",
    version="3.0",
    url="https://files.example/maker-3.0-py3-none-any.whl",
    sha256="d" * 64,
    index="https://pypi.org/simple",
)
FOLDER = "pip knows no hash of one"


def subject(*sources: SourcePackage) -> Subject:
    image = "docker.io/library/python:3.12"
    locked = PlatformLock(
        base=BaseImage(image=image, digest=DIGEST, glibc="2.36"),
        tools=Tools(image=image, digest=DIGEST),
        sources=sources or (PETS, TOYS),
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
    assert message in [one.message for one in found.warnings]


def test_an_inventory_lists_sources_as_packages_and_what_builds_them_as_tools() -> None:
    found = {(one.role, one.purl): one.sha256 for one in inventory(subject())}

    assert found[("package", "pkg:pypi/toys@1.0?file_name=toys-1.0.tar.gz")] == TOYS.sha256
    assert found[("package", "pkg:pypi/pets@2.0")] == PETS.sha256
    assert (
        found[("tool", "pkg:pypi/maker@3.0?file_name=maker-3.0-py3-none-any.whl")] == MAKER.sha256
    )


def test_a_commit_is_one_in_formats_that_know_them_and_else_it_is_told() -> None:
    pylock = export_pylock.export(subject(CATS))
    requirements = export_requirements.export(subject(CATS))
    conda_lock = export_conda_lock.export(subject(CATS))
    environment = export_environment.export(subject(CATS))

    commit = {
        "type": "git",
        "url": "ssh://git@git.example.com/cats.git",
        "commit-id": "e" * 40,
        "subdirectory": "libs/my cats",
    }
    whole = f"cats @ {PLACE}#subdirectory=libs/my%20cats"
    assert tomllib.loads(pylock.text)["packages"] == [
        {"name": "cats", "version": "3.0", "vcs": commit}
    ]
    assert whole in environment.text
    assert "cats" not in requirements.text
    assert [(one.code, one.message) for one in requirements.warnings] == [
        ("W430", f"`requirements` has no place for `{whole}`: pip knows no hash of a commit")
    ]
    assert "cats" not in conda_lock.text
    said = [one.message for one in conda_lock.warnings if "commits" in one.message]
    assert said == [f"`conda-lock` has no place for commits: `{whole}` is not in it"]


def test_a_bill_of_materials_says_which_commit_it_was() -> None:
    (component,) = (one for one in inventory(subject(CATS)) if one.name == "cats")
    cyclone = json.loads(export_cyclonedx.export(subject(CATS)).text)
    spdx = json.loads(export_spdx.export(subject(CATS)).text)

    url = f"{PLACE}#subdirectory=libs/my%20cats"
    assert component.purl == (
        f"pkg:pypi/cats@3.0?vcs_url=git%2Bssh://git%40git.example.com/cats.git%40{'e' * 40}"
    )
    (described,) = (one for one in cyclone["components"] if one["name"] == "cats")
    assert described["externalReferences"] == [{"type": "vcs", "url": url}]
    (package,) = (one for one in spdx["packages"] if one["name"] == "cats")
    assert package["downloadLocation"] == url
