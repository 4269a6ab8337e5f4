"""What is read of uv's cache, and what of it says nothing."""

from __future__ import annotations

from pathlib import Path

import msgpack
import pytest

from envc.resolve.index.page import IndexFile
from envc.resolve.pip.uv_cache import complete_sole, list_folders

WHEEL = IndexFile(filename="a_b-1.0-py3-none-any.whl", url="https://files.example/a")
PINS = {"a-b": "1.0"}
FRESHNESS = b"\0\xffwhat follows an entry"


def _entry(
    name: str = "a-b", version: str = "1.0", requires_python: object = ">=3.8,<3.12"
) -> list[object]:
    return [name, version, ["c>=1 ; extra == 'd'"], requires_python, ["d"], False]


def _keep(cache: Path, entry: object, place: str = "pypi/a-b/1.0-py3-none-any") -> Path:
    """Write an entry as uv does."""
    path = cache / "wheels-v8" / f"{place}.msgpack"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgpack.packb(entry) + FRESHNESS)
    return path


def _said(cache: Path, *files: IndexFile) -> list[str | None]:
    """Return the Pythons of each wheel of which they are known."""
    found = complete_sole(cache, PINS, {"a-b": files})
    return [one.requires_python for one in found.values()]


@pytest.mark.parametrize("requires_python", [">=3.8,<3.12", None])
def test_the_pythons_of_a_wheel_are_what_its_metadata_says(
    requires_python: str | None, tmp_path: Path
) -> None:
    _keep(tmp_path, _entry(requires_python=requires_python))

    assert _said(tmp_path, WHEEL) == [requires_python]


@pytest.mark.parametrize(
    "place", ["pypi/a-b/1.0-0123456789abcdef", "index/0123/a-b/1.0-py3-none-any"]
)
def test_neither_the_name_of_an_entry_nor_the_index_matters(place: str, tmp_path: Path) -> None:
    _keep(tmp_path, _entry(), place)

    assert _said(tmp_path, WHEEL) == [">=3.8,<3.12"]


def test_other_versions_say_nothing(tmp_path: Path) -> None:
    _keep(tmp_path, _entry())
    _keep(tmp_path, _entry(version="2.0", requires_python=">=3.13"), "pypi/a-b/2.0-py3-none-any")

    assert _said(tmp_path, WHEEL) == [">=3.8,<3.12"]


def test_entries_that_do_not_agree_say_nothing(tmp_path: Path) -> None:
    _keep(tmp_path, _entry())
    _keep(tmp_path, _entry(requires_python=None), "index/0123/a-b/1.0-py3-none-any")

    assert _said(tmp_path, WHEEL) == []


def test_of_several_wheels_nothing_is_said(tmp_path: Path) -> None:
    _keep(tmp_path, _entry())

    assert _said(tmp_path, WHEEL, WHEEL) == []


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a-b", "version": "1.0"},
        _entry()[:5],
        [*_entry(), "more"],
        _entry(name="a_b"),
        _entry(requires_python=["3.8"]),
        7,
    ],
)
def test_an_entry_of_another_form_says_nothing(entry: object, tmp_path: Path) -> None:
    _keep(tmp_path, entry)

    assert _said(tmp_path, WHEEL) == []


@pytest.mark.parametrize("left", [0, 1, 20])
def test_a_cut_entry_says_nothing(left: int, tmp_path: Path) -> None:
    place = _keep(tmp_path, _entry())
    place.write_bytes(place.read_bytes()[:left])

    assert _said(tmp_path, WHEEL) == []


def test_a_folder_in_the_place_of_an_entry_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "wheels-v8/pypi/a-b/1.0-py3-none-any.msgpack").mkdir(parents=True)

    assert _said(tmp_path, WHEEL) == []


@pytest.mark.parametrize("number", ["4", "9", "10", "x"])
def test_entries_of_an_unknown_number_are_not_read(number: str, tmp_path: Path) -> None:
    _keep(tmp_path, _entry())
    (tmp_path / "wheels-v8").rename(tmp_path / f"wheels-v{number}")

    assert list(list_folders(tmp_path)) == []
    assert _said(tmp_path, WHEEL) == []


def test_only_the_newest_number_counts(tmp_path: Path) -> None:
    _keep(tmp_path, _entry())
    (tmp_path / "wheels-v10").mkdir()

    assert _said(tmp_path, WHEEL) == []


def test_without_a_cache_nothing_is_said(tmp_path: Path) -> None:
    assert _said(tmp_path / "none", WHEEL) == []
