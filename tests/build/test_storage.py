"""Engines that keep layers as they were compressed, and those that do not."""

from __future__ import annotations

import pytest

from envc.build.storage import require_storable
from envc.engine.facts import EngineFacts
from envc.errors import ToolError


def facts(*, has_manifests: bool) -> EngineFacts:
    return EngineFacts(
        version="28",
        api="1.51",
        platform="linux/amd64",
        has_manifests=has_manifests,
        has_nvidia=False,
        root="/nowhere",
        is_local=True,
    )


def test_an_engine_that_keeps_files_cannot_keep_zstd() -> None:
    with pytest.raises(ToolError) as caught:
        require_storable("zstd", facts(has_manifests=False))

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        "E684",
        "the Docker engine cannot keep layers that are compressed by `zstd`",
        "let it use containerd's image store, or build with `--compression gzip`",
    )


def test_gzip_suits_every_engine_and_zstd_one_with_containerds_store() -> None:
    require_storable("gzip", facts(has_manifests=False))
    require_storable("zstd", facts(has_manifests=True))
