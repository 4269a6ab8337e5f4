"""Quoting: one place, and nothing gets out of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.render.quote import (
    comment,
    escape_word,
    exec_form,
    expanded_form,
    plain_path,
    quote,
    quote_name,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4", "4"),
        ("", '""'),
        ("a b", '"a b"'),
        ("$HOME", r'"\$HOME"'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ("#", '"#"'),
        ("é", '"é"'),
    ],
)
def test_values_are_quoted_only_where_they_must_be(value: str, expected: str) -> None:
    assert quote(value) == expected


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_what_a_dockerfile_cannot_say_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be quoted"):
        quote(value)


@given(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"])))
def test_a_quoted_value_is_one_line_and_escapes_every_special_character(value: str) -> None:
    quoted = quote(value)

    assert "\n" not in quoted
    if quoted.startswith('"'):
        unescaped = quoted[1:-1].replace(r"\\", "").replace(r"\"", "").replace(r"\$", "")
        assert not set(unescaped) & set('"$\\')


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_the_exec_form_is_json_once_its_lines_are_joined(words: list[str]) -> None:
    form = exec_form(words)

    assert json.loads(form.replace(", \\\n     ", ", ")) == words


@given(st.text())
def test_a_comment_is_one_line(line: str) -> None:
    assert len(comment(line).splitlines()) == 1


@pytest.mark.parametrize("value", ["a b", "a\nb", 'a"b', "\t"])
def test_an_address_that_is_not_one_word_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not one word"):
        escape_word(value)


@pytest.mark.parametrize("name", ["", "a=b"])
def test_what_cannot_be_the_name_of_a_label_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        quote_name(name)


def test_what_docker_expands_is_escaped_before_it_is_json() -> None:
    assert expanded_form(["/data", "/a $b", "/'"]) == r"""["/data", "/a \\$b", "/\\'"]"""


@pytest.mark.parametrize("path", ["", " /a", "/a\t"])
def test_a_path_that_docker_would_cut_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        expanded_form([path])


@pytest.mark.parametrize(
    "path", ["", "-a", "a b", "a,b", "$a", "[a]", "*", "a?", "\\", "'", "a\nb", "é"]
)
def test_a_path_that_docker_would_take_for_more_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a plain path"):
        plain_path(path)


def test_a_plain_path_is_as_it_is() -> None:
    path = "wheels/arm64/pets-1.0+cu12.4-1.b-cp312-cp312-manylinux_2_17_x86_64.whl"

    assert plain_path(path) == path
