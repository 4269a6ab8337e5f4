"""What runs in a base: pip-tools, told by JSON lines on stdin, and a front whose answers come from there.

This text is put into a container and runs in the base's own Python, 3.9 or newer, with the standard
library alone. The container has no network: what pip asks on 127.0.0.1 goes out on stdout, and what
envc answers comes in on stdin.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import os
import platform
import queue
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_KEPT = ("LD_LIBRARY_PATH", "PATH")


class _Line:
    """The two ends of the conversation; what the process prints otherwise goes to stderr."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._guard = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, queue.Queue[dict[str, Any]]] = {}

    def say(self, message: dict[str, Any]) -> None:
        with self._guard:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def ask(self, path: str) -> dict[str, Any]:
        answer: queue.Queue[dict[str, Any]] = queue.Queue()
        with self._guard:
            number = next(self._numbers)
            self._waiting[number] = answer
        self.say({"ask": number, "path": path})
        return answer.get()

    def listen(self) -> None:
        for text in sys.stdin.buffer:
            message = json.loads(text)
            if "answer" in message:
                self._waiting.pop(message["answer"]).put(message)
            else:
                self.jobs.put(message)
        os._exit(0)  # whoever asked is gone


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A body would wait for its head to be acknowledged, which Linux delays by 40 ms.
    disable_nagle_algorithm = True

    def __init__(self, line: _Line, *given: Any) -> None:
        self._line = line
        super().__init__(*given)

    def do_GET(self) -> None:
        answer = self._line.ask(self.path)
        content = base64.b64decode(answer["content"])
        self.send_response(answer["status"])
        self.send_header("Content-Type", answer["type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: stderr is for what goes wrong."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away: it has what it wanted."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _describe() -> dict[str, Any]:
    library, version = platform.libc_ver()
    return {
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": sys.platform,
        "machine": platform.machine(),
        "glibc": version if library == "glibc" else None,
    }


def _run(job: dict[str, Any], address: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in job["files"].items():
            (folder / path).write_text(text, encoding="utf-8")
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {
            "HOME": name,
            "TMPDIR": name,
            "PIP_INDEX_URL": address + "/simple",
            "PYTHONPATH": sys.argv[1],
            "PYTHONUTF8": "1",
        }
        done = subprocess.run(
            [sys.executable, "-S", "-B", *job["arguments"]],
            env={**kept, **job["environment"], **own},
            cwd=name,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        output = folder / job["output"]
        written = output.read_text(encoding="utf-8") if output.is_file() else ""
    return {
        "done": True,
        "returncode": done.returncode,
        "stdout": done.stdout,
        "stderr": done.stderr,
        "output": written,
    }


def main() -> None:
    """Say what Python this is, and then do each job as it comes."""
    line = _Line()
    line.say(_describe())
    threading.Thread(target=line.listen, daemon=True).start()
    server = _Server(("127.0.0.1", 0), functools.partial(_Handler, line))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = "http://127.0.0.1:" + str(server.server_address[1])
    while True:
        line.say(_run(line.jobs.get(), address))


if __name__ == "__main__":
    main()
