"""A pixi.lock of any version becomes a spec and its lock, with every artefact and hash."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from envc.errors import InputError, UsageError
from envc.interop.subject import Subject
from envc.lock.package import CondaPackage, PipPackage
from envc.machine import Machine
from support.adopted import artefacts, lock_of, take

CHANNEL = "https://conda.anaconda.org/conda-forge"
SHA256 = "a" * 64
FILES = "https://files.pythonhosted.org/packages"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with a cache of its own."""
    cache = {"ENVC_CACHE": str(tmp_path_factory.mktemp("cache"))}
    return Machine.here({**os.environ, **cache}, mirrors=[])


def dump(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False)


def addresses(subject: Subject) -> list[dict[str, Any]]:
    lock = subject.only[1]
    conda: list[dict[str, Any]] = [{"conda": one.url} for one in lock.conda]
    return conda + [{"pypi": one.url} for one in lock.pip]


def known_of(one: CondaPackage) -> dict[str, Any]:
    return {
        "sha256": one.sha256,
        "md5": one.md5,
        "depends": list(one.depends),
        "size": one.size,
        "timestamp": one.timestamp,
    }


def named(one: CondaPackage) -> dict[str, Any]:
    number = one.build.rpartition("_")[2]
    return {
        "name": one.name,
        "version": one.version,
        "build": one.build,
        "build_number": int(number) if number.isdecimal() else 0,
        "subdir": one.subdir,
    }


def environments(subject: Subject) -> dict[str, Any]:
    found = addresses(subject)
    return {
        name: {
            "channels": [{"url": f"{CHANNEL}/"}],
            "packages": {"linux-64": found, "osx-64": found},
        }
        for name in ("default", "docs")
    }


def version_7(subject: Subject) -> str:
    """Return a lock as pixi writes it, with a platform that has a name of its own."""
    own = environments(subject)
    for one in own.values():
        one["packages"]["old-linux"] = one["packages"].pop("linux-64")
    platforms = [
        {"name": "old-linux", "subdir": "linux-64", "virtual-packages": ["__glibc >=2.28"]},
        {"name": "osx-64"},
    ]
    records = yaml.safe_load(version_6(subject))["packages"]
    return dump({"version": 7, "platforms": platforms, "environments": own, "packages": records})


def version_6(subject: Subject) -> str:
    lock = subject.only[1]
    records: list[dict[str, Any]] = [{"conda": one.url, **known_of(one)} for one in lock.conda]
    records += [
        {"pypi": one.url, "name": one.name, "version": one.version, "sha256": one.sha256}
        for one in lock.pip
    ]
    return dump({"version": 6, "environments": environments(subject)}) + dump({"packages": records})


def version_5(subject: Subject) -> str:
    return _kinds(subject, 5)


def version_4(subject: Subject) -> str:
    return _kinds(subject, 4)


def _kinds(subject: Subject, version: int) -> str:
    lock = subject.only[1]
    records: list[dict[str, Any]] = [
        {"kind": "conda", **named(one), "url": one.url, **known_of(one)} for one in lock.conda
    ]
    records += [
        {
            "kind": "pypi",
            "name": one.name,
            "version": one.version,
            "url": one.url,
            "sha256": one.sha256,
            "requires_dist": [],
        }
        for one in lock.pip
    ]
    own = environments(subject)
    return dump({"version": version, "environments": own, "packages": records})


def version_3(subject: Subject) -> str:
    """Return a lock as the first releases of pixi wrote it: much like conda-lock.yml."""
    lock = subject.only[1]
    packages: list[dict[str, Any]] = []
    for one in lock.conda:
        known = known_of(one)
        common = {"platform": "linux-64", "category": "main", "manager": "conda", "url": one.url}
        hashes = {"hash": {"md5": known.pop("md5"), "sha256": known.pop("sha256")}}
        depends = {"dependencies": known.pop("depends")}
        packages.append({**common, **named(one), **hashes, **depends, **known})
    packages += [
        {
            "platform": "linux-64",
            "name": wheel.name,
            "version": wheel.version,
            "category": "main",
            "manager": "pip",
            "requires_dist": [],
            "url": wheel.url,
            "hash": {"sha256": wheel.sha256},
        }
        for wheel in lock.pip
    ]
    metadata = {
        "content_hash": {"linux-64": SHA256},
        "channels": [{"url": f"{CHANNEL}/", "used_env_vars": []}],
        "platforms": ["linux-64"],
        "sources": [],
    }
    return dump({"version": 3, "metadata": metadata, "package": packages})


@pytest.mark.parametrize("write", [version_3, version_4, version_5, version_6, version_7])
def test_every_version_keeps_every_artefact_and_what_is_known_of_it(
    write: Any, analysis: Subject, tmp_path: Path, machine: Machine
) -> None:
    imported = take(tmp_path, machine, "pixi.lock", write(analysis))

    lock = lock_of(imported, machine).platforms["linux/amd64"]
    assert lock.conda == analysis.only[1].conda
    assert artefacts({"linux/amd64": lock}) == artefacts(analysis.locked)
    assert "matplotlib-base ==3.11.0" in imported.text


def test_what_is_left_out_is_told(analysis: Subject, tmp_path: Path, machine: Machine) -> None:
    imported = take(tmp_path, machine, "pixi.lock", version_6(analysis))

    assert [one.message for one in imported.warnings] == [
        "one environment is imported, `default`; left out: `docs`",
        "`osx-64` is left out: envc makes images for Linux on amd64 and arm64",
    ]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "version: 1000\nenvironments: {}\npackages: []\n",
            "found newer lockfile format version 1000",
        ),
        ("version: 5\nenvironments: 3\npackages: []\n", "invalid type"),
    ],
)
def test_what_rattler_cannot_read_is_refused_with_its_reason(
    text: str, note: str, tmp_path: Path, machine: Machine
) -> None:
    with pytest.raises(InputError) as refused:
        take(tmp_path, machine, "pixi.lock", text)

    (problem,) = refused.value.diagnostics
    assert problem.code == "E431"
    assert note in problem.notes[0]


def test_what_has_no_version_is_refused(tmp_path: Path, machine: Machine) -> None:
    with pytest.raises(InputError) as refused:
        take(tmp_path, machine, "pixi.lock", "environments: {}\npackages: []\n")

    assert [one.code for one in refused.value.diagnostics] == ["E431"]


def lock_text(entries: Iterable[dict[str, Any]], **more: Any) -> str:
    """Return a lock of version 7 with distributions; `at` is the address of each."""
    own = [{"pypi": one["at"], **{k: v for k, v in one.items() if k != "at"}} for one in entries]
    environment = {
        "channels": [{"url": f"{CHANNEL}/"}],
        "packages": {"linux-64": [{"pypi": one["pypi"]} for one in own]},
        **more,
    }
    return dump(
        {
            "version": 7,
            "platforms": [{"name": "linux-64"}],
            "environments": {"default": environment},
            "packages": own,
        }
    )


def test_what_no_lock_holds_is_asked_for_as_it_was(tmp_path: Path, machine: Machine) -> None:
    text = lock_text(
        [
            {"at": "git+https://me:hunter2@h.example/a.git?rev=v1#0123abc", "name": "a"},
            {"at": "git+https://h.example/b?subdirectory=lib&tag=v2#0123abc", "name": "b"},
            {"at": "direct+https://h.example/c-1-py3-none-any.whl", "name": "c", "version": "1"},
            {"at": f"{FILES}/d-1.tar.gz", "name": "d", "version": "1", "sha256": SHA256},
            {"at": "./libs/e", "name": "e"},
            {"at": "dist/f-1-py3-none-any.whl", "name": "f", "version": "1"},
        ]
    )

    imported = take(tmp_path, machine, "pixi.lock", text)

    assert (
        imported.text.partition("pip {")[2]
        == """
    a @ git+https://h.example/a.git@0123abc
    b @ git+https://h.example/b@0123abc#subdirectory=lib
    c @ https://h.example/c-1-py3-none-any.whl
    d ==1
    wheel "dist/f-1-py3-none-any.whl"
    source "libs/e/"
    sdist "d"
}
"""
    )
    assert imported.adopted is None
    assert {one.code for one in imported.warnings} == {"W432"}
    assert not any("hunter2" in one.message for one in imported.warnings)


def test_indexes_and_options_are_those_of_the_environment(tmp_path: Path, machine: Machine) -> None:
    wheel = "https://own.example/f/a-1-py3-none-any.whl"
    text = lock_text(
        [
            {
                "at": wheel,
                "name": "a",
                "version": "1",
                "sha256": SHA256,
                "index": "https://own.example/s",
            }
        ],
        indexes=["https://own.example/s"],
        options={"channel-priority": "disabled", "strategy": "lowest-version"},
    )

    imported = take(tmp_path, machine, "pixi.lock", text)

    (found,) = lock_of(imported, machine).platforms["linux/amd64"].pip
    assert found == PipPackage(
        name="a", version="1", url=wheel, sha256=SHA256, index="https://own.example/s"
    )
    assert "channel-priority disabled" in imported.text
    assert [one.message for one in imported.warnings] == [
        "`strategy = lowest-version` is left out: a spec has no place for it"
    ]


def test_packages_that_pixi_builds_are_left_out(tmp_path: Path, machine: Machine) -> None:
    text = lock_text([]).replace(
        "linux-64: []", "linux-64:\n      - conda_source: own[0a1b] @ ../own"
    )

    imported = take(tmp_path, machine, "pixi.lock", text)

    assert [(one.code, one.message) for one in imported.warnings] == [
        (
            "W431",
            "`own` is left out: pixi builds it from source, and envc builds no Conda packages",
        ),
        ("W432", "the file becomes a spec without a lock: `own` is built from source"),
    ]


def test_an_environment_is_chosen_by_name(tmp_path: Path, machine: Machine) -> None:
    data = yaml.safe_load(
        lock_text(
            [
                {"at": f"{FILES}/{name}-1-py3-none-any.whl", "name": name, "version": "1"}
                for name in ("a", "b")
            ]
        )
    )
    default = data["environments"]["default"]
    docs = {**default, "packages": {"linux-64": default["packages"]["linux-64"][1:]}}
    data["environments"]["docs"] = docs

    imported = take(tmp_path, machine, "pixi.lock", dump(data), environment="docs")

    assert imported.text.partition("pip {")[2] == "\n    b ==1\n}\n"
    assert (
        imported.warnings[0].message == "one environment is imported, `docs`; left out: `default`"
    )


def test_an_only_environment_needs_no_name(tmp_path: Path, machine: Machine) -> None:
    data = yaml.safe_load(lock_text([]))
    data["environments"]["py312"] = data["environments"].pop("default")

    imported = take(tmp_path, machine, "pixi.lock", dump(data))

    assert imported.warnings == ()


MANIFEST = """\
[workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
[dependencies]
a = "*"
[feature.test.dependencies]
b = "*"
[environments]
test = ["test"]
bare = { features = ["test"], no-default-feature = true }
"""


@pytest.mark.parametrize(
    ("environment", "packages"), [(None, "a"), ("test", "a, b"), ("bare", "b"), ("default", "a")]
)
def test_an_environment_of_a_manifest_has_its_features(
    environment: str | None, packages: str, tmp_path: Path, machine: Machine
) -> None:
    imported = take(tmp_path, machine, "pixi.toml", MANIFEST, environment=environment)

    listed = imported.text.partition("conda {")[2].partition("}")[0].split()
    assert listed == packages.split(", ")


@pytest.mark.parametrize(
    ("name", "text", "message", "hint"),
    [
        ("pixi.toml", MANIFEST, "`{}` has no environment `tst`", "did you mean `test`?"),
        (
            "pixi.lock",
            "version: 6\nenvironments: {x: {}, y: {}}\npackages: []\n",
            "`{}` has no environment `tst`",
            "say which with `--environment`: `x`, `y`",
        ),
        (
            "requirements.txt",
            "flask\n",
            "a file of the format `requirements` holds one environment",
            "leave out `--environment`: it is for `pixi-lock`, `pixi`",
        ),
    ],
)
def test_an_environment_that_is_not_there_is_refused(
    name: str, text: str, message: str, hint: str, tmp_path: Path, machine: Machine
) -> None:
    with pytest.raises(UsageError) as refused:
        take(tmp_path, machine, name, text, environment="tst")

    (problem,) = refused.value.diagnostics
    place = str(tmp_path / name)
    assert (problem.code, problem.message, problem.hint) == ("E001", message.format(place), hint)


def test_several_environments_and_none_by_default_want_a_name(
    tmp_path: Path, machine: Machine
) -> None:
    text = "version: 6\nenvironments: {x: {}, y: {}}\npackages: []\n"

    with pytest.raises(UsageError) as refused:
        take(tmp_path, machine, "pixi.lock", text)

    (problem,) = refused.value.diagnostics
    assert problem.hint == "say which with `--environment`: `x`, `y`"
