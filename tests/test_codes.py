"""Every diagnostic's code is explained, with examples that are true, and tested; no other code is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from envc.explanation import Block, Explanation, codes, explain, page, parse, write

REPOSITORY = Path(__file__).parents[1]
TESTS = REPOSITORY / "tests"
CASES = TESTS / "cases" / "errors"
PAGE = REPOSITORY / "docs" / "diagnostics.md"
TEXTS = REPOSITORY / "compiler" / "envc" / "codes"
CODE = re.compile(r"[EW][0-7][0-9]{2}")
HOW = """\
Write compiler/envc/codes/{code}.md: a line `# {code}: MEANING`, an empty line, what to do, an empty line.
A spec's code: add tests/cases/errors/{code}-NAME/ with spec.envc and right.envc (or .yaml both).
Another code: go on in the file with `## Wrong` and `## Right` as its neighbours have it.
Then run `pytest tests/test_error_cases.py tests/test_codes.py tests/test_explanations.py --update-golden`.
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


def _example_cases() -> dict[str, Path]:
    """Return the case that is a code's example: the first one with a right counterpart."""
    found: dict[str, Path] = {}
    for right in sorted(CASES.glob("*/right.*")):
        found.setdefault(right.parent.name.partition("-")[0], right.parent)
    return found


def _blocks_of(case: Path) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    [spec], [right] = case.glob("spec.*"), case.glob("right.*")
    kind = spec.suffix.removeprefix(".")
    wrong = Block(kind=kind, name=spec.name, text=spec.read_text(encoding="utf-8"))
    report = Block(kind="text", text=(case / "stderr.txt").read_text(encoding="utf-8"))
    corrected = Block(kind=kind, name=spec.name, text=right.read_text(encoding="utf-8"))
    return (wrong, report), (corrected,)


EXAMPLES = _example_cases()
PENDING = frozenset(
    """
    E001 E002 E003 E004 E150 E151 E152 E153 E154 E155 E156 E157 E160 E170
    E171 E301 E302 E303 E304 E310 E320 E321 E322 E323 E324 E325 E326 E327 E328
    E329 E330 E335 E336 E337 E338 E339 E340 E341 E342 E343 E344 E360 E361 E362 E370
    E371 E372 E373 E374 E375 E376 E380 E381 E382 E383 E384 E400 E401 E402 E403 E404
    E405 E410 E411 E412 E413 E414 E415 E416 E550 E551 E552 E553 E554 E555 E601 E602
    E603 E604 E605 E606 E610 E611 E612 E613 E614 E615 E616 E617 E618 E620 E621 E622
    E630 E631 E632 E633 W370
    """.split()  # noqa: SIM905
)
"""Codes whose example is still to be written; no new one may be here."""
WRITTEN = [code for code in codes() if code not in PENDING]


def test_every_code_is_explained_and_every_explanation_is_of_a_code() -> None:
    missing = sorted(_codes_in_source() - set(codes()))
    left_over = sorted(set(codes()) - _codes_in_source())

    assert not missing, f"{missing} lack an explanation.\n" + HOW.format(code=missing[0])
    assert not left_over, f"no code emits {left_over}: remove codes/{left_over[0]}.md"


def test_every_code_is_tested() -> None:
    assert _codes_in_source() - _tested_codes() == set()


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_of_a_code_is_its_case(code: str, update_golden: bool) -> None:
    path = TEXTS / f"{code}.md"
    wrong, right = _blocks_of(EXAMPLES[code])
    if update_golden:
        title, _, advice = path.read_text(encoding="utf-8").split("\n")[:3]
        new = Explanation(
            code=code,
            meaning=title.removeprefix(f"# {code}: "),
            advice=advice,
            wrong=wrong,
            right=right,
        )
        path.write_text(write(new), encoding="utf-8")

    found = parse(path.read_text(encoding="utf-8"))

    assert (found.wrong, found.right) == (wrong, right)


@pytest.mark.parametrize("code", WRITTEN)
def test_every_code_has_a_wrong_and_a_right_example(code: str) -> None:
    found = explain(code)

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


# What no test can cause without an engine, a registry or an index is shown as the source words it.


def _templates() -> re.Pattern[str]:
    """Return what matches every text of the source that may be a message or a hint."""
    patterns = set()
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [_literal(part) for part in node.values]
            elif isinstance(node, ast.Constant):
                parts = [_literal(node)]
            else:
                continue
            if sum(len(part) for part in parts if part) >= _FEWEST_LETTERS:
                patterns.add("".join(re.escape(part) if part else ".+" for part in parts))
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)))


_FEWEST_LETTERS = 12


def _literal(node: ast.expr) -> str:
    """Return the text of a literal, or nothing for a value that is filled in."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.fixture(scope="module")
def templates() -> re.Pattern[str]:
    return _templates()


def _shown_only() -> list[str]:
    """Return the codes whose example is neither a case nor run."""
    kinds = {code: {block.kind for block in explain(code).wrong} for code in WRITTEN}
    return [code for code in WRITTEN if code not in EXAMPLES and "console" not in kinds[code]]


@pytest.mark.parametrize("code", _shown_only())
def test_what_is_shown_is_worded_as_in_the_source(code: str, templates: re.Pattern[str]) -> None:
    report = explain(code).wrong[-1].text

    said = re.findall(r"^(?:(?:error|warning)\[\w+\]|hint): (.+)$", report, re.MULTILINE)

    assert said
    assert [text for text in said if not templates.fullmatch(text)] == []


def test_only_what_needs_a_network_or_an_engine_is_shown_and_not_run() -> None:
    assert [code for code in _shown_only() if code[1] not in "36"] == []


def test_the_page_is_what_the_explanations_say(update_golden: bool) -> None:
    text = page(explain(code) for code in codes())
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == text
