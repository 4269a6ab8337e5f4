"""What the dynamic linker would find, of files made by hand and of this machine's own."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import pytest

from envc.build.checks.inside.linker import Elf, Linker, Missing, list_missing, read_cache, read_elf
from support.elf import X86_64, make_cache, make_library

PROGRAM = Elf(
    kind=(True, "<", X86_64), needed=[], soname="", rpath=[], runpath=[], interpreter="/lib/ld.so"
)


def put(path: Path, content: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


def look(prefix: Path, *allowed: str, program: Elf = PROGRAM) -> list[tuple[str, str, bool]]:
    linker = Linker(program, str(prefix / "bin/python"), {})
    return [
        (one.library, os.path.relpath(one.path, prefix), one.is_there)
        for one in list_missing(str(prefix), linker, allowed)
    ]


@pytest.mark.parametrize("is_64", [True, False])
def test_a_file_says_what_it_needs_and_where_to_look(tmp_path: Path, is_64: bool) -> None:
    content = make_library(
        needed=["liba.so.1", "libb.so"],
        soname="libc.so.2",
        rpath="/r",
        runpath="$ORIGIN/x:/y",
        interpreter="/lib64/ld-linux-x86-64.so.2",
        is_64=is_64,
    )

    assert read_elf(put(tmp_path / "x", content)) == Elf(
        kind=(is_64, "<", X86_64),
        needed=["liba.so.1", "libb.so"],
        soname="libc.so.2",
        rpath=["/r"],
        runpath=["$ORIGIN/x", "/y"],
        interpreter="/lib64/ld-linux-x86-64.so.2",
    )


def test_the_real_linker_reads_such_a_file_too(tmp_path: Path) -> None:
    path = put(tmp_path / "x.so", make_library(needed=["libenvc-nosuch.so.1"]))

    with pytest.raises(OSError, match="libenvc-nosuch"):
        ctypes.CDLL(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x7fELF", b"\x7fELF\x02\x01\x01", b"#!/bin/sh\n", make_library(needed=["a.so"])[:200]],
)
def test_what_is_no_whole_file_of_that_kind_is_left_out(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path / "bin/x.so", content)

    found = read_elf(path)
    assert found is None or found.needed == []
    assert look(tmp_path) == []


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_elf(str(tmp_path / "x")) is None


def test_libraries_are_found_by_the_files_own_paths(tmp_path: Path) -> None:
    put(tmp_path / "lib/liba.so.1", make_library())
    put(tmp_path / "x/own.so", make_library(needed=["liba.so.1"], runpath="${ORIGIN}/../lib"))
    put(tmp_path / "x/old.so", make_library(needed=["liba.so.1"], rpath="$ORIGIN/../$LIB"))
    put(tmp_path / "x/lost.so", make_library(needed=["liba.so.1"]))

    assert look(tmp_path) == [("liba.so.1", "x/lost.so", True)]


def test_the_programs_own_rpath_is_for_what_it_loads_and_its_runpath_is_not(tmp_path: Path) -> None:
    put(tmp_path / "lib/liba.so.1", make_library())
    put(tmp_path / "x/y.so", make_library(needed=["liba.so.1"]))
    folders = ["$ORIGIN/../lib"]

    assert look(tmp_path, program=PROGRAM._replace(rpath=folders)) == []
    assert look(tmp_path, program=PROGRAM._replace(runpath=folders, rpath=folders)) == [
        ("liba.so.1", "x/y.so", True)
    ]


def test_the_programs_rpath_is_not_for_a_file_that_has_a_runpath(tmp_path: Path) -> None:
    put(tmp_path / "lib/liba.so.1", make_library())
    put(tmp_path / "x/old.so", make_library(needed=["liba.so.1"], rpath="$ORIGIN/x.libs"))
    put(tmp_path / "x/new.so", make_library(needed=["liba.so.1"], runpath="$ORIGIN/x.libs"))

    # As wheels have it that were repaired by patchelf, beside the libraries of Conda's Python.
    assert look(tmp_path, program=PROGRAM._replace(rpath=["$ORIGIN/../lib"])) == [
        ("liba.so.1", "x/new.so", True)
    ]


def test_ld_library_path_is_heeded(tmp_path: Path) -> None:
    put(tmp_path / "other/liba.so.1", make_library())
    path = put(tmp_path / "env/x.so", make_library(needed=["liba.so.1"]))
    linker = Linker(PROGRAM, path, {"LD_LIBRARY_PATH": f"/nosuch:{tmp_path}/other"})

    assert list_missing(str(tmp_path / "env"), linker, ()) == []


def test_what_is_nowhere_is_missing_unless_it_is_allowed_or_a_drivers(tmp_path: Path) -> None:
    names = ["libenvc-GL.so.1", "libcuda.so.1", "libnvidia-ml.so.1", "libhsa.so.1"]
    put(tmp_path / "x.so", make_library(needed=names))

    assert look(tmp_path, "libhsa.so.1") == [("libenvc-GL.so.1", "x.so", False)]


def test_a_soname_or_a_link_is_a_library_that_is_there(tmp_path: Path) -> None:
    put(tmp_path / "a/real.so", make_library(soname="liba.so.1"))
    (tmp_path / "a/libb.so.1").symlink_to("real.so")
    put(tmp_path / "x.so", make_library(needed=["liba.so.1", "libb.so.1"]))

    assert look(tmp_path) == [("liba.so.1", "x.so", True), ("libb.so.1", "x.so", True)]


def test_files_for_another_machine_or_c_library_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "arm.so", make_library(needed=["libnosuch.so"], machine=183))
    put(tmp_path / "old.so", make_library(needed=["libnosuch.so"], is_64=False))
    put(tmp_path / "musl.so", make_library(needed=["libnosuch.so", "libc.musl-x86_64.so.1"]))

    assert look(tmp_path) == []


def test_programs_without_a_suffix_are_looked_at_where_programs_are(tmp_path: Path) -> None:
    content = make_library(needed=["libnosuch.so"])
    for name in ("bin/pets", "share/pets", "bin/pets.txt"):
        put(tmp_path / name, content)

    assert look(tmp_path) == [("libnosuch.so", "bin/pets", False)]


@pytest.mark.parametrize("has_old_form", [False, True])
def test_the_systems_cache_is_read_for_one_machine(has_old_form: bool) -> None:
    entries = [
        ("liba.so.1", "/lib/liba.so.1", 0x0303),
        ("liba.so.1", "/lib32/liba.so.1", 0x0003),
        ("libarm.so.1", "/lib/libarm.so.1", 0x0A03),
    ]
    data = make_cache(entries, has_old_form=has_old_form)

    assert read_cache(data, X86_64) == {"liba.so.1": "/lib/liba.so.1"}
    assert read_cache(data, 183) == {"libarm.so.1": "/lib/libarm.so.1"}
    assert read_cache(b"else", X86_64) == {}


def test_this_machines_own_program_lacks_nothing() -> None:
    program = os.path.realpath(sys.executable)
    elf = read_elf(program)
    assert elf is not None

    linker = Linker(elf, program, os.environ)
    assert [name for name in elf.needed if not linker.finds(name, elf, program)] == []


def test_a_path_in_place_of_a_name_is_looked_for_as_it_is(tmp_path: Path) -> None:
    put(tmp_path / "liba.so", make_library())
    path = put(tmp_path / "x.so", make_library(needed=[f"{tmp_path}/liba.so", "/nosuch/b.so"]))

    assert list_missing(str(tmp_path), Linker(PROGRAM, path, {}), ()) == [
        Missing(library="/nosuch/b.so", path=path, is_there=False)
    ]
