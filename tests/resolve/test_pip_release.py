"""What is known of a release is not asked again, and what has changed since is still seen."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from packaging.requirements import Requirement

from envc.errors import ToolError
from envc.resolve.base import IndexAccess, PipRequest, PipResolution
from envc.resolve.index.client import IndexClient
from envc.resolve.index.transport import Transport
from envc.resolve.pip import uv_cache
from envc.resolve.pip.input import PipInput, Root, target_of
from envc.resolve.pip.release import Releases
from envc.resolve.pip.uv import Uv
from envc.resolve.pip.uv_answer import parse_answer, write_preferred
from support.index import Dist, IndexServer
from support.pip_world import CP, MACHINE, ask, silent

PYPI = "https://pypi.org/simple"
HERE = platform.python_version()
SPECIAL = f"{CP}-{CP}-manylinux_2_17_{MACHINE}"
TWO = (SPECIAL, "py3-none-any")


def _resolve(cache: Path, request: PipRequest) -> PipResolution:
    """Resolve with a uv that remembers nothing: its cache keeps pages for ten minutes."""
    shutil.rmtree(cache / "uv", ignore_errors=True)
    answer = Uv(cache=cache, environment={}, retries=0).resolve(request, silent)
    assert isinstance(answer, PipResolution)
    return answer


def _releases(cache: Path, request: PipRequest) -> tuple[IndexClient, Releases]:
    """Return what finds releases for a request as `Uv` does."""
    kept, transport = cache / "metadata", Transport({}, retries=0)
    client = IndexClient(request.indexes, request.mirrors, transport, kept)
    roots = tuple(Root(asked=one, parsed=Requirement(one.text)) for one in request.requirements)
    given = PipInput(request=request, target=target_of(request), roots=roots)
    return client, Releases(given, client, kept)


def _ask_pypi(index: IndexServer, wanted: str = "a", python: str = HERE) -> PipRequest:
    """Return a request for something of PyPI, whose mirror is asked."""
    mirrors = [f"{PYPI}={index.url}", f"https://files.pythonhosted.org={index.address}/files"]
    return ask(wanted, index=[IndexAccess(url=PYPI)], mirrors=mirrors, python_version=python)


def _files(answer: PipResolution) -> list[str | None]:
    return [one.filename for one in answer.packages]


def _pages(index: IndexServer) -> list[str]:
    """Return the pages that were asked for since the last time, sorted."""
    asked = sorted(path for path in index.requests if path.startswith("/simple/"))
    index.requests.clear()
    return asked


def _skip_with_new_uv(cache: Path) -> None:
    """Skip where uv keeps metadata in a form that nobody here knows yet: then pages are read."""
    if not list(uv_cache.list_folders(cache / "uv")):
        pytest.skip("this uv's cache has a form that envc does not read")


@pytest.mark.parametrize("form", ["html", "json"])
@pytest.mark.parametrize("has_metadata", [True, False])
def test_no_page_is_read_beside_uv_for_a_release_with_one_wheel(
    form: Literal["html", "json"], has_metadata: bool, tmp_path: Path
) -> None:
    dists = [
        Dist(name="a", version="2.0", requires=("b",), metadata=has_metadata),
        Dist(name="a", version="1.0", metadata=has_metadata),
        Dist(name="b", version="1.0", requires_python=">=3.8", metadata=has_metadata),
    ]
    with IndexServer(dists, form=form) as index:
        first = _resolve(tmp_path, _ask_pypi(index))
        _skip_with_new_uv(tmp_path)
        before = _pages(index)
        second = _resolve(tmp_path, _ask_pypi(index))

        assert before == ["/simple/a/", "/simple/b/"]
        assert _pages(index) == before
        assert second == first


def test_elsewhere_than_on_pypi_a_page_is_read_once(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")]) as index:
        first = _resolve(tmp_path, ask("a", index=index))
        before = _pages(index)
        second = _resolve(tmp_path, ask("a", index=index))

        assert before == ["/simple/a/", "/simple/a/"]
        assert _pages(index) == ["/simple/a/"]  # uv's own
        assert second == first


def test_a_page_is_read_once_where_uv_keeps_what_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uv_cache, "_KNOWN", range(0))
    dists = [
        Dist(name="a", version="2.0", requires_python=">=3.8,<3.9"),
        Dist(name="a", version="1.0", requires=("b",)),
        Dist(name="b", version="1.0", requires_python=">=3.8"),
    ]
    with IndexServer(dists) as index:
        first = _resolve(tmp_path, _ask_pypi(index, "a<2"))
        before = _pages(index)
        second = _resolve(tmp_path, _ask_pypi(index, "a<2"))

        assert before == ["/simple/a/", "/simple/a/", "/simple/b/", "/simple/b/"]
        assert _pages(index) == ["/simple/a/", "/simple/b/"]  # uv's own
        assert _files(first) == ["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"]
        assert second == first


@pytest.mark.parametrize("is_pypi", [True, False])
def test_what_a_page_does_not_say_is_no_limit(is_pypi: bool, tmp_path: Path) -> None:
    dist = Dist(name="a", version="1.0", requires_python=">=3.8,<3.12", page_python="")
    with IndexServer([dist]) as index:
        request = _ask_pypi(index, python="3.12.4")
        if not is_pypi:
            request = ask("a", index=index, python_version="3.12.4")

        assert _files(_resolve(tmp_path, request)) == ["a-1.0-py3-none-any.whl"]


def test_a_page_can_say_more_than_metadata(tmp_path: Path) -> None:
    dists = [
        Dist(name="a", version="2.0", requires_python=">=3.8", page_python=">=3.8,<3.12"),
        Dist(name="a", version="1.0", requires_python=">=3.8"),
    ]
    with IndexServer(dists) as index:
        request = ask("a", index=index, python_version="3.12.4")

        assert _files(_resolve(tmp_path, request)) == ["a-1.0-py3-none-any.whl"]


def test_an_upper_bound_of_a_wheel_on_pypi_counts(tmp_path: Path) -> None:
    dists = [
        Dist(name="a", version="2.0", requires_python=">=3.8,<3.12"),
        Dist(name="a", version="1.0", requires_python=">=3.8"),
    ]
    with IndexServer(dists, form="json") as index:
        found = _resolve(tmp_path, _ask_pypi(index, python="3.12.4"))

        assert _files(found) == ["a-1.0-py3-none-any.whl"]


def test_extras_are_judged_without_another_page(tmp_path: Path) -> None:
    dists = [Dist(name="a", version="1.0", extras={"more": ("b",)}), Dist(name="b", version="1.0")]
    with IndexServer(dists) as index:
        request = ask("a[more,much]", index=index)
        first = _resolve(tmp_path, request)
        index.requests.clear()
        second = _resolve(tmp_path, request)

        assert _pages(index) == ["/simple/a/", "/simple/b/"]
        assert [one.code for one in second.warnings] == ["W320"]
        assert second == first


def test_a_release_that_was_withdrawn_since_is_told(tmp_path: Path) -> None:
    good = Dist(name="a", version="1.0")
    with IndexServer([good]) as index:
        request = ask("a==1.0", index=index)
        before = _resolve(tmp_path, request)
        index.offer([replace(good, yanked="leaks")])
        after = _resolve(tmp_path, request)

        assert before.warnings == ()
        message = f"`a` 1.0 was withdrawn from `{index.url}`: leaks"
        assert [one.message for one in after.warnings] == [message]
        assert after.packages == before.packages


def test_a_release_that_is_no_longer_withdrawn_is_not_told(tmp_path: Path) -> None:
    good = Dist(name="a", version="1.0")
    with IndexServer([replace(good, yanked="leaks")]) as index:
        request = ask("a==1.0", index=index)
        before = _resolve(tmp_path, request)
        index.offer([good])
        after = _resolve(tmp_path, request)

        assert [one.code for one in before.warnings] == ["W321"]
        assert after.warnings == ()


def test_one_wheel_of_several_that_was_withdrawn_since_is_not_taken(tmp_path: Path) -> None:
    special = Dist(name="a", version="1.0", tags=(SPECIAL,))
    plain = Dist(name="a", version="1.0")
    with IndexServer([special, plain]) as index:
        request = ask("a", index=index)
        before = _resolve(tmp_path, request)
        index.offer([replace(special, yanked=""), plain])
        after = _resolve(tmp_path, request)

        assert _files(before) == [f"a-1.0-{SPECIAL}.whl"]
        assert _files(after) == ["a-1.0-py3-none-any.whl"]


def test_of_several_wheels_on_pypi_the_page_is_read_once_too(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", tags=TWO)], form="json") as index:
        request = _ask_pypi(index)
        first = _resolve(tmp_path, request)
        index.requests.clear()
        second = _resolve(tmp_path, request)

        assert _pages(index) == ["/simple/a/"]
        assert _files(second) == [f"a-1.0-{SPECIAL}.whl"]
        assert second == first


def test_a_better_wheel_that_came_since_is_taken(tmp_path: Path) -> None:
    plain = Dist(name="a", version="1.0")
    with IndexServer([plain]) as index:
        request = ask("a", index=index)
        before = _resolve(tmp_path, request)
        index.offer([plain, replace(plain, tags=(SPECIAL,))])
        after = _resolve(tmp_path, request)

        assert _files(before) == ["a-1.0-py3-none-any.whl"]
        assert _files(after) == [f"a-1.0-{SPECIAL}.whl"]


def test_a_wheel_of_the_same_name_that_has_other_bytes_now_is_looked_at_anew(
    tmp_path: Path,
) -> None:
    old = Dist(name="a", version="1.0")
    with IndexServer([old]) as index:
        request = ask("a", index=index)
        before = _resolve(tmp_path, request)
        index.offer([replace(old, requires_python=">=3")])
        after = _resolve(tmp_path, request)

        assert _files(after) == _files(before)
        assert after.packages[0].sha256 == index.file("a-1.0-py3-none-any.whl").sha256


def test_a_release_for_older_pythons_stays_one(tmp_path: Path) -> None:
    dists = [
        Dist(name="a", version="2.0", requires_python=">=3.8,<3.9"),
        Dist(name="a", version="1.0"),
    ]
    with IndexServer(dists) as index:
        request = ask("a", index=index)
        found = [_files(_resolve(tmp_path, request)) for _ in range(3)]

        assert found == [["a-1.0-py3-none-any.whl"]] * 3


def test_what_is_kept_for_one_target_says_nothing_of_another(tmp_path: Path) -> None:
    dists = [
        Dist(name="a", version="2.0", requires_python=">=3.8,<3.12"),
        Dist(name="a", version="1.0"),
    ]
    with IndexServer(dists) as index:
        found = [
            _files(_resolve(tmp_path, ask("a", index=index, python_version=version)))
            for version in ("3.11.4", "3.12.1", "3.11.4", "3.12.1")
        ]

        older, newer = ["a-2.0-py3-none-any.whl"], ["a-1.0-py3-none-any.whl"]
        assert found == [older, newer, older, newer]


def test_of_two_indexes_the_first_that_knows_a_name_is_asked_each_time(tmp_path: Path) -> None:
    one = Dist(name="a", version="1.0")
    with IndexServer([]) as first, IndexServer([one]) as second:
        request = ask("a", index=[first, second])
        before = _resolve(tmp_path, request)
        first.offer([one])
        after = _resolve(tmp_path, request)

        assert [package.index for package in (*before.packages, *after.packages)] == [
            second.url,
            first.url,
        ]


def test_an_index_that_asks_for_credentials_is_asked_each_time(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")], credentials="me:word") as index:
        known, wrong = (
            ask("a", index=[IndexAccess(url=index.url, secret="S", credentials=one)])
            for one in ("me:word", "me:other")
        )
        solver = Uv(cache=tmp_path, environment={}, retries=0)
        solver.resolve(known, silent)

        with pytest.raises(ToolError) as raised:
            solver.resolve(wrong, silent)
        assert [one.code for one in raised.value.diagnostics] == ["E336"]


def test_a_size_that_uv_knows_by_chance_counts_and_is_no_reason_to_read_a_page_again(
    tmp_path: Path,
) -> None:
    with IndexServer([Dist(name="a", version="1.0")], form="html") as index:
        request = ask("a", index=index)
        client, releases = _releases(tmp_path, request)
        (file,) = (client.release("a", "1.0") or pytest.fail("it is there")).files

        def find(size: int | None) -> list[int | None]:
            listed = {"a": (replace(file, size=size),)}
            (found,) = releases.find({"a": "1.0"}, listed, frozenset()).values()
            return [one.size for one in found.files] if found is not None else []

        read = find(123)
        index.requests.clear()
        kept = [find(None), find(123)]

        assert (read, kept) == ([123], [[123], [123]])
        assert index.requests == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a-1.0-py3-none-any.whl": {}}', "\0"])
def test_a_damaged_cache_costs_a_page(text: str, tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", tags=TWO)], form="json") as index:
        request = _ask_pypi(index)
        first = _resolve(tmp_path, request)
        (kept,) = (tmp_path / "metadata").glob("*.release")
        kept.write_text(text)
        index.requests.clear()
        second = _resolve(tmp_path, request)

        assert _pages(index) == ["/simple/a/", "/simple/a/"]
        assert second == first


def test_a_hash_that_the_index_does_not_state_is_that_of_the_file(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", hashed=False)]) as index:
        answer = _resolve(tmp_path, ask("a", index=index))

        assert [one.sha256 for one in answer.packages] == [
            index.file("a-1.0-py3-none-any.whl").sha256
        ]


def test_preferred_versions_are_kept(tmp_path: Path) -> None:
    dists: Sequence[Dist] = [Dist(name="a", version="2.0"), Dist(name="a", version="1.0")]
    with IndexServer(dists[1:]) as index:
        old = _resolve(tmp_path, ask("a", index=index))
        index.offer(dists)
        request = replace(ask("a", index=index), preferred=old.packages)
        again = _resolve(tmp_path, request)

        assert again.packages == old.packages


def test_an_answer_without_wheels_has_pins_only() -> None:
    text = write_preferred({"b": "1.0.0", "a": "2"})

    assert parse_answer(text) == ({"b": "1.0.0", "a": "2"}, {"b": (), "a": ()})
