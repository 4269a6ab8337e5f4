"""What the dynamic linker would say of files: which libraries they need, and which it does not find."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Elf", "Linker", "Missing", "list_missing", "read_cache", "read_elf"]

_LIBRARY = re.compile(r"\.so(?:\.|$)")
_DATA = re.compile(r"\.(?:py|pyc|pyi|txt|json|h|hpp|a|js|css|html|md|rst|csv|npy|png|svg|xml|gz)$")
# The driver's, which the engine brings into a container that gets a GPU.
_DRIVER = re.compile(r"lib(?:cuda|nvidia-[a-z0-9-]+|nvcuvid|nvoptix|cudadebugger)\.so")
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 14, 15, 29
_TEXT_TAGS = (_DT_NEEDED, _DT_SONAME, _DT_RPATH, _DT_RUNPATH)
_CACHE_MAGIC = b"glibc-ld.so.cache1.1"
_CACHE_HEAD, _CACHE_ENTRY = 48, 24
_CACHE_KINDS = {62: 0x0300, 183: 0x0A00}  # glibc's dl-cache.h: x86-64, AArch64


class Elf(NamedTuple):
    """What the dynamic linker reads of a file, as ELF's specification and ld.so(8) name it."""

    kind: tuple[bool, str, int]
    needed: list[str]
    soname: str
    rpath: list[str]
    runpath: list[str]
    interpreter: str


def read_elf(path: str) -> Elf | None:
    """Return what the dynamic linker reads of a file; None where it is not one for it."""
    try:
        with open(path, "rb") as file:
            return _parse_elf(file)
    except (OSError, struct.error, ValueError, IndexError):
        return None


def _parse_elf(file: Any) -> Elf | None:
    head = file.read(64)
    if head[:4] != b"\x7fELF":
        return None
    is_64, order = head[4] == 2, "<" if head[5] == 1 else ">"
    (machine,) = struct.unpack_from(order + "H", head, 18)
    if is_64:
        table, size, count = _unpack(order + "Q14xHH", head, 32)
    else:
        table, size, count = _unpack(order + "I10xHH", head, 28)
    file.seek(table)
    rows = file.read(size * count)
    segments = []
    for number in range(count):
        at = number * size
        if is_64:
            kind, offset, address, length = _unpack(order + "I4xQQ8xQ", rows, at)
        else:
            kind, offset, address, length = _unpack(order + "III4xI", rows, at)
        segments.append((kind, offset, address, length))
    entries = _read_dynamic(file, segments, order, is_64)
    texts = _read_texts(file, segments, entries)
    return Elf(
        kind=(is_64, order, machine),
        needed=texts[_DT_NEEDED],
        soname="".join(texts[_DT_SONAME][:1]),
        rpath=_split(texts[_DT_RPATH]),
        runpath=_split(texts[_DT_RUNPATH]),
        interpreter=_read_interpreter(file, segments),
    )


def _unpack(form: str, data: bytes, at: int) -> tuple[Any, ...]:
    return struct.unpack_from(form, data, at)


def _read_dynamic(
    file: Any, segments: Sequence[tuple[Any, ...]], order: str, is_64: bool
) -> list[tuple[Any, ...]]:
    found = [segment for segment in segments if segment[0] == _PT_DYNAMIC]
    if not found:
        return []
    _, offset, _, length = found[0]
    file.seek(offset)
    data = file.read(length)
    form = order + ("qQ" if is_64 else "iI")
    return list(struct.iter_unpack(form, data[: len(data) - len(data) % struct.calcsize(form)]))


def _read_texts(
    file: Any, segments: Sequence[tuple[Any, ...]], entries: Sequence[tuple[Any, ...]]
) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {tag: [] for tag in _TEXT_TAGS}
    addresses = [value for tag, value in entries if tag == _DT_STRTAB]
    if not addresses:
        return texts
    for kind, offset, address, length in segments:
        if kind == _PT_LOAD and address <= addresses[0] < address + length:
            start = offset + addresses[0] - address
            break
    else:
        return texts
    for tag, value in entries:
        if tag == 0:
            break
        if tag in texts:
            file.seek(start + value)
            texts[tag].append(file.read(4096).split(b"\0", 1)[0].decode("utf-8", "replace"))
    return texts


def _read_interpreter(file: Any, segments: Sequence[tuple[Any, ...]]) -> str:
    for kind, offset, _, length in segments:
        if kind == _PT_INTERP:
            file.seek(offset)
            return str(file.read(length).rstrip(b"\0").decode("utf-8", "replace"))
    return ""


def _split(paths: Sequence[str]) -> list[str]:
    return [path for text in paths for path in text.split(":") if path]


def read_cache(data: bytes, machine: int) -> dict[str, str]:
    """Return what `/etc/ld.so.cache` holds: paths by names (glibc's elf/dl-cache.h, both forms)."""
    start = data.find(_CACHE_MAGIC)
    if start < 0:
        return {}
    (count,) = struct.unpack_from("=I", data, start + len(_CACHE_MAGIC))
    found: dict[str, str] = {}
    for number in range(count):
        at = start + _CACHE_HEAD + number * _CACHE_ENTRY
        flags, key, value = struct.unpack_from("=iII", data, at)
        if flags & 0xFF00 == _CACHE_KINDS.get(machine, flags & 0xFF00):
            name, path = (_text_at(data, start + place) for place in (key, value))
            found.setdefault(name, path)
    return found


def _text_at(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")


class Linker:
    """Finds libraries as ld.so(8) does for a program; `program` is the one that loads them all."""

    def __init__(self, program: Elf, path: str, environment: Mapping[str, str]) -> None:
        self.kind = program.kind
        self.is_musl = "ld-musl" in program.interpreter
        self._cache = self._read_system_cache()
        folders = _split([environment.get("LD_LIBRARY_PATH", "")])
        self._inherited = [] if program.runpath else _expand(program.rpath, path)
        triplet = {62: "x86_64-linux-gnu", 183: "aarch64-linux-gnu"}.get(program.kind[2], "")
        usual = ["/lib", "/usr/lib", "/usr/local/lib"] if self.is_musl else ["/lib", "/usr/lib"]
        usual += ["/lib64", "/usr/lib64", *(f"{one}/{triplet}" for one in ("/lib", "/usr/lib"))]
        self._folders = folders + usual
        self._listings: dict[str, set[str]] = {}

    def finds(self, name: str, elf: Elf, path: str) -> bool:
        """Whether a library that a file needs is where the linker looks for it."""
        if "/" in name:
            return os.path.exists(name)
        own = _expand(elf.runpath or elf.rpath, path)
        # A file that has a RUNPATH is looked up for without anybody's RPATH, the program's too.
        inherited = [] if elf.runpath else self._inherited
        if any(name in self._list(folder) for folder in own + inherited + self._folders):
            return True
        return name in self._cache and os.path.exists(self._cache[name])

    def _list(self, folder: str) -> set[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = set(os.listdir(folder))
            except OSError:
                self._listings[folder] = set()
        return self._listings[folder]

    def _read_system_cache(self) -> dict[str, str]:
        try:
            with open("/etc/ld.so.cache", "rb") as file:
                return read_cache(file.read(), self.kind[2])
        except (OSError, struct.error, ValueError):
            return {}


def _expand(folders: Iterable[str], path: str) -> list[str]:
    """Return search paths with `$ORIGIN` and `$LIB` put in, as for a file at `path`."""
    origin = os.path.dirname(os.path.realpath(path))
    texts = [re.sub(r"\$(?:ORIGIN\b|\{ORIGIN\})", lambda _: origin, one) for one in folders]
    libs = [re.sub(r"\$(?:LIB\b|\{LIB\})", lib, one) for one in texts for lib in ("lib", "lib64")]
    return [os.path.normpath(one) for one in dict.fromkeys(libs)]


class Missing(NamedTuple):
    """A library that a file needs and the linker does not find.

    `is_there` says whether the environment has it somewhere, where something may load it first.
    """

    library: str
    path: str
    is_there: bool


def list_missing(prefix: str, linker: Linker, allowed: Iterable[str]) -> list[Missing]:
    """Return the libraries that files below a folder need and that are not found, by path."""
    paths = sorted(_list_binaries(prefix))
    found = {path: read_elf(path) for path in paths if not os.path.islink(path)}
    own = {path: elf for path, elf in found.items() if elf is not None and elf.kind == linker.kind}
    names = {os.path.basename(path) for path in paths} | {elf.soname for elf in own.values()}
    ignored = frozenset(allowed)
    return [
        Missing(library=name, path=path, is_there=name in names)
        for path, elf in own.items()
        for name in _list_lacking(path, elf, linker)
        if name not in ignored and not _DRIVER.match(name)
    ]


def _list_lacking(path: str, elf: Elf, linker: Linker) -> list[str]:
    lacking = [name for name in elf.needed if not linker.finds(name, elf, path)]
    # Made for another C library: some packages bring programs for several.
    is_foreign = any("ld-musl" in name or "libc.musl" in name for name in lacking)
    return [] if is_foreign else lacking


def _list_binaries(prefix: str) -> Iterator[str]:
    """Yield the files below a folder that may be for the dynamic linker, links too."""
    for folder, _, names in os.walk(prefix):
        has_programs = os.path.basename(folder) in {"bin", "sbin", "libexec"}
        for name in names:
            if _LIBRARY.search(name) or (has_programs and not _DATA.search(name)):
                yield f"{folder}/{name}"
