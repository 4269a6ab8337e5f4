"""pip-tools in the base's own Python: the answers of uv, and why it cannot run there."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from envc.errors import EnvcError, InputError, ToolError
from envc.lock.model import BaseImage, Built
from envc.lock.package import PipPackage
from envc.mirror import MirrorMap
from envc.resolve.base import Conflict, IndexAccess, PipRequest, PipResolution
from envc.resolve.pip.inside import Inside
from envc.resolve.pip.pip_tools import PipTools
from envc.resolve.pip.place import Interpreter
from envc.resolve.pip.wheelhouse import bring_tools
from support.index import Dist, IndexServer
from support.near_engine import NearEngine
from support.pip_world import HERE, ask, local_wheel, silent, solvers

BASE = BaseImage(
    image="docker.io/library/python:3.11-slim", digest=f"sha256:{'0' * 64}", glibc="2.36"
)
ELSEWHERE = replace(Interpreter.running(), version="3.8.1")
SECRET = "canary-of-an-index"
DISTS = [
    Dist(name="a", version="1.0", requires=("b>1", "c[x] ; sys_platform == 'linux'")),
    Dist(name="b", version="1.0"),
    Dist(name="b", version="2.0"),
    Dist(name="b", version="2.1rc1"),
    Dist(name="c", version="1.0", extras={"x": ("d",)}),
    Dist(name="d", version="1.0rc1"),
    Dist(name="e", version="1.0"),
    Dist(name="e", version="2.0"),
]


def no_tools(mirrors: MirrorMap) -> Mapping[str, bytes]:
    """Bring nothing: a near engine has pip-tools."""
    return {}


def inside(engine: NearEngine | None) -> PipTools:
    """Return pip-tools on a machine whose Python is for no target."""
    return PipTools(
        cache=Path("/nonexistent"),
        environment={},
        retries=0,
        interpreter=ELSEWHERE,
        inside=Inside(engine=lambda: engine, tools=no_tools),
    )


def fail(solver: PipTools, request: PipRequest) -> EnvcError:
    with pytest.raises(EnvcError) as caught:
        solver.resolve(request, silent)
    return caught.value


def reason(engine: NearEngine | None, request: PipRequest) -> str:
    """Return why pip-tools does not run in the base."""
    error = fail(inside(engine), request)
    assert isinstance(error, InputError)
    (problem,) = error.diagnostics
    wanted = request.python_version
    assert problem.code == "E330"
    assert problem.message == (
        "`pip-tools` resolves only for where it runs: "
        f"Python {wanted} is wanted, and it runs in 3.8.1"
    )
    assert problem.hint == "use `--pip-solver uv`, which resolves for any target"
    (note,) = problem.notes
    return note.removeprefix("in the base it cannot run either: ")


def test_pip_tools_in_a_base_answers_as_uv_does_and_gets_no_credential(tmp_path: Path) -> None:
    engine = NearEngine(tmp_path / "container")
    pets = local_wheel(tmp_path, Dist(name="pets", version="1", requires=("e<2",)))
    with IndexServer(DISTS, credentials=f"keeper:{SECRET}") as index:
        access = IndexAccess(url=index.url, secret="TOKEN", credentials=f"keeper:{SECRET}")
        request = replace(ask("a", index=[access], wheels=[pets]), base=BASE)
        answers = [one.resolve(request, silent) for one in (solvers(tmp_path)[0], inside(engine))]

    first, second = answers
    assert isinstance(first, PipResolution)
    assert first == second
    pins = [f"{one.name} {one.version}" for one in first.packages]
    assert pins == ["a 1.0", "b 2.0", "c 1.0", "d 1.0rc1", "e 1.0", "pets 1"]
    assert len(engine.said) > 10
    assert SECRET not in "".join(engine.said)
    files = [file for file in (tmp_path / "container").rglob("*") if file.is_file()]
    assert [file for file in files if SECRET in file.read_text()] == []


def test_pip_tools_in_a_base_keeps_what_is_locked_and_honours_constraints(tmp_path: Path) -> None:
    engine = NearEngine(tmp_path / "container")
    kept = PipPackage(name="e", version="1.0", url="https://x/e.whl", sha256="0" * 64, index="x")
    with IndexServer(DISTS) as index:
        asked = ask("e", "b", index=index, constraints=["b<2"], provided={"c": "1.0"})
        request = replace(asked, base=BASE, preferred=(kept,))
        answers = [one.resolve(request, silent) for one in (solvers(tmp_path)[0], inside(engine))]

    assert answers[0] == answers[1]
    assert isinstance(answers[1], PipResolution)
    pins = [f"{one.name} {one.version}" for one in answers[1].packages]
    assert pins == ["b 1.0", "e 1.0"]


def test_pip_tools_in_a_base_tells_a_conflict_as_uv_does(tmp_path: Path) -> None:
    with IndexServer(DISTS) as index:
        request = replace(ask("a", "b<2", index=index), base=BASE)
        answers = [
            one.resolve(request, silent)
            for one in (solvers(tmp_path)[0], inside(NearEngine(tmp_path / "container")))
        ]

    for answer in answers:
        assert isinstance(answer, Conflict)
        assert answer.message == "`a` and `b<2` cannot be satisfied together"
        assert answer.causes == request.requirements


def test_an_index_that_fails_is_told_of_by_its_own_words(tmp_path: Path) -> None:
    with IndexServer(DISTS, failures={"/simple/b": 503}) as index:
        error = fail(inside(NearEngine(tmp_path)), replace(ask("a", index=index), base=BASE))

    assert isinstance(error, ToolError)
    told = [(one.code, one.message) for one in error.diagnostics]
    assert told == [("E337", f"index `{index.url}` failed: it answered with status 503")]


def test_a_container_that_is_killed_is_told_of(tmp_path: Path) -> None:
    with IndexServer(DISTS) as index:
        request = replace(ask("a", index=index), base=BASE)
        error = fail(inside(NearEngine(tmp_path, dies=True)), request)

    assert isinstance(error, ToolError)
    (problem,) = error.diagnostics
    assert problem.code == "E338"
    assert problem.message == "`pip-tools` ended in the base without an answer"
    assert problem.notes == ("it complains",)


@pytest.mark.parametrize(
    ("options", "base", "expected"),
    [
        ({"has_python": False}, BASE, f"`{BASE.image}` has no `python3`"),
        (
            {"has_python": False},
            BASE.model_copy(update={"interpreter": "/opt/bin/python"}),
            f"`{BASE.image}` has no `/opt/bin/python`",
        ),
        ({"native": "linux/s390x"}, BASE, f"the engine runs linux/s390x, not {HERE.name}"),
        ({}, None, "the base is not known"),
        (
            {},
            BASE.model_copy(update={"built": Built(dockerfile="0" * 64)}),
            "the base is built from a Dockerfile",
        ),
        ({"hello": {"odd": 1}}, BASE, "it complains"),
    ],
    ids=["no python", "no interpreter", "another platform", "no base", "dockerfile", "no answer"],
)
def test_why_pip_tools_does_not_run_in_a_base_is_told(
    tmp_path: Path, options: dict[str, Any], base: BaseImage | None, expected: str
) -> None:
    with IndexServer() as index:
        told = reason(NearEngine(tmp_path, **options), replace(ask("a", index=index), base=base))

    assert told == expected


def test_without_an_engine_pip_tools_runs_in_no_base() -> None:
    with IndexServer() as index:
        told = reason(None, replace(ask("a", index=index), base=BASE))

    assert told == "no Docker engine answers"


@pytest.mark.parametrize(
    ("changes", "wanted", "expected"),
    [
        ({}, "3.99.1", f"Python 3.99.1 is wanted, and it runs in {platform.python_version()}"),
        ({"version": "3.7.17"}, "3.7.17", "its Python is 3.7.17, and pip-tools needs 3.9"),
        ({"glibc": None}, platform.python_version(), "glibc 2.28 is wanted, and it runs with none"),
    ],
    ids=["another series", "too old", "no glibc"],
)
def test_a_bases_python_that_does_not_fit_is_told(
    tmp_path: Path, changes: dict[str, Any], wanted: str, expected: str
) -> None:
    here = Interpreter.running()
    hello = asdict(here) | changes
    with IndexServer() as index:
        request = replace(ask("a", index=index, python_version=wanted), base=BASE)
        told = reason(NearEngine(tmp_path, hello=hello), request)

    assert told == expected


@pytest.mark.parametrize(
    ("dists", "expected"),
    [
        ([], "is not there"),
        ([Dist(name="build", version="1.4.4")], "has the SHA-256 "),
    ],
    ids=["missing", "another file"],
)
def test_what_pip_tools_needs_is_verified(tmp_path: Path, dists: list[Dist], expected: str) -> None:
    with IndexServer(dists) as index:
        mirrors = MirrorMap((("https://pypi.org", index.address),))
        with pytest.raises(ToolError) as caught:
            bring_tools(tmp_path, {}, mirrors, retries=0)

    (problem,) = caught.value.diagnostics
    assert problem.code == "E364"
    assert problem.message.startswith(
        "`build-1.4.4-py3-none-any.whl` of `https://pypi.org/simple`, "
        f"which pip-tools needs in a base, {expected}"
    )
    assert list(tmp_path.glob("wheels/*")) == []
