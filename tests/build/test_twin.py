"""Saved images compared: from archives as engines write them, made by hand."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from envc.build.comparison.difference import FileDifference, LayerDifference
from envc.build.comparison.saved import SavedImage, read_saved
from envc.build.comparison.twin import ImageDifference, compare_images
from envc.errors import ToolError


def archive(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as opened:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    return data.getvalue()


def saved(*layers: bytes, size: int = 700, **config: Any) -> SavedImage:
    """Return an image of these layers, in pieces of `size` bytes."""
    ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
    history = [{"created_by": "ENV A=b", "empty_layer": True}]
    history += [{"created_by": f"COPY {number} / # buildkit"} for number in range(len(layers))]
    own = {"config": {"Env": ["A=b"]}, "history": history, **config}
    blobs = {f"blobs/{one}": layer for one, layer in zip(ids, layers, strict=True)}
    listing = [{"Config": "blobs/config", "Layers": [f"blobs/{one}" for one in ids]}]
    files = {
        **blobs,
        "blobs/config": json.dumps({**own, "rootfs": {"diff_ids": ids}}).encode(),
        "manifest.json": json.dumps(listing).encode(),
    }
    content = archive(files)
    return read_saved(lambda: pieces(content, size))


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


A, B, C = (archive({"etc/x": text}) for text in (b"a", b"b", b"c"))


def test_equal_images_have_no_difference() -> None:
    assert compare_images(saved(A, B), saved(A, B, size=1)) is None


def test_the_first_layer_that_differs_is_looked_into() -> None:
    first, second = saved(A, B, C), saved(A, C, B)

    assert compare_images(first, second) == ImageDifference(
        layer=1,
        diff_ids=(first.config["rootfs"]["diff_ids"][1], second.config["rootfs"]["diff_ids"][1]),
        command="COPY 1 / # buildkit",
        files=LayerDifference(
            first=FileDifference(
                path="etc/x",
                kind="content",
                text="has 0x62 at byte 0 in the first and 0x63 in the second",
                offset=0,
            ),
            paths=("etc/x",),
        ),
    )


def test_a_layer_that_only_one_image_has_is_told() -> None:
    found = compare_images(saved(A), saved(A, B))

    assert found is not None
    assert (found.layer, found.diff_ids[0], found.files) == (1, None, None)
    assert found.command == "COPY 1 / # buildkit"


def test_a_layer_that_cannot_be_read_is_told_without_its_files() -> None:
    found = compare_images(saved(A), saved(b"\x28\xb5\x2f\xfd" * 300))

    assert found is not None
    assert (found.layer, found.files) == (0, None)


@pytest.mark.parametrize(
    ("other", "setting", "values"),
    [
        ({"created": "2000"}, "created", ("nothing", "2000")),
        ({"config": {"Env": ["A=c"]}}, "config.Env", ("['A=b']", "['A=c']")),
        ({"config": {"Env": ["A=b"], "User": "1"}}, "config.User", ("nothing", "1")),
    ],
)
def test_a_setting_that_differs_is_told(
    other: dict[str, Any], setting: str, values: tuple[str, str]
) -> None:
    assert compare_images(saved(A), saved(A, **other)) == ImageDifference(
        setting=setting, values=values
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an archive" * 100,
        archive({"a": b""}),
        archive({"manifest.json": b"[]"}),
        archive({"manifest.json": b'[{"Config": "c", "Layers": []}]', "c": b"no"}),
        archive({"manifest.json": b"x" * 2000})[:1000],
    ],
)
def test_what_is_no_saved_image_is_refused(content: bytes) -> None:
    with pytest.raises(ToolError) as caught:
        read_saved(lambda: iter([content]))

    assert [problem.code for problem in caught.value.diagnostics] == ["E662"]


def test_a_layer_that_is_not_there_is_refused() -> None:
    image = SavedImage(config={}, layers=("blobs/x",), open=lambda: iter([A]))

    with pytest.raises(ToolError) as caught:
        image.copy_layer(0, io.BytesIO())

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.notes) == ("E662", ("it has no `blobs/x`",))
