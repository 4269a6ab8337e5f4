"""Fixtures that tests of resolving share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.conda_channel import serve
from support.conda_site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "channels"
    folder.mkdir()
    with serve(folder) as address:
        yield Site(folder=folder, address=address, cache=tmp_path / "cache")
