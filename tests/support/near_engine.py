"""An engine for tests whose containers are processes of this machine, with this Python."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import piptools

from envc.platform import Platform
from envc.reference import ImageReference
from envc.resolve.base import Report
from support.pip_world import HERE

__all__ = ["NearEngine"]


class NearEngine:
    """Runs what is put into a container in a folder; its Python finds pip-tools where tests have it.

    Args:
        folder: Where the files of a container go.
        native: The platform that it says it runs.
        has_python: Whether its images have one.
        hello: What a container says first, instead of what it does say.
        dies: Whether a container is killed when it asks for something.

    Attributes:
        said: All that went in and out of containers.
    """

    def __init__(
        self,
        folder: Path,
        *,
        native: str = HERE.name,
        has_python: bool = True,
        hello: Mapping[str, Any] | None = None,
        dies: bool = False,
    ) -> None:
        self.said: list[str] = []
        self._folder = folder
        self._native = native
        self._has_python = has_python
        self._hello = hello
        self._dies = dies

    def platform(self) -> str:
        """Return what it says it runs."""
        return self._native

    @contextmanager
    def converse(
        self,
        reference: ImageReference,
        platform: Platform,
        command: Sequence[str],
        files: Mapping[str, bytes],
        *,
        report: Report = lambda _: None,
    ) -> Iterator[_Line | None]:
        """Start a command; its first word is this Python, and its last one where pip-tools is."""
        if not self._has_python:
            yield None
            return
        for path, content in files.items():
            place = self._folder / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        *words, agent, _ = command[1:]
        tools = Path(piptools.__file__).parent.parent
        with (
            (self._folder / "stderr").open("wb") as stderr,
            subprocess.Popen(
                [sys.executable, *words, str(self._folder / agent.lstrip("/")), str(tools)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            ) as child,
        ):
            try:
                yield _Line(child, self)
            finally:
                child.kill()

    def first(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return what a container's first message is taken for."""
        return dict(self._hello) if self._hello is not None else message

    def is_last(self, message: Mapping[str, Any]) -> bool:
        """Say whether a container is to be killed after a message."""
        return self._dies and "ask" in message


class _Line:
    def __init__(self, child: subprocess.Popen[bytes], engine: NearEngine) -> None:
        self._child = child
        self._engine = engine
        self._heard = 0

    @property
    def complaint(self) -> str:
        return "it complains\n"

    def say(self, message: Mapping[str, Any]) -> None:
        text = json.dumps(message)
        self._engine.said.append(text)
        assert self._child.stdin is not None
        self._child.stdin.write(text.encode() + b"\n")
        self._child.stdin.flush()

    def hear(self) -> dict[str, Any] | None:
        assert self._child.stdout is not None
        text = self._child.stdout.readline()
        if not text:
            return None
        self._engine.said.append(text.decode())
        message: dict[str, Any] = json.loads(text)
        self._heard += 1
        if self._heard == 1:
            return self._engine.first(message)
        if self._engine.is_last(message):
            self._child.kill()
            return self.hear()
        return message
