"""How many layers a spec wants, as the command tells of it: the table, `image.json` and `explain`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from envc.cli import main

SPECS = Path(__file__).parents[2] / "specs"


@pytest.fixture
def quickstart(tmp_path: Path) -> Path:
    for name in ("quickstart.envc", "quickstart.lock"):
        shutil.copy(SPECS / "quickstart" / name, tmp_path)
    return tmp_path / "quickstart.envc"


def run(*arguments: str | Path, capture: pytest.CaptureFixture[str]) -> str:
    assert main([str(one) for one in arguments]) == 0
    return capture.readouterr().out


def test_one_layer_is_told_as_one(quickstart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = quickstart.parent / "out"
    run("compile", quickstart, "-o", out, capture=capsys)
    usual = json.loads((out / "image.json").read_text())["platforms"]["linux/amd64"]["layers"]
    line = quickstart.read_text().count("\n") + 1
    quickstart.write_text(f"{quickstart.read_text()}layers 1\n")

    table = run("compile", quickstart, "-o", out, "--layers", capture=capsys)

    [whole] = json.loads((out / "image.json").read_text())["platforms"]["linux/amd64"]["layers"]
    reason = "the spec wants fewer layers than the environment has parts"
    packages = [package for layer in usual for package in layer["packages"]]
    size = sum(layer["size_bytes"] for layer in usual)
    assert sorted(whole.pop("packages")) == sorted(packages)
    assert whole == {"name": "whole", "kind": "all", "size_bytes": size, "reason": reason}
    assert table.splitlines()[1].split()[0] == "whole"
    assert table.splitlines()[2].strip() == f"({reason})"
    told = run("explain", quickstart, capture=capsys).splitlines()
    [said] = [own for own in told if own.split()[:1] == ["whole"]]
    assert "all of it is one layer" in said
    assert said.endswith(f"quickstart.envc:{line}")


def test_as_many_layers_as_by_default_are_the_same_image(
    quickstart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = run("hash", quickstart, capture=capsys)
    quickstart.write_text(f"{quickstart.read_text()}layers 10\n")

    assert run("hash", quickstart, capture=capsys) == ids
