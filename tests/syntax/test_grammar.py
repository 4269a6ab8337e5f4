"""The parser's tables are made once and kept where asked, and a bad copy of them does no harm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.source import Source
from envc.syntax import parse
from envc.syntax.grammar import load_parser

SPEC = Source(name="spec.envc", text="environment pets\nconda { numpy >=1.26,<2, git }\n")
DATA = {"environment": "pets", "conda": ["numpy >=1.26,<2", "git"]}


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """Forget the parser before and after, as another process would."""
    load_parser.cache_clear()
    yield
    load_parser.cache_clear()


def test_tables_are_kept_and_read_again(tmp_path: Path) -> None:
    cache = tmp_path / "a" / "b"

    made = parse(SPEC, cache=cache)
    kept = [(path.name, path.stat().st_mtime_ns) for path in cache.iterdir()]
    load_parser.cache_clear()
    read = parse(SPEC, cache=cache)

    assert made.data == read.data == DATA
    assert made.spans == read.spans
    assert [(path.name, path.stat().st_mtime_ns) for path in cache.iterdir()] == kept
    assert len(kept) == 1


def test_damaged_tables_are_made_again(tmp_path: Path) -> None:
    parse(SPEC, cache=tmp_path)
    tables = next(tmp_path.iterdir())
    good = tables.read_bytes()

    for bad in (b"", good[: len(good) // 2], b"nonsense"):
        tables.write_bytes(bad)
        load_parser.cache_clear()
        assert parse(SPEC, cache=tmp_path).data == DATA
        assert tables.stat().st_size > len(good) // 2


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")

    assert parse(SPEC, cache=taken).data == DATA
    assert taken.read_text() == "a file"


def test_yaml_loads_no_parser_generator() -> None:
    program = (
        "import sys; from envc.source import Source; from envc.syntax import parse\n"
        "parse(Source(name='spec.yaml', text='environment: pets'))\n"
        "assert 'lark' not in sys.modules and 'pydantic' not in sys.modules\n"
        "parse(Source(name='spec.envc', text='environment pets'))\n"
        "assert 'lark' in sys.modules and 'pydantic' not in sys.modules\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
