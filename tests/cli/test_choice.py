"""Specs of several files, with parameters and variants, as a user sees them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from support.workspace import EnvcMain

MATRIX = """\
environment: many
params: {cuda: none, token: {required: true}}
matrix: {cpu: {}, gpu: {cuda: "12.4"}}
labels: {cuda: "${{ cuda }}", token: "${{ token }}"}
"""


@pytest.fixture(autouse=True)
def _write_specs(folder: Path) -> None:
    (folder / "many.yaml").write_text(MATRIX)
    (folder / "team").mkdir()
    (folder / "team" / "user.envc").write_text("user root\n")
    (folder / "part.yaml").write_text("environment: part\ninclude: [team/user.envc]\n")


def test_check_takes_values_of_parameters(envc: EnvcMain) -> None:
    ran = envc("check", "many.yaml", "--set", "token=a=b", "--set", "cuda=")

    assert (ran.code, ran.err) == (0, "many.yaml: `many` with 2 variants is right\n")


def test_check_tells_the_platforms_of_variants(envc: EnvcMain) -> None:
    ran = envc("check", "many.yaml", "--set", "token=x", "--json")

    answer = json.loads(ran.out)
    assert (answer["environment"], answer["variants"]) == (
        "many",
        {"cpu": {"platforms": ["linux/amd64"]}, "gpu": {"platforms": ["linux/amd64"]}},
    )


def test_check_tells_what_is_wrong_in_all_variants_once(envc: EnvcMain) -> None:
    ran = envc("check", "many.yaml")

    assert ran.code == 1
    assert ran.err.count("error[E132]") == 1
    assert "variant" not in ran.err.splitlines()[0]


def test_check_warns_of_what_an_included_file_says(envc: EnvcMain) -> None:
    ran = envc("check", "part.yaml")

    assert ran.code == 0
    assert "team/user.envc:1:6" in ran.err


@pytest.mark.parametrize("text", ["cuda", "=x", ""])
def test_a_choice_without_name_or_value_is_wrong_usage(envc: EnvcMain, text: str) -> None:
    ran = envc("check", "many.yaml", "--set", text)

    assert (ran.code, ran.err) == (
        2,
        f"error[E005]: `--set {text}` gives no parameter a value\n"
        "hint: write it as `--set NAME=VALUE`\n",
    )


def test_a_parameter_is_set_once(envc: EnvcMain) -> None:
    ran = envc("check", "many.yaml", "--set", "token=x", "--set", "token=x")

    assert (ran.code, ran.err) == (
        2,
        "error[E005]: the parameter `token` is set twice\nhint: keep one of the two\n",
    )


def test_setting_what_is_no_parameter_is_wrong_usage(envc: EnvcMain) -> None:
    ran = envc("check", "many.yaml", "--set", "tokn=x")

    assert (ran.code, ran.err) == (
        2,
        "error[E006]: there is no parameter `tokn` to set\nhint: did you mean `token`?\n",
    )


def test_convert_keeps_what_would_be_composed(envc: EnvcMain) -> None:
    ran = envc("convert", "many.yaml", "--to", "yaml")

    assert (ran.code, ran.out) == (0, (MATRIX))


def test_check_of_stdin_finds_files_in_the_working_folder(
    envc: EnvcMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'environment pets\ninclude "team/user.envc"\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    ran = envc("check", "-")

    assert ran.code == 0
    assert "team/user.envc:1:6" in ran.err


def test_a_file_that_is_no_text_is_shown_with_the_place_that_names_it(
    envc: EnvcMain, folder: Path
) -> None:
    (folder / "team" / "user.envc").write_bytes(b"user \xff\n")

    ran = envc("check", "part.yaml")

    assert ran.code == 1
    assert ran.err == (
        "error[E153]: `team/user.envc` is not UTF-8: byte 0xff cannot stand there\n"
        " --> team/user.envc:1:6\n"
        "1 | user \N{REPLACEMENT CHARACTER}\n"
        "  |      ^\n"
        " --> part.yaml:2:11\n"
        "2 | include: [team/user.envc]\n"
        "  |           -------------- named here\n"
        "hint: save it as UTF-8\n"
    )
