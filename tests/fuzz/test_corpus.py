"""What fuzzing has found once is never found again."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from fuzz.target import Form, try_text

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize(
    "find", sorted(CORPUS.glob("*/*")), ids=lambda find: f"{find.parent.name}-{find.name}"
)
def test_a_find_is_a_spec_or_is_explained(find: Path, tmp_path: Path) -> None:
    form = cast("Form", find.parent.name)

    try_text(find.read_bytes().decode(), form, tmp_path)
