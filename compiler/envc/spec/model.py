"""The spec as a model: what an environment is, validated field by field and frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from envc.spec import address, field, metadata
from envc.spec.field import FieldError
from envc.spec.healthcheck import Healthcheck, HealthcheckOrNone
from envc.spec.part import Part, Script, Words

__all__ = [
    "Base",
    "Check",
    "Conda",
    "CopyStep",
    "EnvSpec",
    "Healthcheck",
    "Index",
    "Part",
    "Pip",
    "RunStep",
    "Runtime",
    "Serve",
    "Step",
]


def _packages_from_list(value: Any) -> Any:
    return {"packages": value} if isinstance(value, list) else value


def _command_from_string(value: Any) -> Any:
    return {"command": value} if isinstance(value, str) else value


def _if_text(rule: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: rule(value) if isinstance(value, str) else value


_Line = Annotated[str, AfterValidator(field.line)]
_UNIQUE = Field(json_schema_extra={"uniqueItems": True})
_MatchSpecs = Annotated[tuple[Annotated[_Line, Field(title="MatchSpec")], ...], _UNIQUE]
_Requirements = Annotated[tuple[Annotated[_Line, Field(title="requirement")], ...], _UNIQUE]
_Wheels = Annotated[tuple[Annotated[str, AfterValidator(field.wheel_path)], ...], _UNIQUE]
_Modules = Annotated[tuple[Annotated[str, AfterValidator(field.module_name)], ...], _UNIQUE]
_Channels = Annotated[tuple[Annotated[str, AfterValidator(address.channel)], ...], _UNIQUE]
_RelativePath = Annotated[str, AfterValidator(field.relative_path)]
_Platform = Annotated[
    Literal["linux/amd64", "linux/arm64"], BeforeValidator(_if_text(field.platform))
]
_Platforms = Annotated[tuple[_Platform, ...], AfterValidator(field.non_empty), _UNIQUE]
_Boolean = Annotated[
    bool,
    BeforeValidator(field.boolean, json_schema_input_type=Literal[True, False, "true", "false"]),
]
_Variables = dict[
    Annotated[str, AfterValidator(field.variable_name)],
    Annotated[str, AfterValidator(field.variable_value)],
]
_Labels = dict[
    Annotated[str, AfterValidator(metadata.label_name)],
    Annotated[str, AfterValidator(metadata.label_value)],
]
_Ports = Annotated[tuple[Annotated[str, AfterValidator(metadata.port)], ...], _UNIQUE]
_Volumes = Annotated[tuple[Annotated[str, AfterValidator(metadata.volume)], ...], _UNIQUE]


class Base(Part):
    """Where the image starts."""

    image: Annotated[str, AfterValidator(address.image)] = Field(
        description="Required. The image reference to build on, with a tag, a digest or both. "
        "Example: `debian:bookworm-slim`."
    )


class Conda(Part):
    """What comes from Conda channels."""

    packages: _MatchSpecs = Field(
        default=(),
        description="Optional. Conda packages, a MatchSpec each. Default: none. "
        'Example: `["numpy >=1.26,<3"]`.',
    )


class Index(Part):
    """A package index in the form of PEP 503."""

    url: Annotated[str, AfterValidator(address.index_url)] = Field(
        description="Required. The index's address. Example: `https://pypi.example.com/simple`."
    )
    secret: Annotated[str, AfterValidator(address.secret_name)] | None = Field(
        default=None,
        description="Optional. The name of the secret that holds its credentials: an environment "
        "variable with `user:password` or a token. Default: no credentials. Example: `PYPI_TOKEN`.",
    )


class Pip(Part):
    """What comes from package indexes and from wheels."""

    indexes: Annotated[tuple[Index, ...], _UNIQUE] = Field(
        default=(),
        description="Optional. The indexes to ask; the first that knows a package wins. "
        "Default: `[{url: https://pypi.org/simple}]`. "
        "Example: `[{url: https://pypi.example.com/simple, secret: PYPI_TOKEN}]`.",
    )
    packages: _Requirements = Field(
        default=(),
        description="Optional. Distributions, a PEP 508 requirement each. Default: none. "
        """Example: `[rich ==14.*, 'tomli >=2 ; python_version < "3.11"']`.""",
    )
    wheels: _Wheels = Field(
        default=(),
        description="Optional. Wheel files, by paths relative to the spec. Default: none. "
        "Example: `[dist/pets-1.0-py3-none-any.whl]`.",
    )


class CopyStep(Part):
    """Files from beside the spec that go into the image."""

    source: _RelativePath = Field(
        alias="from",
        description="Required. A file or folder, by a path relative to the spec. Of a folder, its "
        "content is copied. Example: `src/`.",
    )
    to: Annotated[str, AfterValidator(field.target_path)] = Field(
        description="Required. Where it goes. Relative paths start at `workdir`; a file keeps its "
        "name where this ends in `/`. Example: `/app`."
    )


class RunStep(Part):
    """A command that runs while the image is built, as root, after the packages are there."""

    command: Script = Field(
        description="Required. A script for `/bin/sh -e`. Example: `python -m compileall -q /app`."
    )
    network: _Boolean = Field(
        default=False,
        description="Optional. Whether it may use the network. An image that needs one is not "
        "reproducible by construction. Default: `false`. Example: `true`.",
    )


class Step(Part):
    """One step: exactly one of `copy` and `run`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["copy"]}, {"required": ["run"]}]}
    )

    copy_: CopyStep | None = Field(
        default=None,
        alias="copy",
        description="Optional. Files to copy into the image. Default: none. "
        "Example: `{from: src/, to: /app}`.",
    )
    run: (
        Annotated[
            RunStep,
            BeforeValidator(_command_from_string, json_schema_input_type=Script | RunStep),
        ]
        | None
    ) = Field(
        default=None,
        description="Optional. A command to run while the image is built, as root, after the "
        "packages are there. Default: none. Example: `python -m compileall -q /app`.",
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

    imports: _Modules = Field(
        default=(),
        alias="import",
        description="Optional. Python modules that must import. Default: none. "
        "Example: `[numpy, pets]`.",
    )
    run: tuple[Script, ...] = Field(
        default=(),
        description="Optional. Commands for `/bin/sh -e` that must exit with 0, as the image's user and "
        "without a network. Default: none. "
        "Example: `[python -m pets --version]`.",
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
        description="Required. The environment's name: small letters and digits, with single `-`, `_` or "
        "`.` between them. Example: `pets`."
    )
    base: Base | None = Field(
        default=None,
        description="Optional. Where the image starts. Default: `debian:bookworm-slim` where "
        "Conda packages bring Python, else `python:VERSION-slim-bookworm` with the spec's Python, or "
        "3.12. "
        'Example: `{image: "debian:bookworm-slim"}`.',
    )
    platforms: _Platforms = Field(
        default=("linux/amd64",),
        description="Optional. The platforms to lock and build for, each once. "
        "Default: `[linux/amd64]`. Example: `[linux/amd64, linux/arm64]`.",
    )
    python: Annotated[str, AfterValidator(field.python_version)] | None = Field(
        default=None,
        description="Optional. Python's version: `3.12` is the newest 3.12, `3.12.7` only that. "
        "Default: what Conda packages ask for, or the base has. Example: `3.12`.",
    )
    channels: _Channels = Field(
        default=(),
        description="Optional. Conda channels, by name or address. A package comes from the first "
        "that has it. Default: `[conda-forge]`. Example: `[conda-forge, bioconda]`.",
    )
    conda: Annotated[
        Conda,
        BeforeValidator(_packages_from_list, json_schema_input_type=_MatchSpecs | Conda),
    ] = Field(
        default_factory=Conda,
        description="Optional. What comes from Conda channels. A list is one of packages. "
        'Default: none. Example: `["numpy >=1.26,<3"]`.',
    )
    pip: Annotated[
        Pip,
        BeforeValidator(_packages_from_list, json_schema_input_type=_Requirements | Pip),
    ] = Field(
        default_factory=Pip,
        description="Optional. What comes from package indexes and from wheels. A list is one of "
        "packages. Default: none. Example: `[rich ==14.*]`.",
    )
    system: tuple[Annotated[_Line, Field(title="Debian package")], ...] = Field(
        default=(),
        description="Optional. Not supported yet: Debian packages; a spec may not name any. "
        "Default: none. Example: `[git, libfuse-dev]`.",
        json_schema_extra={"maxItems": 0},
    )
    variables: _Variables = Field(
        default_factory=dict,
        description="Optional. Environment variables of the image, for its steps and for containers. "
        "Default: none. "
        'Example: `{OMP_NUM_THREADS: "4"}`.',
    )
    steps: tuple[Step, ...] = Field(
        default=(),
        description="Optional. What is copied and run while the image is built, in this order, after "
        "the packages are there. Each step is one `copy` or one `run`. Default: none. "
        "Example: `[{copy: {from: src/, to: /app}}, {run: python -m compileall -q /app}]`.",
    )
    user: Annotated[str, AfterValidator(field.user)] | None = Field(
        default=None,
        description="Optional. Who runs in the container: `UID`, `UID:GID` or a name that the base "
        "has. Steps run as root in any case. Default: `1000:1000`. Example: `1000`.",
    )
    workdir: Annotated[str, AfterValidator(field.workdir)] | None = Field(
        default=None,
        description="Optional. Where commands start. Default: the user's home, or `/` where only the "
        "base knows the user. Example: `/app`.",
    )
    entrypoint: Words | None = Field(
        default=None,
        description="Optional. The program that every command is given to, and its first words. "
        "Default: none. Example: `[/usr/bin/tini, --]`.",
    )
    command: Words | None = Field(
        default=None,
        description="Optional. What runs where no command is given. Default: `[python]` where there "
        "is one. Example: `[python, train.py]`.",
    )
    labels: _Labels = Field(
        default_factory=dict,
        description="Optional. Labels of the image. Names that start with `dev.envc` are envc's own. "
        "Default: none. Example: `{org.opencontainers.image.title: Pets}`.",
    )
    ports: _Ports = Field(
        default=(),
        description="Optional. Ports that containers listen on, with `/udp` or `/sctp` where it is "
        "not TCP; running publishes none of them by itself. Default: the base's. "
        "Example: `[8080, 9000/udp]`.",
    )
    volumes: _Volumes = Field(
        default=(),
        description="Optional. Folders that outlive a container, by absolute paths. One that the "
        "base does not have belongs to `user`, where that is a number. Default: the base's. "
        "Example: `[/data]`.",
    )
    healthcheck: HealthcheckOrNone | None = Field(
        default=None,
        description="Optional. How the engine finds out whether a container works; `none` takes the "
        "base's check away. Default: the base's. "
        "Example: `{run: curl -f http://localhost/, interval: 1m, timeout: 5s, start: 10s, retries: 5}`.",
    )
    stopsignal: Annotated[str, AfterValidator(metadata.stop_signal)] | None = Field(
        default=None,
        description="Optional. The signal that asks the container's program to end. "
        "Default: the base's, or SIGTERM. Example: `SIGINT`.",
    )
    check: Check = Field(
        default_factory=Check,
        description="Optional. What must work in the image before it gets its name. "
        "Default: nothing. Example: `{import: [numpy, pets], run: [python -m pets --version]}`.",
    )
    runtime: Runtime = Field(
        default_factory=Runtime,
        description="Optional. How containers are run; never part of the image. "
        "Default: as the engine does. Example: `{shm: 2g, gpus: all}`.",
    )
    serve: Serve | None = Field(
        default=None,
        description="Optional. What serves a model from the image; never part of the image. "
        "Default: nothing. Example: `{entry: score.py, model: models/pets}`.",
    )
