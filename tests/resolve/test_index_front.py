"""What pip sees of its indexes: one file of a version, and what it will ask for fetched ahead."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.resolve.base import PipResolution
from envc.resolve.index.client import IndexClient, IndexFile
from envc.resolve.index.transport import Transport
from envc.resolve.once import Once
from envc.resolve.pip.front import IndexFront
from envc.resolve.pip.input import PipInput, prepare
from envc.resolve.pip.progress import PipProgress
from envc.resolve.pip.scout import IndexScout
from support.index import Dist, IndexServer
from support.pip_world import CP, MACHINE, ask, solvers

PATIENCE_S = 20.0


def given(*requirements: str, index: IndexServer, constraints: Sequence[str] = ()) -> PipInput:
    """Return a problem without local wheels, folders and addresses."""

    def never(*_: object) -> NoReturn:
        raise AssertionError

    request = ask(*requirements, index=index, constraints=constraints)
    return prepare(request, never, never)


@contextmanager
def front_of(index: IndexServer, folder: Path, *requirements: str) -> Iterator[IndexFront]:
    """Serve a front of an index, and the client behind it."""
    problem = given(*requirements, index=index)
    client = IndexClient(
        problem.request.indexes, problem.request.mirrors, Transport({}, retries=0), folder
    )
    with IndexFront(problem, client) as front:
        yield front


def page_of(front: IndexFront, name: str) -> list[tuple[str, bool]]:
    status, kind, content = front.answer(f"/simple/{name}/")
    assert (status, kind) == (200, "application/vnd.pypi.simple.v1+json")
    return [(file["filename"], file["yanked"]) for file in json.loads(content)["files"]]


def test_a_page_has_the_one_file_of_a_version_that_pip_would_take(tmp_path: Path) -> None:
    older = f"{CP}-{CP}-manylinux_2_17_{MACHINE}"
    newer = f"{CP}-{CP}-manylinux_2_28_{MACHINE}"
    dists = [
        Dist(name="a", version="1", tags=("py3-none-any",)),
        Dist(name="a", version="2", tags=("py3-none-any", older, newer), yanked="broken"),
        Dist(name="a", version="3", tags=(f"{CP}-{CP}-win_amd64",)),
    ]
    with IndexServer(dists) as index, front_of(index, tmp_path, "a") as front:
        page = page_of(front, "a")

    assert sorted(page) == [("a-1-py3-none-any.whl", False), (f"a-2-{newer}.whl", True)]


def test_a_file_that_was_not_offered_is_not_there(tmp_path: Path) -> None:
    dists = [Dist(name="a", version="1", tags=("py3-none-any", f"{CP}-{CP}-win_amd64"))]
    with IndexServer(dists) as index, front_of(index, tmp_path, "a") as front:
        statuses = [
            front.answer(f"/files/{path}")[0]
            for path in (
                "a/a-1-py3-none-any.whl",
                f"a/a-1-{CP}-{CP}-win_amd64.whl",
                "b/b-1-py3-none-any.whl",
            )
        ]

    assert statuses == [200, 404, 404]


def test_what_a_front_has_fetched_for_a_scout_is_not_fetched_again(tmp_path: Path) -> None:
    dists = [
        Dist(name="a", version="1", requires=("b[x]<2 ; sys_platform == 'linux'",)),
        Dist(name="b", version="1", extras={"x": ("c",), "y": ("unwanted",)}),
        Dist(name="b", version="2"),
        Dist(name="c", version="1", requires=("d ; sys_platform == 'win32'",)),
    ]
    asked = {
        *("/simple/a/", "/simple/b/", "/simple/c/"),
        *(f"/files/{name}-1-py3-none-any.whl" for name in "abc"),
    }
    came: list[None] = []
    complete = threading.Event()

    def look() -> None:
        came.append(None)
        if len(came) == len(asked):
            complete.set()

    with (
        IndexServer(dists, watch=look, parts=True) as index,
        front_of(index, tmp_path, "a") as front,
        front.scout(),
    ):
        assert complete.wait(PATIENCE_S)
        answers = [
            front.answer(path)[0]
            for name in "abc"
            for path in (f"/simple/{name}/", f"/files/{name}/{name}-1-py3-none-any.whl")
        ]

    assert answers == [200] * 6
    assert sorted(index.requests) == sorted(asked)


def offer(*filenames: str) -> dict[str, IndexFile]:
    return {name: IndexFile(filename=name, url=f"https://x/{name}") for name in filenames}


WORLD = {
    "a": offer("a-1-py3-none-any.whl"),
    "b": offer("b-1-py3-none-any.whl", "b-2-py3-none-any.whl", "b-3-py3-none-any.whl"),
    "built": offer("built-1.tar.gz"),
    "c": offer("c-1-py3-none-any.whl"),
}
NEEDS = {
    "a-1-py3-none-any.whl": "Requires-Dist: b (!=2)\nRequires-Dist: built\nRequires-Dist: gone\n",
    "b-1-py3-none-any.whl": "Requires-Dist: c\nRequires-Dist: what is this\nRequires-Dist: a\n",
    "c-1-py3-none-any.whl": "Requires-Dist: a; extra == 'x'\n",
}


def test_a_scout_follows_the_newest_versions_that_are_allowed() -> None:
    seen: list[str] = []
    done = threading.Event()

    def metadata(which: tuple[str, str]) -> str:
        seen.append(which[1])
        if which[0] == "c":
            done.set()
        return NEEDS[which[1]]

    with IndexServer() as index:
        problem = given("a", index=index, constraints=["b<3"])
    with IndexScout(problem, WORLD.get, metadata):
        assert done.wait(PATIENCE_S)

    assert seen == ["a-1-py3-none-any.whl", "b-1-py3-none-any.whl", "c-1-py3-none-any.whl"]


def test_a_scout_looks_behind_versions_that_fail_and_farther_each_time() -> None:
    names = [f"z-{number}-py3-none-any.whl" for number in range(1, 21)]
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()

    def metadata(which: tuple[str, str]) -> str:
        asked.put(which[1])
        return ""

    def take(count: int) -> set[str]:
        return {asked.get(timeout=PATIENCE_S) for _ in range(count)}

    with IndexServer() as index:
        problem = given("a", index=index)
    with IndexScout(problem, {"z": offer(*names)}.get, metadata) as scout:
        scout.look_behind("z", names[19])
        scout.look_behind("z", names[18])
        first = take(4)
        scout.look_behind("z", names[17])
        then = take(5)

        assert first == set(names[14:18])
        assert then == set(names[9:14])
        assert asked.empty()


def test_a_failure_ends_a_scout_and_is_left_to_who_needs_the_file() -> None:
    def metadata(which: tuple[str, str]) -> str:
        raise ToolError([Diagnostic(code="E337", message=f"{which[1]} cannot be had")])

    with IndexServer() as index:
        problem = given("a", index=index)
    before = threading.enumerate()
    with IndexScout(problem, WORLD.get, metadata):
        walking = [thread for thread in threading.enumerate() if thread not in before]
        for thread in walking:
            thread.join(PATIENCE_S)

        assert [thread for thread in walking if thread.is_alive()] == []


def test_what_pip_tools_is_at_is_told_now_and_then() -> None:
    told: list[str] = []
    progress = PipProgress(told.append)

    for number in range(101):
        progress.asked(f"a{number}")
    for _ in range(20):
        progress.asked("a7")

    assert told == [
        "pip-tools has looked at 50 distributions",
        "pip-tools has looked at 100 distributions",
        "pip-tools has tried 8 versions of `a7`",
        "pip-tools has tried 16 versions of `a7`",
    ]


def test_a_search_through_many_versions_is_told_while_it_lasts(tmp_path: Path) -> None:
    told: list[str] = []
    dists = [
        *(Dist(name="a", version=str(number), requires=("b<2",)) for number in range(2, 12)),
        Dist(name="a", version="1"),
        Dist(name="b", version="2"),
    ]
    with IndexServer(dists, parts=True) as index:
        found = solvers(tmp_path)[1].resolve(ask("b", "a", index=index), told.append)

    assert isinstance(found, PipResolution)
    assert [f"{one.name} {one.version}" for one in found.packages] == ["a 1", "b 2"]
    assert told == [
        "resolving 2 pip requirements with pip-tools",
        "pip-tools has tried 8 versions of `a`",
    ]


def test_an_answer_is_made_once_for_all_who_want_it_at_the_same_time() -> None:
    made: list[str] = []
    together = threading.Barrier(4)

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    def want(key: str) -> str:
        together.wait(PATIENCE_S)
        return once(key)

    once = Once(make)
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(want, ["a", "a", "b", "a"]))

    assert answers == ["A", "A", "B", "A"]
    assert sorted(made) == ["a", "b"]


def test_a_failure_is_not_kept() -> None:
    tries: list[int] = []

    def make(key: int) -> int:
        tries.append(key)
        if len(tries) == 1:
            raise ValueError(key)
        return key + 1

    once = Once(make)
    with pytest.raises(ValueError, match="1"):
        once(1)

    assert once(1) == 2
    assert tries == [1, 1]
