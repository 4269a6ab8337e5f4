from __future__ import annotations

import pytest

from envc.source import Source
from envc.syntax import parse
from envc.syntax.document import Document


def read(text: str, name: str = "spec.envc") -> Document:
    return parse(Source(name=name, text=text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.envc", "workdir ab-cd"),
        ("spec.envc", 'workdir "ab-cd"'),
        ("spec.envc", "workdir 'ab-cd'"),
        ("spec.envc", 'workdir """ab-cd"""'),
        ("spec.envc", "workdir '''\nab-cd'''"),
        ("spec.envc", 'workdir """\r\nab-cd"""'),
        ("spec.yaml", "workdir: ab-cd"),
        ("spec.yaml", 'workdir: "ab-cd"'),
        ("spec.yaml", "workdir: 'ab-cd'"),
    ],
)
def test_a_part_of_a_value_has_its_own_place(name: str, text: str) -> None:
    document = read(text, name)

    parts = [
        document.part(("workdir",), start, end).text for start, end in ((0, 2), (3, 5), (0, 5))
    ]

    assert parts == ["ab", "cd", "ab-cd"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.envc", r'workdir "\"a\" \\b\tcd"'),
        ("spec.yaml", r'workdir: "\"a\" \\b\tcd"'),
    ],
)
def test_escapes_of_one_character_move_a_part_along(name: str, text: str) -> None:
    document = read(text, name)

    assert document.data["workdir"] == '"a" \\b\tcd'
    assert document.part(("workdir",), 0, 3).text == r"\"a\""
    assert document.part(("workdir",), 4, 6).text == r"\\b"
    assert document.part(("workdir",), 7, 9).text == "cd"


def test_doubled_quotes_and_line_ends_move_a_part_along() -> None:
    yaml = read("workdir: 'it''s x'", "spec.yaml")
    dsl = read('workdir """\r\na\r\nbcd"""')

    assert yaml.part(("workdir",), 5, 6).text == "x"
    assert dsl.part(("workdir",), 2, 4).text == "bc"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.yaml", "workdir: |\n  a\n  bc\n"),
        ("spec.yaml", "workdir: a\n  bc\n"),
        ("spec.yaml", 'workdir: "\\x41 bc"\n'),
        ("spec.envc", r'workdir "\u0041 bc"'),
        ("spec.envc", 'workdir """a \\\n bc"""'),
    ],
)
def test_a_part_of_folded_text_is_the_whole_value(name: str, text: str) -> None:
    document = read(text, name)

    assert document.part(("workdir",), 1, 2) == document.span(("workdir",))


def test_a_part_outside_of_the_value_stays_inside() -> None:
    document = read("workdir ab\nuser ''")

    assert document.part(("workdir",), 1, 99).text == "b"
    assert document.part(("workdir",), 5, 9).position.column == 11
    assert document.part(("user",), 0, 0).text == "'"
    assert document.part(("missing",), 0, 1) == document.span(())


def test_what_is_not_there_stands_where_its_nearest_ancestor_does() -> None:
    document = read("base image x\nconda { git }")

    assert document.span(("base", "tag")).text == "image x"
    assert document.span(("conda", 7)).text == "{ git }"
    assert document.key_span(("conda", 0)).text == "git"
    assert document.key_span(("base", "image")).text == "image"
    assert document.span(("user",)) == document.span(())
    assert document.data_at(("conda", 0)) == "git"
    assert document.data_at(("conda", "x")) is None
