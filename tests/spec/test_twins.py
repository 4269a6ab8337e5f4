"""One spec in two forms, and in one form written in two ways, has one spec id."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.source import Source
from envc.spec.load import load
from envc.spec.normal import normal_form, spec_id
from envc.syntax import parse

PETS = Path(__file__).parents[2] / "specs" / "pets"


def text_of(name: str) -> str:
    return (PETS / name).read_text(encoding="utf-8")


def id_of(name: str, text: str) -> str:
    return spec_id(load(parse(Source(name=name, text=text))))


def test_the_dsl_and_yaml_mean_the_same() -> None:
    dsl, yaml = (
        normal_form(load(parse(Source(name=name, text=text_of(name)))))
        for name in ("pets.envc", "pets.yaml")
    )

    assert dsl == yaml


@pytest.mark.parametrize("name", ["pets.envc", "pets.yaml"])
def test_comments_and_line_ends_mean_nothing(name: str) -> None:
    text = text_of(name)
    commented = "# A comment at the head.\n\n" + text.replace("\n", "   # and after lines\n", 1)

    assert {id_of(name, commented), id_of(name, text.replace("\n", "\r\n"))} == {id_of(name, text)}


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("a.envc", "environment pets\npython 3.12\n", 'environment "pets"\npython "3.12"\n'),
        (
            "a.yaml",
            "environment: pets\npython: 3.10\n",
            '{environment: \'pets\', "python": "3.10"}',
        ),
    ],
)
def test_quotes_mean_nothing(name: str, one: str, other: str) -> None:
    assert id_of(name, one) == id_of(name, other)
