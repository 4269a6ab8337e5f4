from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.errors import InputError
from envc.source import Source
from envc.syntax import parse
from envc.syntax.strings import EscapeError, decode, width_of_opening


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('""', ""),
        ("''", ""),
        (r'"\b\t\n\f\r\"\\ \u00e9 \U0001F600"', '\b\t\n\f\r"\\ é 😀'),
        (r"'\n ${X}'", r"\n ${X}"),
        ('"""\n  a\n  "b" \\""" c\n"""', '  a\n  "b" """ c\n'),
        ('"""\r\na\r\nb"""', "a\nb"),
        ('"""a \\\n   \n  b"""', "a b"),
        ('"""a \\\r\n  b"""', "a b"),
        ('""""a"""""', '"a""'),
        ("'''\n\\a''''", "\\a'"),
        (r'"\\n"', r"\n"),
        (r'"""\r\n"""', "\r\n"),
    ],
)
def test_strings_are_toml_s(written: str, text: str) -> None:
    assert decode(written) == (text, ())
    assert tomllib.loads(f"x = {written}")["x"] == text


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (r'"a\$"', (2, 4)),
        (r'"\u12"', (1, 3)),
        (r'"\ud800"', (1, 7)),
        (r'"\UFFFFFFFF"', (1, 11)),
        ('"""\n\\q"""', (4, 6)),
        ('"a\\ "', (2, 4)),
    ],
)
def test_an_escape_that_means_nothing_has_a_place(written: str, place: tuple[int, int]) -> None:
    assert decode(written)[1] == (EscapeError(start=place[0], end=place[1]),)


def test_the_opening_counts_a_first_line_end() -> None:
    written = ['"a"', "'a'", '"""a"""', "'''\na'''", '"""\r\na"""', '""']

    assert [width_of_opening(text) for text in written] == [1, 1, 3, 4, 5, 1]


@given(text=st.text(alphabet="\"'\\ \nabn{}\r\tuU0", max_size=14))
def test_a_string_is_read_as_toml_reads_it(text: str) -> None:
    """Whatever quotes surround a text, both readers accept and refuse the same and read the same."""
    for quote in ('"', "'", '"""', "'''"):
        written = f"{quote}{text}{quote}"
        try:
            expected = tomllib.loads(f"x = {written}\ny = 1\n")
        except tomllib.TOMLDecodeError:
            continue
        if list(expected) != ["x", "y"]:
            continue

        document = parse(Source(name="spec.envc", text=f"run {written}\n"))

        assert document.data == {"steps": [{"run": expected["x"]}]}


@given(text=st.text(alphabet="\"'\\ abn", max_size=10))
def test_what_toml_refuses_is_refused(text: str) -> None:
    try:
        document = parse(Source(name="spec.envc", text=f'run "{text}"\n'))
    except InputError:
        return

    assert tomllib.loads(f'run = "{text}"\n')["run"] == document.data["steps"][0]["run"]  # type: ignore[index,call-overload]
