"""Comments allow what stands beside or below them, and say so where there is nothing to allow."""

from __future__ import annotations

from datetime import date

import pytest

from envc import pipeline
from envc.machine import Machine
from envc.source import Source

TODAY = date(2026, 1, 31)


def found(machine: Machine, text: str, *, name: str = "pets.envc") -> list[tuple[str, int]]:
    checked = pipeline.lint(Source(name=name, text=text), machine, TODAY)
    return [(one.code, one.labels[0].span.position.line) for one in checked.warnings]


HEAD = "environment pets\npython 3.12\ncheck { import a }\n"
DSL = HEAD + "pip {\n    a\n    b\n}\n"


def test_a_comment_beside_a_line_is_about_it_alone(machine: Machine) -> None:
    assert found(machine, DSL) == [("W210", 5), ("W210", 6)]
    assert found(machine, DSL.replace("a\n    b", "a  # envc: allow W210\n    b")) == [("W210", 6)]


def test_a_comment_above_a_line_is_about_it_alone(machine: Machine) -> None:
    text = DSL.replace("    a\n", "    # envc: allow W210\n    # why\n    a\n")

    assert found(machine, text) == [("W210", 8)]


@pytest.mark.parametrize(
    "text",
    [
        DSL.replace("pip {", "# envc: allow W210\npip {"),
        DSL.replace("pip {", "pip {  # envc: allow W210"),
        DSL.replace("pip {", "pip {  # envc: allow W202, W210: any of them will do").replace(
            "python", "user root\npython"
        ),
    ],
)
def test_a_comment_at_a_block_is_about_all_of_it(machine: Machine, text: str) -> None:
    assert [one for one in found(machine, text) if one[0] == "W210"] == []


def test_yaml_has_the_same_comments(machine: Machine) -> None:
    text = (
        "environment: pets\npython: 3.12\ncheck: {import: [a]}\n"
        "pip:\n  - a  # envc: allow W210\n  # envc: allow W210\n  - b\n"
        "# envc: allow W210\nconda:\n  - c\n  - d\n"
        "channels: [conda-forge]\n"
    )

    assert found(machine, text, name="pets.yaml") == []


def test_a_step_is_allowed_without_those_after_it(machine: Machine) -> None:
    text = 'environment pets\nrun "cd /a"  # envc: allow W239\nrun "cd /b"\n'

    assert found(machine, text) == [("W239", 3)]


def test_what_envc_always_tells_can_be_allowed_everywhere(machine: Machine) -> None:
    text = "environment pets\nuser root  # envc: allow W202\n"
    source = Source(name="pets.envc", text=text)

    assert pipeline.check_file(source, machine).warnings == ()
    assert pipeline.lint(source, machine, TODAY, all_rules=False).warnings == ()
    assert pipeline.lint(source, machine, TODAY).warnings == ()


def test_a_comment_that_allows_nothing_is_told_by_lint_alone(machine: Machine) -> None:
    text = HEAD + "# envc: allow W202\n"
    source = Source(name="pets.envc", text=text)

    assert pipeline.lint(source, machine, TODAY, all_rules=False).warnings == ()
    assert found(machine, text) == [("W249", 4)]


def test_what_only_a_lock_would_warn_of_may_be_allowed(machine: Machine) -> None:
    text = f"{HEAD}system {{ openssh-server }}   # envc: allow W463\n# envc: allow W999\n"

    assert found(machine, text) == [("W249", 5)]


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("W21O", "`W21O` is not the code of a warning", "did you mean `W210`?"),
        ("W643", "`W643` is not the code of a warning", "did you mean `W463`?"),
        ("w999", "`W999` is not the code of a warning", "docs/diagnostics.md lists them"),
        ("E999", "`E999` is not the code of a warning", "docs/diagnostics.md lists them"),
        ("E201", "`E201` is an error, and cannot be allowed", "correct what it says"),
    ],
)
def test_what_no_warning_has_as_its_code_is_always_told(
    machine: Machine, code: str, message: str, hint: str
) -> None:
    text = f"environment pets\nuser root  # envc: allow W463, {code}, W202: for now\n"
    source = Source(name="pets.envc", text=text)

    (problem,) = pipeline.lint(source, machine, TODAY, all_rules=False).warnings

    assert (problem.code, problem.message, problem.hint) == ("W249", message, hint)
    assert problem.labels[0].span.text == code


def test_a_comma_may_end_the_codes(machine: Machine) -> None:
    text = "environment pets\nuser root  # envc: allow W202, for now\n"

    assert found(machine, text) == []


@pytest.mark.parametrize(
    "comment", ["# envc: allowance W202", "# allow W202", "# envc: allow", "# envc allow W202"]
)
def test_other_comments_say_nothing(machine: Machine, comment: str) -> None:
    assert found(machine, f"{comment}\n{HEAD}user root\n") == [("W202", 5)]


def test_text_in_a_string_is_no_comment(machine: Machine) -> None:
    text = "environment pets\nrun '''\necho\n# envc: allow W202\n'''\nuser root\n"

    assert found(machine, text) == [("W202", 6)]
