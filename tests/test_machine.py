"""What the machine says: mirrors and the cache, as the command line and the variables give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.errors import UsageError
from envc.machine import Machine, parse_mirrors
from envc.mirror import MirrorMap


def test_an_asked_mirror_goes_before_the_usual_one_of_its_address() -> None:
    environment = {
        "ENVC_CACHE": "/cache",
        "ENVC_MIRRORS": "docker.io=usual:5000 https://pypi.org/=http://usual",
    }

    machine = Machine.here(environment, mirrors=["https://pypi.org=http://asked"])

    assert machine == Machine(
        environment=environment,
        cache=Path("/cache"),
        mirrors=MirrorMap((("https://pypi.org", "http://asked"), ("docker.io", "usual:5000"))),
    )


def test_an_entry_that_comes_again_changes_nothing() -> None:
    assert parse_mirrors(["a=b", "a/=b/"]) == MirrorMap((("a", "b"),))


def test_all_that_is_wrong_with_mirrors_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_mirrors(["a=b", "a", "a/=c"])

    assert [(problem.code, problem.message) for problem in caught.value.diagnostics] == [
        ("E002", "`a` is not a mirror"),
        ("E002", "`a` has two mirrors, `b` and `c`"),
    ]
