"""`envc lock` anew of a spec that was locked before: uv is asked at once, and only where it may be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support.index import IndexServer
from support.workspace import EnvcMain, Ran
from support.zoo import DIGEST, NEW, ZOO


@pytest.fixture
def spec(folder: Path) -> Path:
    """A spec of one file."""
    path = folder / "zoo.envc"
    path.write_text(ZOO)
    return path


def _lock(envc: EnvcMain, index: IndexServer, *words: str) -> tuple[Ran, list[str]]:
    """Lock, and return also which pages uv asked for."""
    index.requests.clear()
    ran = envc("lock", "--mirror", f"https://pypi.org={index.url.removesuffix('/simple')}", *words)
    return ran, [path for path in index.requests if path.startswith("/simple/")]


def _kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("asked/*.json"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own-cache"
    monkeypatch.setenv("ENVC_CACHE", str(path))
    return path


def test_the_same_spec_anew_is_asked_for_once(spec: Path, cache: Path, envc: EnvcMain) -> None:
    with IndexServer(NEW) as index:
        _lock(envc, index, spec.name)
        (place,) = _kept(cache)
        shutil.rmtree(cache / "uv")  # which would answer instead
        ran, pages = _lock(envc, index, "--update", spec.name)

    assert (ran.code, _kept(cache)) == (0, [place])
    assert pages == ["/simple/app/"]


def test_a_lock_that_is_right_still_asks_nobody(spec: Path, cache: Path, envc: EnvcMain) -> None:
    with IndexServer(NEW) as index:
        _lock(envc, index, spec.name)
        ran, pages = _lock(envc, index, spec.name)

    assert (ran.code, pages, len(_kept(cache))) == (0, [], 1)


def test_nothing_is_asked_where_the_network_is_not_to_be_used(
    spec: Path, cache: Path, envc: EnvcMain
) -> None:
    with IndexServer(NEW) as index:
        _lock(envc, index, spec.name)
        ran, pages = _lock(envc, index, "--update", "--offline", spec.name)

    assert (ran.code, pages, len(_kept(cache))) == (1, [], 1)


def test_a_file_that_the_spec_extends_counts_too(folder: Path, cache: Path, envc: EnvcMain) -> None:
    base, spec = folder / "base.envc", folder / "zoo.envc"
    base.write_text(
        f'environment base\nbase image "python:3.12-slim-bookworm@{DIGEST}"\npython 3.12\n'
        "pip { app }\n"
    )
    spec.write_text('environment zoo\nextends "base.envc"\n')
    with IndexServer(NEW) as index:
        _lock(envc, index, spec.name)
        base.write_text(base.read_text().replace("{ app }", "{ lib }"))
        ran, pages = _lock(envc, index, "--update", spec.name)

    assert ran.code == 0, ran.err
    assert not [page for page in pages if "app" in page]
    assert '"lib"' in (folder / "zoo.lock").read_text()


def test_another_index_is_asked_instead_and_not_as_well(
    spec: Path, cache: Path, envc: EnvcMain
) -> None:
    with IndexServer(NEW) as first, IndexServer(NEW) as second:
        _lock(envc, first, spec.name)
        first.requests.clear()
        ran, pages = _lock(envc, second, "--update", spec.name)

    assert ran.code == 0, ran.err
    assert pages
    assert first.requests == []


def test_a_spec_that_is_wrong_now_is_told_as_ever(
    folder: Path, cache: Path, envc: EnvcMain
) -> None:
    base, spec = folder / "base.envc", folder / "zoo.envc"
    base.write_text("pip { app }\n")
    spec.write_text(ZOO.replace("pip { app }", 'include "base.envc"'))
    with IndexServer(NEW) as index:
        _lock(envc, index, spec.name)
        base.unlink()
        ran, pages = _lock(envc, index, "--update", "--json", spec.name)

    assert (ran.code, pages) == (1, [])
    assert [one["code"] for one in json.loads(ran.out)["diagnostics"]] == ["E150"]
