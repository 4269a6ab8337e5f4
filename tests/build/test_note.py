"""What the build's scripts tell: diagnostics, of which nothing is shown as a step's output."""

from __future__ import annotations

from envc.build.report.note import explain_notes, find_problem, read_note
from envc.diagnostics import Diagnostic


def clash(path: str) -> dict[str, object]:
    return {"clash": path, "packages": ["ape (conda)", "bee (pip)"]}


def test_only_lines_of_the_scripts_are_notes() -> None:
    assert read_note('envc: {"more": 3}') == {"more": 3}
    assert read_note('envc: {"more": 3') is None
    assert read_note('building: {"more": 3}') is None
    assert read_note("envc: {}") == {}


def test_files_of_several_packages_are_one_warning() -> None:
    [warning] = explain_notes([clash("bin/tool"), clash("share/note")])

    assert warning == Diagnostic(
        code="W651",
        message="several packages own 2 files, with different content",
        notes=(
            "bin/tool: that of bee (pip) is kept, not that of ape (conda)\n"
            "share/note: that of bee (pip) is kept, not that of ape (conda)",
        ),
        hint="leave out a package that another one replaces; else nothing is to do, if the right "
        "one was kept",
    )


def test_of_many_files_the_first_are_shown() -> None:
    [warning] = explain_notes([*(clash(f"share/{n}") for n in range(20)), {"more": 100}])

    assert warning.message == "several packages own 120 files, with different content"
    lines = warning.notes[0].splitlines()
    assert (len(lines), lines[-1]) == (9, "and 112 more")


def test_activation_scripts_that_run_are_named_with_their_packages() -> None:
    [warning] = explain_notes([{"activation": [["a.sh", "ape"], ["b.sh", "bat"]]}])

    assert (warning.code, warning.notes) == ("W652", ("they are `a.sh` of `ape`, `b.sh` of `bat`",))


def test_a_problem_is_found_among_other_lines() -> None:
    lines = ("Traceback", 'envc: {"more": 1}', 'envc: {"hint": "h", "problem": "p"}')

    assert find_problem(lines) == ("p", "h")
    assert find_problem(lines[:2]) is None
    assert explain_notes([{"problem": "p", "hint": "h"}]) == ()
