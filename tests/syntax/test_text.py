"""Texts that are no spec in any form are told so once, and a stray character hides nothing else."""

from __future__ import annotations

import pytest

from envc.errors import InputError
from envc.source import Source
from envc.spec.load import load_draft
from envc.syntax import parse, read

NAMES = pytest.mark.parametrize("name", ["spec.envc", "spec.yaml"])


def problems(name: str, text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(InputError) as caught:
        load_draft(read(Source(name=name, text=text)))
    return [
        (item.code, item.labels[0].span.position.line, item.hint)
        for item in caught.value.diagnostics
    ]


@NAMES
def test_utf_16_that_was_read_as_utf_8_is_one_problem(name: str) -> None:
    text = "environment pets\n".encode("utf-16-le").decode()

    assert problems(name, text) == [("E106", 1, "it looks like UTF-16: save it as UTF-8")]


@NAMES
def test_a_file_that_is_no_text_is_one_problem(name: str) -> None:
    text = "environment pets" + "\x01ab" * 30 + "\n"

    assert problems(name, text) == [("E106", 1, "is it the right file?")]


@NAMES
def test_lines_that_end_in_cr_alone_are_one_problem(name: str) -> None:
    text = "environment: pets\rpython: 3.x\r"

    assert problems(name, text) == [("E106", 1, "save it with `LF` or `CRLF` at the line ends")]


def test_a_control_character_hides_no_mistake_on_another_line() -> None:
    dsl = problems("spec.envc", "environment pets\nco\0nda { numpy }\npython 3.x\nuser a b\n")
    yaml = problems("spec.yaml", "environment: pets\nco\0nda: [numpy]\npython: 3.x\nuser: a b\n")

    assert [item[:2] for item in dsl] == [("E106", 2), ("E209", 3), ("E101", 4)]
    assert [item[:2] for item in yaml] == [("E106", 2), ("E209", 3), ("E217", 4)]


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("a.envc", '{\n  "environment": "pets"\n}\n', "has a name that ends in `.yaml`"),
        ("a.envc", "\ufeff\nenvironment: pets\nconda:\n  - numpy\n", "ends in `.yaml`"),
        ("a.lock", '{\n  "intent": {}\n}\n', "name the spec, and not its lock"),
        ("a.yaml", 'environment pets\nbase image "debian:12"\n', "ends in `.envc`"),
    ],
)
def test_a_spec_in_the_other_form_is_one_problem(name: str, text: str, hint: str) -> None:
    found = problems(name, text)

    assert len(found) == 1
    assert hint in found[0][2]


def test_parsing_refuses_what_reading_reports() -> None:
    source = Source(name="spec.envc", text="environment pets\nuser a b\n")

    with pytest.raises(InputError) as caught:
        parse(source)

    assert caught.value.diagnostics == read(source).problems
