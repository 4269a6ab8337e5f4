"""Words of Dockerfiles say what BuildKit reads in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.dockerfile.word import WordError, expand, split

VECTORS = Path(__file__).parents[3] / "shared/corpus/vectors/buildkit-dockerfile/shell/envVarTest"
VARIABLES = {"PWD": "/home", "SHELL": "bash", "KOREAN": "한국어", "NULL": ""}


def vectors() -> Iterator[tuple[str, str]]:
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        platform, _, rest = line.partition("|")
        if platform in {"A", "U"}:
            text, _, expected = rest.partition("|")
            yield text.strip(), expected.strip()


def read(text: str) -> str:
    try:
        return expand(text, VARIABLES.get)
    except WordError:
        return "error"


@pytest.mark.skipif(not VECTORS.exists(), reason="BuildKit's vectors are not beside the checkout")
def test_words_expand_as_buildkits_own_vectors_say() -> None:
    expected = dict(vectors())

    found = {text: read(text) for text in expected}

    assert len(expected) > 100
    assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${V#*/}", "b/c.tar.gz"),
        ("${V##*/}", "c.tar.gz"),
        ("${V%.*}", "a/b/c.tar"),
        ("${V%%.*}", "a/b/c"),
        ("${V/b/x}", "a/x/c.tar.gz"),
        ("${V//a/x}", "x/b/c.txr.gz"),
        ("${V#nothing}", "a/b/c.tar.gz"),
        ("${ABSENT#x}", ""),
    ],
)
def test_values_are_cut_and_replaced(text: str, expected: str) -> None:
    assert expand(text, {"V": "a/b/c.tar.gz"}.get) == expected


def test_words_stand_where_they_stand() -> None:
    text = """ --from=a  "b c"d 'e\\' f\\ g "h\\"i" """

    assert [text[start:end] for start, end in split(text)] == [
        "--from=a",
        '"b c"d',
        "'e\\'",
        "f\\ g",
        '"h\\"i"',
    ]
