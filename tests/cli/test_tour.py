"""docs/language.md: every file on the page is a spec as envc itself would write it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.workspace import EnvcMain

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
FENCE = re.compile(r"^```(?P<suffix>envc|yaml)\n(?P<text># (?P<name>\S+)\n.*?)^```$", re.M | re.S)
FILES = {match["name"]: match["text"] for match in FENCE.finditer(PAGE.read_text(encoding="utf-8"))}
SPECS = sorted(name for name, text in FILES.items() if re.search(r"^environment\b", text, re.M))
WAITING = ["envc cannot serve a model yet", "envc cannot train yet"]
TWINS = sorted(name for name in SPECS if name.endswith(".yaml"))


@pytest.fixture(autouse=True)
def _write_files(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "libs/pets").mkdir(parents=True)
    (folder / "dist").mkdir()
    (folder / "dist/pets-1.0-py3-none-any.whl").touch()


def test_every_block_of_the_page_has_the_name_of_its_file() -> None:
    fences = re.findall(r"^```(?:envc|yaml)$", PAGE.read_text(encoding="utf-8"), re.M)

    assert len(fences) == len(FILES)
    assert set(SPECS) > {"hello.envc", "hello.yaml", "forecast.envc"}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_of_the_page_has_nothing_wrong_or_odd(name: str, envc: EnvcMain) -> None:
    ran = envc("check", name, "--json")

    found: dict[str, Any] = json.loads(ran.out)
    messages = [problem["message"] for problem in found["diagnostics"]]
    assert (ran.code, messages) == (0, WAITING if name.startswith("work.") else [])


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_of_the_page_is_laid_out_as_envc_does(name: str, envc: EnvcMain) -> None:
    assert envc("fmt", "--check", name).code == 0


@pytest.mark.parametrize("name", TWINS)
def test_both_forms_on_the_page_say_the_same(name: str, envc: EnvcMain) -> None:
    own = envc("hash", "--spec", name)
    other = envc("hash", "--spec", name.replace(".yaml", ".envc"))

    assert own.code == 0
    assert own.out == other.out
