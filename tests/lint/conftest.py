"""What the tests of lint share."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.machine import Machine
from envc.mirror import MirrorMap


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with nothing on it but a cache."""
    cache: Path = tmp_path_factory.mktemp("cache")
    return Machine(environment={}, cache=cache, mirrors=MirrorMap())
