"""What Conda solvers say when a channel, a program or their own process fails."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import CondaRequest, Requirement
from envc.resolve.conda.conda_lock import CondaLock
from envc.resolve.conda.failure import Failure, read_failure
from envc.resolve.worker import ask
from support.conda_site import AMD64, CANONICAL, Site, fail
from support.conda_world import record


def _break_nothing(site: Site) -> None:
    """Leave the channel out."""


def _break_repodata(site: Site) -> None:
    for subdir in ("linux-64", "noarch"):
        (site.folder / "main" / subdir).mkdir(parents=True)
        (site.folder / "main" / subdir / "repodata.json").write_text('{"packages": {oops')


@pytest.mark.parametrize("spoil", [_break_nothing, _break_repodata])
def test_channel_that_cannot_be_read_is_told(spoil: Callable[[Site], None], site: Site) -> None:
    site.add(fine=[record("a", "1.0")])
    spoil(site)

    for solver in site.solvers():
        error = fail(solver, site.request("a", channels=["fine", "main"]))

        assert isinstance(error, ToolError)
        assert [(d.code, d.message, d.hint) for d in error.diagnostics] == [
            (
                "E340",
                "the channel `https://conda.example.org/main` cannot be read",
                "check the channel's address, the network and the mirror, if one stands for it",
            )
        ]


def test_channel_that_is_down_is_told_without_credentials(site: Site) -> None:
    request = site.request("a")
    mirrors = MirrorMap(((CANONICAL, "http://user:password@127.0.0.1:1"),))
    down = CondaRequest(
        platform=request.platform,
        channels=request.channels,
        requirements=request.requirements,
        virtual_packages=request.virtual_packages,
        mirrors=mirrors,
    )

    error = fail(site.solvers()[0], down)

    assert isinstance(error, ToolError)
    assert [diagnostic.code for diagnostic in error.diagnostics] == ["E340"]
    assert "127.0.0.1:1/main" in str(error)
    assert "password" not in str(error)


def test_package_without_a_checksum_is_an_error(site: Site) -> None:
    content = record("a", "1.0")
    del content["sha256"]
    site.add(main=[content])

    for solver in site.solvers():
        error = fail(solver, site.request("a"))

        assert [(d.code, d.message) for d in error.diagnostics] == [
            (
                "E344",
                "the channel states no SHA-256 for "
                "`https://conda.example.org/main/linux-64/a-1.0-0.conda`",
            )
        ]


def test_missing_program_is_told_with_the_ways_out(site: Site) -> None:
    site.add(main=[record("a", "1.0")])
    solver = CondaLock(cache=site.cache, environment=os.environ, program=None)

    error = fail(solver, site.request("a"))

    assert isinstance(error, ToolError)
    assert [(d.code, d.message) for d in error.diagnostics] == [
        ("E341", "conda-lock needs conda, mamba or micromamba")
    ]
    assert "`--conda-solver rattler`" in error.diagnostics[0].hint


def _program(folder: Path, script: str) -> Path:
    program = folder / "micromamba"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_program_that_fails_is_quoted(site: Site, tmp_path: Path) -> None:
    site.add(main=[record("a", "1.0")])
    program = _program(tmp_path, "echo 'critical libmamba the disk is full' >&2; exit 1")
    solver = CondaLock(cache=site.cache, environment=os.environ, program=program)

    error = fail(solver, site.request("a"))

    assert isinstance(error, ToolError)
    assert [(d.code, d.message, d.notes) for d in error.diagnostics] == [
        ("E343", "`micromamba` failed", ("critical libmamba the disk is full",))
    ]


def test_program_that_leaves_a_package_out_has_failed(site: Site, tmp_path: Path) -> None:
    site.add(main=[record("a", "1.0")])
    empty = json.dumps({"actions": {"FETCH": [], "LINK": []}, "success": True})
    program = _program(tmp_path, f"echo '{empty}'")
    solver = CondaLock(cache=site.cache, environment=os.environ, program=program)

    error = fail(solver, site.request("a"))

    assert [diagnostic.code for diagnostic in error.diagnostics] == ["E343"]


def test_program_that_ignores_the_channel_has_failed(site: Site, tmp_path: Path) -> None:
    stray = record("a", "1.0") | {"url": "https://example.org/x/linux-64/a-1.0-0.conda"}
    answer = json.dumps({"actions": {"FETCH": [stray], "LINK": [{"name": "a"}]}})
    program = _program(tmp_path, f"echo '{answer}'")
    solver = CondaLock(cache=site.cache, environment=os.environ, program=program)
    request = CondaRequest(
        platform=AMD64,
        channels=("https://conda.anaconda.org/main",),
        requirements=(Requirement(text="main::a"),),
        virtual_packages=(),
        mirrors=MirrorMap(),
    )

    error = fail(solver, request)

    assert [(d.code, d.notes) for d in error.diagnostics] == [
        (
            "E343",
            ("it took `a` from another channel: https://example.org/x/linux-64/a-1.0-0.conda",),
        )
    ]


def test_worker_without_an_answer_is_told() -> None:
    with pytest.raises(ToolError) as caught:
        ask("envc.resolve.no_such_worker", {}, os.environ)

    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == (
        "E342",
        "the solver process `envc.resolve.no_such_worker` ended without an answer (exit code 1)",
    )
    assert "No module named envc.resolve.no_such_worker" in diagnostic.notes[0]


@pytest.mark.parametrize(
    ("stdout", "stderr", "failure"),
    [
        (
            '{"solver_problems": ["nothing provides requested a"], "success": false}',
            "",
            Failure(is_conflict=True, text="nothing provides requested a"),
        ),
        (
            '{"solver_problems": ["x"]}',
            "error    libmamba Could not solve for environment specs\n"
            "    The following package could not be installed\n    └─ a does not exist.\n"
            "critical libmamba Could not solve for environment specs\n",
            Failure(
                is_conflict=True,
                text="The following package could not be installed\n└─ a does not exist.",
            ),
        ),
        (
            'Collecting: done\n{"exception_name": "UnsatisfiableError", "message": "no way"}\n',
            "",
            Failure(is_conflict=True, text="no way"),
        ),
        (
            '{"exception_name": "CondaHTTPError", "message": "HTTP 000", "error": "longer"}',
            "noise",
            Failure(is_conflict=False, text="HTTP 000"),
        ),
        ("{broken", "first\nlast\n", Failure(is_conflict=False, text="first\nlast")),
        ("", "", Failure(is_conflict=False, text="")),
    ],
)
def test_failures_are_read(stdout: str, stderr: str, failure: Failure) -> None:
    assert read_failure(stdout, stderr) == failure
