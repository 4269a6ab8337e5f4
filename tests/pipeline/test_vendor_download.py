"""Artefacts fetched from a host that misbehaves: the wait is told, and has an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.errors import ToolError
from envc.lock.package import SourcePackage
from envc.mirror import MirrorMap
from envc.vendor.artefact import Artefact
from envc.vendor.download import Downloads, download
from envc.vendor.folder import VendorFolder
from support.drip import dripping


def _no_commit(source: SourcePackage) -> Path:
    raise AssertionError(source.name)


def test_an_artefact_that_comes_a_byte_at_a_time_is_given_up(tmp_path: Path) -> None:
    told: list[str] = []
    how = Downloads(
        environment={},
        mirrors=MirrorMap(),
        credentials={},
        get_commit=_no_commit,
        sleep=lambda _: None,
        silence_s=0.2,
        tell=told.append,
    )

    folder = VendorFolder.open(tmp_path / "vendor")

    with dripping() as host:
        one = Artefact(url=f"http://{host}/a.whl", sha256="0" * 64, name="a.whl")
        with pytest.raises(ToolError) as caught:
            download(folder, [one], how, lambda _: None)

    (problem,) = caught.value.diagnostics
    assert problem.code == "E471"
    assert problem.message.endswith("which is too slow")
    assert [line.rpartition("; ")[2] for line in told] == [
        "asking again in 0.5 s",
        "asking again in 1 s",
        "asking again in 2 s",
    ]
