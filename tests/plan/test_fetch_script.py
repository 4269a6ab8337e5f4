"""`fetch.py`, which a build runs: what it fetches, and who sees the credentials."""

from __future__ import annotations

import hashlib
import json
import runpy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "templates" / "scripts" / "fetch.py"
CONTENT = b"a wheel"


@contextmanager
def server(seen: list[str | None], redirect: str | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_response(302 if redirect else 200)
            if redirect:
                self.send_header("Location", redirect)
            self.end_headers()
            self.wfile.write(b"" if redirect else CONTENT)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}/pets.whl"
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def fetch(folder: Path, url: str, sha256: str) -> bytes:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "TOKEN").write_text("user:password\n")
    row = {"file": "pets.whl", "secret": "TOKEN", "sha256": sha256, "url": url}
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


def test_a_file_with_other_bytes_is_not_kept(tmp_path: Path) -> None:
    with server([]) as here, pytest.raises(SystemExit) as caught:
        fetch(tmp_path, here, "0" * 64)

    found = hashlib.sha256(CONTENT).hexdigest()
    assert str(caught.value) == f"digest mismatch sha256:{found}: sha256:{'0' * 64}: {here}"
    assert list((tmp_path / "wheels").iterdir()) == []
