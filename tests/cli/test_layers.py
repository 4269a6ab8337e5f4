"""`envc compile --layers`: which package lies in which layer, as a table and as data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from envc.cli import main

SPECS = Path(__file__).parents[2] / "specs"


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ENVC_CACHE", str(tmp_path / "cache"))
    for name in ("analysis.yaml", "analysis.lock"):
        shutil.copy(SPECS / "analysis" / name, tmp_path)
    return ["compile", str(tmp_path / "analysis.yaml"), "-o", str(tmp_path / "out")]


def test_every_package_lies_in_one_layer(
    compiled: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*compiled, "--json"])

    layers = json.loads(capsys.readouterr().out)["layers"]["linux/amd64"]
    told = json.loads((tmp_path / "out" / "image.json").read_text())["platforms"]["linux/amd64"]
    locked = json.loads((tmp_path / "analysis.lock").read_text())["platforms"]["linux/amd64"]
    assert told["layers"] == layers
    for kind in ("conda", "pip"):
        names = [name for layer in layers if layer["kind"] == kind for name in layer["packages"]]
        assert sorted(names) == sorted(package["name"] for package in locked[kind])
    sizes = {package["name"]: package["size"] for package in locked["conda"]}
    assert [layer["size_bytes"] for layer in layers if layer["kind"] == "conda"] == [
        sum(sizes[name] for name in layer["packages"])
        for layer in layers
        if layer["kind"] == "conda"
    ]


def test_the_table_has_a_row_for_each_layer_and_why(
    compiled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*compiled, "--json"])
    layers = json.loads(capsys.readouterr().out)["layers"]["linux/amd64"]

    main([*compiled, "--layers"])

    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "linux/amd64"
    assert [row.split()[0] for row in rows[::2]] == [layer["name"] for layer in layers]
    assert [row.strip() for row in rows[1::2]] == [f"({layer['reason']})" for layer in layers]


def test_the_layers_of_a_kept_result_are_the_same(
    compiled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*compiled, "--layers"])
    first = capsys.readouterr().out

    main([*compiled, "--layers"])

    assert capsys.readouterr().out == first
