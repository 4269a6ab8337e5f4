"""Layers that differ in one thing, and how that is told."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from envc.build.comparison.difference import FileDifference, LayerDifference, compare_layers
from envc.build.zstd import ZstdFile

SITE = "opt/env/lib/python3.11/site-packages"


def entry(name: str, content: bytes = b"", **facts: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(content), 1, 0o644
    for key, value in facts.items():
        setattr(info, key, value)
    return info, content


def layer(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
    path.write_bytes(gzip.compress(data.getvalue(), mtime=0))
    return path


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Where two layers go."""
    return tmp_path / "first", tmp_path / "second"


@pytest.mark.parametrize(
    ("one", "other", "kind", "text"),
    [
        (
            entry("a", mode=0o644),
            entry("a", mode=0o4755),
            "mode",
            "has the mode 0644 in the first and 4755 in the second",
        ),
        (
            entry("a", uid=0, gid=0),
            entry("a", uid=1000, gid=5),
            "owner",
            "has the owner 0:0 in the first and 1000:5 in the second",
        ),
        (
            entry("a", mtime=1),
            entry("a", mtime=2.5),
            "time",
            "has the time 1 in the first and 2.5 in the second",
        ),
        (
            entry("a", type=tarfile.SYMTYPE, linkname="b"),
            entry("a", type=tarfile.SYMTYPE, linkname="c"),
            "link",
            "leads to `b` in the first and to `c` in the second",
        ),
        (
            entry("a", type=tarfile.DIRTYPE),
            entry("a", b"x"),
            "type",
            "is a folder in the first and a file in the second",
        ),
        (
            entry("a"),
            entry("a", pax_headers={"SCHILY.xattr.security.capability": "x"}),
            "attributes",
            "has other extended attributes: SCHILY.xattr.security.capability",
        ),
    ],
)
def test_what_differs_of_an_entry_is_told(
    places: tuple[Path, Path],
    one: tuple[tarfile.TarInfo, bytes],
    other: tuple[tarfile.TarInfo, bytes],
    kind: str,
    text: str,
) -> None:
    same = entry("before")
    layer(places[0], same, one)
    layer(places[1], same, other)

    assert compare_layers(*places) == LayerDifference(
        first=FileDifference(path="a", kind=kind, text=text), paths=("a",)
    )


@pytest.mark.parametrize(
    ("one", "other", "offset", "text"),
    [
        (b"abc", b"aXc", 1, "has 0x62 at byte 1 in the first and 0x58 in the second"),
        (b"ab", b"abc", 2, "ends after 2 bytes in the first only"),
        (b"ab", b"", 0, "ends after 0 bytes in the second only"),
        (
            b"x" * 1048576,
            b"x" * 1048576 + b"y",
            1048576,
            "ends after 1048576 bytes in the first only",
        ),
        (
            b"x" * 1500000 + b"a",
            b"x" * 1500000 + b"b",
            1500000,
            "has 0x61 at byte 1500000 in the first and 0x62 in the second",
        ),
    ],
)
def test_the_first_byte_that_differs_is_told(
    places: tuple[Path, Path], one: bytes, other: bytes, offset: int, text: str
) -> None:
    layer(places[0], entry("x/a", one))
    layer(places[1], entry("x/a", other))

    assert compare_layers(*places) == LayerDifference(
        first=FileDifference(path="x/a", kind="content", text=text, offset=offset), paths=("x/a",)
    )


def test_files_that_only_one_layer_has_are_told(places: tuple[Path, Path]) -> None:
    layer(places[0], entry("a"), entry("b"))
    layer(places[1], entry("c"), entry("a"), entry("d"))

    assert compare_layers(*places) == LayerDifference(
        first=FileDifference(path="b", kind="missing", text="is only in the first"),
        paths=("b", "c", "d"),
    )
    assert compare_layers(*reversed(places)).first == FileDifference(
        path="c", kind="missing", text="is only in the first"
    )


def test_the_same_files_in_another_order_have_no_first_difference(
    places: tuple[Path, Path],
) -> None:
    layer(places[0], entry("a"), entry("./b"))
    layer(places[1], entry("b"), entry("a"))

    assert compare_layers(*places) == LayerDifference(first=None, paths=())


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        (f"{SITE}/pets/__init__.py", "pets 1.0"),
        (f"{SITE}/pets/__pycache__/__init__.cpython-311.pyc", "pets 1.0"),
        ("opt/env/bin/pets", "pets 1.0"),
        ("opt/env/lib/libzoo.so", "zoo 2.0"),
        ("opt/env/lib/else", ""),
    ],
)
def test_the_package_that_brought_a_file_is_told(
    places: tuple[Path, Path], path: str, owner: str
) -> None:
    record = b"pets/__init__.py,,\n../../../bin/pets,,\n"
    meta = json.dumps({"name": "zoo", "version": "2.0", "files": ["lib/libzoo.so"]}).encode()
    lists = (
        entry(f"{SITE}/pets-1.0.dist-info/RECORD", record),
        entry("opt/env/conda-meta/zoo-2.0-0.json", meta),
        entry("opt/env/conda-meta/broken.json", b"[]"),
    )
    layer(places[0], *lists, entry(path, b"a"))
    layer(places[1], *lists, entry(path, b"b"))

    first = compare_layers(*places).first
    assert first is not None
    assert (first.path, first.owner) == (path, owner)


def test_layers_can_be_looked_into_however_they_are_compressed(places: tuple[Path, Path]) -> None:
    for place, content in zip(places, (b"pets", b"pats"), strict=True):
        archive = gzip.decompress(layer(place, entry("a", content)).read_bytes())
        with ZstdFile(place, "w") as file:
            file.write(archive)

    found = compare_layers(*places)

    text = "has 0x65 at byte 1 in the first and 0x61 in the second"
    first = FileDifference(path="a", kind="content", text=text, offset=1)
    assert found == LayerDifference(first=first, paths=("a",))


def test_a_layer_that_is_no_archive_is_an_error(places: tuple[Path, Path]) -> None:
    layer(places[0], entry("a"))
    places[1].write_bytes(b"\x28\xb5\x2f\xfd" + b"zstd" * 200)

    with pytest.raises(tarfile.TarError):
        compare_layers(*places)
