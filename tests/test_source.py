from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envc.source import Position, Source


def source(text: str) -> Source:
    return Source(name="spec.envc", text=text)


def test_places_count_lines_and_characters_from_one() -> None:
    spec = source("ab\n\ncd")

    places = [spec.position(offset) for offset in range(-1, 8)]

    assert [(place.line, place.column) for place in places] == [
        (1, 1),
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 1),
        (3, 1),
        (3, 2),
        (3, 3),
        (3, 3),
    ]


def test_lines_come_without_their_ends() -> None:
    spec = source("ab\r\n\ncd")

    assert [spec.line(number) for number in (1, 2, 3)] == ["ab", "", "cd"]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    spec = source("\ufeffab\ncd")

    assert spec.line(1) == "ab"
    assert spec.position(0) == spec.position(1) == Position(line=1, column=1)
    assert spec.position(5) == Position(line=2, column=2)


def test_a_part_of_a_span_never_leaves_it() -> None:
    span = source("0123456789").span(2, 6)

    parts = [span.within(1, 3), span.within(-4, 99), span.within(9, 12), span.within(3, 1)]

    assert [(part.start, part.end) for part in parts] == [(3, 5), (2, 6), (6, 6), (5, 5)]


def test_a_span_names_its_file_and_place() -> None:
    assert str(source("ab\ncd").span(4, 5)) == "spec.envc:2:2"


@given(text=st.text(alphabet="a\n\r\ufeff"))
def test_every_place_leads_back_to_its_character(text: str) -> None:
    spec = source(text)
    start = 1 if text.startswith("\ufeff") else 0

    for offset in range(start, len(text)):
        place = spec.position(offset)
        line = spec.line(place.line)
        if place.column <= len(line):
            assert line[place.column - 1] == text[offset]
        else:
            assert text[offset] in "\r\n"
