"""`.dockerignore` leaves out what Docker leaves out."""

from __future__ import annotations

import pytest

from envc.dockerfile.ignore import Ignored

PATHS = ("a", "a.log", "x/a.log", "x/y/a.log", "x/b", "node/m/i", "n[1]", "ab", "ac", "deep/x/b")


@pytest.mark.parametrize(
    ("patterns", "left_out"),
    [
        ("", ""),
        ("# a\n\n  \n", ""),
        ("*.log", "a.log"),
        ("**/*.log", "a.log x/a.log x/y/a.log"),
        ("/a\n", "a"),
        ("x/\n", "x/a.log x/y/a.log x/b"),
        ("x\n!x/b", "x/a.log x/y/a.log"),
        ("*\n!a\n!x/y", "a.log x/a.log x/b node/m/i n[1] ab ac deep/x/b"),
        ("!a\na", "a"),
        ("x/*/a.log", "x/y/a.log"),
        ("**/b", "x/b deep/x/b"),
        ("x/**", "x/a.log x/y/a.log x/b"),
        ("a?", "ab ac"),
        ("a[b-c]", "ab ac"),
        ("a[^b]", "ac"),
        ("n\\[1]", "n[1]"),
        ("./x/../node", "node/m/i"),
        ("  ab  ", "ab"),
    ],
)
def test_patterns_leave_out(patterns: str, left_out: str) -> None:
    ignored = Ignored.of(patterns)

    assert [path for path in PATHS if ignored.leaves_out(path)] == left_out.split()


def test_a_folder_is_not_entered_where_nothing_of_it_is_needed() -> None:
    assert Ignored.of("node").match_file("node/")
    assert not Ignored.of("node\n!node/a").match_file("node/")
