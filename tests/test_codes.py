"""Every diagnostic's code is documented and tested, and none is that no longer exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
TESTS = REPOSITORY / "tests"
CODE = re.compile(r"[EW][0-7][0-9]{2}")


def _codes_in_source() -> set[str]:
    """Return every string literal of the compiler that is a code, and nothing else."""
    return {
        node.value
        for path in sorted((REPOSITORY / "compiler").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


def _documented_codes() -> list[str]:
    text = (REPOSITORY / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    return re.findall(r"^\| ([EW][0-9]{3}) \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)


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


def test_every_code_has_a_row_in_the_docs_and_every_row_a_code() -> None:
    assert set(_documented_codes()) == _codes_in_source()


def test_the_rows_are_sorted_and_unique() -> None:
    rows = _documented_codes()

    assert rows == sorted(set(rows))


def test_every_code_is_tested() -> None:
    assert _codes_in_source() - _tested_codes() == set()
