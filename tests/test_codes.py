"""Every diagnostic's code is explained, with a wrong and a right example, and tested; no other is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from envc.explanation import codes, explain
from envc.source import Source
from envc.spec.load import load_draft
from envc.syntax import read
from support.explaining import SHOWN

REPOSITORY = Path(__file__).parents[1]
TESTS = REPOSITORY / "tests"
CODE = re.compile(r"[EW][0-7][0-9]{2}")
HOW = """\
Write compiler/envc/codes/{code}.md: a line `# {code}: MEANING`, an empty line, what to do.
- What one spec causes: add tests/cases/errors/{code}-NAME/ with spec.envc and right.envc (or .yaml both).
- What files and commands cause: go on in the file with `## Wrong` and `## Right`, and below each the
  files (E155.md has one) and a `console` block with commands after `$ `. Tests run them in a folder with
  a locked `pets.envc`; what they print is filled in. The right ones must succeed.
- What needs an engine, a registry or an index (E3xx, E6xx): the same with a `text` block, written by hand.
Then: pytest tests/test_error_cases.py tests/test_explanations.py --update-golden
"""


def _trees() -> list[ast.Module]:
    paths = sorted((REPOSITORY / "compiler").rglob("*.py"))
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def _codes_in_source() -> set[str]:
    """Return every string literal of the compiler that is a code, and nothing else."""
    return {
        node.value
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


def _tested_codes() -> set[str]:
    """Return the codes that tests and cases name, in their sources or in a folder's name."""
    found: set[str] = set()
    for path in sorted(TESTS.rglob("*")):
        if path == Path(__file__):
            continue
        found.update(CODE.findall(path.name))
        if path.is_file() and path.suffix in {".py", ".txt"}:
            found.update(CODE.findall(path.read_text(encoding="utf-8")))
    return found


NOT_RUN = {
    "E003": "an engine is asked first",
    "W460": "a channel is asked first",
    "E427": "only an engine locks Debian packages",
    **dict.fromkeys(("E556", "E557", "E558", "E590", "W556"), "an engine builds first"),
    "E471": "the network is asked first",
    "W462": "the engine has to be missing",
    "W463": "only an engine locks Debian packages",
    "W550": "the engine has to be missing",
    "W712": "an engine is asked first",
    "E713": "an engine builds first, and ids that start alike have to be found",
    "E715": "an engine builds first",
    "E701": "there is no newer envc",
    "E703": "nothing can be timed to hold the store",
    **dict.fromkeys(
        ("E730", "E731", "E732", "E733", "E734", "E735", "W730"), "a registry is asked first"
    ),
    **dict.fromkeys(("E736", "E739"), "an engine is asked first"),
    "E555": "nothing can be timed to fall between a read and a write",
}
"""Codes apart from E3xx and E6xx whose example no test runs, and why."""


def test_every_code_is_explained_and_every_explanation_is_of_a_code() -> None:
    missing = sorted(_codes_in_source() - set(codes()))
    left_over = sorted(set(codes()) - _codes_in_source())

    assert not missing, f"{missing} lack an explanation.\n" + HOW.format(code=missing[0])
    assert not left_over, f"nothing emits {left_over}: remove codes/{left_over[0]}.md"


def test_every_code_is_tested() -> None:
    assert _codes_in_source() - _tested_codes() == set()


@pytest.mark.parametrize("code", codes())
def test_every_code_has_a_wrong_and_a_right_example(code: str) -> None:
    try:
        found = explain(code)
    except ValueError as error:
        raise AssertionError(f"{code}.md: {error}.\n{HOW.format(code=code)}") from error

    assert found.code == code
    assert found.wrong, HOW.format(code=code)
    assert f"[{code}]" in found.wrong[-1].text, HOW.format(code=code)
    assert found.right, HOW.format(code=code)
    assert not any(f"[{code}]" in block.text for block in found.right)


@pytest.mark.parametrize("code", codes())
def test_an_explanation_fits_into_its_row(code: str) -> None:
    found = explain(code)

    for text in (found.meaning, found.advice):
        assert "|" not in text
        assert not text.endswith(".")


_FEWEST_LETTERS = 8


@pytest.fixture(scope="module")
def wordings() -> re.Pattern[str]:
    """What matches every text of the source that may be a message or a hint."""
    patterns = set()
    for tree in _trees():
        for node in ast.walk(tree):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            literals = [_literal(part) for part in parts]
            if sum(map(len, literals)) >= _FEWEST_LETTERS:
                patterns.add("".join(re.escape(text) if text else ".*" for text in literals))
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)))


def _literal(node: ast.AST) -> str:
    """Return the text of a literal, or nothing for a value that is filled in."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("code", SHOWN)
def test_what_is_not_run_is_worded_as_in_the_source(code: str, wordings: re.Pattern[str]) -> None:
    report = explain(code).wrong[-1].text

    said = re.findall(r"^(?:(?:error|warning)\[\w+\]|hint): (.+)$", report, re.MULTILINE)

    assert said
    assert [text for text in said if not wordings.fullmatch(text)] == []


@pytest.mark.parametrize("code", sorted({*SHOWN} - {*NOT_RUN}))
def test_the_specs_of_what_is_not_run_are_right(code: str) -> None:
    found = explain(code)
    specs = [block for block in (*found.wrong, *found.right) if block.kind == "envc"]

    for block in specs:
        draft = read(Source(name=block.name, text=block.text))
        assert load_draft(draft).environment == "pets"


def test_only_what_needs_a_network_or_an_engine_is_not_run() -> None:
    assert [code for code in SHOWN if code[1] not in "36" and code not in NOT_RUN] == []


def test_what_is_said_not_to_be_run_is_not() -> None:
    assert set(NOT_RUN) - set(SHOWN) == set()
