"""pip-tools run by a base's own Python, in a container that has no network and is thrown away.

What pip asks for comes out of the container on its stdout, and what the indexes have goes in on its
stdin: so no credential, proxy or certificate is ever in there, and any engine will do, also one on
another machine.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.lock.model import BaseImage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Platform
from envc.process import Completed
from envc.reference import ImageReference
from envc.registry.asked import mirror_reference
from envc.resolve.base import PipRequest, Report
from envc.resolve.pip.front import IndexFront
from envc.resolve.pip.place import PIP_SETTINGS, Interpreter, Job, Place
from envc.resolve.pip.wheelhouse import OLDEST_PYTHON

__all__ = ["BaseUnfitError", "Inside", "InsideEngine", "Line"]

_AGENT = "/envc/agent.py"
_TOOLS = "/envc/tools"
_TAIL_LINES = 15


class BaseUnfitError(Exception):
    """pip-tools cannot run in a base; `reason` says why, as a sentence's end."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Line(Protocol):
    """What is needed of `envc.engine.conversation.Conversation`."""

    @property
    def complaint(self) -> str:
        """What the container said otherwise."""
        ...

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        ...

    def hear(self) -> dict[str, Any] | None:
        """Return the next message; None where the container has ended."""
        ...


class InsideEngine(Protocol):
    """What is needed of `envc.engine.docker.Engine`."""

    def platform(self) -> str:
        """Return what it runs natively."""
        ...

    def converse(
        self,
        reference: ImageReference,
        platform: Platform,
        command: Sequence[str],
        files: Mapping[str, bytes],
        *,
        report: Report = ...,
    ) -> AbstractContextManager[Line | None]:
        """Start a command in an image, without a network."""
        ...


class Inside:
    """Opens bases as places for pip-tools.

    Args:
        engine: Gives the engine; None where there is none.
        tools: Gives the files of pip-tools by their paths in `site-packages`, by way of mirrors.
    """

    def __init__(
        self,
        *,
        engine: Callable[[], InsideEngine | None],
        tools: Callable[[MirrorMap], Mapping[str, bytes]],
    ) -> None:
        self._engine = engine
        self._tools = tools

    @contextmanager
    def open(self, request: PipRequest, report: Report) -> Iterator[Place]:
        """Start a container of a request's base, and give what does jobs in it.

        Only the base's own Python is used: one that Conda brings is not there yet.

        Raises:
            BaseUnfitError: Nothing can run there.
            ToolError: The engine failed (E603, E604), or as `tools` does.
        """
        base = _check_base(request.base)
        engine = self._engine()
        if engine is None:
            raise BaseUnfitError("no Docker engine answers")
        native = engine.platform()
        if PLATFORMS.get(native) != request.platform:
            raise BaseUnfitError(f"the engine runs {native}, not {request.platform.name}")
        tools = self._tools(request.mirrors).items()
        files = {f"{_TOOLS}/{path}": content for path, content in tools}
        files[_AGENT] = Path(__file__).with_name("agent.py").read_bytes()
        named = replace(ImageReference.parse(base.image), tag=None, digest=base.digest)
        reference = mirror_reference(named, request.mirrors)
        # Nothing of the image but its Python and the standard library counts.
        command = [base.interpreter or "python3", "-I", "-S", "-B", _AGENT, _TOOLS]
        with engine.converse(reference, request.platform, command, files, report=report) as line:
            yield _Container(line, base)


def _check_base(base: BaseImage | None) -> BaseImage:
    if base is None:
        raise BaseUnfitError("the base is not known")
    if base.built is not None:
        raise BaseUnfitError("the base is built from a Dockerfile")
    return base


class _Container:
    """A base that runs."""

    def __init__(self, line: Line | None, base: BaseImage) -> None:
        if line is None:
            raise BaseUnfitError(f"`{base.image}` has no `{base.interpreter or 'python3'}`")
        hello = line.hear()
        if hello is None or "version" not in hello:
            raise BaseUnfitError(_tail(line.complaint) or "its Python ended at once")
        self._line = line
        self.interpreter = Interpreter(**hello)
        series = tuple(int(part) for part in self.interpreter.version.split(".")[:2])
        if series < OLDEST_PYTHON:
            oldest = ".".join(map(str, OLDEST_PYTHON))
            reason = f"its Python is {self.interpreter.version}, and pip-tools needs {oldest}"
            raise BaseUnfitError(reason)

    def run(self, job: Job, front: IndexFront) -> Completed:
        """Do a job; see `Place.run`."""
        self._line.say(
            {
                "arguments": job.arguments,
                "files": dict(job.files),
                "output": job.output,
                "environment": dict(PIP_SETTINGS),
            }
        )
        while (message := self._line.hear()) is not None:
            if "done" not in message:
                self._answer(message, front)
                continue
            is_written = job.output in job.files and message["returncode"] == 0
            return Completed(
                returncode=message["returncode"],
                stdout=message["output"] if is_written else message["stdout"],
                stderr=message["stderr"],
            )
        raise _explain_end(self._line.complaint)

    def _answer(self, asked: Mapping[str, Any], front: IndexFront) -> None:
        status, kind, content = front.answer(asked["path"])
        self._line.say(
            {
                "answer": asked["ask"],
                "status": status,
                "type": kind,
                "content": base64.b64encode(content).decode(),
            }
        )


def _explain_end(complaint: str) -> ToolError:
    hint = "give the engine more memory, or use `--pip-solver uv`"
    notes = (tail,) if (tail := _tail(complaint)) else ()
    message = "`pip-tools` ended in the base without an answer"
    return ToolError([Diagnostic(code="E338", message=message, notes=notes, hint=hint)])


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])
