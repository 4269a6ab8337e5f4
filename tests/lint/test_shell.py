"""Scripts are taken apart as far as rules look at them, and no further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.lint.shell import commands


def told(script: str) -> list[str]:
    return [" ".join(word.text for word in command.words) for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a b", ["a b"]),
        ("a; b && c || d | e & f\ng", ["a", "b", "c", "d", "e", "f", "g"]),
        ("a 'b c' \"d e\" f\\ g", ["a b c d e f g"]),
        ("a \\\n  b", ["a b"]),
        ("a # b; c\nd#e", ["a", "d#e"]),
        ("A=1 B='x y' env C=2 a b", ["env C=2 a b"]),
        ("if ! a; then b; fi", ["a", "b", "fi"]),
        ("echo $(a; b) `c; d` ${x;y}", ["echo $(a; b) `c; d` ${x;y}"]),
        ("cat <<EOF > f\na; b\nEOF\nc", ["cat", "c"]),
        ("cat <<-'EOF'\n\ta; b\n\tEOF\nc", ["cat", "c"]),
        ("cat <<EOF\nnever closed", ["cat"]),
        ("a >f 2>&1 <g", ["a"]),
        ("(a; b)", ["a", "b"]),
        ("", []),
        ("\n # only\n", []),
    ],
)
def test_a_script_is_its_simple_commands(script: str, expected: list[str]) -> None:
    assert told(script) == expected


def test_a_command_knows_what_comes_before_it() -> None:
    found = commands("a && b | c\nd; e")

    assert [command.before for command in found] == ["", "&&", "|", "\n", ";"]


def test_sudo_is_no_program_where_it_only_stands_before_one() -> None:
    plain, with_option, alone = commands("sudo /usr/bin/ls -l; sudo -u pets ls; sudo")

    assert (plain.program, plain.sudo is not None) == ("ls", True)
    assert (with_option.program, with_option.sudo) == ("sudo", None)
    assert (alone.program, alone.sudo) == ("sudo", None)


def test_a_redirection_knows_the_word_that_it_touches() -> None:
    [command] = commands("pip install a>=1 b >c")

    assert [
        (one.sign, one.target and one.target.text, one.joined and one.joined.text)
        for one in command.redirections
    ] == [(">", "=1", "a"), (">", "c", None)]


@given(st.text(alphabet=st.sampled_from("ab '\"\\\n;&|()<>$`{}#=\t-"), max_size=40) | st.text())
def test_any_text_is_read_and_words_stand_where_they_say(script: str) -> None:
    for command in commands(script):
        for word in (*command.assignments, *command.words):
            assert 0 <= word.start < word.end <= len(script)
