"""What has passed is not checked again; what nobody knows of is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envc.build.checks.claim import Checks
from envc.build.checks.passed import recall_warnings, remember_warnings
from envc.build.image import Image, Wanted, approve
from envc.diagnostics import Diagnostic
from support.engine import EngineWorld

CHECKS = Checks(imports={"nosuch": None})
WARNING = Diagnostic(code="W625", message="`a` lacks `b`", notes=("one", "two"), hint="add it")


def test_warnings_are_told_again(tmp_path: Path) -> None:
    remember_warnings(tmp_path, "sha256:1", CHECKS.identity, (WARNING,))

    assert recall_warnings(tmp_path, "sha256:1", CHECKS.identity) == (WARNING,)


def test_another_image_or_other_checks_are_not_known(tmp_path: Path) -> None:
    remember_warnings(tmp_path, "sha256:1", CHECKS.identity, ())

    assert recall_warnings(tmp_path, "sha256:2", CHECKS.identity) is None
    assert recall_warnings(tmp_path, "sha256:1", Checks().identity) is None


@pytest.mark.parametrize("content", ["", "{}x", '[{"code": "W1"}]', "[1]", '{"a": 1}'])
def test_a_broken_record_is_none(tmp_path: Path, content: str) -> None:
    remember_warnings(tmp_path, "sha256:1", "x", ())
    [file] = tmp_path.rglob("*.json")
    file.write_text(content)

    assert recall_warnings(tmp_path, "sha256:1", "x") is None


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "checked").write_text("a file")

    remember_warnings(tmp_path, "sha256:1", "x", ())

    assert recall_warnings(tmp_path, "sha256:1", "x") is None


def test_the_oldest_records_go(tmp_path: Path) -> None:
    for number in range(513):
        remember_warnings(tmp_path, f"sha256:{number}", "x", ())
        for file in tmp_path.rglob("*.json") if number == 0 else ():
            os.utime(file, (1, 1))

    assert recall_warnings(tmp_path, "sha256:0", "x") is None
    assert recall_warnings(tmp_path, "sha256:512", "x") == ()


@pytest.mark.engine
def test_an_image_that_has_passed_is_not_even_looked_at(world: EngineWorld, tmp_path: Path) -> None:
    image = Image(
        name="envc-test-absent:1",
        env_id="sha256:1",
        platform="linux/amd64",
        digest="sha256:1",
        size_bytes=1,
        duration_s=0.0,
        is_cached=True,
    )
    remember_warnings(tmp_path, "sha256:1", CHECKS.identity, (WARNING,))

    wanted = Wanted.of("envc-test-absent", "sha256:1", "linux/amd64")

    approved = approve(
        world.engine, replace(image, name=wanted.name), wanted, CHECKS, cache=tmp_path
    )

    assert approved.warnings == (WARNING,)
