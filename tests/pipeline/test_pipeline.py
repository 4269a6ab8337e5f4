"""The public API: all of it is there, and nobody pays for what only others need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from envc import pipeline


def test_every_public_name_is_there() -> None:
    found = {name: getattr(pipeline, name, None) for name in pipeline.__all__}

    assert [name for name, value in found.items() if value is None] == []


def test_unknown_name_is_told() -> None:
    name = "solve"

    with pytest.raises(AttributeError, match=r"^module 'envc\.pipeline' has no attribute 'solve'$"):
        getattr(pipeline, name)


def test_importing_it_loads_no_verb_of_its_own() -> None:
    script = (
        "import sys, envc.pipeline;"
        "heavy = ('pydantic', 'lark', 'jinja2', 'rattler', 'docker');"
        "heavy += tuple('envc.pipeline.' + verb for verb in"
        " ('locking', 'building', 'verifying', 'differing', 'vendoring'));"
        "print([name for name in heavy if name in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert printed == "[]\n"
