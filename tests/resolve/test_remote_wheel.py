"""Metadata from parts of a wheel: what is fetched for it, and when it takes the whole wheel."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envc.errors import ToolError
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess
from envc.resolve.index.client import IndexClient
from envc.resolve.index.remote_wheel import read_remote_metadata
from envc.resolve.index.transport import Part, Transport
from support.index import Dist, IndexServer, wheel_bytes

NAME = "a-1-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b\n"
LARGE = 1 << 20
KB = 1 << 10


def wheel(*files: tuple[str, bytes]) -> bytes:
    """Return an archive of files in this order, nothing compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


INFO = ("a-1.dist-info/METADATA", METADATA.encode())
MANY = [(f"a/{'x' * 60}{number:04}", b"") for number in range(1000)]


class Host:
    """Gives parts of a file and remembers which."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.given: list[tuple[int, int]] = []

    def part(self, start: int | None, stop: int) -> Part | None:
        size = len(self.content)
        first, end = (max(0, size - stop), size) if start is None else (start, stop)
        self.given.append((first, end))
        return Part(start=first, size=size, content=self.content[first:end])


def test_metadata_at_the_end_takes_one_part() -> None:
    host = Host(wheel(("a/large", bytes(LARGE)), INFO))
    size = len(host.content)

    assert read_remote_metadata(NAME, "0" * 64, host.part) == METADATA
    assert host.given == [(size - 64 * KB, size)]


def test_metadata_at_the_beginning_takes_two_parts() -> None:
    host = Host(wheel(INFO, ("a/large", bytes(LARGE))))
    size = len(host.content)

    assert read_remote_metadata(NAME, None, host.part) == METADATA
    assert host.given == [(size - 64 * KB, size), (0, 64 * KB)]


def test_a_directory_that_is_longer_than_a_part_is_fetched_at_once() -> None:
    host = Host(wheel(("a/large", bytes(LARGE)), INFO, *MANY))

    assert read_remote_metadata(NAME, None, host.part) == METADATA
    assert len(host.given) <= 4
    assert sum(end - start for start, end in host.given) < len(host.content) / 3


def test_a_small_wheel_comes_whole_and_is_checked() -> None:
    content = wheel(INFO)
    right = hashlib.sha256(content).hexdigest()

    texts = [read_remote_metadata(NAME, sha, Host(content).part) for sha in (right, "0" * 64, None)]

    assert texts == [METADATA, None, METADATA]


def refuse(start: int | None, stop: int) -> Part | None:
    """Give no parts."""
    return None


def refuse_more(start: int | None, stop: int) -> Part | None:
    """Give the end, and nothing else."""
    host = Host(wheel(INFO, ("a/large", bytes(LARGE))))
    return host.part(start, stop) if start is None else None


def replace_between(start: int | None, stop: int) -> Part | None:
    """Give the end of one file, and the rest of another."""
    length = LARGE if start is None else LARGE + 1
    return Host(wheel(INFO, ("a/large", bytes(length)))).part(start, stop)


def give_garbage(start: int | None, stop: int) -> Part | None:
    """Give what is no archive."""
    return Host(bytes(LARGE)).part(start, stop)


def point_to_before(start: int | None, stop: int) -> Part | None:
    """Give an archive whose directory lies before its beginning."""
    content = wheel(INFO)
    return Host(content[: content.index(b"PK\x01\x02")] + content[-22:]).part(start, stop)


def name_another(start: int | None, stop: int) -> Part | None:
    """Give another distribution's wheel."""
    return Host(wheel(("b-1.dist-info/METADATA", b"Name: b\n"))).part(start, stop)


@pytest.mark.parametrize(
    "fetch", [refuse, refuse_more, replace_between, give_garbage, point_to_before, name_another]
)
def test_what_parts_do_not_tell_is_left_to_the_whole_wheel(
    fetch: Callable[[int | None, int], Part | None],
) -> None:
    assert read_remote_metadata(NAME, None, fetch) is None


def client_of(index: IndexServer, folder: Path) -> tuple[IndexClient, Transport, IndexAccess]:
    access = IndexAccess(url=index.url)
    transport = Transport({}, retries=0)
    return IndexClient((access,), MirrorMap.parse([]), transport, folder), transport, access


def read_all(client: IndexClient, *names: str) -> list[str]:
    texts = []
    for name in names:
        project = client.project(name)
        assert project is not None
        texts += [client.metadata(project, file) for file in project.files]
    return texts


def test_a_host_that_gives_no_parts_is_asked_for_one_once(tmp_path: Path) -> None:
    with IndexServer([Dist(name=name, version="1") for name in "abc"]) as index:
        texts = read_all(client_of(index, tmp_path)[0], *"abc")

    assert [text.splitlines()[1] for text in texts] == ["Name: a", "Name: b", "Name: c"]
    files = [path[7] for path in index.requests if path.startswith("/files/")]
    assert files == ["a", "a", "b", "c"]


def test_a_small_file_that_is_not_what_the_index_says_is_refused(tmp_path: Path) -> None:
    sha = "0" * 64
    page = f'<a href="../../files/{NAME}#sha256={sha}">a</a>'
    with IndexServer([Dist(name="a", version="1")], pages={"a": page}, parts=True) as index:
        client, _, _ = client_of(index, tmp_path)
        with pytest.raises(ToolError) as caught:
            read_all(client, "a")

    assert [problem.code for problem in caught.value.diagnostics] == ["E337"]


def test_a_transport_gives_the_part_that_was_asked_for(tmp_path: Path) -> None:
    content = wheel_bytes(Dist(name="a", version="1"))
    size = len(content)
    with IndexServer([Dist(name="a", version="1")], parts=True) as index:
        _, transport, access = client_of(index, tmp_path)
        url = index.file_url(NAME)
        middle = transport.part(url, access, index.url, 10, 20)
        end = transport.part(url, access, index.url, None, 20)
        everything = transport.part(url, access, index.url, None, size + 1)
        beyond = transport.part(url, access, index.url, size - 5, size + 5)
        missing = transport.part(index.file_url("b"), access, index.url, 0, 5)

    assert middle == Part(start=10, size=size, content=content[10:20])
    assert end == Part(start=size - 20, size=size, content=content[-20:])
    assert everything == Part(start=0, size=size, content=content)
    assert beyond is None
    assert missing is None
