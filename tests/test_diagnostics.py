from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic, Label, Severity, draw, suggest, to_json
from envc.source import Source, Span

TEXT = "python 3.12\r\nchannels a, b\n\tconda { 東京 x }\n\n\n\n\n\n\npython 3.13\nrun '''\nmake\n'''\n"
SPEC = Source(name="spec.envc", text=TEXT)


def place(text: str, *, after: int = 0, source: Source = SPEC) -> Span:
    start = source.text.index(text, after)
    return source.span(start, start + len(text))


def show(*labels: Label, hint: str = "", notes: tuple[str, ...] = ()) -> list[str]:
    diagnostic = Diagnostic(code="E999", message="no", labels=labels, hint=hint, notes=notes)
    return draw([diagnostic]).splitlines()


def test_the_place_is_underlined_below_its_line() -> None:
    drawn = show(Label(span=place("3.12"), text="too old"), hint="write `3.13`")

    assert drawn == [
        "error[E999]: no",
        " --> spec.envc:1:8",
        "1 | python 3.12",
        "  |        ^^^^ too old",
        "hint: write `3.13`",
    ]


def test_places_in_one_file_share_a_frame_in_the_order_of_the_lines() -> None:
    drawn = show(
        Label(span=place("python", after=20), text="set again"),
        Label(span=place("python"), text="first set"),
    )

    assert drawn == [
        "error[E999]: no",
        "  --> spec.envc:10:1",
        " 1 | python 3.12",
        "   | ------ first set",
        "...",
        "10 | python 3.13",
        "   | ^^^^^^ set again",
    ]


def test_places_in_one_line_hang_below_it_tabs_and_wide_characters_counted() -> None:
    drawn = show(
        Label(span=place("x }"), text="here"),
        Label(span=place("東京"), text="a city"),
        Label(span=place("conda"), text="in this block"),
    )

    assert drawn == [
        "error[E999]: no",
        " --> spec.envc:3:13",
        "3 |     conda { 東京 x }",
        "  |     -----   ---- ^^^ here",
        "  |     |       |",
        "  |     |       a city",
        "  |     in this block",
    ]


def test_places_that_overlap_get_a_line_each() -> None:
    drawn = show(Label(span=place("python 3.12")), Label(span=place("3.12"), text="this"))

    assert drawn == [
        "error[E999]: no",
        " --> spec.envc:1:1",
        "1 | python 3.12",
        "  | ^^^^^^^^^^^",
        "1 | python 3.12",
        "  |        ---- this",
    ]


def test_places_in_several_files_have_a_frame_each() -> None:
    other = Source(name="base.envc", text="cuda 12\n")

    drawn = show(Label(span=place("3.12")), Label(span=place("12", source=other), text="and this"))

    assert drawn == [
        "error[E999]: no",
        " --> spec.envc:1:8",
        "1 | python 3.12",
        "  |        ^^^^",
        " --> base.envc:1:6",
        "1 | cuda 12",
        "  |      -- and this",
    ]


def test_a_place_of_several_lines_says_where_it_ends() -> None:
    drawn = show(Label(span=place("'''\nmake\n'''"), text="this"))

    assert drawn[2:] == ["11 | run '''", "   |     ^^^ this (to line 13)"]


def test_a_place_between_characters_and_after_the_last_has_one_caret() -> None:
    end = len(TEXT)

    assert show(Label(span=SPEC.span(6, 6)))[2:] == ["1 | python 3.12", "  |       ^"]
    assert show(Label(span=SPEC.span(end, end)))[1:] == ["  --> spec.envc:14:1", "14 |", "   | ^"]


def test_a_long_line_is_cut_to_what_it_is_about() -> None:
    source = Source(name="spec.envc", text="a" * 300 + " bad " + "b" * 300)

    drawn = show(Label(span=place("bad", source=source), text="this"))

    assert drawn[1:] == [
        " --> spec.envc:1:302",
        "1 | …" + "a" * 23 + " bad " + "b" * 82 + "…",
        "  | " + " " * 25 + "^^^ this",
    ]


def test_nothing_that_a_user_wrote_steers_the_terminal() -> None:
    source = Source(name="spec\x1b[2J.envc", text="a\x1b[31mb\u202ec\n")
    diagnostic = Diagnostic(
        code="E999",
        message="no `\x1b[31m`",
        labels=(Label(span=source.span(0, 1), text="\x07"),),
        notes=("one\x1b[0m\ntwo\x08",),
        hint="\x9b",
    )

    drawn = draw([diagnostic])

    assert drawn.splitlines() == [
        "error[E999]: no `\ufffd[31m`",
        " --> spec\ufffd[2J.envc:1:1",
        "1 | a\ufffd[31mb\ufffdc",
        "  | ^ \ufffd",
        "note: one\ufffd[0m",
        "      two\ufffd",
        "hint: \ufffd",
    ]


def test_blocks_are_separated_by_an_empty_line() -> None:
    first = Diagnostic(code="E998", message="one", notes=("a\n  b",))
    second = Diagnostic(code="W999", message="two")

    assert draw([first, second]) == "error[E998]: one\nnote: a\n        b\n\nwarning[W999]: two\n"
    assert draw([]) == ""


def test_json_has_places_as_lines_and_columns() -> None:
    diagnostic = Diagnostic.at(place("'''\nmake\n'''"), "W999", "no", hint="yes")

    assert to_json(diagnostic) == {
        "severity": Severity.WARNING,
        "code": "W999",
        "message": "no",
        "labels": [
            {
                "file": "spec.envc",
                "start": {"line": 11, "column": 5},
                "end": {"line": 13, "column": 4},
                "text": "",
            }
        ],
        "notes": [],
        "hint": "yes",
    }


def test_only_what_is_close_is_suggested() -> None:
    words = ["channels", "conda", "check"]

    assert [suggest(word, words) for word in ("Chanels", "conda_", "zzz")] == [
        "channels",
        "conda",
        "",
    ]


@given(
    text=st.text(max_size=300), places=st.lists(st.tuples(st.integers(0, 310), st.integers(0, 310)))
)
def test_colour_adds_escapes_and_changes_nothing_else(
    text: str, places: list[tuple[int, int]]
) -> None:
    source = Source(name="spec.envc", text=text)
    labels = tuple(
        Label(span=source.span(min(ends), max(ends)), text=f"{number}" * (number % 3))
        for number, ends in enumerate(places)
    )
    diagnostic = Diagnostic(code="E999", message="no", labels=labels, notes=("n",), hint="h")

    plain, colored = draw([diagnostic]), draw([diagnostic], color=True)

    assert re.sub(r"\x1b\[[0-9;]*m", "", colored).split("\n") == plain.split("\n")
    assert "\x1b" not in plain
