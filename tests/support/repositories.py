"""Real Git repositories in a folder, read over `file://`, or over HTTP with and without a password."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from support.http_server import LoopbackServer, QuietHandler

__all__ = ["Repository", "ServedRepositories", "git_environment", "publish", "serve_repositories"]


def git_environment(home: Path) -> dict[str, str]:
    """Return the variables of somebody whose Git has no settings but those in a folder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    }


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository with a work tree, in a folder of its own."""

    folder: Path

    @staticmethod
    def make(folder: Path, files: Mapping[str, str | bytes], *words: str) -> Repository:
        """Return a repository whose branch `main` has one commit with these files."""
        folder.mkdir(parents=True)
        made = Repository(folder=folder)
        made.git("init", "--quiet", "--initial-branch=main", *words)
        made.commit(files)
        return made

    @property
    def url(self) -> str:
        """Its address on this machine."""
        return f"file://{self.folder}"

    def git(self, *words: str) -> str:
        """Run `git` in it."""
        own = (
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@a.example",
            "-c",
            "protocol.file.allow=always",
        )
        done = subprocess.run(
            ["git", *own, *words],
            cwd=self.folder,
            env=git_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stderr}"
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes]) -> str:
        """Write files and commit all there is; return the commit."""
        for path, content in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "more")
        return self.git("rev-parse", "HEAD")


@dataclass
class ServedRepositories:
    """Repositories over HTTP.

    Attributes:
        address: Where they are.
        requests: Paths, in their order, of all that was asked for.
    """

    address: str
    requests: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        """Return the address of a repository."""
        return f"{self.address}/{name}"


@contextmanager
def serve_repositories(
    folder: Path, *, is_smart: bool = True, password: str | None = None
) -> Iterator[ServedRepositories]:
    """Serve the bare repositories of a folder on 127.0.0.1.

    Args:
        is_smart: Whether `git http-backend` answers; else they are plain files, as on a web space.
        password: That of the user `me`, where one is wanted.
    """
    expected = None
    if password is not None:
        expected = f"Basic {base64.b64encode(f'me:{password}'.encode()).decode()}"
    requests: list[str] = []
    handler = partial(
        _Handler, folder=folder, is_smart=is_smart, expected=expected, requests=requests
    )
    with LoopbackServer(handler) as server:
        yield ServedRepositories(address=server.url, requests=requests)


class _Handler(QuietHandler):
    def __init__(
        self,
        *given: Any,
        folder: Path,
        is_smart: bool,
        expected: str | None,
        requests: list[str],
    ) -> None:
        self._folder, self._is_smart = folder, is_smart
        self._expected, self._requests = expected, requests
        super().__init__(*given)

    def do_GET(self) -> None:
        self._requests.append(self.path)
        if self._expected and self.headers.get("Authorization") != self._expected:
            self.reply(401, {"WWW-Authenticate": 'Basic realm="pets"'})
        elif self._is_smart:
            self._ask_backend()
        else:
            place = self._folder / self.path.partition("?")[0].lstrip("/")
            is_there = place.is_file()
            self.reply(200 if is_there else 404, {}, place.read_bytes() if is_there else b"")

    def do_POST(self) -> None:
        self.do_GET()

    def _ask_backend(self) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **git_environment(self._folder),
            "GIT_PROJECT_ROOT": str(self._folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        command = ["git", "http-backend"]
        done = subprocess.run(
            command, input=self._read_body(), env=environment, capture_output=True, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.partition(": ")[::2] for line in head.decode().split("\r\n") if line)
        self.reply(int(headers.pop("Status", "200")[:3]), headers, body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body


def publish(repository: Repository, place: Path, *, is_smart: bool = True) -> None:
    """Put a bare copy of a repository to where it is served."""
    if place.exists():
        shutil.rmtree(place)
    repository.git("clone", "--quiet", "--bare", str(repository.folder), str(place))
    bare = Repository(folder=place)
    bare.git("config", "http.receivepack", "false")
    if not is_smart:
        bare.git("update-server-info")
