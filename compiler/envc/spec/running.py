"""The parts of a spec about the finished image: what must work in it, how it runs, serves and trains."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from envc.spec import argument, field, metadata, path
from envc.spec.part import (
    BY_SHAPE,
    PARTS,
    TEXT,
    UNIQUE,
    Boolean,
    Part,
    RelativePath,
    Script,
    Word,
)

__all__ = ["Check", "CheckCommand", "Mount", "Runtime", "Serve", "Train", "plain_command"]


class CheckCommand(Part):
    """A command that must work, where it has more to say than its text."""

    command: Script = Field(
        description="Required. A script for `/bin/sh -e` that must exit with 0. "
        "Example: `python -m pets --version`."
    )
    prints: Annotated[Script, Field(title="text")] | None = Field(
        default=None,
        description="Optional. A text that must be in what it prints. Default: anything. "
        'Example: `"1.0"`.',
    )


def plain_command(command: Any) -> Any:
    """Return the plain text of a command that says nothing else."""
    is_shortest = isinstance(command, str) or command.prints is not None
    return command if is_shortest else command.command


class Check(Part):
    """What must work in the built image before it gets its name."""

    imports: Annotated[tuple[Annotated[str, AfterValidator(field.module_name)], ...], UNIQUE] = (
        Field(
            default=(),
            alias="import",
            description="Optional. Python modules that must import. Default: none. "
            "Example: `[numpy, pets]`.",
        )
    )
    run: tuple[
        Annotated[
            Annotated[Script, TEXT] | Annotated[CheckCommand, PARTS],
            BY_SHAPE,
            AfterValidator(plain_command),
        ],
        ...,
    ] = Field(
        default=(),
        description="Optional. Commands for `/bin/sh -e` that must exit with 0, as the image's user "
        "and without a network; of each, perhaps what it must print. Default: none. "
        "Example: `[python -m pets --version]`.",
    )
    timeout: Annotated[str, AfterValidator(metadata.duration)] = Field(
        default="10m",
        description="Optional. How long each check may take: a number with `h`, `m`, `s` or `ms`, or "
        "several. Default: `10m`. Example: `30s`.",
    )
    allow_missing: Annotated[
        tuple[Annotated[str, AfterValidator(metadata.library)], ...], UNIQUE
    ] = Field(
        default=(),
        alias="allow-missing",
        description="Optional. Shared libraries that the image may lack though its packages need "
        "them, since the machines that run it bring them; NVIDIA's drivers need not be named. "
        "Default: none. Example: `[libhsa-runtime64.so.1]`.",
    )

    @property
    def commands(self) -> tuple[str, ...]:
        """The texts of all commands."""
        return tuple(one if isinstance(one, str) else one.command for one in self.run)


class Mount(Part):
    """A folder or file of the host, or a volume, that containers see."""

    source: Annotated[str, AfterValidator(path.mount_source)] = Field(
        alias="from",
        description="Required. A path relative to the spec, with a `/` in it; an absolute path of "
        "the host; or the name of a volume. Example: `data/`.",
    )
    to: Annotated[str, AfterValidator(path.mount_target)] = Field(
        description="Required. Its absolute path in the container. Example: `/data`."
    )
    read_only: Boolean = Field(
        default=False,
        alias="read-only",
        description="Optional. Whether containers may only read it. Default: `false`. "
        "Example: `true`.",
    )


class Runtime(Part):
    """How containers of the image are run; never part of the image."""

    shm: Annotated[str, AfterValidator(field.shm_size)] | None = Field(
        default=None,
        description="Optional. Size of `/dev/shm`: bytes, or a number with `k`, `m` or `g`. "
        "Default: the engine's. Example: `2g`.",
    )
    gpus: Annotated[str, AfterValidator(field.gpus)] | None = Field(
        default=None,
        description="Optional. `all` or a number of GPUs. Default: none. Example: `all`.",
    )
    arguments: tuple[Annotated[str, AfterValidator(argument.argument)], ...] = Field(
        default=(),
        description="Optional. Arguments of `docker run`, each with its value in one text. There are "
        f"{', '.join(f'`{name}`' for name in sorted(argument.ARGUMENTS))}. Default: none. "
        'Example: `["--ipc=host"]`.',
    )
    mounts: tuple[Mount, ...] = Field(
        default=(),
        description="Optional. Folders, files and volumes that containers see. Default: none. "
        "Example: `[{from: data/, to: /data, read-only: true}]`.",
    )


class Serve(Part):
    """What serves a model from the image; never part of the image."""

    entry: Annotated[str, AfterValidator(path.script_path)] = Field(
        description="Required. The Python file with `init()` and `run(data)`. Example: `score.py`."
    )
    model: RelativePath | None = Field(
        default=None,
        description="Optional. The model's file or folder. Default: none. Example: `models/pets`.",
    )
    port: Annotated[str, AfterValidator(metadata.port_number)] | None = Field(
        default=None,
        description="Optional. The port that it listens on. Default: chosen where it is served. "
        "Example: `8080`.",
    )
    workers: Annotated[str, AfterValidator(field.workers)] | None = Field(
        default=None,
        description="Optional. How many processes answer requests, from 1. "
        "Default: chosen where it is served. Example: `2`.",
    )


class Train(Part):
    """What trains in the image; never part of the image."""

    script: Annotated[str, AfterValidator(path.script_path)] = Field(
        description="Required. The Python file to run, by its path in `source`. Example: `train.py`."
    )
    arguments: tuple[Word, ...] = Field(
        default=(),
        description="Optional. The words that the script is given. Default: none. "
        'Example: `["--epochs", "3"]`.',
    )
    source: RelativePath | None = Field(
        default=None,
        description="Optional. The folder that the script and all that it needs lie in, by a path "
        "relative to the spec. Default: the spec's own folder. Example: `src/`.",
    )
