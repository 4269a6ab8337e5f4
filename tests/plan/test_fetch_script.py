"""`fetch.py`, which a build runs: what it fetches, and who sees the credentials."""

from __future__ import annotations

import hashlib
import json
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.http_server import LoopbackServer, QuietHandler

SCRIPT = Path(__file__).parents[2] / "templates" / "scripts" / "fetch.py"
CONTENT = b"a wheel"


@contextmanager
def server(
    seen: list[str | None], redirect: str | None = None, paths: list[str] | None = None
) -> Iterator[str]:
    asked: list[str] = [] if paths is None else paths

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            asked.append(self.path)
            self.send_response(302 if redirect else 200)
            if redirect:
                self.send_header("Location", redirect)
            self.end_headers()
            self.wfile.write(b"" if redirect else CONTENT)

    with LoopbackServer(Handler) as httpd:
        yield f"{httpd.url}/pets.whl"


def fetch(
    folder: Path, url: str, sha256: str, secret: str = "user:password", kind: str = "index"
) -> bytes:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "TOKEN").write_text(f"{secret}\n")
    row = {"file": "pets.whl", "from": kind, "secret": "TOKEN", "sha256": sha256, "url": url}
    (folder / "private.json").write_text(json.dumps([row]))
    names = runpy.run_path(str(SCRIPT))
    names["main"].__globals__["SECRETS"] = folder / "secrets"
    names["main"](folder / "private.json", folder / "wheels")
    return (folder / "wheels" / "pets.whl").read_bytes()


def test_credentials_stay_with_the_index_when_it_redirects(tmp_path: Path) -> None:
    index: list[str | None] = []
    storage: list[str | None] = []

    with server(storage) as there, server(index, redirect=there) as here:
        content = fetch(tmp_path, here, hashlib.sha256(CONTENT).hexdigest())

    assert content == CONTENT
    assert (index, storage) == (["Basic dXNlcjpwYXNzd29yZA=="], [None])


@pytest.mark.parametrize(
    ("kind", "secret", "header", "path"),
    [
        ("index", "a-token", "Basic X190b2tlbl9fOmEtdG9rZW4=", "/pets.whl"),
        ("channel", "user:password", "Basic dXNlcjpwYXNzd29yZA==", "/pets.whl"),
        ("channel", "user:pass word", "Basic dXNlcjpwYXNzIHdvcmQ=", "/pets.whl"),
        ("channel", "Bearer a:token", "Bearer a:token", "/pets.whl"),
        ("channel", "a-token", None, "/t/a-token/pets.whl"),
    ],
)
def test_indexes_and_channels_get_credentials_in_their_own_ways(
    tmp_path: Path, kind: str, secret: str, header: str | None, path: str
) -> None:
    seen: list[str | None] = []
    paths: list[str] = []

    with server(seen, paths=paths) as here:
        fetch(tmp_path, here, hashlib.sha256(CONTENT).hexdigest(), secret, kind)

    assert (seen, paths) == ([header], [path])


def test_a_token_in_an_address_is_in_no_message(tmp_path: Path) -> None:
    with server([]) as here, pytest.raises(SystemExit) as caught:
        fetch(tmp_path, here, "0" * 64, "a-token", "channel")

    assert "a-token" not in str(caught.value)


def test_a_file_with_other_bytes_is_not_kept(tmp_path: Path) -> None:
    with server([]) as here, pytest.raises(SystemExit) as caught:
        fetch(tmp_path, here, "0" * 64)

    found = hashlib.sha256(CONTENT).hexdigest()
    assert str(caught.value) == f"digest mismatch sha256:{found}: sha256:{'0' * 64}: {here}"
    assert list((tmp_path / "wheels").iterdir()) == []
