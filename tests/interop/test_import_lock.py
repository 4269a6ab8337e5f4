"""Locks of other tools become a spec and its lock, with every artefact and hash."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from envc.errors import InputError
from envc.front import check_file
from envc.interchange import Imported, adopt, import_spec
from envc.interop import export_conda_lock, export_explicit, export_pylock
from envc.interop.importing import detect
from envc.interop.subject import Subject
from envc.lock.drift import drift
from envc.lock.model import BaseImage, CondaPackage, Intent, Lock, PipPackage, PlatformLock, Tools
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.adopting import AdoptedConda, AdoptedPip
from envc.resolve.apt import Apt
from envc.resolve.base import PipRequest, PipResolution, Report
from envc.resolve.environment import resolve
from envc.resolve.image import Inspected
from envc.resolve.world import World
from envc.source import Source, Span

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "specs"
DIGEST = "sha256:" + "a" * 64
BASE = BaseImage(
    image="docker.io/library/debian:bookworm-slim", digest=DIGEST, python="3.12.7", glibc="2.36"
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with a cache of its own."""
    cache = {"ENVC_CACHE": str(tmp_path_factory.mktemp("cache"))}
    return Machine.here({**os.environ, **cache}, mirrors=[])


@dataclass
class FakeImages:
    """Images that are all the same."""

    def inspect_base(
        self,
        reference: ImageReference,
        platform: Platform,
        *,
        needs_python: bool,
        declared_python: str | None,
        declared_glibc: str | None,
        span: Span | None,
        report: Report,
    ) -> Inspected:
        return Inspected(base=BASE)

    def inspect_tools(
        self, reference: ImageReference, platform: Platform, *, report: Report
    ) -> Inspected:
        return Inspected(base=BASE)


@dataclass
class NoTools:
    """Finds no tools, since nothing is installed here."""

    name: str = "none"

    def resolve(self, request: PipRequest, report: Report) -> PipResolution:
        return PipResolution(packages=())


def take(folder: Path, machine: Machine, name: str, text: str) -> Imported:
    """Import a file of this text."""
    (folder / name).write_text(text)
    return import_spec(folder / name, machine, "dsl")


def lock_of(imported: Imported, machine: Machine) -> Lock:
    """Return the lock of what is imported, which must be that of the spec."""
    assert imported.adopted is not None
    checked = check_file(Source(name="x.envc", text=imported.text), machine)
    own = checked.variants[""]
    world = World(
        images=FakeImages(),
        conda=AdoptedConda(packages=imported.adopted.conda),
        pip=AdoptedPip(wheels=imported.adopted.wheels),
        tools=NoTools(),
        system=Apt(engine=lambda: None, environment={}),
        mirrors=MirrorMap(),
    )
    lock = resolve(own.spec, own.document, world, print).lock
    assert drift(own.spec, own.document, lock) == ()
    return lock


def artefacts(platforms: Mapping[str, PlatformLock]) -> set[tuple[str, ...]]:
    """Return all that a lock pins, with what is known of each beside its address and its hash."""
    found: set[tuple[str, ...]] = set()
    for name, lock in platforms.items():
        for one in lock.conda:
            own = (one.name, one.version, one.build, one.subdir, one.channel, one.url, one.sha256)
            found.add((name, *own, one.distribution or ""))
        for wheel in lock.pip:
            found.add((name, wheel.name, wheel.version, wheel.url or "", wheel.sha256))
    return found


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


def _pixi_lock(subject: Subject) -> str:
    """Return a lock as pixi writes it (version 6)."""
    lock = subject.only[1]
    urls = [{"conda": one.url} for one in lock.conda] + [{"pypi": one.url} for one in lock.pip]
    places = {"channels": [{"url": "https://conda.anaconda.org/conda-forge/"}]}
    environment = {**places, "packages": {"linux-64": urls, "osx-64": urls}}
    records: list[dict[str, object]] = [
        {
            "conda": one.url,
            "sha256": one.sha256,
            "md5": one.md5,
            "depends": list(one.depends),
            "size": one.size,
            "timestamp": one.timestamp,
        }
        for one in lock.conda
    ]
    records += [
        {"pypi": one.url, "name": one.name, "version": one.version, "sha256": one.sha256}
        for one in lock.pip
    ]
    return yaml.safe_dump(
        {
            "version": 6,
            "environments": {"default": environment, "docs": environment},
            "packages": records,
        },
        sort_keys=False,
    )


def test_a_pixi_lock_keeps_every_artefact_and_what_is_known_of_it(
    analysis: Subject, tmp_path: Path, machine: Machine
) -> None:
    imported = take(tmp_path, machine, "pixi.lock", _pixi_lock(analysis))

    lock = lock_of(imported, machine).platforms["linux/amd64"]
    assert lock.conda == analysis.only[1].conda
    assert artefacts({"linux/amd64": lock}) == artefacts(analysis.locked)
    assert "matplotlib-base ==3.11.0" in imported.text
    assert [one.message for one in imported.warnings] == [
        "`environments.docs` is left out: only the default environment is imported",
        "`osx-64` is left out: envc makes images for Linux on amd64 and arm64",
    ]


def test_rattler_reads_the_pixi_lock_of_the_tests(analysis: Subject, tmp_path: Path) -> None:
    place = tmp_path / "pixi.lock"
    place.write_text(_pixi_lock(analysis))
    code = (
        "import os, sys, rattler\n"
        "lock = rattler.LockFile.from_path(sys.argv[1])\n"
        "print(sorted(name for name, _ in lock.environments()))\n"
        "sys.stdout.flush()\n"
        "os._exit(0)\n"
    )
    words = [sys.executable, "-c", code, str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "['default', 'docs']\n"), done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pixi.lock", "version: 5\nenvironments: {}\npackages: []\n"),
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
    tools = Tools(image=BASE.image, digest=DIGEST)
    locks = {
        name: PlatformLock(base=BASE, tools=tools, conda=tuple(own), pip=tuple(wheels))
        for name, own in (("linux/amd64", first), ("linux/arm64", second))
    }
    lock = Lock(intent=Intent(base="docker.io/library/debian:bookworm-slim"), platforms=locks)
    subject = Subject(name="x", lock=lock, platforms=tuple(locks))
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
