"""What is told about a text with several mistakes: each one, and nothing that only another one made."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic, draw
from envc.errors import InputError
from envc.source import Source
from envc.spec.load import load_draft
from envc.syntax import read

PETS = Path(__file__).parents[2] / "specs" / "pets"


def problems(name: str, text: str) -> list[tuple[str, int]]:
    """Return code and line of all that is wrong; anything else that is raised fails the test."""
    found: tuple[Diagnostic, ...] = ()
    try:
        load_draft(read(Source(name=name, text=text)))
    except InputError as error:
        found = error.diagnostics
    assert draw(found).count("-->") >= len(found)
    return [(item.code, item.labels[0].span.position.line) for item in found]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.envc", "environment\npython 3.x\n", [("E101", 1), ("E209", 2)]),
        ("a.yaml", "environment:\npython: 3.x\n", [("E109", 1), ("E209", 2)]),
        ("a.envc", "enviroment pets\n", [("E201", 1)]),
        ("a.yaml", "environment: [pets\npython: 3.x\n", [("E120", 1), ("E209", 2)]),
        ("a.envc", "environment pets\nplatforms linux/amd64 x\n", [("E101", 2)]),
        ("a.yaml", "environment: pets\nplatforms: [linux/amd64\n", [("E120", 2)]),
        (
            "a.envc",
            "environment pets\nchannels a b\nconda { bioconda::x }\n",
            [("E101", 2)],
        ),
        (
            "a.yaml",
            "environment: pets\nchannels: [bioconda\nconda: [bioconda::x]\n",
            [("E120", 2)],
        ),
        (
            "a.envc",
            "environment pets\nplatforms linux/amd64 x\nconda { a on linux/arm64 }\n",
            [("E101", 2)],
        ),
        (
            "a.yaml",
            "environment: pets\nplatforms: [linux/amd64\nsteps: [{run: a, on: linux/arm64}]\n",
            [("E120", 2)],
        ),
        ("a.envc", 'environment pets\nbase image "a\n', [("E104", 2)]),
        ("a.yaml", "environment: pets\nbase: {image: [a\n", [("E120", 2)]),
        (
            "a.envc",
            'environment pets\nbase image "a"\npython managed no\ninterpreter "/a\n',
            [("E104", 4)],
        ),
        ("a.envc", 'environment pets\npip { find-links "a\n}\n', [("E104", 2)]),
        ("a.envc", "environment pets\nconda { numpy\u00a0>=1 }\n", [("E106", 2)]),
        ("a.envc", "environment pets\nvariables { ${{ x }} = 1 }\n", [("E111", 2)]),
        ("a.yaml", "environment: pets\nsteps:\n  - run: [a\n", [("E120", 3)]),
        ("a.yaml", "environment: pets\nconda:\n  - numpy on linux/amd64\n", [("E112", 3)]),
    ],
)
def test_what_a_mistake_entails_is_not_said(
    name: str, text: str, found: list[tuple[str, int]]
) -> None:
    assert problems(name, text) == found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.envc", "python 3.x\nuser a b\n", [("E203", 1), ("E209", 1), ("E101", 2)]),
        ("a.yaml", "python: 3.x\nuser: [a\n", [("E203", 1), ("E209", 1), ("E120", 2)]),
        ("a.envc", "environment pets\ncoda { numpy =>1 }\n", [("E201", 2), ("E230", 2)]),
        ("a.yaml", "environment: pets\ncoda: [numpy =>1]\n", [("E201", 2), ("E230", 2)]),
        (
            "a.envc",
            'environment pets\npip {\n  a=1\n  "b\n  c=1\n}\n',
            [("E231", 3), ("E104", 4), ("E231", 5)],
        ),
        (
            "a.yaml",
            'environment: pets\npip:\n  - a=1\n  - "b\n  - c=1\n',
            [("E231", 3), ("E120", 4), ("E231", 5)],
        ),
        (
            "a.envc",
            "environment pets\npip {\n  a=1\nuser a:b:c\n",
            [("E102", 2), ("E231", 3), ("E217", 4)],
        ),
    ],
)
def test_a_mistake_hides_no_other(name: str, text: str, found: list[tuple[str, int]]) -> None:
    assert problems(name, text) == found


@given(choices=st.data())
def test_no_damage_is_more_than_a_diagnostic(choices: st.DataObject) -> None:
    name = choices.draw(st.sampled_from(["pets.envc", "pets.yaml"]))
    text = (PETS / name).read_text(encoding="utf-8")
    chars = st.sampled_from("{}[]()\"',:;=#-\t\n\r \0\ufeff\u00a0“”\uff1a$&*!|>%@`\\ax1")
    for _ in range(choices.draw(st.integers(1, 6))):
        start = choices.draw(st.integers(0, len(text)))
        length = choices.draw(st.integers(0, 4))
        patch = choices.draw(st.text(chars, max_size=4))
        text = text[:start] + patch + text[start + length :]

    found = problems(name, text)

    assert all(line > 0 for _, line in found)
