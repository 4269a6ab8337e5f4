"""How YAML is read, with its traps closed; every mistake has a case in tests/cases/errors."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from envc.errors import InputError
from envc.source import Source
from envc.syntax import parse
from envc.syntax.document import Document

VECTORS = Path(__file__).parents[3] / "shared" / "corpus" / "vectors"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="needs the corpus beside the repository: ../shared/corpus/vectors"
)


@pytest.fixture(params=["libyaml", "python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both of PyYAML's scanners, as an installation has the one or the other."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("this PyYAML was built without libyaml: install it from a wheel")
    return str(request.param)


def read(text: str) -> Document:
    return parse(Source(name="spec.yaml", text=text))


def problems(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [
        (item.code, item.message, item.labels[0].span.text) for item in caught.value.diagnostics
    ]


def test_plain_scalars_are_the_text_that_is_written(loader: str) -> None:
    text = "a: 3.10\nb: [yes, no, on, 1e3, 0o7, 1_000, 2024-01-01, 1:30]\nc: 'null'\n1: .inf\ntrue: =\n"

    assert read(text).data == {
        "a": "3.10",
        "b": ["yes", "no", "on", "1e3", "0o7", "1_000", "2024-01-01", "1:30"],
        "c": "null",
        "1": ".inf",
        "true": "=",
    }


def test_places_are_those_of_the_text(loader: str) -> None:
    text = (
        "\ufeff# é 😀\r\n"
        "platforms: [a, 'b'] # x\r\n"
        "conda:\r\n"
        "- numpy >=1\r\n"
        '- "git"\r\n\r\n'
        "# y\r\n"
        "variables:\r\n"
        "    A: {x: y}\r\n"
        "    'B': |\r\n"
        "      echo\r\n"
        "      done\r\n\r\n"
        "workdir: two\r\n"
        "  words\r\n\r\n"
    )

    document = read(text)

    assert {path: span.text for path, span in document.spans.items()} == {
        (): text[text.index("platforms") :].rstrip(),
        ("platforms",): "[a, 'b']",
        ("platforms", 0): "a",
        ("platforms", 1): "'b'",
        ("conda",): '- numpy >=1\r\n- "git"',
        ("conda", 0): "numpy >=1",
        ("conda", 1): '"git"',
        ("variables",): text[text.index("A: {") : text.index("\r\n\r\nworkdir")],
        ("variables", "A"): "{x: y}",
        ("variables", "A", "x"): "y",
        ("variables", "B"): "|\r\n      echo\r\n      done",
        ("workdir",): "two\r\n  words",
    }
    assert {path: span.text for path, span in document.key_spans.items()} == {
        ("platforms",): "platforms",
        ("conda",): "conda",
        ("variables",): "variables",
        ("variables", "A"): "A",
        ("variables", "A", "x"): "x",
        ("variables", "B"): "'B'",
        ("workdir",): "workdir",
    }


def test_an_empty_list_and_mapping_are_values(loader: str) -> None:
    assert read("conda: []\nvariables: {}\ncheck: {import: []}\nuser: ''\n").data == {
        "conda": [],
        "variables": {},
        "check": {"import": []},
        "user": "",
    }


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a:\n\t- x\n", "a tab cannot indent YAML", "\t"),
        ("a: b\nc d\ne: f\n", "expected `:` after this key", "c"),
        ("a: b: c\n", "no `:` can stand here", ":"),
        ("a: [x, y\nb: c\n", "this list lacks a `,` or its `]`", "["),
        ("a: {x: y\nb: c\n", "this mapping lacks a `,` or its `}`", "{"),
        ("a: [x, y", "this list lacks a `,` or its `]`", "["),
        ('a: "b\n', "this string is never closed", '"'),
        ("a: 'b\n---\nc'\n", "this string is never closed", "'"),
        ("a: @b\n", "text without quotes cannot start with this character", "@"),
        ("a: `b`\n", "text without quotes cannot start with this character", "`"),
        ('a: "\\q"\n', "this escape means nothing", "\\"),
        ("a: - b\n", "no list can start here", "-"),
        (
            "a:\n  b: c\n d: e\n",
            "expected a key, `key: value`, in the column of the one above",
            "d",
        ),
        (
            "a:\n  - b\n  c: d\n",
            "expected another item of the list, `- ...`, or a key further left",
            "c",
        ),
        ("{a: b}\nc: d\n", "expected the end of the file here", "c"),
        ("a: [b, , c]\n", "expected a value here", ","),
    ],
)
def test_broken_structure_is_said_in_plain_words(
    text: str, message: str, place: str, loader: str
) -> None:
    assert problems(text) == [("E120", message, place)]


def test_what_was_wrong_before_the_structure_broke_is_said_too(loader: str) -> None:
    assert [code for code, *_ in problems("a:\nb: &x y\nb: z\nc: @\n")] == [
        "E109",
        "E124",
        "E108",
        "E120",
    ]


def test_deep_nesting_ends_in_a_diagnostic_wherever_it_stands(loader: str) -> None:
    texts = ["[" * 3000, "a: " + "{a: " * 3000, "- " * 3000, "? " * 3000, "a: &x " + "[" * 3000]

    for text in texts:
        assert "E110" in [code for code, *_ in problems(text)]


@needs_vectors
@pytest.mark.parametrize("name", ["yaml-test-suite.json", "pyyaml-loader-errors.json"])
@pytest.mark.parametrize("suffix", ["yaml", "envc"])
def test_every_vector_is_a_document_or_an_input_error(name: str, suffix: str, loader: str) -> None:
    cases: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))["cases"]

    for case in cases:
        with contextlib.suppress(InputError):
            parse(Source(name=f"spec.{suffix}", text=case["yaml"]))


@needs_vectors
@pytest.mark.parametrize("name", ["billion-laughs.yaml", "billion-laughs-conda-shaped.yaml"])
def test_an_alias_bomb_is_refused_and_never_expanded(name: str, loader: str) -> None:
    found = {code for code, *_ in problems((VECTORS / name).read_text(encoding="utf-8"))}

    assert found == {"E124"}


def test_damaged_directives_and_escapes_are_no_crash(loader: str) -> None:
    texts = [
        "%YAML 1." + "9" * 5000 + "\n---\na: b\n",
        'a: "\\UFFFFFFFF"\n',
        'a: "\\ud800"\n',
        "a: !<%ff> b\n",
    ]

    for text in texts:
        assert {code for code, *_ in problems(text)} <= {"E106", "E120", "E123"}
