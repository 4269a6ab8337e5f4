"""A command in the foreground of a container: our streams, our signals, its exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.engine.failure import translated
from envc.errors import EnvcError, ToolError
from envc.process import ProgramMissingError, attach

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = [
    "CommandMissingError",
    "CommandRefusedError",
    "FolderMount",
    "RunOptions",
    "Streams",
    "run",
]

_NEVER = "0001-01-01T00:00:00Z"
_SIGNALLED = 128
_CLIENT_ERROR = b"Error response from daemon:"


class CommandMissingError(EnvcError):
    """The image has no such command; 127 is what shells and Docker say then."""

    exit_code = 127


class CommandRefusedError(EnvcError):
    """The command is there and cannot be executed; 126 is what shells and Docker say then."""

    exit_code = 126


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMount:
    """A file or folder of the engine's host that the container sees."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a container is run.

    Attributes:
        shm: Size of `/dev/shm`, such as `2g`; None is the engine's.
        gpus: `all` or a number; None gives none.
        mounts: In order.
        variables: Set on top of the image's.
        user: None is the image's.
        workdir: None is the image's.
        network: The engine's name for it, such as `none`; None is the engine's default.
        platform: `os/architecture`; None is the image's.
        terminal: Whether to give it a terminal; stdin and stdout must be one then.
    """

    shm: str | None = None
    gpus: str | None = None
    mounts: tuple[FolderMount, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    workdir: str | None = None
    network: str | None = None
    platform: str | None = None
    terminal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """What the command reads and writes; `stdin` None is an empty one."""

    stdin: IO[bytes] | None
    stdout: IO[bytes]
    stderr: IO[bytes]


def run(
    client: DockerClient,
    image: str,
    command: Sequence[str],
    *,
    options: RunOptions,
    streams: Streams,
    environment: Mapping[str, str],
) -> int:
    """Run a command in a new container and remove it; see `Engine.run`.

    The SDK makes the container, so that a refusal is a diagnostic; the `docker` program starts it
    and stays attached, since the SDK cannot half-close stdin over every transport, nor drive a
    terminal (raw mode, resizing, detach keys); the SDK then reads how it ended, which the program's
    own exit code does not tell apart from its own failures.
    """
    from docker.errors import NotFound

    identifier = _create(client, image, command, options, streams)
    try:
        held = _HeldStderr(streams.stderr)
        start = ["docker", "start", "--attach"]
        start += ["--interactive"] if streams.stdin is not None else []
        try:
            returncode = attach(
                [*start, identifier],
                environment=environment,
                stdin=streams.stdin,
                stdout=streams.stdout,
                on_stderr=held.write,
            )
        except ProgramMissingError as error:
            raise ToolError([_explain_program()]) from error
        with translated("say how a container ended"):
            state = client.api.inspect_container(identifier)["State"]
        if state["StartedAt"] == _NEVER:
            raise _explain_start(image, command, state)
        held.release()
        return _exit_code(state, returncode)
    finally:
        with translated("remove a container"), contextlib.suppress(NotFound):
            client.api.remove_container(identifier, force=True, v=True)


def _create(
    client: DockerClient,
    image: str,
    command: Sequence[str],
    options: RunOptions,
    streams: Streams,
) -> str:
    from docker.errors import ImageNotFound
    from docker.types import DeviceRequest, Mount

    api = client.api
    gpus = options.gpus
    with translated(f"make a container of `{image}`"):
        host = api.create_host_config(
            shm_size=options.shm,
            network_mode=options.network,
            mounts=[
                Mount(mount.target, str(mount.source), type="bind", read_only=mount.read_only)
                for mount in options.mounts
            ],
            device_requests=[
                DeviceRequest(count=-1 if gpus == "all" else int(gpus), capabilities=[["gpu"]])
            ]
            if gpus is not None
            else None,
        )
        try:
            made = api.create_container(
                image,
                command=list(command) or None,
                environment=dict(options.variables),
                user=options.user,
                working_dir=options.workdir,
                stdin_open=streams.stdin is not None,
                tty=options.terminal,
                platform=options.platform,
                host_config=host,
            )
        except ImageNotFound as error:
            raise ToolError([_explain_image(image)]) from error
    return str(made["Id"])


class _HeldStderr:
    """Passes stderr on, but keeps what may be the `docker` program's own complaint.

    That can only come first, and only where the container was not started: then a diagnostic says
    the same better, and it is dropped.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = b""
        self._passing = False

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self._kept += piece
        head = self._kept[: len(_CLIENT_ERROR)]
        if self._passing or not _CLIENT_ERROR.startswith(head):
            self.release()
            self._passing = True

    def release(self) -> None:
        """Pass on what was kept."""
        self._stream.write(self._kept)
        self._stream.flush()
        self._kept = b""


def _exit_code(state: Mapping[str, Any], returncode: int) -> int:
    if state["Running"]:
        return _SIGNALLED - returncode if returncode < 0 else returncode
    return int(state["ExitCode"])


def _explain_start(image: str, command: Sequence[str], state: Mapping[str, Any]) -> EnvcError:
    reason = str(state["Error"])
    name = command[0] if command else "the default command"
    match int(state["ExitCode"]):
        case CommandMissingError.exit_code:
            return CommandMissingError(
                [
                    Diagnostic(
                        code="E631",
                        message=f"`{image}` has no command `{name}`",
                        notes=(reason,),
                        hint="check its spelling; a shell's own words need `sh -c`",
                    )
                ]
            )
        case CommandRefusedError.exit_code:
            return CommandRefusedError(
                [
                    Diagnostic(
                        code="E632",
                        message=f"`{name}` cannot be executed in `{image}`",
                        notes=(reason,),
                        hint="name a program, with its execute permission set",
                    )
                ]
            )
        case _:
            return ToolError([_explain_engine(image, reason)])


def _explain_engine(image: str, reason: str) -> Diagnostic:
    hint = ""
    if "gpu" in reason:
        hint = "install the NVIDIA Container Toolkit on the engine's host, or drop `gpus`"
    return Diagnostic(
        code="E633",
        message=f"the Docker engine could not start a container of `{image}`",
        notes=(reason or "it gave no reason",),
        hint=hint,
    )


def _explain_image(image: str) -> Diagnostic:
    return Diagnostic(
        code="E630",
        message=f"the Docker engine has no image `{image}`",
        hint="run `envc build SPEC` first",
    )


def _explain_program() -> Diagnostic:
    return Diagnostic(
        code="E605",
        message="the program `docker` is not installed",
        hint="install the Docker CLI with its buildx plugin (https://docs.docker.com/engine/install/)",
    )
