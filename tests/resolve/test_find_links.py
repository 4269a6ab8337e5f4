"""Wheels beside the indexes, from pages and folders, and wheels by their addresses: for both pip solvers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envc.errors import EnvcError, InputError
from envc.lock.package import PipPackage
from envc.resolve.base import Conflict, FindLinks, IndexAccess, PipRequest, PipResolution
from envc.source import Source
from support.index import Dist, IndexServer, write_wheel
from support.pip_world import MACHINE, ask, local_wheel, silent, solvers

A10, A20 = Dist(name="a", version="1.0"), Dist(name="a", version="2.0")
B10 = Dist(name="b", version="1.0")
CANARY = "c4n4ry-t0ken"
each_solver = pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])


def _page(server: IndexServer, **more: str) -> FindLinks:
    page = IndexAccess(url=server.links_url, statement="find-links", **more)  # type: ignore[arg-type]
    return FindLinks(page=page)


def _folder(folder: Path, *dists: Dist, path: str = "wheels") -> FindLinks:
    for dist in dists:
        for tag in dist.tags:
            write_wheel(folder / path, dist, tag)
    (folder / path).mkdir(exist_ok=True)
    return FindLinks(folder=folder / path, path=path)


def _answer(folder: Path, number: int, request: PipRequest) -> PipResolution:
    answer = solvers(folder)[number].resolve(request, silent)
    assert isinstance(answer, PipResolution)
    return answer


def _pins(folder: Path, number: int, request: PipRequest) -> list[str]:
    return [f"{one.name} {one.version}" for one in _answer(folder, number, request).packages]


def _problems(folder: Path, number: int, request: PipRequest) -> list[tuple[str, str]]:
    with pytest.raises(EnvcError) as caught:
        solvers(folder)[number].resolve(request, silent)
    return [(one.code, one.message) for one in caught.value.diagnostics]


@each_solver
def test_a_page_offers_wheels_beside_the_index_with_their_addresses(
    number: int, tmp_path: Path
) -> None:
    needy = Dist(name="a", version="2.0", requires=("b",))
    with IndexServer([A10, B10]) as index, IndexServer([needy]) as links:
        request = ask("a", index=index, find_links=[_page(links)])
        answer = _answer(tmp_path, number, request)

        wheel, other = links.file("a-2.0-py3-none-any.whl"), index.file("b-1.0-py3-none-any.whl")
        assert answer.packages == (
            PipPackage(
                name="a",
                version="2.0",
                url=links.file_url(wheel.name),
                sha256=wheel.sha256,
                size=len(wheel.content),
                index=links.links_url,
            ),
            PipPackage(
                name="b",
                version="1.0",
                url=index.file_url(other.name),
                sha256=other.sha256,
                size=len(other.content),
                index=index.url,
            ),
        )


@each_solver
def test_a_folder_offers_wheels_that_are_locked_by_their_paths(number: int, tmp_path: Path) -> None:
    place = _folder(tmp_path, Dist(name="a", version="2.0", requires=("b",)))
    with IndexServer([A10, B10]) as index:
        answer = _answer(tmp_path, number, ask("a", index=index, find_links=[place]))

    wheel = local_wheel(tmp_path, Dist(name="a", version="2.0", requires=("b",)))
    assert answer.packages[0] == PipPackage(
        name="a",
        version="2.0",
        path="wheels/a-2.0-py3-none-any.whl",
        sha256=wheel.sha256,
        size=wheel.size,
    )


@each_solver
def test_no_index_is_needed_where_find_links_has_all(number: int, tmp_path: Path) -> None:
    place = _folder(tmp_path, Dist(name="a", version="2.0", requires=("b",)), B10)

    assert _pins(tmp_path, number, ask("a", index=[], find_links=[place])) == ["a 2.0", "b 1.0"]


@each_solver
def test_the_best_version_wins_wherever_it_is(number: int, tmp_path: Path) -> None:
    with IndexServer([A20, Dist(name="b", version="3.0")]) as index:
        place = _folder(tmp_path, A10, Dist(name="b", version="4.0"))
        answer = _answer(tmp_path, number, ask("a", "b", index=index, find_links=[place]))

    assert [(one.version, one.path) for one in answer.packages] == [
        ("2.0", None),
        ("4.0", "wheels/b-4.0-py3-none-any.whl"),
    ]


@each_solver
def test_of_one_version_the_best_wheel_wins_and_then_the_first_place(
    number: int, tmp_path: Path
) -> None:
    special = Dist(name="a", version="1.0", tags=(f"cp37-abi3-manylinux_2_17_{MACHINE}",))
    with IndexServer([special, B10]) as index:
        first, second = _folder(tmp_path, A10, B10), _folder(tmp_path, B10, path="more")
        request = ask("a", "b", index=index, find_links=[second, first])
        answer = _answer(tmp_path, number, request)

    assert [(one.filename, one.path) for one in answer.packages] == [
        (f"a-1.0-cp37-abi3-manylinux_2_17_{MACHINE}.whl", None),
        ("b-1.0-py3-none-any.whl", "more/b-1.0-py3-none-any.whl"),
    ]


@each_solver
def test_wheels_for_others_are_left_aside(number: int, tmp_path: Path) -> None:
    place = _folder(
        tmp_path,
        A10,
        Dist(name="a", version="2.0", tags=("cp37-abi3-win32",)),
        Dist(name="a", version="3.0", requires_python=">=3.99"),
        Dist(name="a", version="4.0", requires_python="<3"),
    )

    assert _pins(tmp_path, number, ask("a", index=[], find_links=[place])) == ["a 1.0"]


@each_solver
def test_a_date_hides_nothing_of_find_links(number: int, tmp_path: Path) -> None:
    old = Dist(name="b", version="1.0", uploaded="2020-01-01T00:00:00Z")
    with IndexServer([A10, old]) as index, IndexServer([A20]) as links:
        request = ask(
            "a",
            "b",
            index=index,
            find_links=[_page(links)],
            before="2026-02-01T00:00:00+00:00",
        )

        assert _pins(tmp_path, number, request) == ["a 2.0", "b 1.0"]


@each_solver
def test_a_page_gets_its_credentials_and_nobody_else_does(number: int, tmp_path: Path) -> None:
    with (
        IndexServer([B10]) as index,
        IndexServer([A20], credentials=f"user:{CANARY}") as links,
    ):
        place = _page(links, secret="TOKEN", credentials=f"user:{CANARY}")
        request = ask("a", "b", index=index, find_links=[place])
        answer = _answer(tmp_path, number, request)

    assert [one.version for one in answer.packages] == ["2.0", "1.0"]
    assert CANARY not in repr(answer)
    kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert not [file for file in kept if CANARY.encode() in file.read_bytes()]


@each_solver
def test_a_page_that_refuses_is_told_at_its_line(number: int, tmp_path: Path) -> None:
    source = Source(name="spec", text='find-links "x"')
    with IndexServer([B10]) as index, IndexServer([A20], credentials="a:b") as links:
        page = IndexAccess(url=links.links_url, span=source.span(11, 14), statement="find-links")
        request = ask("a", index=index, find_links=[FindLinks(page=page)])
        with pytest.raises(EnvcError) as caught:
            solvers(tmp_path)[number].resolve(request, silent)

        [problem] = caught.value.diagnostics
        assert (problem.code, problem.message, problem.hint, problem.labels[0].span.text) == (
            "E336",
            f"find-links `{links.links_url}` refuses access with status 401",
            'name the secret that holds its credentials: `find-links "…" secret NAME`',
            '"x"',
        )


@each_solver
def test_a_page_that_is_not_there_is_told(number: int, tmp_path: Path) -> None:
    with IndexServer([A10]) as index:
        page = IndexAccess(url=f"{index.address}/nowhere", statement="find-links")
        request = ask("a", index=index, find_links=[FindLinks(page=page)])

        assert _problems(tmp_path, number, request) == [
            ("E337", f"there is no page at `{page.url}`")
        ]


@each_solver
def test_a_wheel_of_a_folder_that_is_none_is_told(number: int, tmp_path: Path) -> None:
    place = _folder(tmp_path)
    (tmp_path / "wheels" / "a-2.0-py3-none-any.whl").write_bytes(b"no zip")

    assert _problems(tmp_path, number, ask("a", index=[], find_links=[place])) == [
        (
            "E337",
            "the file `a-2.0-py3-none-any.whl` of find-links `wheels` cannot be used: "
            "it is not a zip archive",
        )
    ]


@each_solver
def test_what_nobody_has_names_all_places(number: int, tmp_path: Path) -> None:
    place = _folder(tmp_path, A10)
    with IndexServer([B10]) as index:
        request = ask("c", index=index, find_links=[place])

        assert _problems(tmp_path, number, request) == [
            ("E324", f"there is no distribution `c` on `{index.url}` or `wheels`")
        ]


@each_solver
def test_a_mirror_stands_for_a_page_too(number: int, tmp_path: Path) -> None:
    with IndexServer([A20]) as links:
        page = IndexAccess(url="https://wheels.example.com/links/", statement="find-links")
        mirrors = [
            f"https://wheels.example.com/links={links.address}/links",
            f"https://wheels.example.com/files={links.address}/files",
        ]
        request = ask("a", index=[], find_links=[FindLinks(page=page)], mirrors=mirrors)
        answer = _answer(tmp_path, number, request)

    assert [(one.url, one.index) for one in answer.packages] == [
        ("https://wheels.example.com/files/a-2.0-py3-none-any.whl", page.url)
    ]


@contextmanager
def _served(*dists: Dist) -> Iterator[tuple[IndexServer, str, str]]:
    """Yield a server, the address of its first wheel, and the wheel's hash."""
    with IndexServer(dists) as server:
        file = server.file(f"{dists[0].name}-{dists[0].version}-py3-none-any.whl")
        yield server, server.file_url(file.name), file.sha256


@each_solver
@pytest.mark.parametrize("pinned", [True, False])
def test_a_wheel_is_taken_by_its_address_and_locked_with_its_hash(
    pinned: bool, number: int, tmp_path: Path
) -> None:
    direct = Dist(name="a", version="3.0", requires=("b",), extras={"x": ("c",)})
    others = [Dist(name="a", version="9.0"), B10, Dist(name="c", version="1.0")]
    with _served(direct) as (server, url, sha256), IndexServer(others) as index:
        fragment = f"#sha256={sha256}" if pinned else ""
        text = f"A[x] @ {url}{fragment} ; sys_platform == 'linux'"
        answer = _answer(tmp_path, number, ask(text, index=index))

        first, *rest = answer.packages
        size = len(server.file("a-3.0-py3-none-any.whl").content)
        assert first == PipPackage(name="a", version="3.0", url=url, sha256=sha256, size=size)
        assert [one.name for one in rest] == ["b", "c"]


@each_solver
def test_another_requirement_may_meet_a_wheel_by_its_address(number: int, tmp_path: Path) -> None:
    top = Dist(name="top", version="1.0", requires=("a>=2",))
    with _served(Dist(name="a", version="3.0")) as (_, url, _), IndexServer([top, A20]) as index:
        pins = _pins(tmp_path, number, ask(f"a @ {url}", "top", index=index))

    assert pins == ["a 3.0", "top 1.0"]


@each_solver
def test_a_wheel_with_a_hash_is_fetched_once(number: int, tmp_path: Path) -> None:
    with _served(A10) as (server, url, sha256):
        request = ask(f"a @ {url}#sha256={sha256}", index=[])
        for _ in range(2):
            assert _pins(tmp_path, number, request) == ["a 1.0"]

    assert server.requests == ["/files/a-1.0-py3-none-any.whl"]


@each_solver
def test_a_marker_for_others_fetches_nothing(number: int, tmp_path: Path) -> None:
    with _served(A10) as (server, url, _):
        request = ask(f"a @ {url} ; sys_platform == 'win32'", index=[])

        assert _pins(tmp_path, number, request) == []
    assert server.requests == []


@each_solver
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a @ {url}#sha256=" + "0" * 64,
            "the file at `{url}` has another hash than the requirement says",
        ),
        ("a @ {url}#sha256=12", "`#sha256=12` is not a SHA-256"),
        ("b @ {url}", "`a-1.0-py3-none-any.whl` is a wheel of `a`, not of `b`"),
        ("a @ {url}x.whl", "there is no file at `{url}x.whl`"),
        ("a @ {host}/simple/a/x.whl", "`x.whl` is not the name of a wheel"),
    ],
)
def test_a_wheel_that_is_not_what_the_requirement_says_is_refused(
    text: str, message: str, number: int, tmp_path: Path
) -> None:
    with _served(A10) as (server, url, _):
        places = {"url": url, "host": server.address}
        request = ask(text.format(**places), index=[])
        with pytest.raises(InputError) as caught:
            solvers(tmp_path)[number].resolve(request, silent)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message) == ("E331", message.format(**places))
    assert problem.labels[0].span.text == text.format(**places)


@each_solver
def test_a_file_at_an_address_that_is_no_wheel_is_refused(number: int, tmp_path: Path) -> None:
    with IndexServer(pages={"x-1.0-py3-none-any.whl": "<html>"}) as server:
        url = f"{server.url}/x-1.0-py3-none-any.whl"

        assert _problems(tmp_path, number, ask(f"x @ {url}", index=[])) == [
            ("E331", f"the file at `{url}` is not a wheel: it is not a zip archive")
        ]


@each_solver
def test_a_wheel_by_its_address_cannot_replace_what_conda_provides(
    number: int, tmp_path: Path
) -> None:
    with _served(A10) as (_, url, _):
        request = ask(f"a @ {url}", index=[], provided={"a": "1.0"})
        answer = solvers(tmp_path)[number].resolve(request, silent)

    assert isinstance(answer, Conflict)
    assert answer.message == (
        f"`a` comes from both sides: the wheel at `{url}` is `a` 1.0, and Conda provides `a` 1.0"
    )


@each_solver
def test_a_wheel_by_its_address_must_fit_the_target(number: int, tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", tags=("cp37-abi3-win32",))]) as server:
        url = server.file_url("a-1.0-cp37-abi3-win32.whl")

        [(code, message)] = _problems(tmp_path, number, ask(f"a @ {url}", index=[]))

    assert (code, message.startswith(f"the wheel `{url}` does not fit Python")) == ("E322", True)


@each_solver
def test_a_wheel_by_its_path_and_by_its_address_are_one_too_many(
    number: int, tmp_path: Path
) -> None:
    wheel = local_wheel(tmp_path, A20)
    with _served(A10) as (_, url, _):
        request = ask(f"a @ {url}", index=[], wheels=[wheel])

        assert _problems(tmp_path, number, request) == [
            ("E323", f"`{url}` and `{wheel.path}` are both `a`")
        ]
