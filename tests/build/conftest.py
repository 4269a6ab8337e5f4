"""The engine, for the tests here that are marked so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.engine import EngineWorld, open_engine_world


@pytest.fixture
def world() -> Iterator[EngineWorld]:
    """The real engine and its registries."""
    opened = open_engine_world()
    yield opened
    opened.engine.close()
