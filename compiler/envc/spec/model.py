"""The spec as a model: what an environment is, validated field by field and frozen."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from envc.spec import address, field, metadata, moment, path, solve
from envc.spec.field import FieldError
from envc.spec.healthcheck import Healthcheck, HealthcheckOrNone
from envc.spec.package import (
    Channel,
    Channels,
    Conda,
    FindLinks,
    Index,
    MatchSpecs,
    Package,
    Pip,
    Requirements,
    Source,
    System,
    SystemPackage,
    SystemPackages,
    Wheel,
)
from envc.spec.part import (
    BY_SHAPE,
    PARTS,
    TEXT,
    UNIQUE,
    Boolean,
    Part,
    Platform,
    RelativePath,
    Variables,
    WordsOrNone,
    if_text,
    packages_from_list,
)
from envc.spec.running import Check, CheckCommand, Mount, Runtime, Serve, Train
from envc.spec.step import CopyStep, RunStep, Step

__all__ = [
    "Base",
    "Channel",
    "Check",
    "CheckCommand",
    "Conda",
    "CopyStep",
    "EnvSpec",
    "FindLinks",
    "Healthcheck",
    "Index",
    "Mount",
    "Package",
    "Part",
    "Pip",
    "Python",
    "RunStep",
    "Runtime",
    "Serve",
    "Source",
    "Step",
    "System",
    "SystemPackage",
    "Train",
    "Wheel",
]

_Platforms = Annotated[tuple[Platform, ...], AfterValidator(field.non_empty), UNIQUE]
_VirtualPackages = dict[
    Annotated[str, AfterValidator(solve.virtual_package)],
    Annotated[str, AfterValidator(solve.virtual_version)],
]
_Distributions = dict[
    Annotated[str, AfterValidator(solve.conda_package)],
    Annotated[str, AfterValidator(solve.distribution)],
]
_Labels = dict[
    Annotated[str, AfterValidator(metadata.label_name)],
    Annotated[str, AfterValidator(metadata.label_value)],
]
_Ports = Annotated[tuple[Annotated[str, AfterValidator(metadata.port)], ...], UNIQUE]
_Volumes = Annotated[tuple[Annotated[str, AfterValidator(metadata.volume)], ...], UNIQUE]


class Base(Part):
    """Where the image starts: exactly one of `image` and `dockerfile`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["image"],
                    "not": {"anyOf": [{"required": ["context"]}, {"required": ["target"]}]},
                },
                {"required": ["dockerfile"], "not": {"required": ["registry"]}},
            ]
        }
    )

    image: Annotated[str, AfterValidator(address.image)] | None = Field(
        default=None,
        description="Optional. The image reference to build on, with a tag, a digest or both. "
        "Default: none. Example: `debian:bookworm-slim`.",
    )
    registry: Annotated[str, AfterValidator(address.registry)] | None = Field(
        default=None,
        description="Optional. The host of the registry that has the image, where the image's name "
        "does not say it; log in with `docker login`. Default: Docker Hub. "
        "Example: `registry.example.com`.",
    )
    dockerfile: Annotated[str, AfterValidator(path.dockerfile)] | None = Field(
        default=None,
        description="Optional. A Dockerfile to build the base with: a path relative to the spec, or "
        "its text, of more than one line. Default: none. Example: `Dockerfile.base`.",
    )
    context: RelativePath | None = Field(
        default=None,
        description="Optional. The folder that the Dockerfile may copy from, by a path relative to "
        "the spec. Default: the Dockerfile's own, or nothing for a text. Example: `docker/`.",
    )
    target: Annotated[str, AfterValidator(field.stage_name)] | None = Field(
        default=None,
        description="Optional. The stage of the Dockerfile that is the base. Default: its last. "
        "Example: `runtime`.",
    )

    @model_validator(mode="after")
    def _check_one_origin(self) -> Self:
        if self.image is not None and self.dockerfile is not None:
            raise FieldError(
                "E250",
                "`base` has both `image` and `dockerfile`",
                hint="choose one: a Dockerfile names its own image in `FROM`",
            )
        if self.image is None and self.dockerfile is None:
            raise FieldError(
                "E250",
                "`base` has neither `image` nor `dockerfile`",
                hint='add one of them, such as `base image "debian:bookworm-slim"` '
                '(in YAML `base: {image: "debian:bookworm-slim"}`)',
            )
        if self.image is not None:
            self._check_image(self.image)
        elif self.registry is not None:
            raise FieldError(
                "E250",
                "`registry` needs an `image`",
                hint="remove it: a Dockerfile names registries in `FROM`",
            )
        return self

    def _check_image(self, image: str) -> None:
        for name, value in (("context", self.context), ("target", self.target)):
            if value is not None:
                raise FieldError(
                    "E250",
                    f"`{name}` needs a `dockerfile`",
                    hint="remove it: an image is taken as it is",
                )
        if self.registry is not None and address.names_registry(image):
            raise FieldError(
                "E252",
                f"`{image}` names a registry, and so does `registry`",
                hint="remove one of them",
            )


class Python(Part):
    """A Python that envc does not manage."""

    managed: Annotated[Boolean, AfterValidator(field.unmanaged)] = Field(
        description="Required. `no`: the base has a Python, with all that the work needs, and "
        "`interpreter` says where. Example: `no`."
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
        "Conda packages bring Python, or with `cuda` the image `nvidia/cuda` of that version with "
        "`-base-ubuntu22.04`; else `python:VERSION-slim-bookworm` with the spec's Python, or 3.12. "
        'Example: `{image: "debian:bookworm-slim"}`.',
    )
    platforms: _Platforms = Field(
        default=("linux/amd64",),
        description="Optional. The platforms to lock and build for, each once. "
        "Default: `[linux/amd64]`. Example: `[linux/amd64, linux/arm64]`.",
    )
    python_: (
        Annotated[
            Annotated[str, AfterValidator(field.python_version), TEXT] | Annotated[Python, PARTS],
            BY_SHAPE,
        ]
        | None
    ) = Field(
        default=None,
        alias="python",
        description="Optional. Python's version: `3.12` is the newest 3.12, `3.12.7` only that; or "
        "that envc does not manage Python. "
        "Default: what Conda packages ask for, or the base has. Example: `3.12`.",
    )
    interpreter: Annotated[str, AfterValidator(path.interpreter)] | None = Field(
        default=None,
        description="Optional. The program of a Python that envc does not manage, by its absolute "
        "path in the base. Default: none. Example: `/opt/miniconda/bin/python`.",
    )
    cuda: Annotated[str, AfterValidator(solve.cuda)] | None = Field(
        default=None,
        description="Optional. The version of CUDA that the machines' drivers support, or `none`. "
        'Default: `none`. Example: `"12.4"`.',
    )
    virtual_packages: _VirtualPackages = Field(
        default_factory=dict,
        alias="virtual-packages",
        description="Optional. What the machines provide that Conda packages may ask for, by name, "
        "with its version. `__glibc` also decides which wheels fit, and may not be newer than the "
        "base's. Default: what the base, the platform and `cuda` say. "
        'Example: `{__glibc: "2.28", __archspec: x86_64_v3}`.',
    )
    exclude_newer: Annotated[str, AfterValidator(moment.moment)] | None = Field(
        default=None,
        alias="exclude-newer",
        description="Optional. A day, or a time with its zone (RFC 3339): no package that a channel "
        "or an index got later is taken; a day counts as a whole, in UTC. An index must say when it "
        "got its files (PEP 700); `find-links` need not. Default: none. Example: `2026-01-31`.",
    )
    channels: Channels = Field(
        default=(),
        description="Optional. Conda channels, by name or address, or one with the secret that holds its "
        "credentials. A package comes from the first that has it. Default: `[conda-forge]`. "
        "Example: `[conda-forge, bioconda]`.",
    )
    channel_priority: Annotated[
        Literal["strict", "disabled"], BeforeValidator(if_text(solve.channel_priority))
    ] = Field(
        default="strict",
        alias="channel-priority",
        description="Optional. `strict` takes a package from the first channel that has it, "
        "`disabled` the best version of all channels. Default: `strict`. Example: `disabled`.",
    )
    distributions: _Distributions = Field(
        default_factory=dict,
        description="Optional. What Conda packages are for pip, where envc does not know: by the "
        "package's name, the distribution that it provides, or `none`. Default: what the channel "
        "says, or else envc's own table, or else the package's name. "
        "Example: `{pytorch-gpu: torch}`.",
    )
    conda: Annotated[
        Conda,
        BeforeValidator(packages_from_list, json_schema_input_type=MatchSpecs | Conda),
    ] = Field(
        default_factory=Conda,
        description="Optional. What comes from Conda channels. A list is one of packages. "
        'Default: none. Example: `["numpy >=1.26,<3"]`.',
    )
    pip: Annotated[
        Pip,
        BeforeValidator(packages_from_list, json_schema_input_type=Requirements | Pip),
    ] = Field(
        default_factory=Pip,
        description="Optional. What comes from package indexes and from wheels. A list is one of "
        "packages. Default: none. Example: `[rich ==14.*]`.",
    )
    system: Annotated[
        System,
        BeforeValidator(packages_from_list, json_schema_input_type=SystemPackages | System),
    ] = Field(
        default_factory=System,
        description="Optional. What comes from Debian. A list is one of packages. Default: none. "
        "Example: `[git, libfuse-dev]`.",
    )
    variables: Variables = Field(
        default_factory=dict,
        description="Optional. Environment variables of the image, for its steps and for containers; "
        "of each, its value or its values by platform. Default: none. "
        'Example: `{OMP_NUM_THREADS: "4"}`.',
    )
    build_variables: Variables = Field(
        default_factory=dict,
        alias="build-variables",
        description="Optional. Environment variables of the steps only, not of containers; of each, "
        "its value or its values by platform. Default: none. "
        'Example: `{PIP_NO_INPUT: "1"}`.',
    )
    before_packages: tuple[Step, ...] = Field(
        default=(),
        alias="before-packages",
        description="Optional. What is copied and run before the packages are there, in this order. "
        "Each step is one `copy` or one `run`. Default: none. "
        "Example: `[{run: groupadd -r pets}]`.",
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
    workdir: Annotated[str, AfterValidator(path.workdir)] | None = Field(
        default=None,
        description="Optional. Where commands start. A folder that the base does not have belongs to "
        "`user`, where that is a number. Default: the user's home, or `/` where only the base knows the "
        "user. Example: `/app`.",
    )
    entrypoint: WordsOrNone | None = Field(
        default=None,
        description="Optional. The program that every command is given to, and its first words; `[]` "
        "is none. Default: the base's; where there are Conda packages, none. "
        "Example: `[/usr/bin/tini, --]`.",
    )
    command: WordsOrNone | None = Field(
        default=None,
        description="Optional. What runs where no command is given; `[]` is nothing. Default: "
        "`[python]` where there is one. Example: `[python, train.py]`.",
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
    layers: Annotated[str, AfterValidator(field.layers)] | None = Field(
        default=None,
        description="Optional. How many layers the environment has in the image at most, from 1 to "
        "100: more of them, and a changed package brings less of the others along. Fewer than what "
        "Conda packages, wheels and the rest need each are one layer of all. Default: `10`. "
        "Example: `20`.",
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
    train: Train | None = Field(
        default=None,
        description="Optional. What trains in the image; never part of the image. "
        'Default: nothing. Example: `{script: train.py, arguments: ["--epochs", "3"]}`.',
    )

    @property
    def python(self) -> str | None:
        """Python's version; None where the spec names none, or envc does not manage Python."""
        return self.python_ if isinstance(self.python_, str) else None

    @property
    def plain_variables(self) -> dict[str, str]:
        """The variables that have one value for all platforms."""
        return {name: text for name, text in self.variables.items() if isinstance(text, str)}

    @property
    def plain_build_variables(self) -> dict[str, str]:
        """The build variables that have one value for all platforms."""
        return {name: text for name, text in self.build_variables.items() if isinstance(text, str)}
