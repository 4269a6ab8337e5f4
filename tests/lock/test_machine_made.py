"""What people are told of packages that make something for one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envc.lock.machine_made import differs, taken_out

PAGE = Path(__file__).parents[2] / "docs/bases.md"
ROWS = dict(re.findall(r"(?m)^\| `([a-z0-9.-]+)` \| .+? \| (.+) \|$", PAGE.read_text()))
QUIET = {"texlive-binaries"}
"""Who wants what these make has it made without asking."""


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_page_and_the_lock_say_the_same_command(name: str) -> None:
    made = taken_out(name)

    assert (made is None) == (name in QUIET)
    assert made is None or f"`{made.command}`" in ROWS[name]
    assert not differs(name)


@pytest.mark.parametrize(
    "name", ["git", "openssh-client", "postgresql-client-15", "mysql-server-core-8.0"]
)
def test_of_others_nothing_is_taken_out(name: str) -> None:
    assert taken_out(name) is None
    assert not differs(name)


def test_the_page_has_the_packages_that_are_known() -> None:
    known = {"bind9", "openssh-server", "postgresql-15", "mysql-server-8.0", "mariadb-server"}

    assert known <= set(ROWS)
