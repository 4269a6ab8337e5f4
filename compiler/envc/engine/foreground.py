"""A command in the foreground of a container: our streams, our signals, its exit code."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.engine.attached import attach
from envc.engine.failure import explain_missing_program, translated
from envc.engine.option import join_fields
from envc.errors import EnvcError, InputError, ToolError
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.process import ProgramMissingError
from envc.source import Span

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = [
    "CommandMissingError",
    "CommandRefusedError",
    "FolderMount",
    "RunOptions",
    "Streams",
    "VolumeMount",
    "run",
]

_NEVER = "0001-01-01T00:00:00Z"
_SIGNALLED = 128
_CLIENT_ERROR = b"docker: Error response from daemon:"
_WRONG_OPTION, _USAGE = b'invalid argument "', b"\n\nUsage:  docker run"
_COMPLAINT_BYTES = 512
_NO_FOLDER = re.compile(r"bind source path does not exist: (.*)$", re.MULTILINE)


class CommandMissingError(EnvcError):
    """The image has no such command; 127 is what shells and Docker say then."""

    exit_code = 127


class CommandRefusedError(EnvcError):
    """The command is there and cannot be executed; 126 is what shells and Docker say then."""

    exit_code = 126


@frozen
class FolderMount:
    """A file or folder of the engine's host that the container sees."""

    source: Path
    target: str
    read_only: bool = False
    origin: Span | None = field(default=None, compare=False)


@frozen
class VolumeMount:
    """A volume of the engine's that the container sees; it is made where there is none, and stays."""

    name: str
    target: str
    read_only: bool = False


@frozen
class RunOptions:
    """How a container is run.

    Attributes:
        shm: Size of `/dev/shm`, such as `2g`; None is the engine's.
        gpus: `all` or a number; None gives none.
        mounts: In order.
        arguments: Further options of `docker run`, as it takes them.
        arguments_origin: Where the spec has them.
        variables: Set on top of the image's.
        user: None is the image's.
        workdir: None is the image's.
        network: The engine's name for it, such as `none`; None is the engine's default.
        platform: `os/architecture`; None is the image's.
        terminal: Whether to give it a terminal; stdin and stdout must be one then.
    """

    shm: str | None = None
    gpus: str | None = None
    mounts: tuple[FolderMount | VolumeMount, ...] = ()
    arguments: tuple[str, ...] = ()
    arguments_origin: Span | None = field(default=None, compare=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    workdir: str | None = None
    network: str | None = None
    platform: str | None = None
    terminal: bool = False


@frozen
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

    The `docker` program runs it: the SDK cannot half-close stdin over every transport, nor drive a
    terminal (raw mode, resizing, detach keys). `docker run` it is and not `docker start`, which ends
    at the first signal and leaves the container alone. The SDK then reads how the container ended:
    the program's exit code does not tell its own failures from the command's.
    """
    from docker.errors import ImageNotFound

    with translated(f"look up the image `{image}`"):
        try:
            client.images.get(image)
        except ImageNotFound as error:
            raise ToolError([_explain_image(image)]) from error
    held = _HeldStderr(streams.stderr)
    with temporary_folder("run") as folder:
        identifier = Path(folder, "container")
        try:
            returncode = attach(
                _command(image, command, options, streams, identifier),
                environment=environment,
                stdin=streams.stdin,
                stdout=streams.stdout,
                on_stderr=held.write,
            )
            state = _inspect(client, identifier)
        except ProgramMissingError as error:
            raise ToolError([explain_missing_program()]) from error
        finally:
            _remove(client, identifier)
    if state is None:
        raise _explain_refusal(image, held, options)
    if state["StartedAt"] == _NEVER:
        raise _explain_start(image, command, state, held.reason(), options)
    held.release()
    return _exit_code(state, returncode)


def _command(
    image: str, command: Sequence[str], options: RunOptions, streams: Streams, identifier: Path
) -> list[str]:
    words = ["docker", "run", "--pull=never", f"--cidfile={identifier}"]
    words += ["--interactive"] if streams.stdin is not None else []
    words += ["--tty"] if options.terminal else []
    named = (
        ("shm-size", options.shm),
        ("gpus", options.gpus),
        ("user", options.user),
        ("workdir", options.workdir),
        ("network", options.network),
        ("platform", options.platform),
    )
    words += [f"--{name}={value}" for name, value in named if value is not None]
    for name, value in options.variables.items():
        words += ["--env", f"{name}={value}"]
    for mount in options.mounts:
        words += ["--mount", _describe_mount(mount)]
    return [*words, *options.arguments, "--", image, *command]


def _describe_mount(mount: FolderMount | VolumeMount) -> str:
    match mount:
        case FolderMount():
            fields = [("type", "bind"), ("source", str(mount.source))]
        case VolumeMount():
            fields = [("type", "volume"), ("source", mount.name)]
    fields.append(("target", mount.target))
    return join_fields(*fields, *([("readonly", "true")] if mount.read_only else []))


def _inspect(client: DockerClient, identifier: Path) -> Mapping[str, Any] | None:
    """Return how the container is, or None where none was made."""
    if not identifier.is_file():
        return None
    with translated("say how a container ended"):
        data: dict[str, Any] = client.api.inspect_container(identifier.read_text())
    state: dict[str, Any] = data["State"]
    return state


def _remove(client: DockerClient, identifier: Path) -> None:
    from docker.errors import NotFound

    if identifier.is_file():
        with translated("remove a container"), contextlib.suppress(NotFound):
            client.api.remove_container(identifier.read_text(), force=True, v=True)


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
        if self._passing or not (self._may_begin(_CLIENT_ERROR) or self._may_be_usage()):
            self.release()
            self._passing = True

    def _may_begin(self, complaint: bytes) -> bool:
        return complaint.startswith(self._kept[: len(complaint)])

    def _may_be_usage(self) -> bool:
        is_short = len(self._kept) < _COMPLAINT_BYTES
        return self._may_begin(_WRONG_OPTION) and (is_short or _USAGE in self._kept)

    def reason(self) -> str:
        """Return the complaint that was kept, without what stands around it."""
        text = self._kept.decode("utf-8", "replace").removeprefix(_CLIENT_ERROR.decode())
        return re.split(r"\nRun 'docker run --help'|\n\nUsage: ", text)[0].strip()

    @property
    def is_wrong_option(self) -> bool:
        """Whether what was kept is about an option, which the `docker` program did not even pass on."""
        return self._kept.startswith(_WRONG_OPTION) and _USAGE in self._kept

    def release(self) -> None:
        """Pass on what was kept."""
        self._stream.write(self._kept)
        self._stream.flush()
        self._kept = b""


def _exit_code(state: Mapping[str, Any], returncode: int) -> int:
    if state["Running"]:
        return _SIGNALLED - returncode if returncode < 0 else returncode
    return int(state["ExitCode"])


def _explain_start(
    image: str,
    command: Sequence[str],
    state: Mapping[str, Any],
    said: str,
    options: RunOptions,
) -> EnvcError:
    reason = str(state["Error"]) or said
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
            return ToolError([_explain_engine(image, reason, options)])


def _explain_refusal(image: str, held: _HeldStderr, options: RunOptions) -> EnvcError:
    """Explain why no container was made."""
    reason = held.reason()
    if held.is_wrong_option:
        message = f"`docker run` refuses an option: {reason}"
        hint = "correct its value; `docker run --help` lists what options take"
        return InputError([Diagnostic.at(options.arguments_origin, "E635", message, hint=hint)])
    if (missing := _NO_FOLDER.search(reason)) is not None:
        folders = (mount for mount in options.mounts if isinstance(mount, FolderMount))
        mount = next((one for one in folders if str(one.source) == missing[1]), None)
        message = f"there is no `{missing[1]}` to mount"
        hint = "make it, or correct the path, which is one of the engine's host"
        origin = mount.origin if mount is not None else None
        return InputError([Diagnostic.at(origin, "E634", message, hint=hint)])
    return ToolError([_explain_engine(image, reason, options)])


def _explain_engine(image: str, reason: str, options: RunOptions) -> Diagnostic:
    hint = "check the spec's `arguments` for `runtime`" if options.arguments else ""
    if "gpu" in reason:
        hint = "install the NVIDIA Container Toolkit on the engine's host, or drop `gpus`"
    if "no command specified" in reason.lower():
        hint = "say what is to run, after the image's name or as `command` in the spec"
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
