"""`envc fmt` and `envc convert`, as a user sees them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from support.workspace import EnvcMain

UNTIDY = "environment   pets # a\n"
TIDY = "environment pets  # a\n"


@pytest.fixture
def spec(folder: Path) -> Path:
    path = folder / "untidy.envc"
    path.write_text(UNTIDY)
    return path


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_fmt_prints_what_it_has_written(envc: EnvcMain, spec: Path) -> None:
    ran, again = envc("fmt", "untidy.envc"), envc("fmt", "untidy.envc")

    assert (ran.code, ran.out, ran.err) == (0, "untidy.envc\n", "")
    assert (again.code, again.out, again.err) == (0, "", "nothing has changed\n")
    assert spec.read_text() == TIDY


def test_fmt_check_writes_nothing_and_shows_the_line(envc: EnvcMain, spec: Path) -> None:
    ran = envc("fmt", "--check", "untidy.envc")

    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        "error[E160]: `untidy.envc` is not in the canonical layout\n"
        " --> untidy.envc:1:1\n"
        "1 | environment   pets # a\n"
        "  | ^^^^^^^^^^^^^^^^^^^^^^\n"
        "hint: run `envc fmt untidy.envc`\n"
    )
    assert spec.read_text() == UNTIDY


def test_fmt_check_of_a_tidy_spec_is_ok(envc: EnvcMain, spec: Path) -> None:
    spec.write_text(TIDY)

    ran = envc("fmt", "--check", "untidy.envc")

    assert (ran.code, ran.out, ran.err) == (0, "", "nothing would change\n")


def test_fmt_as_json_names_what_changed(envc: EnvcMain, spec: Path) -> None:
    ran = envc("fmt", "untidy.envc", "--json")

    assert json.loads(ran.out) == {"ok": True, "changed": ["untidy.envc"], "diagnostics": []}


def test_fmt_shows_what_is_wrong_and_leaves_it(envc: EnvcMain, spec: Path) -> None:
    spec.write_text("environment   pets {\n")

    ran = envc("fmt", "untidy.envc")

    assert (ran.code, ran.out) == (1, "")
    assert "untidy.envc:1:" in ran.err
    assert spec.read_text() == "environment   pets {\n"


def test_fmt_needs_no_meaning(envc: EnvcMain, spec: Path) -> None:
    spec.write_text("enviroment   Pets!\npython 4\n")

    ran = envc("fmt", "untidy.envc")

    assert (ran.code, spec.read_text()) == (0, "enviroment   Pets!\npython 4\n")


@pytest.mark.parametrize(
    ("words", "typed", "printed"),
    [
        ((), UNTIDY, TIDY),
        (("--form", "dsl"), UNTIDY, TIDY),
        (("--form", "yaml"), "environment:   pets", "environment: pets\n"),
    ],
)
def test_fmt_lays_out_stdin(
    envc: EnvcMain,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    typed: str,
    printed: str,
) -> None:
    type_in(monkeypatch, typed)

    ran = envc("fmt", "-", *words)

    assert (ran.code, ran.out, ran.err) == (0, printed, "")


@pytest.mark.parametrize(("typed", "code"), [(UNTIDY, 4), (TIDY, 0)])
def test_fmt_checks_stdin(
    envc: EnvcMain, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    type_in(monkeypatch, typed)

    ran = envc("fmt", "--check", "-")

    assert (ran.code, ran.out) == (code, "")
    assert ("<stdin>:1:1" in ran.err) == (code == 4)


def test_fmt_of_stdin_as_json_has_the_text(envc: EnvcMain, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, UNTIDY)

    assert json.loads(envc("fmt", "-", "--json").out)["text"] == TIDY


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-", "untidy.envc"), "`-` stands alone"),
        (("untidy.envc", "--form", "yaml"), "`--form` is for stdin"),
    ],
)
def test_fmt_refuses_what_makes_no_sense(
    envc: EnvcMain, spec: Path, words: tuple[str, ...], message: str
) -> None:
    ran = envc("fmt", *words)

    assert ran.code == 2
    assert ran.err.startswith(f"error[E001]: {message}\n")
    assert spec.read_text() == UNTIDY


def test_convert_prints_the_other_form(envc: EnvcMain, spec: Path) -> None:
    ran = envc("convert", "untidy.envc")

    assert (ran.code, ran.out, ran.err) == (0, "environment: pets  # a\n", "")


def test_convert_writes_a_file_and_prints_its_name(
    envc: EnvcMain, spec: Path, folder: Path
) -> None:
    there = envc("convert", "untidy.envc", "-o", "other.yaml")
    back = envc("convert", "other.yaml", "--json")

    assert (there.code, there.out, there.err) == (0, "other.yaml\n", "")
    assert (folder / "other.yaml").read_text() == "environment: pets  # a\n"
    assert json.loads(back.out) == {"ok": True, "form": "dsl", "text": TIDY, "diagnostics": []}


def test_convert_as_json_tells_whether_the_file_is_new(envc: EnvcMain, spec: Path) -> None:
    runs = [envc("convert", "untidy.envc", "-o", "o.yml", "--json") for _ in range(2)]

    answers = [json.loads(ran.out) for ran in runs]
    assert [(answer["output"], answer["written"]) for answer in answers] == [
        ("o.yml", True),
        ("o.yml", False),
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("-o", "other.txt"), "let it end in `.envc` or `.yaml`"),
        (("-o", "other.envc", "--to", "yaml"), "let it end in `.yaml`"),
        (("-o", "other.yaml", "--to", "dsl"), "let it end in `.envc`"),
    ],
)
def test_convert_writes_no_file_whose_name_lies(
    envc: EnvcMain, spec: Path, folder: Path, words: tuple[str, ...], hint: str
) -> None:
    ran = envc("convert", "untidy.envc", *words)

    assert ran.code == 2
    assert ran.err.endswith(f"hint: {hint}\n")
    assert not (folder / words[1]).exists()
