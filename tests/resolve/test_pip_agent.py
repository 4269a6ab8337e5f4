"""What runs in a base: its own front, whatever its clients do."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

from envc.resolve.pip import agent

# It asks for a page and is gone without reading it: the rest is refused (RFC 9293, 3.10.7).
HANG_UP = """
import os, socket, struct
host, port = os.environ["PIP_INDEX_URL"].split("/")[2].split(":")
line = socket.create_connection((host, int(port)))
line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
line.sendall(b"GET /simple/a/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
line.recv(1)
line.close()
"""
READ = """
import os, urllib.request
print(len(urllib.request.urlopen(os.environ["PIP_INDEX_URL"] + "/a/").read()))
"""
PAGE = b64encode(bytes(8_000_000)).decode()


def _job(script: str) -> dict[str, Any]:
    return {"files": {}, "arguments": ["-c", script], "environment": {}, "output": "none"}


def test_a_client_that_hangs_up_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-B", str(Path(agent.__file__)), str(tmp_path)]
    done: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None

        def say(message: dict[str, Any]) -> None:
            assert running.stdin is not None
            running.stdin.write(json.dumps(message) + "\n")
            running.stdin.flush()

        running.stdout.readline()  # what Python it is
        for script in (HANG_UP, READ):
            say(_job(script))
            while "ask" in (heard := json.loads(running.stdout.readline())):
                say({"answer": heard["ask"], "status": 200, "type": "text/plain", "content": PAGE})
            done.append(heard["stdout"].strip())
        _, errors = running.communicate()

    assert done == ["", "8000000"]
    assert errors == ""
