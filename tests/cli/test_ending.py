"""`envc lock` that is ended at any moment: it ends at once, with what it started, and the lock is whole."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.index import IndexServer
from support.workspace import EnvcMain
from support.zoo import DIGEST, NEW, OLD, Zoo

KILLS = 30
PROMPTLY_S = 15.0  # of which Python and the machine may need some; solvers need minutes


@pytest.fixture
def zoo(folder: Path, envc: EnvcMain) -> Zoo:
    """A spec that was locked in the old world."""
    found = Zoo(folder, envc)
    ran, _ = found.locked_in(OLD)
    assert ran.code == 0, ran.err
    return found


class Stall:
    """A server that takes requests and answers none.

    Attributes:
        asked: Set once somebody asked.
        left: Set once whoever asked first has gone.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.asked, self.left = threading.Event(), threading.Event()
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            while connection.recv(65536):
                self.asked.set()
        self.left.set()


@contextmanager
def stalling() -> Iterator[Stall]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Stall(listener)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["conda", "pip"])
def test_a_signal_ends_a_lock_and_its_solvers_at_once(
    zoo: Zoo, folder: Path, kind: str, number: signal.Signals
) -> None:
    base = f"debian:12@{DIGEST}"
    (folder / "conda.envc").write_text(
        f'environment conda\nbase image "{base}"\nvirtual-packages {{ __glibc = "2.36" }}\n'
        'channels "https://conda.example/main"\nconda { python }\n'
    )
    before = zoo.lock.read_bytes()
    with stalling() as server:
        canonical = {"conda": "https://conda.example", "pip": "https://pypi.org"}[kind]
        spec = {"conda": "conda.envc", "pip": "zoo.envc"}[kind]
        words = ["lock", "--update", spec, "--mirror", f"{canonical}={server.url}"]
        running = subprocess.Popen(
            [sys.executable, "-m", "envc", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        was_asked = server.asked.wait(60)
        running.send_signal(number)
        try:
            out, err = running.communicate(timeout=PROMPTLY_S)
        finally:
            running.kill()
        has_left = server.left.wait(PROMPTLY_S)

    assert was_asked, err
    assert (running.returncode, out) == (128 + number, "")
    assert has_left
    assert zoo.lock.read_bytes() == before
    assert not (folder / "conda.lock").exists()


def test_a_lock_is_the_old_or_the_new_one_whenever_it_is_killed(zoo: Zoo, folder: Path) -> None:
    old = zoo.lock.read_bytes()
    with IndexServer(NEW) as index:
        mirror = f"https://pypi.org={index.url.removesuffix('/simple')}"
        command = [sys.executable, "-m", "envc", "lock", "--update", "zoo.envc"]
        command += ["--mirror", mirror]
        started = time.monotonic()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        whole_s = time.monotonic() - started
        new = zoo.lock.read_bytes()
        found = []
        for number in range(KILLS):
            zoo.lock.write_bytes(old)
            running = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                running.wait(whole_s * number / KILLS * 1.2)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            found.append(zoo.lock.read_bytes())
        last = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)

    assert old != new
    assert set(found) <= {old, new}
    assert old in found
    assert last.returncode == 0, last.stderr
    assert json.loads(zoo.lock.read_text()) == json.loads(new)
