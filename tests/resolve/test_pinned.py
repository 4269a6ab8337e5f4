"""Exact versions that were found once: the solver is asked for them no more, and for all else it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from envc.lock.package import PipPackage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS
from envc.resolve.base import (
    Conflict,
    IndexAccess,
    PipRequest,
    PipResolution,
    Report,
    Requirement,
)
from envc.resolve.pinned import Pinned
from support.pip_world import silent

UV = PipPackage(
    name="uv",
    version="1.0",
    url="https://files.example/uv-1.0-py3-none-any.whl",
    sha256="b" * 64,
    size=12,
    index="https://pypi.org/simple",
)
OTHER = UV.model_copy(update={"name": "other"})
REQUEST = PipRequest(
    platform=PLATFORMS["linux/amd64"],
    python_version="3.12.1",
    glibc="2.36",
    requirements=(Requirement(text="uv==1.0"),),
    indexes=(IndexAccess(url="https://pypi.org/simple"),),
    mirrors=MirrorMap(),
)


@dataclass
class Solver:
    """Gives one answer, and counts."""

    answer: PipResolution | Conflict
    name: str = "fake"
    asked: list[PipRequest] = field(default_factory=list)

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        self.asked.append(request)
        return self.answer


def _ask(solver: Solver, folder: Path, *requests: PipRequest) -> list[PipResolution | Conflict]:
    return [
        Pinned(name=solver.name, solver=solver, folder=folder).resolve(one, silent)
        for one in requests
    ]


def test_what_was_found_at_exact_versions_is_asked_once(tmp_path: Path) -> None:
    solver = Solver(PipResolution(packages=(UV,)))

    assert _ask(solver, tmp_path, REQUEST, REQUEST) == [solver.answer] * 2
    assert solver.asked == [REQUEST]


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, platform=PLATFORMS["linux/arm64"]),
        replace(REQUEST, python_version="3.11.1"),
        replace(REQUEST, glibc="2.28"),
        replace(REQUEST, indexes=(IndexAccess(url="https://index.example/simple"),)),
        replace(REQUEST, mirrors=MirrorMap.parse(["https://pypi.org=http://mirror.example"])),
        replace(REQUEST, requirements=(Requirement(text="uv>=1.0"),)),
        replace(REQUEST, requirements=(Requirement(text="uv==1.*"),)),
        replace(REQUEST, requirements=(Requirement(text="uv[x]==1.0"),)),
        replace(REQUEST, constraints=(Requirement(text="uv<2"),)),
        replace(REQUEST, preferred=(UV,)),
    ],
)
def test_another_question_is_asked(other: PipRequest, tmp_path: Path) -> None:
    solver = Solver(PipResolution(packages=(UV,)))

    _ask(solver, tmp_path, REQUEST, other)

    assert solver.asked == [REQUEST, other]


@pytest.mark.parametrize(
    "answer",
    [
        Conflict(message="no"),
        PipResolution(packages=()),
        PipResolution(packages=(UV, OTHER)),
        PipResolution(packages=(UV.model_copy(update={"version": "2.0"}),)),
        PipResolution(packages=(UV,), build=(OTHER,)),
    ],
)
def test_an_answer_that_the_versions_do_not_settle_is_asked_again(
    answer: PipResolution | Conflict, tmp_path: Path
) -> None:
    solver = Solver(answer)

    assert _ask(solver, tmp_path, REQUEST, REQUEST) == [answer] * 2
    assert solver.asked == [REQUEST, REQUEST]


@pytest.mark.parametrize("text", ["", "[]", "{}", "[{}]", "null", "\0"])
def test_a_damaged_cache_costs_a_question(text: str, tmp_path: Path) -> None:
    solver = Solver(PipResolution(packages=(UV,)))
    _ask(solver, tmp_path, REQUEST)
    (kept,) = tmp_path.iterdir()
    kept.write_text(text)

    assert _ask(solver, tmp_path, REQUEST) == [solver.answer]
    assert solver.asked == [REQUEST, REQUEST]


def test_a_cache_that_cannot_be_written_costs_a_question(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where a folder should be")
    solver = Solver(PipResolution(packages=(UV,)))

    assert _ask(solver, blocked, REQUEST, REQUEST) == [solver.answer] * 2
    assert solver.asked == [REQUEST, REQUEST]
