"""A container that is looked into: commands run in it one after the other, each within its time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from envc.engine.failure import translated
from envc.process import Completed

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["NO_SUCH_PROGRAM", "Container", "ContainerEndedError"]

NO_SUCH_PROGRAM = 127
"""The exit code of a container, or of a command in one, whose program is not there."""

_KILLED = 137
_FRAME_HEADER = 8


class ContainerEndedError(Exception):
    """A container has ended while it was needed; `reason` says how, as a sentence's end."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Container:
    """A container of `Engine.open`."""

    def __init__(self, client: DockerClient, identifier: str, image: str) -> None:
        """Take a container that was made and not started."""
        self._api = client.api
        self._id = identifier
        self._image = image
        self._stdin: Any = None

    def start(self) -> bool:
        """Start it, and say whether its entrypoint was there to be started."""
        from docker.errors import APIError

        with translated(f"start a container of `{self._image}`"):
            # While we hold its stdin, it stays open; StdinOnce closes it when we are gone.
            self._stdin = self._api.attach_socket(self._id, params={"stdin": 1, "stream": 1})
            try:
                self._api.start(self._id)
            except APIError:
                if self._state()["ExitCode"] == NO_SUCH_PROGRAM:
                    return False
                raise
        return True

    def wait(self) -> Completed:
        """Wait for its end, with stdin closed."""
        with translated(f"run a container of `{self._image}`"):
            self.close_stdin()
            code = int(self._api.wait(self._id)["StatusCode"])
            stdout = self._api.logs(self._id, stdout=True, stderr=False)
            stderr = self._api.logs(self._id, stdout=False, stderr=True)
        return Completed(
            returncode=code,
            stdout=stdout.decode("utf-8", "replace"),
            stderr=stderr.decode("utf-8", "replace"),
        )

    def execute(self, command: Sequence[str], *, timeout_s: float | None = None) -> Completed:
        """Run a command in it, as the image's own user; what it wrote is all in `stdout`, in order.

        Raises:
            TimeoutError: It ran longer than `timeout_s`; the container was killed.
            ContainerEndedError: The container does not run any more.
        """
        from docker.errors import APIError

        with translated(f"run a command in `{self._image}`"):
            try:
                identifier = self._api.exec_create(self._id, list(command))["Id"]
                with _limited(timeout_s, self._kill) as has_expired:
                    output = self._start(identifier)
                code = self._api.exec_inspect(identifier)["ExitCode"]
            except APIError as error:
                self._refuse_ended(error)
                raise
            if has_expired():
                raise TimeoutError(command[0])
            if code != 0:
                # Also where it ended first: that the command then could not start looks like its own.
                self._refuse_ended(None)
        returncode = int(code) if code is not None else _KILLED
        return Completed(returncode=returncode, stdout=output.decode("utf-8", "replace"), stderr="")

    def _start(self, identifier: str) -> bytes:
        """Start a command that was made, and return what it writes until it ends.

        The SDK's own `exec_start` reads from below the response, and loses what has arrived together
        with the header: on a busy machine, all that a quick command says.
        """
        from docker.errors import create_api_error_from_http_exception
        from requests import HTTPError

        address = f"{self._api.base_url}/v{self._api.api_version}/exec/{identifier}/start"
        asked = {"Detach": False, "Tty": False}
        with self._api.post(address, json=asked, stream=True, timeout=None) as response:
            try:
                response.raise_for_status()
            except HTTPError as error:
                create_api_error_from_http_exception(error)
            return b"".join(_frames(response.content))

    def close_stdin(self) -> None:
        """End its stdin; a second time is no matter."""
        if self._stdin is not None:
            # Over plain HTTP the SDK gives a file around the socket, which closes only itself.
            held, self._stdin = self._stdin, None
            inner = getattr(held, "_sock", None)
            held.close()
            if inner is not None:
                inner.close()

    def _kill(self) -> None:
        from docker.errors import DockerException

        # It may have ended by itself meanwhile, or the engine may be gone: then the read ends, too.
        with contextlib.suppress(DockerException, OSError):
            self._api.kill(self._id)

    def _refuse_ended(self, cause: Exception | None) -> None:
        state = self._state()
        if not state["Running"]:
            reason = "it ran out of memory" if state.get("OOMKilled") else "it was killed"
            if state["ExitCode"] not in {0, _KILLED}:
                logs = self._api.logs(self._id, stdout=True, stderr=True, tail=1)
                said = logs.decode("utf-8", "replace").strip()
                reason = said or f"its exit code is {state['ExitCode']}"
            raise ContainerEndedError(reason) from cause

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._api.inspect_container(self._id)["State"]
        return state


def _frames(stream: bytes) -> Iterator[bytes]:
    """Yield what the two outputs of a command hold, in order; the last may have been cut off.

    Each frame has a header of 8 bytes, which end in its length (Docker's API, ContainerAttach).
    """
    while stream:
        end = _FRAME_HEADER + int.from_bytes(stream[4:_FRAME_HEADER], "big")
        yield stream[_FRAME_HEADER:end]
        stream = stream[end:]


@contextlib.contextmanager
def _limited(timeout_s: float | None, end: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Call `end` where the block takes too long; gives what says whether it was called."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        end()

    timer = threading.Timer(timeout_s, expire) if timeout_s is not None else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield expired.is_set
    finally:
        if timer is not None:
            timer.cancel()
