"""What `envc init` gives a newcomer, from an empty folder to an image that runs."""

from __future__ import annotations

import pytest

from support.command import Envc
from support.engine import EngineWorld

pytestmark = pytest.mark.engine


def test_a_plain_spec_becomes_an_image_that_runs(envc: Envc, world: EngineWorld) -> None:
    envc("init", "horses")
    path = envc.folder / "horses" / "horses.envc"
    lines = path.read_text().splitlines()
    # The same on a base that the engine of the tests has; there is one for its own platform only.
    lines = [
        f'base image "{world.python_base}"' if line.startswith("base") else line
        for line in lines
        if not line.startswith("platforms")
    ]
    lines[lines.index("python 3.12.12")] = "python 3.11"
    path.write_text("\n".join(lines) + "\n")
    envc("lock", "horses/horses.envc")

    built = envc.build("horses/horses.envc")

    said = envc.inside(built["image"], "python3", "-c", "import ssl; print('hello')")
    assert said == "hello\n"
