"""Locks of other tools become a spec and its lock, with every artefact and hash."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.errors import InputError
from envc.interop import export_conda_lock, export_explicit, export_pylock
from envc.interop.importing import detect
from envc.interop.subject import Subject
from envc.lock.model import Intent, Lock, PlatformLock, Tools
from envc.lock.package import CondaPackage, PipPackage
from envc.machine import Machine
from envc.pipeline.front import check_file
from envc.pipeline.interchange import adopt, import_spec
from envc.source import Source
from support.adopted import BASE, artefacts, lock_of, take

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "specs"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with a cache of its own."""
    cache = {"ENVC_CACHE": str(tmp_path_factory.mktemp("cache"))}
    return Machine.here({**os.environ, **cache}, mirrors=[])


def test_conda_lock_there_and_back_keeps_every_artefact(
    analysis: Subject, tmp_path: Path, machine: Machine
) -> None:
    text = export_conda_lock.export(analysis).text

    imported = take(tmp_path, machine, "conda-lock.yml", text)

    assert artefacts(lock_of(imported, machine).platforms) == artefacts(analysis.locked)
    assert imported.warnings == ()
    assert (
        imported.text
        == """\
# Imported from conda-lock.yml by envc.
environment analysis
base image "docker.io/library/debian:bookworm-slim@sha256:\
96e378d7e6531ac9a15ad505478fcc2e69f371b10f5cdf87857c4b8188404716"
python 3.11.15
channels conda-forge
conda {
    matplotlib-base ==3.11.0
    pandas ==3.0.3
    scipy ==1.17.1
}
pip {
    seaborn ==0.13.2
    tabulate ==0.10.0
}
"""
    )


def test_conda_lock_keeps_what_platforms_differ_in(
    pets: Subject, tmp_path: Path, machine: Machine
) -> None:
    text = export_conda_lock.export(pets).text

    imported = take(tmp_path, machine, "conda-lock.yml", text)

    wanted = {
        name: lock.model_copy(update={"pip": tuple(one for one in lock.pip if one.url)})
        for name, lock in pets.locked.items()
    }
    assert artefacts(lock_of(imported, machine).platforms) == artefacts(wanted)


def test_explicit_there_and_back_keeps_every_conda_artefact(
    analysis: Subject, tmp_path: Path, machine: Machine
) -> None:
    text = export_explicit.export(analysis).text

    imported = take(tmp_path, machine, "explicit.txt", text)

    lock = lock_of(imported, machine)
    found = {(one.url, one.sha256) for one in lock.platforms["linux/amd64"].conda}
    assert found == {(one.url, one.sha256) for one in analysis.only[1].conda}


def test_pylock_there_and_back_keeps_every_artefact(
    quickstart: Subject, tmp_path: Path, machine: Machine
) -> None:
    text = export_pylock.export(quickstart).text

    imported = take(tmp_path, machine, "pylock.toml", text)

    assert artefacts(lock_of(imported, machine).platforms) == artefacts(quickstart.locked)


def test_an_md5_is_no_lock_and_that_is_said(tmp_path: Path, machine: Machine) -> None:
    url = "https://conda.anaconda.org/conda-forge/linux-64/xtl-0.6.21-h0efe328_0.tar.bz2"

    imported = take(
        tmp_path, machine, "e.txt", f"@EXPLICIT\n{url}#9eee90b98fd394db7a049792e67e1659\n"
    )

    assert imported.adopted is None
    assert [one.code for one in imported.warnings] == ["W432"]
    assert "xtl ==0.6.21 h0efe328_0" in imported.text


def test_a_list_without_a_platform_has_that_of_its_addresses(
    tmp_path: Path, machine: Machine
) -> None:
    channel = "https://conda.anaconda.org/conda-forge"
    text = (
        "# from https://example.com/pets\n@EXPLICIT\n"
        f"{channel}/noarch/tzdata-2025a-0.conda#sha256:{'a' * 64}\n"
        f"{channel}/linux-aarch64/xz-5.2.6-0.conda#sha256:{'b' * 64}\n"
    )

    imported = take(tmp_path, machine, "e.txt", text)

    assert imported.adopted is not None
    assert list(imported.adopted.conda) == ["linux/arm64"]


def test_a_secret_in_an_address_never_gets_into_a_lock(tmp_path: Path, machine: Machine) -> None:
    url = "https://me:hunter2@conda.example.com/c/linux-64/xtl-0.6.21-h0efe328_0.tar.bz2"

    imported = take(tmp_path, machine, "e.txt", f"@EXPLICIT\n{url}#sha256:{'a' * 64}\n")

    assert imported.adopted is None
    assert "hunter2" not in imported.text + "".join(one.message for one in imported.warnings)


def test_a_pylock_of_many_wheels_gives_the_one_that_fits(tmp_path: Path, machine: Machine) -> None:
    tags = ("cp312-cp312-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_17_x86_64")
    wheels = ", ".join(
        f'{{url = "https://f.example/a-1-{tag}.whl", hashes = {{sha256 = "{mark * 64}"}}}}'
        for tag, mark in zip(tags, "ab", strict=True)
    )
    text = (
        'lock-version = "1.0"\nrequires-python = ">=3.12"\ncreated-by = "x"\n'
        f'[[packages]]\nname = "a"\nversion = "1"\nwheels = [{wheels}]\n'
        '[[packages]]\nname = "b"\nversion = "1"\nmarker = "sys_platform == \'win32\'"\n'
        f"wheels = [{wheels.replace('a-1', 'b-1')}]\n"
    )

    lock = lock_of(take(tmp_path, machine, "pylock.toml", text), machine)

    (found,) = lock.platforms["linux/amd64"].pip
    assert (found.name, found.sha256) == ("a", "a" * 64)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conda-lock.yml", "version: 2\nmetadata: {}\npackage: []\n"),
        ("conda-lock.yml", "version: 1\nmetadata: {}\npackage: 3\n"),
        ("pylock.toml", 'lock-version = "2.0"\npackages = []\n'),
    ],
)
def test_another_version_is_refused(name: str, text: str, tmp_path: Path, machine: Machine) -> None:
    with pytest.raises(InputError) as refused:
        take(tmp_path, machine, name, text)

    assert [one.code for one in refused.value.diagnostics] == ["E431"]


def conda(name: str, build: str, subdir: str) -> CondaPackage:
    """Return a package of one build."""
    channel = "https://conda.anaconda.org/conda-forge"
    return CondaPackage(
        name=name,
        version="1.0",
        build=build,
        subdir=subdir,
        channel=channel,
        url=f"{channel}/{subdir}/{name}-1.0-{build}.conda",
        sha256=format(hash((name, build, subdir)) & (2**256 - 1), "064x"),
        md5="d" * 32,
    )


def wheel(name: str) -> PipPackage:
    """Return a wheel for every platform."""
    url = f"https://files.example/{name}-1-py3-none-any.whl"
    return PipPackage(
        name=name, version="1", url=url, sha256="e" * 64, index="https://pypi.org/simple"
    )


CONDA = st.lists(
    st.builds(conda, st.sampled_from("abc"), st.sampled_from("01"), st.just("noarch")),
    unique_by=lambda one: one.name,
    min_size=1,
)
WHEELS = st.lists(st.builds(wheel, st.sampled_from("xyz")), unique_by=lambda one: one.name)


@given(CONDA, CONDA, WHEELS)
def test_any_conda_lock_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    machine: Machine,
    first: list[CondaPackage],
    second: list[CondaPackage],
    wheels: list[PipPackage],
) -> None:
    tools = Tools(image=BASE.image, digest=BASE.digest)
    locks = {
        name: PlatformLock(base=BASE, tools=tools, conda=tuple(own), pip=tuple(wheels))
        for name, own in (("linux/amd64", first), ("linux/arm64", second))
    }
    lock = Lock(intent=Intent(base="docker.io/library/debian:bookworm-slim"), platforms=locks)
    subject = Subject(name="x", spec="x.envc", lock=lock, platforms=tuple(locks))
    text = export_conda_lock.export(subject).text

    adopted = take(tmp_path_factory.mktemp("x"), machine, "conda-lock.yml", text).adopted

    assert adopted is not None
    for name, own in locks.items():
        assert _pins(adopted.conda[name]) == _pins(own.conda)
        assert _pins(adopted.wheels.get(name, [])) == _pins(own.pip)


def _pins(packages: Sequence[CondaPackage] | Sequence[PipPackage]) -> set[tuple[str | None, str]]:
    return {(one.url, one.sha256) for one in packages}


@pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"{CORPUS} is not there: it holds locks in the wild"
)
def test_locks_in_the_wild_become_right_specs(machine: Machine) -> None:
    paths = [
        *sorted((CORPUS / "conda-lock-case").rglob("conda-lock.yml")),
        *sorted((CORPUS / "conda-explicit").rglob("*.txt")),
    ]
    known = [path for path in paths if _is_lock(path)]

    specs = [import_spec(path, machine, "yaml").text for path in known]

    for text in specs:
        check_file(Source(name="x.yaml", text=text), machine)
    assert len(known) > 5


def _is_lock(path: Path) -> bool:
    try:
        return detect(Source(name=str(path), text=path.read_text())) in {"conda-lock", "explicit"}
    except InputError:
        return False


@pytest.mark.engine
@pytest.mark.network
def test_an_imported_lock_has_a_base_and_tools(
    analysis: Subject, tmp_path: Path, machine: Machine
) -> None:
    text = export_conda_lock.export(analysis).text
    imported = take(tmp_path, machine, "conda-lock.yml", text)

    lock = adopt(imported, tmp_path / "x.envc", machine, print)

    assert lock is not None
    assert artefacts(lock.platforms) == artefacts(analysis.locked)
    assert lock.platforms["linux/amd64"].tools.packages


def test_a_commit_of_a_pylock_is_asked_for_as_such(tmp_path: Path, machine: Machine) -> None:
    text = (
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "cats"\n'
        f'vcs = {{type = "git", url = "https://a.example/cats.git", commit-id = "{"e" * 40}", '
        'subdirectory = "libs/my cats"}\n'
    )

    imported = take(tmp_path, machine, "pylock.toml", text)

    line = f"cats @ git+https://a.example/cats.git@{'e' * 40}#subdirectory=libs/my%20cats"
    assert line in imported.text
    assert any("only `envc lock` gets its files" in one.message for one in imported.warnings)


def test_only_what_is_installed_by_default_is_taken_of_a_pylock(
    tmp_path: Path, machine: Machine
) -> None:
    def package(version: str, marker: str) -> str:
        url = f"https://files.example/six-{version}-py3-none-any.whl"
        wheel = f'{{url = "{url}", hashes = {{sha256 = "{"a" * 64}"}}}}'
        return f'{{name = "six", version = "{version}", marker = "{marker}", wheels = [{wheel}]}},'

    packages = (
        package("1.15", "'old' in extras"),
        package("1.16", "'dev' in dependency_groups"),
        package("1.17", "'default' in dependency_groups and 'old' not in extras"),
    )
    text = (
        'lock-version = "1.0"\ncreated-by = "pdm"\n'
        'extras = ["old"]\ndependency-groups = ["default", "dev"]\ndefault-groups = ["default"]\n'
        f"packages = [{''.join(packages)}]\n"
    )

    imported = take(tmp_path, machine, "pylock.toml", text)

    assert imported.text.endswith("pip {\n    six ==1.17\n}\n")


def test_sources_of_a_pylock_are_asked_for_as_such(tmp_path: Path, machine: Machine) -> None:
    """uv writes a project and its own folders as `directory`, an address as `archive`."""
    text = (
        'lock-version = "1.0"\ncreated-by = "uv"\npackages = [\n'
        '{name = "pets", version = "1.0", directory = {path = "libs/pets", editable = true}},\n'
        '{name = "self", directory = {path = "."}},\n'
        '{name = "toys", version = "2.0", archive = {url = "https://a.example/toys-2.0.tar.gz", '
        'subdirectory = "lib"}},\n'
        '{name = "dogs", version = "3.0", archive = {path = "dogs-3.0.tar.gz"}},\n'
        '{name = "cats", version = "4.0", index = "https://pypi.org/simple", '
        'sdist = {url = "https://files.example/cats-4.0.tar.gz"}},\n]\n'
    )

    imported = take(tmp_path, machine, "pylock.toml", text)

    assert imported.adopted is None
    assert imported.text.endswith(
        """pip {
    toys @ https://a.example/toys-2.0.tar.gz#subdirectory=lib
    cats ==4.0
    source "libs/pets/"
    source "."
    sdist "cats"
}
"""
    )
    assert "`dogs-3.0.tar.gz` is left out: a spec names wheels and folders" in imported.text
