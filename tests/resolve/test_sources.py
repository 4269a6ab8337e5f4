"""Sources: allowed by name, not run where they state what there is to know, locked with what builds them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envc.canonical import tree_digest
from envc.errors import InputError
from envc.files import read_tree
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Tools
from envc.lock.package import PipPackage, SourcePackage
from envc.platform import PLATFORMS
from envc.resolve.base import Conflict, LocalSource, PipRequest, PipResolution, PipSolver
from envc.resolve.keeping import Keeping
from envc.resolve.pip.direct import is_sdist_address
from envc.resolve.project.backend import BackendError
from envc.resolve.project.folder import BrokenProjectError, read_project
from envc.resolve.project.workshop import Workshop
from support.index import Dist, IndexServer
from support.pip_world import CP, MACHINE, ask, silent, solvers
from support.sources import project

STATIC = """\
[build-system]
requires = ["setuptools >=77"]
build-backend = "setuptools.build_meta"

[project]
name = "Pets.Lib"
version = "1.2.0"
requires-python = ">=3.9"
dependencies = ["rich >=14"]
optional-dependencies = {web = ["flask ; python_version >= '3.10'"]}
"""
STATED = """\
Metadata-Version: 2.1
Name: Pets.Lib
Version: 1.2.0
Requires-Python: >=3.9
Requires-Dist: rich>=14
Provides-Extra: web
Requires-Dist: flask ; (python_version >= "3.10") and extra == "web"
"""


@pytest.fixture(params=[0, 1], ids=["uv", "pip-tools"])
def solver(request: pytest.FixtureRequest, tmp_path: Path) -> PipSolver:
    return solvers(tmp_path)[request.param]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def local(folder: Path, files: Mapping[str, str]) -> LocalSource:
    write(folder / "libs/pets", files)
    _, found = read_tree(folder, "libs/pets")
    return LocalSource(
        path="libs/pets", folder=folder / "libs/pets", files=found, sha256=tree_digest(found)
    )


def answer(solver: PipSolver, request: PipRequest) -> PipResolution:
    result = solver.resolve(request, silent)
    assert isinstance(result, PipResolution)
    return result


def refusal(solver: PipSolver, request: PipRequest) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        solver.resolve(request, silent)
    return [(one.code, one.message) for one in caught.value.diagnostics]


def pins(packages: Sequence[object]) -> list[str]:
    return [f"{one.name}=={one.version}" for one in packages]  # type: ignore[attr-defined]


def test_an_allowed_source_is_locked_with_its_dependencies_and_with_what_builds_it(
    solver: PipSolver,
) -> None:
    dists = [
        Dist(
            name="pets",
            version="1.0",
            tags=(),
            sdist=True,
            source=project("pets", requires=("lib >=1",), build=("maker <2",), more=("more",)),
        ),
        Dist(name="lib", version="1.0"),
        Dist(name="maker", version="1.0", requires=("part",)),
        Dist(name="maker", version="2.0"),
        Dist(name="part", version="3.0"),
        Dist(name="more", version="4.0"),
    ]
    with IndexServer(dists) as index:
        request = replace(ask("pets", index=index), sdists=frozenset({"pets"}))
        found = answer(solver, request)

        (source,) = found.sources
        file = index.file("pets-1.0.tar.gz")
        assert source == SourcePackage(
            name="pets",
            version="1.0",
            kind="sdist",
            url=index.file_url("pets-1.0.tar.gz"),
            sha256=file.sha256,
            size=source.size,
            index=index.url,
            backend="own",
            backend_path=("backend",),
            build=("maker==1.0", "more==4.0", "part==3.0"),
        )
    assert pins(found.packages) == ["lib==1.0"]
    assert pins(found.build) == ["maker==1.0", "more==4.0", "part==3.0"]


def test_wheels_come_first_and_sources_only_for_versions_without_one_that_fits(
    solver: PipSolver,
) -> None:
    dists = [
        Dist(name="a", version="1.0", sdist=True),
        Dist(name="b", version="1.0"),
        Dist(name="b", version="2.0", tags=(), sdist=True, source=project("b", "2.0")),
        Dist(
            name="c",
            version="1.0",
            tags=(f"{CP}-{CP}-manylinux_2_39_{MACHINE}",),
            sdist=True,
            source=project("c"),
        ),
    ]
    with IndexServer(dists) as index:
        request = ask("a", "b", "c", index=index)
        found = answer(solver, replace(request, sdists=frozenset({"a", "b", "c"})))

    assert pins(found.packages) == ["a==1.0"]
    assert pins(found.sources) == ["b==2.0", "c==1.0"]


def test_a_source_that_nobody_allowed_is_never_looked_at(solver: PipSolver) -> None:
    dists = [
        Dist(name="a", version="1.0", tags=(), sdist=True, source=project("a")),
        Dist(name="b", version="1.0", requires=("a",)),
    ]
    with IndexServer(dists) as index:
        found = refusal(solver, replace(ask("b", index=index), sdists=frozenset({"b"})))

        assert [one for one in index.requests if one.endswith(".tar.gz")] == []
    message = (
        "`a`, which `b` requires, has source distributions only, and the spec allows none of them"
    )
    assert found == [("E325", message)]


def test_a_source_for_another_python_is_no_candidate(solver: PipSolver) -> None:
    dists = [
        Dist(name="a", version="1.0", tags=(), sdist=True, source=project("a")),
        Dist(name="a", version="2.0", tags=(), sdist=True, requires_python=">=4"),
    ]
    with IndexServer(dists) as index:
        found = answer(solver, replace(ask("a", index=index), sdists=frozenset({"a"})))

    assert pins(found.sources) == ["a==1.0"]


def test_a_locked_source_stays_where_nothing_speaks_against_it(solver: PipSolver) -> None:
    def dist(version: str) -> Dist:
        source = project("a", version, build=("maker",))
        return Dist(name="a", version=version, tags=(), sdist=True, source=source)

    with IndexServer([dist("1.0"), Dist(name="maker", version="1.0")]) as index:
        request = replace(ask("a", index=index), sdists=frozenset({"a"}))
        old = answer(solver, request)
    world = [
        dist("1.0"),
        dist("2.0"),
        Dist(name="maker", version="1.0"),
        Dist(name="maker", version="2.0"),
    ]
    with IndexServer(world) as index:
        request = replace(ask("a", index=index), sdists=frozenset({"a"}))
        anew = answer(solver, request)
        kept = answer(
            solver, replace(request, preferred_sources=old.sources, preferred_build=old.build)
        )

    assert pins((*anew.sources, *anew.build)) == ["a==2.0", "maker==2.0"]
    assert pins((*kept.sources, *kept.build)) == ["a==1.0", "maker==1.0"]


def test_a_folder_is_a_requirement_of_its_own(solver: PipSolver, tmp_path: Path) -> None:
    source = local(tmp_path, project("pets", "1.5", requires=("lib",)))
    with IndexServer([Dist(name="lib", version="1.0"), Dist(name="pets", version="9.0")]) as index:
        found = answer(solver, replace(ask(index=index), sources=(source,)))

    assert pins(found.packages) == ["lib==1.0"]
    assert found.sources == (
        SourcePackage(
            name="pets",
            version="1.5",
            kind="folder",
            path="libs/pets",
            sha256=source.sha256,
            backend="own",
            backend_path=("backend",),
        ),
    )


def test_a_folder_and_a_requirement_that_it_does_not_meet_are_a_conflict(
    solver: PipSolver, tmp_path: Path
) -> None:
    source = local(tmp_path, project("pets", "1.5"))
    with IndexServer() as index:
        found = solver.resolve(replace(ask("pets >=2", index=index), sources=(source,)), silent)

    assert isinstance(found, Conflict)
    assert found.message == "`pets >=2` cannot be satisfied: the folder `libs/pets` is `pets` 1.5"


def test_a_source_distribution_may_be_named_by_its_address(solver: PipSolver) -> None:
    dists = [
        Dist(name="pets", version="1.0", tags=(), sdist=True, source=project("pets")),
    ]
    with IndexServer(dists) as index:
        url = index.file_url("pets-1.0.tar.gz")
        found = answer(solver, ask(f"pets @ {url}", index=index))
        other = refusal(solver, ask(f"cats @ {url}", index=index))
        wrong = refusal(solver, ask(f"pets @ {url}#sha256={'0' * 64}", index=index))

        (source,) = found.sources
        assert (source.url, source.sha256) == (url, index.file("pets-1.0.tar.gz").sha256)
    assert source.index is None
    assert other == [("E331", f"the file at `{url}` is `pets`, not `cats`")]
    assert wrong == [("E331", f"the file at `{url}` has another hash than the requirement says")]


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/pets-1.0.tar.gz#sha256=00", True),
        ("https://a.example/archive/v1.tgz", True),
        ("https://a.example/pets-1.0.zip", True),
        ("https://a.example/pets-1.0-py3-none-any.whl", False),
        ("git+https://a.example/pets.tar.gz", False),
        ("file:///pets-1.0.tar.gz", False),
    ],
)
def test_an_address_tells_whether_it_is_one_of_a_source_distribution(
    url: str, is_one: bool
) -> None:
    assert is_sdist_address(url) is is_one


def test_what_builds_a_source_has_to_have_wheels(solver: PipSolver, tmp_path: Path) -> None:
    source = local(tmp_path, {**project("pets"), "pyproject.toml": STATIC})
    dists = [Dist(name="rich", version="14.0"), Dist(name="setuptools", version="70.0", sdist=True)]
    with IndexServer(dists) as index:
        found = refusal(solver, replace(ask(index=index), sources=(source,)))

    assert found == [("E347", "what builds `libs/pets` cannot be had")]


def test_what_builds_a_source_has_to_have_wheels_for_the_target(tmp_path: Path) -> None:
    own = (f"{CP}-{CP}-manylinux_2_17_{MACHINE}",)
    target = next(one for one in PLATFORMS.values() if one.machine != MACHINE)
    source = local(tmp_path, project("pets", build=("maker",)))
    with IndexServer([Dist(name="maker", version="1.0", tags=own)]) as index:
        request = replace(ask(index=index, target=target), sources=(source,))
        found = refusal(solvers(tmp_path)[0], request)

    assert found == [("E347", "what builds `pets` 1.0 cannot be had")]


def test_a_backend_that_fails_says_why(solver: PipSolver, tmp_path: Path) -> None:
    broken = {**project("pets"), "backend/own.py": "raise RuntimeError('no cats here')\n"}
    source = local(tmp_path, broken)
    with IndexServer() as index, pytest.raises(InputError) as caught:
        solver.resolve(replace(ask(index=index), sources=(source,)), silent)

    (problem,) = caught.value.diagnostics
    message = "`libs/pets` cannot be locked: its build backend cannot say what it needs"
    assert (problem.code, problem.message) == ("E346", message)
    assert "no cats here" in problem.notes[0]


def test_what_is_to_move_is_not_preferred() -> None:
    image, digest = "docker.io/library/python:3.12", f"sha256:{'a' * 64}"
    toys, cats = (
        SourcePackage(
            name=name,
            version="1.0",
            kind="sdist",
            url=f"https://files.example/{name}-1.0.tar.gz",
            sha256="b" * 64,
            backend="own",
        )
        for name in ("toys", "cats")
    )
    maker = PipPackage(
        name="maker",
        version="1.0",
        url="https://files.example/maker-1.0-py3-none-any.whl",
        sha256="c" * 64,
    )
    locked = PlatformLock(
        base=BaseImage(image=image, digest=digest, glibc="2.36"),
        tools=Tools(image=image, digest=digest),
        sources=(cats, toys),
        build=(maker,),
    )
    lock = Lock(intent=Intent(base=image), platforms={"linux/amd64": locked})

    one = Keeping(lock=lock, moving=frozenset({"toys"})).on("linux/amd64")
    other = Keeping(lock=lock, moving=frozenset({"maker"})).on("linux/amd64")

    assert one is not None
    assert other is not None
    assert (one.moving_pip(), one.sources(), one.build()) == (
        frozenset({"toys"}),
        (cats,),
        (maker,),
    )
    assert (other.moving_pip(), other.sources(), other.build()) == (
        frozenset({"maker"}),
        (cats, toys),
        (),
    )


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README": "x"}, "it has neither `pyproject.toml` nor `setup.py`"),
        ({"pyproject.toml": "[build-system\n"}, "its `pyproject.toml` is not TOML: "),
        (
            {"pyproject.toml": "[build-system]\nrequires = 1\n"},
            "its `pyproject.toml` is not of PEP 518 and PEP 621",
        ),
    ],
)
def test_what_is_no_project_is_refused(
    files: Mapping[str, str], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(BrokenProjectError) as caught:
        read_project(write(tmp_path, files))

    assert caught.value.reason.startswith(reason)


def test_metadata_that_a_project_states_are_read_and_not_asked_for(tmp_path: Path) -> None:
    found = read_project(write(tmp_path, {"pyproject.toml": STATIC}))

    assert found.metadata == STATED
    assert found.requires == ("setuptools >=77", "wheel")


@pytest.mark.parametrize(
    ("head", "is_stated"),
    [
        ("Metadata-Version: 2.2\n", True),
        ("Metadata-Version: 2.1\n", False),
        ("Metadata-Version: 2.2\nDynamic: requires-dist\n", False),
        ("Metadata-Version: 2.4\nDynamic: license-file\n", True),
    ],
)
def test_a_source_distributions_own_metadata_count_where_they_hold_for_wheels(
    head: str, is_stated: bool, tmp_path: Path
) -> None:
    text = f"{head}Name: pets\nVersion: 1.0\nRequires-Dist: rich\n\nPets.\n"

    found = read_project(write(tmp_path, {"PKG-INFO": text, "setup.py": ""}))

    rest = "Metadata-Version: 2.1\nName: pets\nVersion: 1.0\nRequires-Dist: rich\n"
    assert found.metadata == (rest if is_stated else None)
    assert found.backend == "setuptools.build_meta:__legacy__"


def _tar(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _refuse(python: Path, requires: Sequence[str]) -> None:
    raise BackendError("nothing may be installed here")


@pytest.mark.parametrize(
    "content",
    [b"not an archive", _tar({"a/x": "", "b/y": ""}), _tar({"../outside/x": "y"}), _tar({"x": ""})],
    ids=["garbage", "two folders", "a way out", "no folder"],
)
def test_what_is_no_source_distribution_is_refused_and_leaves_nothing_behind(
    content: bytes, tmp_path: Path
) -> None:
    archive = tmp_path / "pets-1.0.tar.gz"
    archive.write_bytes(content)
    workshop = Workshop(tmp_path / "cache", _refuse, silent)

    with pytest.raises(InputError) as caught:
        workshop.describe_archive(archive, "0" * 64, named="pets-1.0.tar.gz")

    message = "`pets-1.0.tar.gz` is not a source distribution: it cannot be unpacked"
    assert [(one.code, one.message) for one in caught.value.diagnostics] == [("E345", message)]
    assert [path.name for path in tmp_path.iterdir()] == ["pets-1.0.tar.gz"]
