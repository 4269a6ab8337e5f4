"""The laws of the canonical layout: it means the same, has all comments, and is its own layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envc.source import Source
from envc.syntax import Form, form_of, format_dsl, format_yaml, parse
from envc.syntax.notes import Notes
from envc.syntax.print_yaml import print_yaml as print_block_yaml
from support.commenting import comment, marks_in, source_of
from support.drawing import specs
from support.printing import Dsl, print_yaml

CASES = Path(__file__).parents[1] / "cases" / "fmt"
LAYOUTS: dict[Form, Callable[[Source], str]] = {
    "dsl": format_dsl.format_dsl,
    "yaml": format_yaml.format_yaml,
}


def layout(text: str, form: Form) -> str:
    return LAYOUTS[form](source_of(text, form))


def widen(text: str, width: int) -> str:
    """Return YAML with each level of indentation that many times as deep."""

    def indent(match: re.Match[str]) -> str:
        return match[1] * width + match[2].replace("- ", "- ".ljust(2 * width))

    return re.sub(r"^( *)((?:- )*)", indent, text, flags=re.MULTILINE)


def assert_lawful(text: str, form: Form, marks: list[str]) -> None:
    laid = layout(text, form)

    assert parse(source_of(laid, form)).data == parse(source_of(text, form)).data
    assert marks_in(laid) == marks
    assert layout(laid, form) == laid


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_spec_has_one_layout(case: Path, update_golden: bool) -> None:
    path = next(case.glob("input.*"))
    golden = path.with_stem("expected")
    form = form_of(path.name)

    laid = layout(path.read_text(encoding="utf-8"), form)
    if update_golden:
        golden.write_text(laid, encoding="utf-8")

    assert laid == golden.read_text(encoding="utf-8")
    assert layout(laid, form) == laid


@pytest.mark.parametrize("form", ["dsl", "yaml"])
def test_line_ends_and_a_byte_order_mark_are_laid_out_too(form: Form) -> None:
    case = next(CASES.glob(f"{form}-comments/input.*"))
    text = case.read_text(encoding="utf-8")

    assert layout("\ufeff" + text.replace("\n", "\r\n"), form) == layout(text, form)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", ""),
        ("comments only", "# a\n\n# b\n"),
        ("a value that starts with a number sign", "variables { A =#b }\n"),
        ("an unknown word below a known one", "runtime { foo a,   b, shm 2g }\n"),
        ("an unknown word after a known one", "base foo,   bar\n"),
        ("an address with commas", "channels https://a/b,c,  d\n"),
        ("a comment that has a comma", "check {\n  import a,  # b, c\n  d\n}\n"),
        ("a string of lines in a block", 'check { run """\n{ # }\n""" }\n'),
        ("a single line of a hundred columns", f"system {{ {'a' * 88}, b }}\n"),
        ("a line that is too long", f"system {{ {'a' * 90}, b }}\n"),
    ],
)
def test_the_dsl_has_no_trap(name: str, text: str) -> None:
    assert_lawful(text, "dsl", [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", ""),
        ("comments only", "# a\n\n# b\n"),
        ("no value", "~\n"),
        ("in brackets as a whole", "{environment: pets, conda: [numpy]}"),
        ("a key that looks like the end", " ... a: b\n"),
        ("a key that is quoted over lines", '? "a\n  b"\n: c\n'),
        ("a key too long to stand alone", f"? {'a' * 1100}\n: [b]\n"),
        ("a long key in brackets", f"a: {{? {'a' * 1100} : b}}\n"),
        ("a folded text without a line end", "a:\n >\n - b"),
        ("a folded text with deeper lines", "a: >\n  b\n\n    c\n  d\n\nb: c\n"),
        ("a folded text that keeps its end", "a: >+\n  b\n\n\nb: c\n"),
        ("a folded text with its own depth", "a: >2\n    b\n   c\n"),
        ("a literal text that keeps its end", "a: |+\n  b\n\n\nb: c\n"),
        ("a literal text of nothing", "a: |\n\n\nb: c\n"),
        ("a blank that is escaped at a line's end", '? a\n: "b\\ \n  c \\\n  d"\n'),
        ("line ends of other kinds", 'a: "b\x85c\u2028  d"\r# e\rb: c\n'),
        ("plain text in brackets over lines", "a: {b: c\n  d, e: [-, f]}\n"),
        ("a list of lists", "a:\n- - b\n  -   - c\n- [[d, e]]\n"),
        ("directives", "%YAML 1.1\n# c\n---\na: b\n...\n# d\n"),
    ],
)
def test_yaml_has_no_trap(name: str, text: str) -> None:
    assert_lawful(text, "yaml", [])


@given(data=specs, choices=st.data())
@settings(deadline=None)
def test_the_layout_of_the_dsl_keeps_meaning_and_comments(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    text, marks = comment(Dsl(choices.draw).spec(data), "dsl", choices.draw)

    assert_lawful(text, "dsl", marks)


@given(data=specs, choices=st.data())
@settings(deadline=None)
def test_the_layout_of_yaml_keeps_meaning_and_comments(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    text, marks = comment(print_yaml(data, choices.draw).strip() + "\n", "yaml", choices.draw)

    assert_lawful(text, "yaml", marks)


@given(data=specs, choices=st.data(), width=st.integers(min_value=1, max_value=3))
@settings(deadline=None)
def test_the_layout_of_yaml_keeps_block_scalars(
    data: dict[str, Any], choices: st.DataObject, width: int
) -> None:
    nothing = Notes(parse(source_of("{}", "yaml")), (), indented=True)
    text = widen(print_block_yaml(data, nothing), width)
    text, marks = comment(text, "yaml", choices.draw)

    assert_lawful(text, "yaml", marks)
