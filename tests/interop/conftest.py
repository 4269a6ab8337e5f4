"""The locks of the complete examples, as what exporters are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.interop.subject import Subject
from envc.lock.codec import loads

SPECS = Path(__file__).parents[2] / "specs"


def subject_of(name: str, *platforms: str) -> Subject:
    """Return an example's lock, of all platforms where none is named."""
    lock = loads((SPECS / name / f"{name}.lock").read_text(), f"{name}.lock").variants[""]
    chosen = platforms or tuple(sorted(lock.platforms))
    return Subject(name=name, spec=f"{name}.envc", lock=lock, platforms=chosen)


@pytest.fixture
def analysis() -> Subject:
    """Conda packages, and wheels on top of them, for one platform."""
    return subject_of("analysis")


@pytest.fixture
def pets() -> Subject:
    """Two platforms and a wheel beside the spec."""
    return subject_of("pets")


@pytest.fixture
def quickstart() -> Subject:
    """Wheels only."""
    return subject_of("quickstart")
