"""A second BuildKit daemon, as a builder of buildx: it has a cache of its own, which tests may lose.

The daemon is the one inside of a second `dockerd`. Its API is where an engine has it, behind an upgraded
HTTP connection; buildx's driver `remote` wants it bare, and gets it through a bridge.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.http_server import BackgroundServer

__all__ = ["open_farm"]

_UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
_START_S, _END_S = 60.0, 30.0


@contextmanager
def open_farm(folder: Path) -> Iterator[str]:
    """Give the name of a builder that is a daemon of its own; it has no image and no cache yet.

    Args:
        folder: Where it lives; its path must be short enough for a socket's.
    """
    program = shutil.which("dockerd")
    if program is None or shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("a second BuildKit needs `dockerd` and `ip` on the PATH, and root")
    with (
        _network() as network,
        _daemon(program, folder, network) as engine,
        _bridge(engine, folder / "buildkit.sock") as address,
    ):
        name = f"envc-test-{uuid.uuid4().hex[:8]}"
        _buildx("create", "--name", name, "--driver", "remote", address)
        try:
            yield name
        finally:
            _buildx("rm", "--force", name)


@contextmanager
def _network() -> Iterator[str]:
    """Give the name of a network of the daemon's own; without any, it would take away the engine's."""
    name = f"envc{uuid.uuid4().hex[:8]}"
    _ip("link", "add", name, "type", "bridge")
    try:
        _ip("address", "add", "198.18.77.1/24", "dev", name)
        _ip("link", "set", name, "up")
        yield name
    finally:
        _ip("link", "delete", name)


@contextmanager
def _daemon(program: str, folder: Path, network: str) -> Iterator[Path]:
    settings = {
        "features": {"containerd-snapshotter": True},
        "insecure-registries": ["localhost:5000", "localhost:5001"],
        "bridge": network,
        "iptables": False,
    }
    (folder / "daemon.json").write_text(json.dumps(settings))
    place = folder / "docker.sock"
    command = [program, "--config-file", str(folder / "daemon.json"), "-H", f"unix://{place}"]
    command += ["--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    command += ["--pidfile", str(folder / "pid")]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, process_group=0)
        try:
            _await(lambda: _answers(place), child)
            yield place
        finally:
            child.terminate()
            child.wait(_END_S)


def _answers(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asked, suppress(OSError):
        asked.connect(str(place))
        asked.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return b" 200 " in asked.recv(64)
    return False


def _await(is_there: Callable[[], bool], child: subprocess.Popen[bytes]) -> None:

    deadline, pause = time.monotonic() + _START_S, threading.Event()
    while not is_there():
        if child.poll() is not None or time.monotonic() > deadline:
            pytest.skip("a second `dockerd` does not start here")
        pause.wait(0.05)


@contextmanager
def _bridge(engine: Path, place: Path) -> Iterator[str]:
    """Give the address where the BuildKit of an engine is to be had bare."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as inner:
                inner.connect(str(engine))
                inner.sendall(_UPGRADE)
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += inner.recv(1)
                back = threading.Thread(target=_pump, args=(inner, self.request), daemon=True)
                back.start()
                _pump(self.request, inner)
                back.join()

    class Server(BackgroundServer, socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with Server(str(place), Handler):
        yield f"unix://{place}"


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=True)


def _buildx(*words: str) -> None:
    subprocess.run(["docker", "buildx", *words], capture_output=True, check=True)
