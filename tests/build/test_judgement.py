"""Facts about an image, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.markers import default_environment

from envc.build.checks.claim import Installed
from envc.build.checks.judgement import advise_on_library, judge_libraries, judge_packages
from envc.diagnostics import Diagnostic

MARKERS: dict[str, str] = {key: str(value) for key, value in default_environment().items()}


def dist(name: str, version: str, *requires: str) -> dict[str, Any]:
    return {"name": name, "version": version, "requires": list(requires)}


def judge(*distributions: dict[str, Any], **installed: tuple[str, ...]) -> list[tuple[str, str]]:
    own = Installed(python="3.12.7", **installed)
    found = judge_packages(distributions, MARKERS, own)
    return [(problem.code, problem.message) for problem in found]


def test_what_fits_says_nothing() -> None:
    found = judge(
        dist("Flask", "3.0", "jinja2>=3", "Absent; extra == 'x'", "absent; python_version < '3'"),
        dist("Jinja2", "3.1.0rc1"),
        wheels=("flask", "jinja2"),
    )

    assert found == []


def test_wheels_of_the_lock_must_have_what_they_need() -> None:
    found = judge(
        dist("Flask", "3.0", "jinja2>=3", "werkzeug"),
        dist("Jinja2", "2.9"),
        wheels=("flask", "jinja2"),
    )

    assert found == [
        ("E624", "`Flask 3.0` needs `jinja2>=3`, but `jinja2 2.9` is installed"),
        ("E624", "`Flask 3.0` needs `werkzeug`, but it is not installed"),
    ]


def test_of_what_a_step_or_conda_brought_it_is_one_warning() -> None:
    distributions = [
        dist("six-more", "1", "nosuch", "other>=2"),
        dist("other", "1"),
        dist("pandas", "2", "nosuch"),
    ]
    installed = Installed(python="3.12.7", wheels=("pandas",), conda=("pandas",))

    [found] = judge_packages(distributions, {}, installed)

    assert found == Diagnostic(
        code="W624",
        message="2 distributions need what is not installed",
        notes=(
            "`pandas 2` needs `nosuch`, but it is not installed",
            "`six-more 1` needs `nosuch`, but it is not installed, and `other>=2`, but `other 1` is "
            "installed",
        ),
        hint="install what they need, unless that is never used",
    )


def test_a_warning_about_one_distribution_says_it_at_once() -> None:
    [found] = judge_packages([dist("a", "1", "b")], {}, Installed(python="3.12.7"))

    assert found == Diagnostic(
        code="W624",
        message="`a 1` needs `b`, but it is not installed",
        hint="install what it needs, unless that is never used",
    )


def test_what_the_spec_overrides_or_conda_has_for_others_than_python_is_not_looked_at() -> None:
    found = judge(
        dist("a", "1", "protobuf<4", "opencv>=4"),
        dist("protobuf", "5"),
        wheels=("a", "protobuf"),
        overridden=("protobuf",),
        conda=("opencv",),
    )

    assert found == []


def test_what_conda_has_for_python_too_must_fit() -> None:
    found = judge(dist("a", "1", "numpy<2"), dist("numpy", "2.0"), wheels=("a",), conda=("numpy",))

    assert found == [("E624", "`a 1` needs `numpy<2`, but `numpy 2.0` is installed")]


@pytest.mark.parametrize("text", ["not a requirement at all", "b>=x.y.z"])
def test_broken_metadata_say_nothing(text: str) -> None:
    assert judge(dist("a", "1", text), dist("b", "1"), wheels=("a", "b")) == []


def row(library: str, path: str, breaks: str = "", says: str = "") -> dict[str, str]:
    place = f"/opt/env/{path}"
    own = {"library": library, "path": place, "owner": "pets 1.0" if "pets" in path else ""}
    return {**own, "breaks": breaks, "says": says}


def test_an_import_that_fails_of_a_library_is_one_error() -> None:
    said = "Traceback\nImportError: libGL.so.1: cannot open shared object file"
    rows = [
        row("libGL.so.1", "pets/b.so", "pets", said),
        row("libgthread-2.0.so.0", "pets/b.so", "pets", said),
        *(row("libGL.so.1", f"pets/{name}.so", "pets", said) for name in "acde"),
    ]

    assert judge_libraries(rows, "/opt/env") == (
        Diagnostic(
            code="E625",
            message="`pets` cannot be imported: `libGL.so.1` and `libgthread-2.0.so.0` are missing",
            notes=(
                "`pets/a.so` of `pets 1.0` needs `libGL.so.1`",
                "`pets/b.so` of `pets 1.0` needs `libGL.so.1` and `libgthread-2.0.so.0`",
                "`pets/c.so` of `pets 1.0` needs `libGL.so.1`",
                "and 2 more files lack some of them",
                "Python says: ImportError: libGL.so.1: cannot open shared object file",
            ),
            hint="add `libgl1` and `libglib2.0-0` to `system`, or take a base that has it; if "
            "machines bring it, say so: `check { allow-missing libGL.so.1, libgthread-2.0.so.0 }`",
        ),
    )


def test_what_no_import_misses_is_a_warning_by_owner() -> None:
    rows = [row("libnosuch.so", "bin/tool"), row("libnosuch.so", "lib/pets.so")]

    assert judge_libraries(rows, "/opt/env") == (
        Diagnostic(
            code="W625",
            message="the environment has files that need the library `libnosuch.so`, which the "
            "image lacks",
            notes=("`bin/tool` needs `libnosuch.so`",),
            hint="if you use that part of it: add the Debian package that has it to `system`, or "
            "take a base that has it; else say so: `check { allow-missing libnosuch.so }`",
        ),
        Diagnostic(
            code="W625",
            message="`pets 1.0` has files that need the library `libnosuch.so`, which the image "
            "lacks",
            notes=("`lib/pets.so` of `pets 1.0` needs `libnosuch.so`",),
            hint="if you use that part of it: add the Debian package that has it to `system`, or "
            "take a base that has it; else say so: `check { allow-missing libnosuch.so }`",
        ),
    )


def test_nothing_is_advised_on_what_misses_no_library() -> None:
    assert advise_on_library("ModuleNotFoundError: No module named 'pets'") == ""


def test_of_many_libraries_the_first_are_named_and_an_error_advises_on_all() -> None:
    names = ("libGL.so.1", "libSM.so.6", "libX11.so.6", "libXext.so.6", "libXi.so.6", "libXt.so.6")
    rows = [
        row(name, "pets/a.so", breaks) for breaks in ("", "pets") for name in (*names, "libz.so")
    ]

    error, warning = judge_libraries(rows, "/opt/env")

    shown = "`libGL.so.1`, `libSM.so.6`, `libX11.so.6`, `libXext.so.6`, `libXi.so.6` and 2 more"
    assert error.message == f"`pets` cannot be imported: {shown} are missing"
    assert error.notes[0] == f"`pets/a.so` of `pets 1.0` needs {shown}"
    assert error.hint.startswith(
        "add `libgl1`, `libsm6`, `libx11-6`, `libxext6`, `libxi6` and `libxt6` to `system`"
    )
    assert warning.message == (
        f"`pets 1.0` has files that need the libraries {shown}, which the image lacks"
    )
    assert warning.hint.endswith(
        "`check { allow-missing libGL.so.1, libSM.so.6, libX11.so.6, libXext.so.6, libXi.so.6, … }`"
    )
