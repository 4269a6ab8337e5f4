"""Dockerfiles are split as BuildKit splits them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envc.dockerfile.text import parse_text
from envc.errors import InputError
from envc.source import Source

VECTORS = Path(__file__).parents[3] / "shared/corpus/vectors/buildkit-dockerfile/parser"
CASES = sorted(path.name for path in (VECTORS / "testfiles").glob("*"))
BACKTICKS = {"escape", "escape-nonewline", "escape-with-syntax"}


def read(text: str) -> list[list[str]]:
    parsed = parse_text(Source(name="Dockerfile", text=text))
    return [[one.name, *(word.text for word in one.words)] for one in parsed.instructions]


@pytest.mark.skipif(not CASES, reason="BuildKit's vectors are not beside the checkout")
def test_instructions_are_those_of_buildkits_own_vectors() -> None:
    for name in sorted({*CASES} - BACKTICKS):
        folder = VECTORS / "testfiles" / name
        text = (folder / "Dockerfile").read_text(encoding="utf-8").replace("\r\n", "\n")
        results = (folder / "result").read_text(encoding="utf-8")

        found = [instruction[0].lower() for instruction in read(text)]

        assert found == re.findall(r"^\(([a-z]+)", results, re.MULTILINE), name


def test_words_keep_their_places_through_continuations_and_comments() -> None:
    text = 'FROM a\nCOPY --from=b \\\n# no word\n\n   one \\\n  "two three"\\ four /to\n'
    parsed = parse_text(Source(name="Dockerfile", text=text))

    words = parsed.instructions[1].words

    assert [word.text for word in words] == ["--from=b", "one", '"two three"\\ four', "/to"]
    assert all(text[word.start : word.end] == word.text for word in words)
    assert parsed.instructions[1].flag("from") == "b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN <<EOF\nFROM x\nEOF\nUSER a\n", ["RUN", "USER"]),
        ("RUN cat <<-'A' >x && cat <<\"B\"\n\tFROM x\n\tA\nCOPY\nB\nUSER a", ["RUN", "USER"]),
        ("COPY <<a <<b /x/\nFROM\na\nFROM\nb\nUSER a\n", ["COPY", "USER"]),
        ('RUN ["cat", "<<EOF"]\nUSER a\n', ["RUN", "USER"]),
        ('RUN --network=none ["cat", "<<EOF"]\nUSER a\n', ["RUN", "USER"]),
        ('RUN cat <<EOF ["x"]\nFROM x\nEOF\nUSER a\n', ["RUN", "USER"]),
        ("RUN echo '<<EOF' $((1<<2))\nUSER a\n", ["RUN", "USER"]),
        ("RUN a \\\n# <<EOF\n b\nUSER a\n", ["RUN", "USER"]),
        ("CMD <<EOF\nUSER a\n", ["CMD", "USER"]),
        ("ONBUILD RUN <<EOF\nFROM x\nEOF\n", ["ONBUILD"]),
        ("RUN a \\", ["RUN"]),
        ("run a \\\\\nUSER a\n", ["RUN", "USER"]),
        ("  RUN a\n  # c\n\tUSER a\n", ["RUN", "USER"]),
    ],
)
def test_what_stands_in_a_here_document_is_no_instruction(text: str, expected: list[str]) -> None:
    assert [instruction[0] for instruction in read(text)] == expected


def test_directives_end_with_the_first_line_that_is_none() -> None:
    text = "\ufeff# Syntax = docker/dockerfile:1 \n# other=1\n#check=skip=all\n# a comment\n"
    text += "# escape=`\nFROM a\n"

    parsed = parse_text(Source(name="Dockerfile", text=text))

    assert {name: value for name, (value, _) in parsed.directives.items()} == {
        "syntax": "docker/dockerfile:1",
        "check": "skip=all",
    }


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("FROM a\nRUN <<EOF\necho\n", "the here-document `EOF` has no end", 2),
        ("# syntax=a\n# syntax=b\nFROM a\n", "the directive `syntax` is there twice", 2),
    ],
)
def test_what_cannot_be_read_is_placed(text: str, message: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        read(text)

    (problem,) = caught.value.diagnostics
    span = problem.labels[0].span
    assert (problem.code, problem.message) == ("E386", message)
    assert span.source.position(span.start).line == line
