"""Shared libraries made by hand: all that the dynamic linker reads before it looks for others."""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["make_cache", "make_library"]

X86_64 = 62
_NEEDED, _STRTAB, _SYMTAB, _STRSZ, _SYMENT, _HASH = 1, 5, 6, 10, 11, 4
_SONAME, _RPATH, _RUNPATH = 14, 15, 29


def make_library(
    *,
    needed: Sequence[str] = (),
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    interpreter: str = "",
    machine: int = X86_64,
    is_64: bool = True,
) -> bytes:
    """Return a little-endian ELF file with a dynamic section that says this, and no code."""
    texts = b"\0"
    dynamic: list[tuple[int, int]] = []
    named = [(_NEEDED, name) for name in needed]
    named += [(_SONAME, soname), (_RPATH, rpath), (_RUNPATH, runpath)]
    for tag, text in named:
        if text:
            dynamic.append((tag, len(texts)))
            texts += text.encode() + b"\0"
    head, entry, symbol = (64, 56, 24) if is_64 else (52, 32, 16)
    program = interpreter.encode() + b"\0"
    count = 3 if interpreter else 2
    at_texts = head + count * entry
    at_program = at_texts + len(texts)
    at_symbols = (at_program + len(program) + 15) // 16 * 16
    at_hash = at_symbols + symbol
    at_dynamic = (at_hash + 16 + 15) // 16 * 16
    dynamic += [(_STRTAB, at_texts), (_STRSZ, len(texts)), (_SYMTAB, at_symbols)]
    dynamic += [(_SYMENT, symbol), (_HASH, at_hash), (0, 0)]
    rows = b"".join(struct.pack("<qQ" if is_64 else "<iI", *pair) for pair in dynamic)
    size = at_dynamic + len(rows)
    segments = [_segment(1, 0, size, is_64), _segment(2, at_dynamic, len(rows), is_64)]
    if interpreter:
        segments.append(_segment(3, at_program, len(program), is_64))
    ident = b"\x7fELF" + bytes([2 if is_64 else 1, 1, 1]) + bytes(9)
    form = "<HHIQQQIHHHHHH" if is_64 else "<HHIIIIIHHHHHH"
    body = ident + struct.pack(form, 3, machine, 1, 0, head, 0, 0, head, entry, count, 0, 0, 0)
    body += b"".join(segments) + texts + program
    body = body.ljust(at_symbols, b"\0") + bytes(symbol) + struct.pack("<IIII", 1, 1, 0, 0)
    return body.ljust(at_dynamic, b"\0") + rows


def make_cache(entries: Sequence[tuple[str, str, int]], *, has_old_form: bool = False) -> bytes:
    """Return an `/etc/ld.so.cache` of names, paths and flags, perhaps behind one of the old form."""
    head, row = 48, 24
    texts, rows = b"", b""
    start = head + row * len(entries)
    for name, path, flags in entries:
        key = start + len(texts)
        texts += name.encode() + b"\0"
        value = start + len(texts)
        texts += path.encode() + b"\0"
        rows += struct.pack("=iIIIQ", flags, key, value, 0, 0)
    body = b"glibc-ld.so.cache1.1" + struct.pack("=II", len(entries), len(texts)) + bytes(20)
    old = b"ld.so-1.7.0\0" + struct.pack("=I", 0) if has_old_form else b""
    return old + body + rows + texts


def _segment(kind: int, offset: int, size: int, is_64: bool) -> bytes:
    if is_64:
        return struct.pack("<IIQQQQQQ", kind, 5, offset, offset, offset, size, size, 4096)
    return struct.pack("<IIIIIIII", kind, offset, offset, offset, size, size, 5, 4096)
