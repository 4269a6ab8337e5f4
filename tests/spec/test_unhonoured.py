"""What no stage honours yet is told by a check, and never silently taken."""

from __future__ import annotations

from typing import Any

import pytest

from envc.spec.load import load
from envc.spec.unhonoured import UNHONOURED, unhonoured_warnings
from support.documents import Everything, document

EVERYTHING: dict[str, Any] = {
    "environment": "pets",
    "virtual-packages": {"__glibc": "2.28"},
    "cuda": "12.4",
    "exclude-newer": "2026-01-31",
    "channel-priority": "disabled",
    "conda": {
        "packages": ["numpy"],
        "constraints": ["scipy <2"],
    },
    "pip": {
        "find-links": [{"path": "wheels"}],
        "packages": [
            "rich",
            "a @ https://a.example/a-1-py3-none-any.whl",
            "c @ git+https://a.example/c",
        ],
        "wheels": ["d-1-py3-none-any.whl"],
        "constraints": ["six <2"],
        "overrides": ["six ==1.*"],
    },
    "system": ["git"],
    "serve": {"entry": "score.py"},
    "train": {"script": "train.py"},
}
HONOURED: dict[str, Any] = {
    "base": {"image": "debian:12"},
    "python": {"managed": "no"},
    "interpreter": "/usr/bin/python3",
    "build-variables": {"B": "x"},
    "before-packages": [{"run": "make"}],
    "steps": [
        {"copy": {"from": "a", "to": "b", "owner": "0", "mode": "0644", "ignore": ["*.pyc"]}}
    ],
    "check": {"run": [{"command": "make", "prints": "x"}]},
    "runtime": {"arguments": ["--init"], "mounts": [{"from": "a/", "to": "/a"}]},
}
SELECTED: dict[str, Any] = {
    "platforms": ["linux/amd64", "linux/arm64"],
    "conda": [{"package": "numpy", "on": "linux/amd64"}],
    "pip": {
        "packages": [{"package": "rich", "on": "linux/amd64"}],
        "wheels": [{"wheel": "d-1-py3-none-any.whl", "on": "linux/arm64"}],
        "sources": [{"source": "libs/e", "on": "linux/arm64"}],
        "sdists": ["f"],
    },
    "variables": {"A": {"linux/amd64": "x"}},
    "build-variables": {"B": {"linux/amd64": "x"}},
    "before-packages": [{"run": "make", "on": "linux/amd64"}],
    "steps": [{"run": "make", "on": "linux/amd64"}],
}


def said(data: dict[str, Any]) -> list[str]:
    subject = document(data)
    load(subject, vouched=Everything())
    return [problem.message for problem in unhonoured_warnings(subject)]


def test_every_construct_of_the_table_is_found_in_a_spec_that_uses_it() -> None:
    found = set(said(EVERYTHING))

    assert {construct.sentence for construct in UNHONOURED.values()} <= found


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"cuda": "none"},
        {"channel-priority": "strict"},
        {"pip": {"packages": [{"package": "six"}], "sdists": [], "constraints": []}},
        {"system": []},
        {"base": {"dockerfile": "Dockerfile.base", "context": "docker/", "target": "one"}},
        HONOURED,
        SELECTED,
    ],
)
def test_what_says_nothing_is_no_construct(fields: dict[str, Any]) -> None:
    assert said({"environment": "pets", **fields}) == []


def test_what_no_image_has_is_told_and_refuses_no_lock() -> None:
    subject = document(
        {"environment": "pets", "serve": {"entry": "a.py"}, "train": {"script": "b.py"}}
    )

    assert [(one.code, one.message) for one in unhonoured_warnings(subject)] == [
        ("W290", "envc cannot serve a model yet"),
        ("W290", "envc cannot train yet"),
    ]
