"""A store in a folder of its own, and records that nobody needs to spell out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.store.store import Store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(home) as opened:
        yield opened
