"""What fits the language can be written in both forms; what is said in two ways is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from envc.syntax.document import Data
from envc.syntax.fit import fits
from envc.syntax.same import without_spellings
from support.drawing import specs


@given(data=specs)
@settings(deadline=None)
def test_all_that_the_language_says_fits(data: dict[str, Any]) -> None:
    assert fits(data)


@pytest.mark.parametrize(
    "data",
    [
        "text",
        {"enviroment": "pets"},
        {"environment": ["pets"]},
        {"extends": ["a", "b"]},
        {"include": "a.envc"},
        {"include": [["a"]]},
        {"params": ["a"]},
        {"params": {"a": {"required": "no"}}},
        {"params": {"a": {"required": "yes", "default": "x"}}},
        {"params": {"a b": "x"}},
        {"params": {"${{ a }}": "x"}},
        {"matrix": {"a": "x"}},
        {"matrix": {"a": {"x": ["y"]}}},
        {"matrix": ["a"]},
        {"base": "debian"},
        {"base": {"tag": "x"}},
        {"python": {}},
        {"python": {"managed": "no", "version": "3"}},
        {"python": {"version": "3"}},
        {"variables": {"A": {}}},
        {"variables": {"A": {"linux/amd64": ["x"]}}},
        {"labels": {"A": {"linux/amd64": "x"}}},
        {"conda": "numpy"},
        {"conda": [["numpy"]]},
        {"conda": [{"package": "numpy", "where": "linux/amd64"}]},
        {"conda": {"wheels": ["a.whl"]}},
        {"conda": {"packages": "numpy"}},
        {"pip": {"indexes": ["https://a.example"]}},
        {"pip": {"indexes": [{"path": "x"}]}},
        {"pip": {"find-links": [{"url": "x", "path": "y"}]}},
        {"pip": {"wheels": [{"package": "x"}]}},
        {"pip": {"sdists": [{"package": "x"}]}},
        {"pip": {"constraints": "x"}},
        {"system": {"snapshot": ["2026-01-31"]}},
        {"steps": {"run": "x"}},
        {"steps": ["x"]},
        {"steps": [{}]},
        {"steps": [{"on": "linux/amd64"}]},
        {"steps": [{"run": "x", "copy": {"from": "a", "to": "b"}}]},
        {"steps": [{"run": "x", "on": ["linux/amd64"]}]},
        {"steps": [{"run": {"command": "x", "network": "maybe"}}]},
        {"steps": [{"run": {"command": "x", "on": "linux/amd64"}}]},
        {"steps": [{"run": {"network": "true"}}]},
        {"steps": [{"copy": "a"}]},
        {"steps": [{"copy": {"from": "a", "to": "b", "ignore": "x"}}]},
        {"before-packages": [{"user": "0"}]},
        {"command": "python"},
        {"healthcheck": {"run": {"a": "b"}}},
        {"check": {"run": "x"}},
        {"check": {"run": [["x"]]}},
        {"runtime": {"mount": []}},
        {"runtime": {"mounts": ["x"]}},
        {"runtime": {"mounts": [{"from": "a"}]}},
        {"train": "train.py"},
    ],
    ids=str,
)
def test_what_has_no_place_does_not_fit(data: Data) -> None:
    assert not fits(data)


@pytest.mark.parametrize(
    ("data", "same"),
    [
        ({"conda": ["a"]}, {"conda": {"packages": ["a"]}}),
        ({"conda": {"packages": [], "constraints": []}}, {"conda": {}}),
        ({"pip": [{"package": "a"}]}, {"pip": {"packages": ["a"]}}),
        ({"pip": {"wheels": [{"wheel": "a"}]}}, {"pip": {"wheels": ["a"]}}),
        ({"steps": [{"run": {"command": "a", "network": "no"}}]}, {"steps": [{"run": "a"}]}),
        (
            {"steps": [{"run": {"command": "a", "network": "Yes"}}]},
            {"steps": [{"run": {"command": "a", "network": "true"}}]},
        ),
        ({"check": {"run": [{"command": "a"}], "import": []}}, {"check": {"run": ["a"]}}),
        ({"params": {"a": {"required": "yes"}}}, {"params": {"a": {"required": "true"}}}),
        ({"channels": [], "params": {}, "steps": [], "include": []}, {}),
    ],
    ids=str,
)
def test_what_is_said_in_two_ways_is_the_same(data: dict[str, Data], same: dict[str, Data]) -> None:
    assert without_spellings(data) == without_spellings(same) == same


@pytest.mark.parametrize(
    "data",
    [
        {"command": []},
        {"variables": {"command": "x"}},
        {"matrix": {"package": {"command": "x"}}},
        {"params": {"package": "x"}},
        {"conda": {"packages": [{"package": "a", "on": "linux/amd64"}]}},
        {"runtime": {"arguments": []}},
    ],
    ids=str,
)
def test_what_has_a_meaning_of_its_own_stays(data: dict[str, Data]) -> None:
    assert without_spellings(data) == data
