"""One spec in two forms, and in one form written in two ways, has one spec id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.source import Source
from envc.spec.load import load
from envc.spec.normal import normal_form, spec_id
from envc.syntax import parse
from support.printing import Dsl, print_yaml
from support.right_specs import specs

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


@given(data=specs, choices=st.data())
def test_any_spec_has_one_id_in_both_forms_however_it_is_written(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    dsl, again = (Dsl(choices.draw).spec(data) for _ in range(2))
    yaml = print_yaml(data, choices.draw).strip()

    ids = {id_of("a.envc", dsl), id_of("b.envc", again), id_of("a.yaml", yaml)}

    assert len(ids) == 1


@given(data=specs, choices=st.data())
def test_the_order_of_what_has_no_order_means_nothing(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    shuffled = {key: data[key] for key in choices.draw(st.permutations(list(data)))}
    for key in sorted({"platforms", "conda", "pip", "system"} & data.keys()):
        block = data[key]
        if isinstance(block, list):
            shuffled[key] = choices.draw(st.permutations(block))
        elif "packages" in block:
            packages = choices.draw(st.permutations(block["packages"]))
            shuffled[key] = {**block, "packages": packages}
    for key in sorted({"variables", "build-variables"} & data.keys()):
        keys = choices.draw(st.permutations(list(data[key])))
        shuffled[key] = {name: data[key][name] for name in keys}

    one, other = (Dsl(choices.draw).spec(item) for item in (data, shuffled))

    assert id_of("a.envc", one) == id_of("a.envc", other)
