"""The parser that grammar/envc.lark describes, its tables kept between processes where asked."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from io import BytesIO
from pathlib import Path

import lark
from lark import Lark

from envc import resources

__all__ = ["load_parser"]


@functools.lru_cache(maxsize=1)
def load_parser(cache: Path | None = None) -> Lark:
    """Return the parser of the DSL's shape.

    Making the tables costs some 30 ms, reading them 3 ms. `cache` is a folder of the user's own to
    keep them in (they are read by pickle); None keeps nothing. What cannot be read is made again,
    what cannot be written is left out.
    """
    text = (resources.grammar() / "envc.lark").read_text(encoding="utf-8")
    if cache is None:
        return _make(text)
    makers = f"lark {lark.__version__}, python {sys.version}"
    key = hashlib.sha256(f"{makers}\n{text}".encode()).hexdigest()
    path = cache / f"grammar-{key[:32]}"
    parser = _read(path)
    if parser is None:
        parser = _make(text)
        _write(path, parser)
    return parser


def _make(text: str) -> Lark:
    return Lark(text, parser="lalr", lexer="basic", start="document", maybe_placeholders=False)


def _read(path: Path) -> Lark | None:
    try:
        with path.open("rb") as file:
            return Lark.load(file)
    except Exception:  # a damaged file can raise anything
        return None


def _write(path: Path, parser: Lark) -> None:
    tables = BytesIO()
    parser.save(tables)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(tables.getvalue())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
