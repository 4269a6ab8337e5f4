"""What is exported is read by those whose format it is, with every artefact and hash of the lock."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tomllib
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from envc.errors import InputError
from envc.interop import (
    export_conda_lock,
    export_cyclonedx,
    export_environment,
    export_explicit,
    export_pylock,
    export_requirements,
    export_spdx,
)
from envc.interop.exporting import EXPORTS
from envc.interop.merging import merge_wheels
from envc.interop.subject import Subject, in_order, needed_names
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage, PipPackage

# https://conda.org/learn/ceps/cep-0023: what a line of an explicit list is.
EXPLICIT = re.compile(
    r"(?:(?P<url_p>.+)(?:[/\\]))?(?P<fn>[^/\\#]+(?:\.tar\.bz2|\.conda))"
    r"(?:#((?P<md5>[0-9a-f]{32})|((sha256:)?(?P<sha256>[0-9a-f]{64}))))?$"
)
DIGEST = "sha256:" + "a" * 64
BASE = BaseImage(image="docker.io/library/debian:bookworm-slim", digest=DIGEST, glibc="2.36")
TOOLS = Tools(image="docker.io/library/python:3.12", digest=DIGEST)


def wheel(name: str, version: str, tag: str, **more: Any) -> PipPackage:
    """Return a wheel of an index, unless `more` says otherwise."""
    filename = f"{name}-{version}-{tag}.whl"
    origin = {"url": f"https://files.example/{filename}", "index": "https://pypi.org/simple"}
    sha256 = format(hash(filename) & (2**256 - 1), "064x")
    return PipPackage(name=name, version=version, sha256=sha256, **{**origin, **more})


def conda(name: str, *depends: str, **more: Any) -> CondaPackage:
    """Return a package of one build."""
    fields: dict[str, Any] = {
        "version": "1.0",
        "build": "0",
        "subdir": "noarch",
        "channel": "https://conda.anaconda.org/conda-forge",
        "url": f"https://conda.anaconda.org/conda-forge/noarch/{name}-1.0-0.conda",
        "sha256": "c" * 64,
        "md5": "d" * 32,
        "depends": depends,
    }
    return CondaPackage(name=name, **{**fields, **more})


def subject(intent: Intent | None = None, **platforms: PlatformLock) -> Subject:
    """Return a lock of `amd64` and `arm64`, whichever is given."""
    locks = {f"linux/{name}": lock for name, lock in platforms.items()}
    lock = Lock(intent=intent or Intent(base="debian"), platforms=locks)
    return Subject(name="pets", spec="pets.envc", lock=lock, platforms=tuple(sorted(locks)))


def locked(*packages: CondaPackage | PipPackage) -> PlatformLock:
    """Return the lock of a platform."""
    return PlatformLock(
        base=BASE,
        tools=TOOLS,
        conda=tuple(one for one in packages if isinstance(one, CondaPackage)),
        pip=tuple(one for one in packages if isinstance(one, PipPackage)),
    )


def conda_lock(name: str) -> Any:
    """Return one of conda-lock's modules, which has no types, and old parts that warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(name)


def artefacts(of: Subject) -> set[tuple[str, str, str]]:
    """Return platform, address and hash of all that has an address."""
    found: set[tuple[str, str, str]] = set()
    for name, lock in of.locked.items():
        found.update((name, one.url, one.sha256) for one in lock.conda)
        found.update((name, one.url, one.sha256) for one in lock.pip if one.url is not None)
    return found


def test_conda_lock_reads_its_own_format_with_every_artefact(
    analysis: Subject, tmp_path: Path
) -> None:
    parse_conda_lock_file = conda_lock("conda_lock.lockfile").parse_conda_lock_file

    place = tmp_path / "conda-lock.yml"
    place.write_text(export_conda_lock.export(analysis).text)

    read = parse_conda_lock_file(place)

    assert {("linux/amd64", one.url, one.hash.sha256) for one in read.package} == artefacts(
        analysis
    )
    assert {one.name for one in read.package if one.manager == "pip"} == {"seaborn", "tabulate"}
    assert read.metadata.platforms == ["linux-64"]


def test_conda_lock_installs_what_the_lock_has(analysis: Subject, tmp_path: Path) -> None:
    render = conda_lock("conda_lock.conda_lock").render_lockfile_for_platform
    parse_conda_lock_file = conda_lock("conda_lock.lockfile").parse_conda_lock_file

    place = tmp_path / "conda-lock.yml"
    place.write_text(export_conda_lock.export(analysis).text)
    lines = render(
        lockfile=parse_conda_lock_file(place),
        include_dev_dependencies=False,
        extras=None,
        kind="explicit",
        platform="linux-64",
    )

    lock = analysis.lock.platforms["linux/amd64"]
    assert {line for line in lines if line.startswith("https://")} == {
        f"{one.url}#{one.md5}" for one in lock.conda
    }
    assert {line for line in lines if line.startswith("# pip ")} == {
        f"# pip {one.name} @ {one.url}#sha256={one.sha256}" for one in lock.pip
    }


def test_micromamba_finds_all_that_it_requires(analysis: Subject) -> None:
    """https://github.com/mamba-org/mamba/blob/main/libmamba/src/core/env_lockfile_conda.cpp."""
    file = yaml.load(export_conda_lock.export(analysis).text, Loader=yaml.BaseLoader)

    metadata = file["metadata"]
    assert file["version"] == "1"
    assert metadata["platforms"] == ["linux-64"]
    assert metadata["sources"] == ["analysis.envc"]
    assert list(metadata["content_hash"]) == ["linux-64"]
    assert all({"url", "used_env_vars"} <= channel.keys() for channel in metadata["channels"])
    for package in file["package"]:
        assert {"name", "version", "manager", "platform", "url"} <= package.keys()
        assert package["hash"]["sha256"]
        depends = package["dependencies"]
        assert all(isinstance(one, str) for one in (*depends, *depends.values()))


def test_conda_lock_takes_no_package_without_md5() -> None:
    with pytest.raises(InputError) as refused:
        export_conda_lock.export(subject(amd64=locked(conda("a"), conda("b", md5=None))))

    (problem,) = refused.value.diagnostics
    assert problem.code == "E430"
    assert "`b`" in problem.message


def test_conda_lock_says_that_it_has_no_local_wheels(pets: Subject) -> None:
    local, pip = export_conda_lock.export(pets).warnings

    assert (local.code, "dist/" in local.message) == ("W430", True)
    assert (pip.code, "own pip" in pip.message) == ("W430", True)


@pytest.mark.parametrize(("packages", "count"), [((), 0), (("pip",), 0), (("a",), 1)])
def test_conda_lock_says_where_wheels_would_go_elsewhere(
    packages: tuple[str, ...], count: int
) -> None:
    wheels = [wheel("six", "1.17.0", "py3-none-any")] if packages else []
    own = subject(amd64=locked(*(conda(name) for name in packages), *wheels))

    exported = export_conda_lock.export(own)

    assert [one.message for one in exported.warnings] == count * [
        "`conda-lock install` installs wheels with the environment's own pip, and there is none in "
        "the lock for linux/amd64"
    ]


def test_pylock_is_valid_and_has_every_wheel(pets: Subject) -> None:
    from packaging.pylock import Pylock

    text = export_pylock.export(pets).text
    read = Pylock.from_dict(tomllib.loads(text))
    read.validate()

    found = {(w.url, w.hashes["sha256"]) for one in read.packages for w in one.wheels or ()}
    assert {one for one in found if one[0] is not None} == {
        (one.url, one.sha256) for lock in pets.locked.values() for one in lock.pip if one.url
    }
    assert {w.path for one in read.packages for w in one.wheels or () if w.path} == {
        one.path for lock in pets.locked.values() for one in lock.pip if one.path
    }


def test_pylock_marks_what_platforms_differ_in() -> None:
    of = subject(
        amd64=locked(wheel("a", "1", "py3-none-any"), wheel("b", "2", "py3-none-any")),
        arm64=locked(wheel("a", "1", "py3-none-any"), wheel("b", "1", "py3-none-any")),
    )

    packages = tomllib.loads(export_pylock.export(of).text)["packages"]

    assert [(one["name"], one["version"], one.get("marker")) for one in packages] == [
        ("a", "1", None),
        ("b", "1", "sys_platform == 'linux' and platform_machine == 'aarch64'"),
        ("b", "2", "sys_platform == 'linux' and platform_machine == 'x86_64'"),
    ]
    assert len(packages[0]["wheels"]) == 1


def test_pylock_without_wheels_is_valid() -> None:
    from packaging.pylock import Pylock

    read = Pylock.from_dict(tomllib.loads(export_pylock.export(subject(amd64=locked())).text))

    assert list(read.packages) == []


@pytest.mark.network
def test_uv_installs_the_pylock(quickstart: Subject, tmp_path: Path) -> None:
    from uv import find_uv_bin

    # uv goes by the Python that runs it, whatever `--python-version` says: by that and what fits it.
    own = Python(version=platform.python_version(), origin="base")
    wheels = tuple(one for one in quickstart.only[1].pip if one.filename.endswith("-none-any.whl"))
    lock = quickstart.only[1].model_copy(update={"python": own, "pip": wheels})
    place = tmp_path / "pylock.toml"
    place.write_text(export_pylock.export(subject(amd64=lock)).text)
    words = [find_uv_bin(), "pip", "install", "--dry-run", "--python", sys.executable]
    words += ["--target", f"{tmp_path}/t", "--python-platform=x86_64-manylinux_2_36"]
    done = subprocess.run([*words, "-r", str(place)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    lines = (line.strip() for line in done.stderr.splitlines())
    wanted = {f"{one.name}=={one.version}" for one in lock.pip}
    assert len(wanted) > 1
    assert {line[2:] for line in lines if line.startswith("+ ")} == wanted


@pytest.mark.network
def test_pip_installs_the_requirements(quickstart: Subject, tmp_path: Path) -> None:
    place, report = tmp_path / "requirements.txt", tmp_path / "report.json"
    place.write_text(export_requirements.export(quickstart).text)
    words = [sys.executable, "-m", "pip", "--isolated", "install", "--require-hashes", "--dry-run"]
    words += ["--ignore-installed", "--only-binary=:all:", "--target", f"{tmp_path}/t"]
    words += ["--python-version=3.12", "--platform=manylinux_2_36_x86_64"]
    words += ["--platform=manylinux_2_17_x86_64", "--report", str(report)]
    done = subprocess.run([*words, "-r", str(place)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    installed = json.loads(report.read_text())["install"]
    assert {
        (one["download_info"]["url"], one["download_info"]["archive_info"]["hashes"]["sha256"])
        for one in installed
    } == {(one.url, one.sha256) for one in quickstart.only[1].pip}


def test_requirements_have_markers_indexes_and_files() -> None:
    intent = Intent(base="debian", indexes=("https://pypi.example/simple", "https://b.example/s"))
    index = "https://pypi.example/simple"
    mine = wheel("mine", "1", "py3-none-any", url=None, index=None, path="dist/mine-1-none.whl")
    of = subject(
        intent,
        amd64=locked(wheel("a", "1", "x86", index=index), mine, conda("c")),
        arm64=locked(
            wheel("a", "1", "arm", index=index),
            wheel("b", "1", "arm", index=None),
        ),
    )

    exported = export_requirements.export(of)

    arm, intel = (
        f"sys_platform == 'linux' and platform_machine == '{one}'" for one in ("aarch64", "x86_64")
    )
    hashes = {one.filename: one.sha256 for lock in of.locked.values() for one in lock.pip}
    assert exported.text.splitlines() == [
        "# pets: written by envc from its lock.",
        "# Install with: pip install --require-hashes --no-deps -r FILE",
        "--index-url https://pypi.example/simple",
        "--extra-index-url https://b.example/s",
        "a==1 \\",
        f"    --hash=sha256:{hashes['a-1-arm.whl']} \\",
        f"    --hash=sha256:{hashes['a-1-x86.whl']}",
        f"b @ https://files.example/b-1-arm.whl ; {arm} \\",
        f"    --hash=sha256:{hashes['b-1-arm.whl']}",
        f"./dist/mine-1-none.whl ; {intel} \\",
        f"    --hash=sha256:{hashes['mine-1-none.whl']}",
    ]
    assert [one.code for one in exported.warnings] == ["W430"]


def test_explicit_lines_are_those_of_the_standard(analysis: Subject) -> None:
    lines = export_explicit.export(analysis).text.splitlines()
    found = [EXPLICIT.fullmatch(line) for line in lines[lines.index("@EXPLICIT") + 1 :]]

    conda = analysis.only[1].conda
    assert {(f"{one['url_p']}/{one['fn']}", one["sha256"]) for one in found if one} == {
        (one.url, one.sha256) for one in conda
    }
    assert len(found) == len(conda)
    assert "# platform: linux-64" in lines


def test_environment_pins_name_version_and_build(analysis: Subject) -> None:
    data = yaml.safe_load(export_environment.export(analysis).text)

    *pins, pip = data["dependencies"]
    lock = analysis.only[1]
    has_pip = any(one.name == "pip" for one in lock.conda)
    wanted = [f"{one.name}={one.version}={one.build}" for one in lock.conda]
    assert pins == (wanted if has_pip else [*wanted, "pip"])
    assert pip == {"pip": [f"{one.name}=={one.version}" for one in lock.pip]}
    assert (data["name"], data["channels"]) == ("analysis", ["conda-forge", "nodefaults"])


def test_environment_names_the_channel_where_there_are_several() -> None:
    bio = conda("b", channel="https://conda.anaconda.org/bioconda")
    data = yaml.safe_load(export_environment.export(subject(amd64=locked(conda("a"), bio))).text)

    assert data["dependencies"] == ["conda-forge::a=1.0=0", "bioconda::b=1.0=0"]


def test_cyclonedx_is_valid_and_has_every_artefact(analysis: Subject) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = export_cyclonedx.export(analysis).text

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    hashes = {one["hashes"][0]["content"] for one in json.loads(text)["components"]}
    assert {sha256 for _, _, sha256 in artefacts(analysis)} <= hashes
    assert analysis.only[1].base.digest.removeprefix("sha256:") in hashes


def test_cyclonedx_relates_only_what_it_lists(analysis: Subject) -> None:
    data = json.loads(export_cyclonedx.export(analysis).text)

    listed = {one["bom-ref"] for one in data["components"]} | {"environment"}
    relations = data["dependencies"]
    assert {one["ref"] for one in relations} <= listed
    assert {ref for one in relations for ref in one["dependsOn"]} <= listed
    assert len({one["bom-ref"] for one in data["components"]}) == len(data["components"])


@pytest.mark.parametrize("name", ["analysis", "quickstart"])
def test_spdx_is_valid_and_has_every_artefact(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    of: Subject = request.getfixturevalue(name)
    place = tmp_path / "pets.spdx.json"
    place.write_text(export_spdx.export(of).text)

    document = parse_file(str(place))

    assert validate_full_spdx_document(document) == []
    checksums = {checksum.value for one in document.packages for checksum in one.checksums}
    assert {sha256 for _, _, sha256 in artefacts(of)} <= checksums


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_the_same_lock_gives_the_same_file(name: str, analysis: Subject) -> None:
    export = EXPORTS[name].load()

    assert export(analysis) == export(analysis)


def test_another_lock_is_another_bill_of_materials() -> None:
    one, other = subject(amd64=locked(conda("a"))), subject(amd64=locked(conda("b")))

    for export in (export_cyclonedx.export, export_spdx.export):
        assert export(one).text != export(other).text


NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(st.dictionaries(st.sampled_from("abcdef"), NAMES))
def test_packages_come_after_what_they_need_unless_in_a_cycle(graph: dict[str, list[str]]) -> None:
    packages = [conda(name, *needs) for name, needs in graph.items()]

    found = in_order(packages)

    assert sorted(one.name for one in found) == sorted(graph)
    place = {one.name: at for at, one in enumerate(found)}
    for name, needs in graph.items():
        for need in needs:
            if need in graph and not _reaches(graph, need, name):
                assert place[need] < place[name]


def _reaches(graph: dict[str, list[str]], start: str, end: str) -> bool:
    seen, left = set(), [start]
    while left:
        name = left.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            left += graph.get(name, [])
    return False


def test_needed_names_are_without_virtual_packages() -> None:
    package = conda("a", "__glibc >=2.17,<3.0.a0", "libgcc >=13", "python_abi 3.11.* *_cp311", "b")

    assert needed_names(package) == {"b": "", "libgcc": ">=13", "python_abi": "3.11.* *_cp311"}


WHEELS = st.lists(
    st.builds(wheel, st.sampled_from("abc"), st.sampled_from("12"), st.sampled_from(["x", "y"])),
    unique_by=lambda one: one.name,
)


@given(WHEELS, WHEELS)
def test_merging_keeps_every_file_of_every_platform(
    first: list[PipPackage], second: list[PipPackage]
) -> None:
    locks = {"linux/amd64": locked(*first), "linux/arm64": locked(*second)}

    merged = merge_wheels(locks)

    for where, wheels in (("linux/amd64", first), ("linux/arm64", second)):
        own = [one for one in merged if where in one.platforms]
        assert {one.name for one in own} == {one.name for one in wheels}
        assert {one.sha256 for one in wheels} <= {w.sha256 for one in own for w in one.wheels}
