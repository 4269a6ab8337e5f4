"""The spec as a model: what an environment is, validated field by field and frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from envc.spec import address, field
from envc.spec.field import FieldError

__all__ = [
    "Base",
    "Check",
    "Conda",
    "CopyStep",
    "EnvSpec",
    "Index",
    "Part",
    "Pip",
    "RunStep",
    "Runtime",
    "Serve",
    "Step",
]

_Item = TypeVar("_Item")


class Part(BaseModel):
    """What all parts of a spec have in common: frozen, and no key that is not theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _packages_from_list(value: Any) -> Any:
    return {"packages": value} if isinstance(value, list) else value


def _command_from_string(value: Any) -> Any:
    return {"command": value} if isinstance(value, str) else value


def _non_empty(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    if not items:
        raise FieldError("E205", "the list is empty", hint="fill it, or leave it out")
    return items


def _if_text(rule: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: rule(value) if isinstance(value, str) else value


_Line = Annotated[str, AfterValidator(field.line)]
_Script = Annotated[str, AfterValidator(field.script)]
_RelativePath = Annotated[str, AfterValidator(field.relative_path)]
_Platform = Annotated[
    Literal["linux/amd64", "linux/arm64"], BeforeValidator(_if_text(field.platform))
]
_Platforms = Annotated[tuple[_Platform, ...], AfterValidator(_non_empty)]
_Words = Annotated[
    tuple[Annotated[str, AfterValidator(field.word)], ...],
    AfterValidator(_non_empty),
    AfterValidator(field.program),
]
_Variables = dict[
    Annotated[str, AfterValidator(field.variable_name)],
    Annotated[str, AfterValidator(field.variable_value)],
]


class Base(Part):
    """Where the image starts."""

    image: Annotated[str, AfterValidator(address.image)] = Field(
        description="Required. The image reference to build on, with a tag, a digest or both. "
        "Example: `python:3.12-slim-bookworm`."
    )


class Conda(Part):
    """What comes from Conda channels."""

    packages: tuple[_Line, ...] = Field(
        default=(),
        description="Optional. Conda packages, a MatchSpec each. Example: `numpy >=1.26,<2`.",
    )


class Index(Part):
    """A package index in the form of PEP 503."""

    url: Annotated[str, AfterValidator(address.index_url)] = Field(
        description="Required. Its address. Example: `https://pypi.org/simple`."
    )
    secret: Annotated[str, AfterValidator(address.secret_name)] | None = Field(
        default=None,
        description="Optional. The name of the secret that holds its credentials: an environment "
        "variable with `user:password` or a token. Default: no credentials. Example: `PYPI_TOKEN`.",
    )


class Pip(Part):
    """What comes from package indexes and from wheels."""

    indexes: tuple[Index, ...] = Field(
        default=(),
        description="Optional. The indexes to ask, the first that knows a package wins. "
        "Default: `https://pypi.org/simple`.",
    )
    packages: tuple[_Line, ...] = Field(
        default=(),
        description="Optional. Distributions, a PEP 508 requirement each. "
        'Example: `tomli >=2 ; python_version < "3.11"`.',
    )
    wheels: tuple[Annotated[str, AfterValidator(field.wheel_path)], ...] = Field(
        default=(),
        description="Optional. Wheel files, by paths relative to the spec. "
        "Example: `dist/pets-1.0-py3-none-any.whl`.",
    )


class CopyStep(Part):
    """Files from beside the spec that go into the image."""

    source: _RelativePath = Field(
        alias="from",
        description="Required. A file or folder, by a path relative to the spec; of a folder, its "
        "content is copied. Example: `src/`.",
    )
    to: Annotated[str, AfterValidator(field.target_path)] = Field(
        description="Required. Where it goes; relative paths start at `workdir`; a file keeps its "
        "name where this ends in `/`. Example: `/app`."
    )


class RunStep(Part):
    """A command that runs while the image is built, as root, after the packages are there."""

    command: _Script = Field(
        description="Required. A script for `/bin/sh -e`. Example: `python -m compileall -q /app`."
    )
    network: Annotated[bool, BeforeValidator(field.boolean)] = Field(
        default=False,
        description="Optional. Whether it may use the network; such an image is not reproducible "
        "by construction. Default: `false`.",
    )


class Step(Part):
    """One step: exactly one of `copy` and `run`."""

    copy_: CopyStep | None = Field(
        default=None, alias="copy", description="Optional. Files to copy into the image."
    )
    run: Annotated[RunStep, BeforeValidator(_command_from_string)] | None = Field(
        default=None, description="Optional. A command to run while the image is built."
    )

    @model_validator(mode="after")
    def _check_one_action(self) -> Self:
        if self.copy_ is not None and self.run is not None:
            raise FieldError(
                "E221",
                "a step has both `copy` and `run`",
                hint="make two steps of it, in the order in which they should happen",
            )
        if self.copy_ is None and self.run is None:
            raise FieldError("E221", "a step has neither `copy` nor `run`", hint="add one of them")
        return self


class Check(Part):
    """What must work in the built image before it gets its name."""

    imports: tuple[Annotated[str, AfterValidator(field.module_name)], ...] = Field(
        default=(),
        alias="import",
        description="Optional. Python modules that must import. Example: `numpy`.",
    )
    run: tuple[_Script, ...] = Field(
        default=(),
        description="Optional. Commands that must exit with 0. Example: `python -m pets --version`.",
    )


class Runtime(Part):
    """How containers of the image are run; never part of the image."""

    shm: Annotated[str, AfterValidator(field.shm_size)] | None = Field(
        default=None,
        description="Optional. Size of `/dev/shm`. Default: the engine's. Example: `2g`.",
    )
    gpus: Annotated[str, AfterValidator(field.gpus)] | None = Field(
        default=None,
        description="Optional. `all` or a number of GPUs. Default: none. Example: `all`.",
    )


class Serve(Part):
    """What serves a model from the image; never part of the image."""

    entry: Annotated[str, AfterValidator(field.script_path)] = Field(
        description="Required. The Python file with `init()` and `run(data)`. Example: `score.py`."
    )
    model: _RelativePath | None = Field(
        default=None,
        description="Optional. The model's file or folder. Default: none. Example: `models/pets`.",
    )


class EnvSpec(Part):
    """A whole spec."""

    environment: Annotated[str, AfterValidator(field.environment_name)] = Field(
        description="Required. The environment's name. Example: `pets`."
    )
    base: Base | None = Field(
        default=None,
        description="Optional. Where the image starts. Default: `debian:bookworm-slim` where "
        "Conda packages bring Python, else `python:VERSION-slim-bookworm`.",
    )
    platforms: _Platforms = Field(
        default=("linux/amd64",),
        description="Optional. The platforms to lock and build for, each once. "
        "Default: `[linux/amd64]`.",
    )
    python: Annotated[str, AfterValidator(field.python_version)] | None = Field(
        default=None,
        description="Optional. Python's version; `3.12` means `3.12.*`. Default: what Conda "
        "packages ask for, or the base has. Example: `3.12`.",
    )
    channels: tuple[Annotated[str, AfterValidator(address.channel)], ...] = Field(
        default=(),
        description="Optional. Conda channels, the first wins. Default: `[conda-forge]`.",
    )
    conda: Annotated[Conda, BeforeValidator(_packages_from_list)] = Field(
        default_factory=Conda, description="Optional. Conda packages. Default: none."
    )
    pip: Annotated[Pip, BeforeValidator(_packages_from_list)] = Field(
        default_factory=Pip, description="Optional. Python distributions. Default: none."
    )
    system: tuple[_Line, ...] = Field(
        default=(), description="Optional. Debian packages. Default: none. Example: `git`."
    )
    variables: _Variables = Field(
        default_factory=dict,
        description="Optional. Environment variables of the image. Default: none. "
        'Example: `{OMP_NUM_THREADS: "4"}`.',
    )
    steps: tuple[Step, ...] = Field(
        default=(), description="Optional. Copies and commands, in order. Default: none."
    )
    user: Annotated[str, AfterValidator(field.user)] | None = Field(
        default=None,
        description="Optional. Who runs in the container: `UID`, `UID:GID` or a name that the base "
        "has. Default: `1000:1000`. Example: `root`.",
    )
    workdir: Annotated[str, AfterValidator(field.workdir)] | None = Field(
        default=None,
        description="Optional. Where commands start. Default: the user's home. Example: `/app`.",
    )
    entrypoint: _Words | None = Field(
        default=None,
        description="Optional. The program that every command is given to. Default: none.",
    )
    command: _Words | None = Field(
        default=None,
        description='Optional. What runs by default. Default: `["python"]` where there is one. '
        'Example: `["python", "train.py"]`.',
    )
    check: Check = Field(
        default_factory=Check,
        description="Optional. What must work in the image. Default: nothing.",
    )
    runtime: Runtime = Field(
        default_factory=Runtime,
        description="Optional. How containers are run. Default: as the engine does.",
    )
    serve: Serve | None = Field(
        default=None, description="Optional. What serves a model. Default: nothing."
    )
