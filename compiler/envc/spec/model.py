"""The spec as a model: what an environment is, validated field by field and frozen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "Base",
    "Check",
    "Conda",
    "CopyStep",
    "EnvSpec",
    "Index",
    "Pip",
    "RunStep",
    "Runtime",
    "Serve",
    "Step",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _packages_from_list(value: Any) -> Any:
    return {"packages": value} if isinstance(value, list) else value


def _command_from_string(value: Any) -> Any:
    return {"command": value} if isinstance(value, str) else value


class Base(_Part):
    """Where the image starts."""

    image: str = Field(
        description="Required. The image reference to build on, with a tag, a digest or both. "
        "Example: `python:3.12-slim-bookworm`."
    )


class Conda(_Part):
    """What comes from Conda channels."""

    packages: tuple[str, ...] = Field(
        default=(),
        description="Optional. Conda packages, a MatchSpec each. Example: `numpy >=1.26,<2`.",
    )


class Index(_Part):
    """A package index in the form of PEP 503."""

    url: str = Field(description="Required. Its address. Example: `https://pypi.org/simple`.")
    secret: str | None = Field(
        default=None,
        description="Optional. The name of the secret that holds its credentials: an environment "
        "variable with `user:password` or a token. Default: no credentials. Example: `PYPI_TOKEN`.",
    )


class Pip(_Part):
    """What comes from package indexes and from wheels."""

    indexes: tuple[Index, ...] = Field(
        default=(),
        description="Optional. The indexes to ask, the first that knows a package wins. "
        "Default: `https://pypi.org/simple`.",
    )
    packages: tuple[str, ...] = Field(
        default=(),
        description="Optional. Distributions, a PEP 508 requirement each. "
        'Example: `tomli >=2 ; python_version < "3.11"`.',
    )
    wheels: tuple[str, ...] = Field(
        default=(),
        description="Optional. Wheel files, by paths relative to the spec. "
        "Example: `dist/pets-1.0-py3-none-any.whl`.",
    )


class CopyStep(_Part):
    """Files from beside the spec that go into the image."""

    source: str = Field(
        alias="from",
        description="Required. A file or folder, by a path relative to the spec; of a folder, its "
        "content is copied. Example: `src/`.",
    )
    to: str = Field(
        description="Required. Where it goes; relative paths start at `workdir`; a file keeps its "
        "name where this ends in `/`. Example: `/app`."
    )


class RunStep(_Part):
    """A command that runs while the image is built, as root, after the packages are there."""

    command: str = Field(
        description="Required. A script for `/bin/sh -e`. Example: `python -m compileall -q /app`."
    )
    network: bool = Field(
        default=False,
        description="Optional. Whether it may use the network; such an image is not reproducible "
        "by construction. Default: `false`.",
    )


class Step(_Part):
    """One step: exactly one of `copy` and `run`."""

    copy_: CopyStep | None = Field(
        default=None, alias="copy", description="Optional. Files to copy into the image."
    )
    run: Annotated[RunStep, BeforeValidator(_command_from_string)] | None = Field(
        default=None, description="Optional. A command to run while the image is built."
    )


class Check(_Part):
    """What must work in the built image before it gets its name."""

    imports: tuple[str, ...] = Field(
        default=(),
        alias="import",
        description="Optional. Python modules that must import. Example: `numpy`.",
    )
    run: tuple[str, ...] = Field(
        default=(),
        description="Optional. Commands that must exit with 0. Example: `python -m pets --version`.",
    )


class Runtime(_Part):
    """How containers of the image are run; never part of the image."""

    shm: str | None = Field(
        default=None,
        description="Optional. Size of `/dev/shm`. Default: the engine's. Example: `2g`.",
    )
    gpus: str | None = Field(
        default=None,
        description="Optional. `all` or a number of GPUs. Default: none. Example: `all`.",
    )


class Serve(_Part):
    """What serves a model from the image; never part of the image."""

    entry: str = Field(
        description="Required. The Python file with `init()` and `run(data)`. Example: `score.py`."
    )
    model: str | None = Field(
        default=None,
        description="Optional. The model's file or folder. Default: none. Example: `models/pets`.",
    )


class EnvSpec(_Part):
    """A whole spec."""

    environment: str = Field(description="Required. The environment's name. Example: `pets`.")
    base: Base | None = Field(
        default=None,
        description="Optional. Where the image starts. Default: `debian:bookworm-slim` where "
        "Conda packages bring Python, else `python:VERSION-slim-bookworm`.",
    )
    platforms: tuple[Literal["linux/amd64", "linux/arm64"], ...] = Field(
        default=("linux/amd64",),
        description="Optional. The platforms to lock and build for. Default: `[linux/amd64]`.",
    )
    python: str | None = Field(
        default=None,
        description="Optional. Python's version; `3.12` means `3.12.*`. Default: what Conda "
        "packages ask for, or the base has. Example: `3.12`.",
    )
    channels: tuple[str, ...] = Field(
        default=(),
        description="Optional. Conda channels, the first wins. Default: `[conda-forge]`.",
    )
    conda: Annotated[Conda, BeforeValidator(_packages_from_list)] = Field(
        default=Conda(), description="Optional. Conda packages. Default: none."
    )
    pip: Annotated[Pip, BeforeValidator(_packages_from_list)] = Field(
        default=Pip(), description="Optional. Python distributions. Default: none."
    )
    system: tuple[str, ...] = Field(
        default=(), description="Optional. Debian packages. Default: none. Example: `git`."
    )
    variables: dict[str, str] = Field(
        default={},
        description="Optional. Environment variables of the image. Default: none. "
        'Example: `{OMP_NUM_THREADS: "4"}`.',
    )
    steps: tuple[Step, ...] = Field(
        default=(), description="Optional. Copies and commands, in order. Default: none."
    )
    user: str | None = Field(
        default=None,
        description="Optional. Who runs in the container: `UID`, `UID:GID` or a name that the base "
        "has. Default: `1000:1000`. Example: `root`.",
    )
    workdir: str | None = Field(
        default=None,
        description="Optional. Where commands start. Default: the user's home. Example: `/app`.",
    )
    entrypoint: tuple[str, ...] | None = Field(
        default=None,
        description="Optional. The program that every command is given to. Default: none.",
    )
    command: tuple[str, ...] | None = Field(
        default=None,
        description='Optional. What runs by default. Default: `["python"]` where there is one. '
        'Example: `["python", "train.py"]`.',
    )
    check: Check = Field(
        default=Check(), description="Optional. What must work in the image. Default: nothing."
    )
    runtime: Runtime = Field(
        default=Runtime(),
        description="Optional. How containers are run. Default: as the engine does.",
    )
    serve: Serve | None = Field(
        default=None, description="Optional. What serves a model. Default: nothing."
    )
