"""A container that is talked with: JSON, a line at a time, in and out; it has no network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from envc.engine.consultation import NO_SUCH_PROGRAM, REFUSED, pack, throwaway
from envc.engine.failure import translated

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["Conversation", "converse"]

_STDERR = 2


class Conversation:
    """The caller's end of the line; use `converse`."""

    def __init__(self, held: Any) -> None:
        """Take what the SDK gives for an attached container."""
        from docker.utils import socket

        read: Callable[..., Iterator[tuple[int, bytes]]] = socket.frames_iter  # no types there
        # Over plain HTTP the SDK gives a file around the socket, which only reads.
        self._socket = getattr(held, "_sock", held)
        self._frames = read(held, tty=False)
        self._heard = b""
        self._complaint = bytearray()

    @property
    def complaint(self) -> str:
        """What the container said otherwise, so far as it was heard."""
        return self._complaint.decode("utf-8", "replace")

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message; one to a container that has ended is lost, as `hear` then tells."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def hear(self) -> dict[str, Any] | None:
        """Return the next message, waiting for it; None where the container has ended."""
        while True:
            line, found, rest = self._heard.partition(b"\n")
            if not found:
                if not self._read():
                    return None
                continue
            self._heard = rest
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            if isinstance(message, dict):
                return message
            self._complaint += line + found

    def _read(self) -> bool:
        from docker.utils.socket import SocketError

        try:
            stream, piece = next(self._frames)
        except (StopIteration, SocketError, ConnectionError):
            return False
        if stream == _STDERR:
            self._complaint += piece
        else:
            self._heard += piece
        return True


@contextlib.contextmanager
def converse(
    client: DockerClient,
    image: str,
    platform: str,
    command: Sequence[str],
    files: Mapping[str, bytes],
) -> Iterator[Conversation | None]:
    """Start a command as root in a new container and give the line to it; None where it is not there.

    The container is gone when the block ends. Should this process be killed, its stdin ends.
    """
    api: Any = client.api
    with throwaway(
        api,
        image,
        platform,
        entrypoint=list(command),
        user="0",
        working_dir="/",
        stdin_open=True,
        network="none",
    ) as identifier:
        with translated(f"put files into a container of `{image}`"):
            api.put_archive(identifier, "/", pack(files))
        with translated(f"start a container of `{image}`"):
            wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            held = api.attach_socket(identifier, params=wanted)
        with contextlib.closing(getattr(held, "_sock", held)), contextlib.closing(held):
            yield Conversation(held) if _start(api, identifier, image) else None


def _start(api: Any, identifier: str, image: str) -> bool:
    """Start a container, and say whether its program was there."""
    from docker.errors import APIError

    with translated(f"start a container of `{image}`"):
        try:
            api.start(identifier)
        except APIError:
            if api.inspect_container(identifier)["State"]["ExitCode"] in {NO_SUCH_PROGRAM, REFUSED}:
                return False
            raise
    return True
