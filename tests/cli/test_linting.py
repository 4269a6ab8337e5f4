"""`envc check` with lint and fixes, as a user sees it."""

from __future__ import annotations

import io
import itertools
import json
import sys
from pathlib import Path

import pytest

from support.workspace import EnvcMain

ODD = """\
environment pets
python 3.12
pip { sklearn }  # for the classifier
"""
FIXED = ODD.replace("sklearn", "scikit-learn")
REPORT = """\
warning[W228]: nothing is checked: an image whose packages do not import gets its name too
 --> pets.envc:1:1
1 | environment pets
  | ^^^^^^^^^^^
hint: add `check { import … }` (in YAML `check: {import: […]}`) with the modules that you use

warning[W210]: any version of `scikit-learn` will do, also one from years ago
 --> pets.envc:3:7
3 | pip { scikit-learn }  # for the classifier
  |       ^^^^^^^^^^^^
hint: say from which version on your code works with it, as in `>=2` or `>=2,<3`
"""
DIFF = """\
--- pets.envc
+++ pets.envc
@@ -1,3 +1,3 @@
 environment pets
 python 3.12
-pip { sklearn }  # for the classifier
+pip { scikit-learn }  # for the classifier
"""


@pytest.fixture
def odd(folder: Path) -> Path:
    """A spec with a mistake that has one answer."""
    path = folder / "pets.envc"
    path.write_text(ODD)
    return path


def test_check_tells_sure_mistakes_and_lint_the_rest(envc: EnvcMain, odd: Path) -> None:
    plain, lint = envc("check", "pets.envc"), envc("check", "pets.envc", "--lint")

    assert (plain.code, lint.code) == (0, 0)
    assert plain.err.endswith("pets.envc: `pets` is right, with 1 warning\n")
    assert lint.err.endswith("pets.envc: `pets` is right, with 2 warnings\n")


def test_fix_writes_what_has_one_answer(envc: EnvcMain, odd: Path) -> None:
    ran = envc("check", "pets.envc", "--fix")

    assert (ran.code, ran.out, odd.read_text()) == (0, "", FIXED)
    assert ran.err == (
        "pets.envc:3:7: fixed W211: PyPI has what is meant by `sklearn` as `scikit-learn`\n"
        f"{REPORT}pets.envc: `pets` is right, with 2 warnings\n"
    )


def test_fix_leaves_a_fixed_file_alone(envc: EnvcMain, odd: Path) -> None:
    envc("check", "pets.envc", "--fix")
    before = odd.stat().st_mtime_ns

    ran = envc("check", "pets.envc", "--fix")

    assert (ran.code, odd.stat().st_mtime_ns) == (0, before)
    assert "fixed" not in ran.err


def test_diff_shows_what_fix_would_write(envc: EnvcMain, odd: Path) -> None:
    ran = envc("check", "pets.envc", "--diff")

    assert (ran.code, ran.out, odd.read_text()) == (0, DIFF, ODD)
    assert ran.err.startswith("pets.envc:3:7: would fix W211: ")


def test_diff_reads_stdin(envc: EnvcMain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ODD.encode())))

    ran = envc("check", "-", "--diff")

    assert ran.out == DIFF.replace("pets.envc", "<stdin>")


def test_strict_fails_on_a_warning(envc: EnvcMain, odd: Path) -> None:
    ran = envc("check", "pets.envc", "--strict")

    assert ran.code == 1
    assert ran.err.endswith("pets.envc: `pets` has 1 warning, and `--strict` takes none\n")


def test_strict_takes_a_spec_without_warnings(envc: EnvcMain, odd: Path) -> None:
    odd.write_text("environment pets\n")

    ran = envc("check", "pets.envc", "--lint", "--strict")

    assert (ran.code, ran.err) == (0, "pets.envc: `pets` is right\n")


def test_json_tells_what_was_fixed_and_what_is_left(envc: EnvcMain, odd: Path) -> None:
    ran = envc("check", "pets.envc", "--diff", "--strict", "--json")

    answer = json.loads(ran.out)
    assert (ran.code, answer["ok"], answer["diff"]) == (1, False, DIFF)
    assert [one["code"] for one in answer["fixed"]] == ["W211"]
    assert [one["code"] for one in answer["diagnostics"]] == ["W228", "W210"]


def test_a_wrong_spec_is_not_fixed(envc: EnvcMain, odd: Path) -> None:
    odd.write_text(ODD + "python 3.11\n")

    ran = envc("check", "pets.envc", "--fix")

    assert (ran.code, odd.read_text()) == (1, ODD + "python 3.11\n")
    assert "[E108]" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pets.envc", "--fix", "--diff"), "`--diff` writes nothing, and `--fix` writes"),
        (("-", "--fix"), "`--fix` is for files"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    envc: EnvcMain, words: tuple[str, ...], message: str
) -> None:
    ran = envc("check", *words)

    assert ran.code == 2
    assert f"error[E001]: {message}\n" in ran.err


def test_check_looks_for_what_the_spec_names_beside_itself(envc: EnvcMain, folder: Path) -> None:
    (folder / "here.txt").write_text("here\n")
    (folder / "pets.envc").write_text(
        'environment pets\nparam kind = "cpu"\n'
        'base { dockerfile "Dockerfile.base", context "docker" }\npython 3.12\n'
        'pip { wheel "pets-1.0-py3-none-any.whl", source "here.txt" }\ncopy "here.txt" to "/app/"\n'
        'copy "gone/${{ kind }}" to "/app"\nconda { sklearn }\n'
        'matrix {\n    cpu { kind = "cpu" }\n    gpu { kind = "gpu" }\n}\n'
    )

    ran = envc("check", "pets.envc")

    assert ran.code == 1
    assert heads(ran.err) == [
        ("error[E155]: there is no `Dockerfile.base` beside the spec", "3:19"),
        ("error[E155]: there is no `docker` beside the spec", "3:46"),
        ("error[E155]: there is no `pets-1.0-py3-none-any.whl` beside the spec", "5:13"),
        ("error[E156]: `here.txt` is a file, not a folder", "5:49"),
        ("error[E155]: there is no `gone/cpu` beside the spec", "7:6"),
        ("error[E155]: there is no `gone/gpu` beside the spec", "7:6"),
        (
            "warning[W211]: Conda's channels have what is meant by `sklearn` as `scikit-learn`",
            "8:9",
        ),
    ]
    assert ran.err.count("note: only in the variant") == 2


def test_check_tells_what_is_not_there_beside_what_is_wrong(envc: EnvcMain, folder: Path) -> None:
    (folder / "context").write_text("a file\n")
    (folder / "pets.yaml").write_text(
        "environment: pets\nbase: {dockerfile: Dockerfile, context: context}\npython: 3.12\n"
        "pip:\n  wheels: [{wheel: pets-1.0-py3-none-any.whl, on: linux/amd64}, pets.whl]\n"
        "steps:\n  - copy: {from: gone/, to: /app}\n  - copy: {from: /gone, to: /app}\n"
        "  - copy: [from]\nbogus: 1\n"
    )

    ran = envc("check", "pets.yaml")

    assert ran.code == 1
    assert heads(ran.err) == [
        ("error[E155]: there is no `Dockerfile` beside the spec", "2:20"),
        ("error[E156]: `context` is a file, not a folder", "2:41"),
        ("error[E155]: there is no `pets-1.0-py3-none-any.whl` beside the spec", "5:20"),
        ("error[E220]: `pets.whl` is not the name of a wheel", "5:65"),
        ("error[E155]: there is no `gone/` beside the spec", "7:18"),
        ("error[E219]: `/gone` is not a path relative to the spec", "8:18"),
        ("error[E204]: `copy` must be a mapping, not a list", "9:11"),
        ("error[E201]: unknown key `bogus`", "10:1"),
    ]


def test_a_link_that_leads_nowhere_is_not_taken_for_a_typing_mistake(
    envc: EnvcMain, folder: Path
) -> None:
    (folder / "lib").symlink_to("gone")
    (folder / "pets.envc").write_text('environment pets\npython 3.12\npip { source "lib" }\n')

    ran = envc("check", "pets.envc")

    assert ran.code == 1
    assert heads(ran.err) == [("error[E155]: there is no `lib` beside the spec", "3:14")]
    assert ran.err.endswith("hint: it is a link to what is not there: mend the link\n")


def heads(text: str) -> list[tuple[str, str]]:
    """Return the first line of each diagnostic, and the line and the column that it is about."""
    lines = text.splitlines()
    return [
        (line, place.partition(":")[2])
        for line, place in itertools.pairwise(lines)
        if line.startswith(("error[", "warning["))
    ]


def test_check_of_a_text_looks_for_no_files(
    envc: EnvcMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b'environment pets\npython 3.12\ncopy "gone/" to "/app"\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

    assert envc("check", "-").code == 0
