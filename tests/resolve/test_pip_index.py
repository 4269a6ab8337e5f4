"""Indexes, as pages and as hosts; wheels, as names and as files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging import tags as packaging_tags

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess, PipResolution, PipSolver
from envc.resolve.index.client import IndexClient, IndexFile, Project
from envc.resolve.index.page import parse_page
from envc.resolve.index.transport import Answer, Transport, basic_auth
from envc.resolve.index.wheel_file import Target, best_wheel, distribution_of, is_of
from envc.resolve.network import network_environment
from envc.resolve.pip.conflict import redact
from envc.resolve.pip.pip_tools import PipTools
from envc.resolve.pip.uv import Uv
from envc.resolve.tools import tools_requirements
from support.index import Dist, IndexServer
from support.pip_world import CP, MACHINE, ask, silent, solvers

SHA = "0123456789abcdef" * 4


def _client(
    index: IndexServer | Sequence[IndexAccess],
    cache: Path,
    environment: Mapping[str, str] | None = None,
) -> IndexClient:
    access = (IndexAccess(url=index.url),) if isinstance(index, IndexServer) else tuple(index)
    return IndexClient(access, MirrorMap(), Transport(environment or {}, retries=0), cache)


def _project(client: IndexClient, name: str) -> Project:
    project = client.project(name)
    assert project is not None
    return project


LINKS = st.sampled_from(
    [
        f'<a href="https://files.example/p/a-1.0-py3-none-any.whl#sha256={SHA}">a</a>',
        '<a href="a-1.0-py3-none-any.whl" data-requires-python="&gt;=3.8" data-yanked>a</a>',
        "<A HREF='../../a-1.0.tar.gz#md5=0'>a</A>",
        '<a data-yanked="no" href="a-1.0-cp312-cp312-linux_x86_64.whl">a</a>',
        '<a href="/files/a-1%2E0-py3-none-any.whl">a</a>',
        '<a href="a-1.0&#43;x-py3-none-any.whl">a</a>',
        '<a href="a-1.0-py3-none-any.whl?token=a-2.0-py3-none-any.whl">a</a>',
        '<a href=" a-1.0-py3-none-any.whl ">a</a>',
        '<a href="a-1.0-py3-none-any.whl"data-yanked>a</a>',
        "<a href=a-1.0-py3-none-any.whl>a</a>",
        '<a href="https://files.example/?f=/a-1.0-py3-none-any.whl">a</a>',
        '<base href="https://other.example/a/">',
        '<base href="https://other.example/a-1.0-py3-none-any.whl">',
        '<!-- <a href="a-1.0-py3-none-any.whl">a</a> -->',
        '<a href="">a</a>',
    ]
)
NAMES = ("a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "a-1.0+x-py3-none-any.whl", "a-2.0.tar.gz")


@given(
    links=st.lists(LINKS, max_size=6),
    versions=st.sets(st.sampled_from(("1.0", "1.0+x", "2.0"))),
    named=st.sets(st.sampled_from(NAMES)),
)
def test_to_leave_files_of_a_page_unread_changes_no_other(
    links: list[str], versions: set[str], named: set[str]
) -> None:
    def is_wanted(filename: str) -> bool:
        return filename in named or any(is_of(filename, "a", one) for one in versions)

    index = IndexAccess(url="https://index.example/simple")
    page = "\n".join(links).encode()
    answer = Answer(url=f"{index.url}/a/", content=page, content_type="text/html")

    whole = parse_page(answer, index)
    assert parse_page(answer, index, is_wanted) == tuple(
        file for file in whole if is_wanted(file.filename)
    )


@given(
    filename=st.from_regex(
        r"(a|A_b|b)-?(1|1\.0|01\.0|1_0|2|v?10|1\.0?a0?|1[-_.]?(post|r|dev)?0?1?|0?1!0?2|1\+x_?0?1)?"
        r"(-py3-none-any)?(-1)?(\.whl|\.tar\.gz|\.zip)"
    ),
    name=st.sampled_from(("a", "a-b", "b")),
    version=st.sampled_from(
        ("1", "1.0", "2", "10", "1a0", "1.0a0", "1.post1", "1.post0", "1.dev1", "1!2", "1+x.1")
    ),
)
def test_a_file_is_of_the_release_that_its_name_says(
    filename: str, name: str, version: str
) -> None:
    assert is_of(filename, name, version) == (distribution_of(filename) == (name, version))


def test_a_release_is_asked_for_once_and_is_part_of_its_project(tmp_path: Path) -> None:
    dists = [Dist(name="a", version=version, sdist=True) for version in ("1.0", "2.0")]
    with IndexServer(dists) as index:
        client = _client(index, tmp_path)
        release, again = client.release("a", "2.0"), client.release("a", "2.0")
        pages = list(index.requests)
        whole = _project(client, "a")

        assert pages == ["/simple/a/"]
        assert release is not None
        assert release is again
        assert release.files == tuple(file for file in whole.files if "-2.0" in file.filename)
        assert client.release("a", "2.0") is whole


def test_an_html_page_gives_what_its_links_say(tmp_path: Path) -> None:
    page = f"""<!DOCTYPE html><html><head><base href="/else/where/"></head><body>
    <a href="a-1.0.tar.gz#md5=0123">a-1.0.tar.gz</a>
    <a href="https://files.example/a-1!2.0+x-py3-none-any.whl#sha256={SHA.upper()}&amp;egg=a"
       data-requires-python="&gt;=3.8" data-yanked>wrong text</a>
    <a href="/x/a%2D3.0-py3-none-any.whl" data-yanked="why" data-core-metadata="true">a</a>
    <a href="a-4.0-py3-none-any.whl#sha256=short" data-dist-info-metadata="false">a</a>
    <a name="top">no link</a><a href="../">up</a>
    </body></html>"""
    with IndexServer(pages={"a": page}) as index:
        files = _project(_client(index, tmp_path), "a").files

        base = index.address
        assert files == (
            IndexFile(filename="a-1.0.tar.gz", url=f"{base}/else/where/a-1.0.tar.gz"),
            IndexFile(
                filename="a-1!2.0+x-py3-none-any.whl",
                url="https://files.example/a-1!2.0+x-py3-none-any.whl",
                sha256=SHA,
                requires_python=">=3.8",
                yanked=True,
            ),
            IndexFile(
                filename="a-3.0-py3-none-any.whl",
                url=f"{base}/x/a%2D3.0-py3-none-any.whl",
                yanked=True,
                yanked_reason="why",
                has_metadata=True,
            ),
            IndexFile(
                filename="a-4.0-py3-none-any.whl",
                url=f"{base}/else/where/a-4.0-py3-none-any.whl",
            ),
        )


@pytest.mark.parametrize("form", ["html", "json"])
def test_both_forms_of_a_page_give_the_same_files_but_for_their_sizes(
    form: Literal["html", "json"], tmp_path: Path
) -> None:
    dists = [
        Dist(
            name="a",
            version="1.0",
            requires_python=">=3.8",
            metadata=True,
            sdist=True,
            uploaded="2026-01-31T01:00:00.5+01:00",
        ),
        Dist(name="a", version="2.0", yanked="broken", hashed=False),
    ]
    with IndexServer(dists, form=form) as index:
        files = _project(_client(index, tmp_path), "a").files

        assert files == tuple(
            IndexFile(
                filename=name,
                url=index.file_url(name),
                sha256=index.file(name).sha256 if version == "1.0" else None,
                size=len(index.file(name).content) if form == "json" else None,
                requires_python=">=3.8" if version == "1.0" else None,
                yanked=version == "2.0",
                yanked_reason="broken" if version == "2.0" else "",
                has_metadata=version == "1.0" and name.endswith(".whl"),
                upload_time=datetime(2026, 1, 31, 0, 0, 0, 500_000, tzinfo=UTC)
                if version == "1.0"
                else None,
            )
            for name, version in (
                ("a-1.0-py3-none-any.whl", "1.0"),
                ("a-1.0.tar.gz", "1.0"),
                ("a-2.0-py3-none-any.whl", "2.0"),
            )
        )


@pytest.mark.parametrize("text", ["soon", "2026-01-31T00:00:00", "", None])
def test_an_upload_time_that_is_none_counts_as_not_stated(text: str | None, tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", uploaded=text)]) as index:
        [file] = _project(_client(index, tmp_path), "a").files

    assert file.upload_time is None


def test_a_page_is_asked_for_once(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")]) as index:
        client = _client(index, tmp_path)

        found = [client.project("a"), client.projects(["a", "b", "a"])["a"], client.project("b")]

        assert found[0] is found[1]
        assert found[2] is None
        assert sorted(index.requests) == ["/simple/a/", "/simple/b/"]


@pytest.mark.parametrize("served", [True, False], ids=["served beside it", "only in the wheel"])
def test_metadata_is_fetched_once_and_then_kept(served: bool, tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0", metadata=served)], parts=True) as index:
        texts = []
        for _ in range(2):
            client = _client(index, tmp_path)
            project = _project(client, "a")
            texts.append(client.metadata(project, project.files[0]))

        text = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n"
        suffix = ".metadata" if served else ""
        assert texts == [text, text]
        assert [path for path in index.requests if path.startswith("/files/")] == [
            f"/files/a-1.0-py3-none-any.whl{suffix}"
        ]


def test_a_file_that_is_not_what_the_index_says_is_refused(tmp_path: Path) -> None:
    page = f'<a href="../../files/a-1.0-py3-none-any.whl#sha256={SHA}">a</a>'
    with IndexServer([Dist(name="b", version="1.0")], pages={"a": page}) as other:
        page = f'<a href="{other.file_url("b-1.0-py3-none-any.whl")}#sha256={SHA}">b</a>'
        with IndexServer(pages={"b": page}) as index:
            client = _client(index, tmp_path)
            project = _project(client, "b")
            with pytest.raises(ToolError) as caught:
                client.metadata(project, project.files[0])

            real = other.file("b-1.0-py3-none-any.whl").sha256
            (found,) = caught.value.diagnostics
            assert (found.code, found.message) == (
                "E337",
                f"the file `b-1.0-py3-none-any.whl` of index `{index.url}` cannot be used: "
                f"its SHA-256 is {real}, not {SHA}",
            )
    assert not any(tmp_path.iterdir())


def test_credentials_go_to_the_index_and_to_no_other_host(tmp_path: Path) -> None:
    file = "b-1.0-py3-none-any.whl"
    with IndexServer([Dist(name="b", version="1.0")], credentials="me:secret") as other:
        page = f'<a href="{other.file_url(file)}">b</a>'
        with IndexServer(pages={"b": page}, credentials="me:secret") as index:
            access = IndexAccess(url=index.url, secret="TOKEN", credentials="me:secret")
            client = _client([access], tmp_path)
            project = _project(client, "b")
            with pytest.raises(ToolError) as caught:
                client.sha256(project, project.files[0])

    assert [one.code for one in caught.value.diagnostics] == ["E336"]


@pytest.mark.parametrize(
    "files",
    [
        None,
        [3],
        [{"filename": "a-1.0-py3-none-any.whl", "url": "a.whl"}],
        [{"filename": "a-1/../b-py3-none-any.whl", "url": "a.whl", "hashes": {}}],
        [{"filename": "a-1.0.tar.gz", "url": "a", "hashes": {}, "size": "7"}],
        [{"filename": "a-1.0.tar.gz", "url": "a", "hashes": {}, "requires-python": 3}],
    ],
)
def test_a_json_page_that_is_none_is_a_failure_of_the_index(tmp_path: Path, files: object) -> None:
    class Broken(IndexServer):
        def _json_page(self, name: str) -> dict[str, object]:
            return {"files": files}

    with Broken([Dist(name="a", version="1.0")], form="json") as index:
        with pytest.raises(ToolError) as caught:
            _client(index, tmp_path).project("a")

        message = f"index `{index.url}` answered with a page that is not of PEP 691"
        assert [(one.code, one.message) for one in caught.value.diagnostics] == [("E337", message)]


def test_a_403_of_pytorch_means_that_it_has_no_such_distribution(tmp_path: Path) -> None:
    with IndexServer(failures={"/": 403}) as index:
        access = IndexAccess(url="http://download.pytorch.org/whl/cpu")
        client = _client([access], tmp_path, {"HTTP_PROXY": index.address})

        assert client.project("six") is None
        assert index.requests == ["/whl/cpu/six/"]


def _make(kind: str, folder: Path, environment: Mapping[str, str]) -> PipSolver:
    if kind == "uv":
        return Uv(cache=folder, environment=environment, retries=0)
    return PipTools(cache=folder, environment=environment, retries=0)


@pytest.mark.parametrize("kind", ["uv", "pip-tools"])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_the_proxy_of_the_environment_is_used(variable: str, kind: str, tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")]) as proxy:
        request = ask("a", index=[IndexAccess(url="http://pypi.invalid/simple")])

        answer = _make(kind, tmp_path, {variable: proxy.address}).resolve(request, silent)

    assert isinstance(answer, PipResolution)
    assert [package.url for package in answer.packages] == [
        "http://pypi.invalid/files/a-1.0-py3-none-any.whl"
    ]


@pytest.mark.parametrize("kind", ["uv", "pip-tools"])
@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "example.com, 127.0.0.1", "*"])
def test_a_host_that_needs_no_proxy_is_asked_directly(
    no_proxy: str, kind: str, tmp_path: Path
) -> None:
    environment = {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": no_proxy}
    with IndexServer([Dist(name="a", version="1.0")]) as index:
        answer = _make(kind, tmp_path, environment).resolve(ask("a", index=index), silent)

    assert isinstance(answer, PipResolution)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("number", [0, 1], ids=["uv", "pip-tools"])
def test_no_process_has_a_credential_among_its_arguments(number: int, tmp_path: Path) -> None:
    seen: set[bytes] = set()

    def look() -> None:
        for process in Path("/proc").iterdir():
            try:
                seen.add((process / "cmdline").read_bytes() if process.name.isdigit() else b"")
            except OSError:
                continue

    dists = [Dist(name="a", version="1.0", requires=("b",)), Dist(name="b", version="1.0")]
    with IndexServer(dists, credentials="me:c4n4ry", watch=look) as index:
        access = IndexAccess(url=index.url, secret="TOKEN", credentials="me:c4n4ry")
        answer = solvers(tmp_path)[number].resolve(ask("a", index=[access]), silent)

    program = (b"uv\0pip\0compile", b"piptools\0compile")[number]
    assert isinstance(answer, PipResolution)
    assert any(program in line for line in seen)
    assert not any(b"c4n4ry" in line for line in seen)


def test_a_bundle_of_certificates_is_found_under_each_name() -> None:
    found = [
        network_environment({name: "/ca.pem", "PIP_CERT": "/no.pem", "HOME": "/root"})
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    ]

    assert found == [{"SSL_CERT_FILE": "/ca.pem"}] * 3


def test_the_lower_case_proxy_wins_as_for_curl() -> None:
    environment = {"https_proxy": "http://low", "HTTPS_PROXY": "http://up", "NO_PROXY": "x"}

    assert network_environment(environment) == {"HTTPS_PROXY": "http://low", "NO_PROXY": "x"}


@pytest.mark.parametrize(
    ("credentials", "auth"),
    [
        ("me:pw", ("me", "pw")),
        ("me:p:w", ("me", "p:w")),
        ("token", ("__token__", "token")),
        (":pw", ("", "pw")),
        ("", None),
        (None, None),
    ],
)
def test_credentials_are_a_pair_or_a_token(
    credentials: str | None, auth: tuple[str, str] | None
) -> None:
    assert basic_auth(IndexAccess(url="https://x", credentials=credentials)) == auth


@given(secret=st.text(min_size=4), before=st.text(), after=st.text())
def test_redacting_leaves_no_secret(secret: str, before: str, after: str) -> None:
    index = IndexAccess(url="https://x", credentials=f"me:{secret}")
    text = f"{before}https://me:{secret}@x/{after}{secret}"

    assert secret.strip("*") == "" or secret not in redact(text, [index])


def test_redacting_hides_the_user_of_any_address() -> None:
    text = redact("see https://me:pw@host/simple and http://host/x@y", [])

    assert text == "see https://***@host/simple and http://host/x@y"


def _files(*names: str) -> list[IndexFile]:
    return [IndexFile(filename=name, url=f"https://x/{name}") for name in names]


LINUX = Target(python_version="3.12", machine="x86_64", glibc="2.28")


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["x-1-1-py3-none-any.whl", "x-1-10a-py3-none-any.whl", "x-1-2-py3-none-any.whl"], 1),
        (["x-1-py3-none-any.whl", "x-1-py2.py3-none-any.whl"], 0),
        (["x-1-py3-none-any.whl", "x-1-py312-none-any.whl"], 1),
        (["x-1-cp312-abi3-manylinux_2_5_x86_64.manylinux1_x86_64.whl", "x-1-py3-none-any.whl"], 0),
        (["x-1-cp312-cp312-linux_x86_64.whl", "x-1-cp310-abi3-manylinux2010_x86_64.whl"], 0),
        (["x-1.tar.gz", "x-1-py3-none-any.whl.metadata", "x.whl", "x-1-py3-none-any.whl"], 3),
        (["x-1-py3-none-win32.whl", "x-1-cp312-cp312-manylinux_2_29_x86_64.whl"], None),
        (["x-1-cp312-cp312-musllinux_1_1_x86_64.whl", "x-1-cp313-cp313-any.whl"], None),
        (["x-1-cp312-cp312t-manylinux_2_17_x86_64.whl"], None),
        ([], None),
    ],
)
def test_the_best_wheel_is_the_one_that_pip_would_take(names: list[str], best: int | None) -> None:
    chosen = best_wheel(_files(*names), LINUX)

    assert (chosen.filename if chosen else None) == (names[best] if best is not None else None)


@pytest.mark.parametrize(("python", "abi"), [("3.6", "cp36m"), ("3.7", "cp37m"), ("3.8", "cp38")])
def test_an_old_pythons_wheels_are_known_by_their_abi(python: str, abi: str) -> None:
    tag = f"cp{python.replace('.', '')}"
    names = [f"x-1-{tag}-{one}-manylinux1_x86_64.whl" for one in (f"{tag}mu", abi, "cp39")]
    target = Target(python_version=python, machine="x86_64", glibc="2.28")

    chosen = best_wheel(_files(*names), target)

    assert chosen is not None
    assert chosen.filename == f"x-1-{tag}-{abi}-manylinux1_x86_64.whl"


@given(names=st.permutations([f"x-1-{build}py3-none-any.whl" for build in ("", "1-", "2-", "2b-")]))
def test_the_best_wheel_does_not_depend_on_the_order_of_the_page(names: list[str]) -> None:
    chosen = best_wheel(_files(*names), LINUX)

    assert chosen is not None
    assert chosen.filename == "x-1-2b-py3-none-any.whl"


def test_the_tags_of_this_machine_are_ranked_as_pip_ranks_them() -> None:
    here = list(packaging_tags.sys_tags())
    newest = next(tag.platform for tag in here if tag.platform.startswith("manylinux_2_"))
    glibc = newest.split("_")[2]
    target = Target(python_version=f"3.{CP[3:]}", machine=MACHINE, glibc=f"2.{glibc}")

    ranked = sorted(target.ranks(), key=target.ranks().__getitem__)

    assert ranked == here


def test_file_names_of_neither_kind_have_no_distribution() -> None:
    names = ["x", "x.whl", "x-y-z-w-v.whl", "x-1.exe", "x-1-py3-none-any.whl", "a_b.c-1.0.0.zip"]

    assert [distribution_of(name) for name in names] == [
        None,
        None,
        None,
        None,
        ("x", "1"),
        ("a-b-c", "1.0.0"),
    ]


def test_the_tools_are_pinned_exactly_and_each_is_there_for_what_it_installs() -> None:
    wheels, conda, both = (
        [one.text for one in tools_requirements(with_conda=conda, with_wheels=wheels)]
        for conda, wheels in ((False, True), (True, False), (True, True))
    )

    assert [text.partition("==")[0] for text in both] == ["uv", "py-rattler"]
    assert [*wheels, *conda] == both
    assert all("==" in text for text in both)


def test_a_long_environment_of_the_caller_does_not_reach_uv(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_EXCLUDE_NEWER": "2001-01-01",
    }
    with IndexServer([Dist(name="a", version="1.0")]) as index:
        answer = _make("uv", tmp_path, environment).resolve(ask("a", index=index), silent)

    assert isinstance(answer, PipResolution)


def _sizes(client: IndexClient, *names: str) -> list[int | None]:
    projects = [_project(client, name) for name in names]
    return [client.size(project, project.files[0]) for project in projects]


def test_a_size_that_no_page_states_is_asked_for_once_and_kept(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")], form="html") as index:
        sizes = [_sizes(_client(index, tmp_path), "a") for _ in range(2)]

        assert sizes == [[len(index.file("a-1.0-py3-none-any.whl").content)]] * 2
        assert index.heads == ["/files/a-1.0-py3-none-any.whl"]


def test_a_size_that_a_page_states_is_not_asked_for(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")], form="json") as index:
        sizes = _sizes(_client(index, tmp_path), "a")

        assert sizes == [len(index.file("a-1.0-py3-none-any.whl").content)]
        assert index.heads == []


@pytest.mark.parametrize(("status", "asked"), [(405, 1), (403, 1), (503, 1), (404, 2)])
def test_a_host_that_tells_no_sizes_is_asked_no_more_and_fails_nothing(
    status: int, asked: int, tmp_path: Path
) -> None:
    dists = [Dist(name="a", version="1.0"), Dist(name="b", version="1.0")]
    with IndexServer(dists, form="html", head=status) as index:
        sizes = _sizes(_client(index, tmp_path), "a", "b")

    assert sizes == [None, None]
    assert len(index.heads) == asked


def test_a_file_host_that_is_gone_leaves_sizes_unknown(tmp_path: Path) -> None:
    gone = "http://127.0.0.1:1"
    dists = [Dist(name="a", version="1.0")]
    with IndexServer(dists, form="html", links="absolute", files_url=gone) as index:
        sizes = _sizes(_client(index, tmp_path), "a")

    assert sizes == [None]


def test_a_host_that_says_nothing_about_the_length_leaves_sizes_unknown(tmp_path: Path) -> None:
    with IndexServer([Dist(name="a", version="1.0")], form="html", head=200) as index:
        sizes = _sizes(_client(index, tmp_path), "a")

    assert sizes == [None]


def test_credentials_go_along_when_a_size_is_asked_for(tmp_path: Path) -> None:
    dists = [Dist(name="a", version="1.0")]
    with IndexServer(dists, form="html", credentials="me:secret") as index:
        access = IndexAccess(url=index.url, secret="TOKEN", credentials="me:secret")
        sizes = _sizes(_client([access], tmp_path), "a")

        assert sizes == [len(index.file("a-1.0-py3-none-any.whl").content)]
