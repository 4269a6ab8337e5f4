"""The blocks of a spec that name packages: from Conda channels, package indexes and Debian."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envc.spec import address, debian, moment, path, solve
from envc.spec.field import FieldError
from envc.spec.part import BY_SHAPE, PARTS, TEXT, UNIQUE, Line, Part, Platform, RelativePath

__all__ = [
    "Channel",
    "Channels",
    "Conda",
    "FindLinks",
    "Index",
    "MatchSpecs",
    "Package",
    "Pip",
    "Requirements",
    "Source",
    "System",
    "SystemPackage",
    "SystemPackages",
    "Wheel",
    "shortest",
    "shortest_channel",
]

_Channel = Annotated[str, AfterValidator(address.channel)]
_MatchSpec = Annotated[Line, Field(title="MatchSpec")]
_Requirement = Annotated[Line, Field(title="requirement")]
_Wheel = Annotated[str, AfterValidator(path.wheel_path)]
_DebianPackage = Annotated[str, AfterValidator(debian.debian_package)]
_Secret = Annotated[str, AfterValidator(address.secret_name)]


class Channel(Part):
    """A Conda channel, where it has more to say than its name."""

    channel: _Channel = Field(
        description="Required. The channel, by name or address. "
        "Example: `https://conda.example.com/pets`."
    )
    secret: _Secret | None = Field(
        default=None,
        description="Optional. The name of the secret that holds its credentials: an environment "
        "variable with `user:password`, with `Bearer` and a token, or with a token alone, which goes "
        "into the address as `/t/TOKEN/`. Default: no credentials. Example: `CONDA_TOKEN`.",
    )


def shortest_channel(entry: Any) -> Any:
    """Return the plain name of a channel that says nothing else."""
    return entry if isinstance(entry, str) or entry.secret is not None else entry.channel


Channels = Annotated[
    tuple[
        Annotated[
            Annotated[_Channel, TEXT] | Annotated[Channel, PARTS],
            BY_SHAPE,
            AfterValidator(shortest_channel),
        ],
        ...,
    ],
    UNIQUE,
]


class Package(Part):
    """A package of `conda` or `pip`, where it has more to say than its text."""

    package: Line = Field(
        description="Required. The package: a MatchSpec in `conda`, a requirement in `pip`. "
        "Example: `numpy >=1.26`."
    )
    on: Platform | None = Field(
        default=None,
        description="Optional. The only platform that the package is for, one of the spec's. "
        "Default: all of them. Example: `linux/amd64`.",
    )

    @property
    def text(self) -> str:
        """What stands for it in a plain list."""
        return self.package


class Wheel(Part):
    """A wheel's file, where it has more to say than its path."""

    wheel: _Wheel = Field(
        description="Required. The file, by a path relative to the spec. "
        "Example: `dist/pets-1.0-py3-none-any.whl`."
    )
    on: Platform | None = Field(
        default=None,
        description="Optional. The only platform that the wheel is for, one of the spec's. "
        "Default: all of them. Example: `linux/amd64`.",
    )

    @property
    def text(self) -> str:
        """What stands for it in a plain list."""
        return self.wheel


class Source(Part):
    """A folder with a Python project, where it has more to say than its path."""

    source: RelativePath = Field(
        description="Required. The folder, by a path relative to the spec. Example: `libs/pets`."
    )
    on: Platform | None = Field(
        default=None,
        description="Optional. The only platform that the source is for, one of the spec's. "
        "Default: all of them. Example: `linux/amd64`.",
    )

    @property
    def text(self) -> str:
        """What stands for it in a plain list."""
        return self.source


class SystemPackage(Part):
    """A Debian package, where it has more to say than its text."""

    package: _DebianPackage = Field(
        description="Required. NAME or NAME=VERSION. Example: `libfuse-dev=3.10.5-1`."
    )
    on: Platform | None = Field(
        default=None,
        description="Optional. The only platform that the Debian package is for, one of the spec's. "
        "Default: all of them. Example: `linux/amd64`.",
    )

    @property
    def text(self) -> str:
        """What stands for it in a plain list."""
        return self.package


def shortest(entry: Any) -> Any:
    """Return the plain text of an entry that says nothing else."""
    return entry if isinstance(entry, str) or entry.on is not None else entry.text


def _texts(entries: tuple[str | Package | Wheel | Source | SystemPackage, ...]) -> tuple[str, ...]:
    return tuple(entry if isinstance(entry, str) else entry.text for entry in entries)


MatchSpecs = Annotated[
    tuple[
        Annotated[
            Annotated[_MatchSpec, TEXT] | Annotated[Package, PARTS],
            BY_SHAPE,
            AfterValidator(shortest),
        ],
        ...,
    ],
    UNIQUE,
]
Requirements = Annotated[
    tuple[
        Annotated[
            Annotated[_Requirement, TEXT] | Annotated[Package, PARTS],
            BY_SHAPE,
            AfterValidator(shortest),
        ],
        ...,
    ],
    UNIQUE,
]
_Wheels = Annotated[
    tuple[
        Annotated[
            Annotated[_Wheel, TEXT] | Annotated[Wheel, PARTS], BY_SHAPE, AfterValidator(shortest)
        ],
        ...,
    ],
    UNIQUE,
]
_Sources = Annotated[
    tuple[
        Annotated[
            Annotated[RelativePath, TEXT] | Annotated[Source, PARTS],
            BY_SHAPE,
            AfterValidator(shortest),
        ],
        ...,
    ],
    UNIQUE,
]
SystemPackages = Annotated[
    tuple[
        Annotated[
            Annotated[_DebianPackage, TEXT] | Annotated[SystemPackage, PARTS],
            BY_SHAPE,
            AfterValidator(shortest),
        ],
        ...,
    ],
    UNIQUE,
]


class Conda(Part):
    """What comes from Conda channels."""

    packages: MatchSpecs = Field(
        default=(),
        description="Optional. Conda packages, a MatchSpec each, or one with the platform that it "
        'is for. Default: none. Example: `["numpy >=1.26,<3"]`.',
    )
    constraints: Annotated[tuple[_MatchSpec, ...], UNIQUE] = Field(
        default=(),
        description="Optional. What must hold for packages where they are chosen, a MatchSpec each; "
        'none is installed for it. Default: none. Example: `["numpy <3"]`.',
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """The MatchSpecs of all packages, whatever platform they are for."""
        return _texts(self.packages)


class Index(Part):
    """A package index in the form of PEP 503."""

    url: Annotated[str, AfterValidator(address.index_url)] = Field(
        description="Required. The index's address. Example: `https://pypi.example.com/simple`."
    )
    secret: _Secret | None = Field(
        default=None,
        description="Optional. The name of the secret that holds its credentials: an environment "
        "variable with `user:password` or a token. Default: no credentials. Example: `PYPI_TOKEN`.",
    )


class FindLinks(Part):
    """Where wheels lie beside the indexes: exactly one of `url` and `path`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["url"]},
                {"required": ["path"], "not": {"required": ["secret"]}},
            ]
        }
    )

    url: Annotated[str, AfterValidator(address.links_url)] | None = Field(
        default=None,
        description="Optional. The address of a page with links to wheels. Default: none. "
        "Example: `https://wheels.example.com/torch.html`.",
    )
    secret: _Secret | None = Field(
        default=None,
        description="Optional. The name of the secret that holds the page's credentials: an "
        "environment variable with `user:password` or a token. Default: no credentials. "
        "Example: `WHEELS_TOKEN`.",
    )
    path: RelativePath | None = Field(
        default=None,
        description="Optional. A folder with wheels, by a path relative to the spec. Default: none. "
        "Example: `wheels/`.",
    )

    @model_validator(mode="after")
    def _check_one_place(self) -> Self:
        if self.url is not None and self.path is not None:
            raise FieldError(
                "E266",
                "an entry of `find-links` has both `url` and `path`",
                hint="make two entries of it",
            )
        if self.url is None and self.path is None:
            raise FieldError(
                "E266",
                "an entry of `find-links` has neither `url` nor `path`",
                hint="add the address of a page, or a folder beside the spec",
            )
        if self.path is not None and self.secret is not None:
            raise FieldError(
                "E266",
                "a folder beside the spec needs no `secret`",
                hint="remove it: a secret goes with an address",
            )
        return self


class Pip(Part):
    """What comes from package indexes and from wheels."""

    indexes: Annotated[tuple[Index, ...], UNIQUE] = Field(
        default=(),
        description="Optional. The indexes to ask; the first that knows a package wins. "
        "Default: `[{url: https://pypi.org/simple}]`. "
        "Example: `[{url: https://pypi.example.com/simple, secret: PYPI_TOKEN}]`.",
    )
    find_links: Annotated[tuple[FindLinks, ...], UNIQUE] = Field(
        default=(),
        alias="find-links",
        description="Optional. Pages and folders with wheels, which are candidates beside those of "
        "the indexes: the best version wins, then the best wheel, then the first place. "
        "Default: none. Example: `[{path: wheels/}]`.",
    )
    packages: Requirements = Field(
        default=(),
        description="Optional. Distributions, a PEP 508 requirement each, or one with the platform "
        "that it is for. Default: none. "
        """Example: `[rich ==14.*, 'tomli >=2 ; python_version < "3.11"']`.""",
    )
    wheels: _Wheels = Field(
        default=(),
        description="Optional. Wheel files, by paths relative to the spec, or one with the platform "
        "that it is for. Default: none. Example: `[dist/pets-1.0-py3-none-any.whl]`.",
    )
    sources: _Sources = Field(
        default=(),
        description="Optional. Folders with Python projects, by paths relative to the spec, or one "
        "with the platform that it is for. Default: none. Example: `[libs/pets]`.",
    )
    sdists: Annotated[tuple[Annotated[str, AfterValidator(solve.distribution)], ...], UNIQUE] = (
        Field(
            default=(),
            description="Optional. Distributions, by their bare names, that may come as a source "
            "distribution where there is no wheel. Default: none. Example: `[antlr4-python3-runtime]`.",
        )
    )
    constraints: Annotated[tuple[_Requirement, ...], UNIQUE] = Field(
        default=(),
        description="Optional. What must hold for distributions where they are chosen, a PEP 508 "
        "requirement each; none is installed for it. Default: none. Example: `[numpy <3]`.",
    )
    overrides: Annotated[tuple[_Requirement, ...], UNIQUE] = Field(
        default=(),
        description="Optional. What holds for distributions instead of all that others ask of "
        "them, a PEP 508 requirement each. Default: none. Example: `[protobuf ==4.*]`.",
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """The requirements of all packages, whatever platform they are for."""
        return _texts(self.packages)

    @property
    def wheel_texts(self) -> tuple[str, ...]:
        """The paths of all wheels, whatever platform they are for."""
        return _texts(self.wheels)

    @property
    def source_texts(self) -> tuple[str, ...]:
        """The paths of all sources, whatever platform they are for."""
        return _texts(self.sources)


class System(Part):
    """What comes from Debian."""

    packages: SystemPackages = Field(
        default=(),
        description="Optional. Debian packages, NAME or NAME=VERSION, or one with the platform that "
        "it is for. Default: none. Example: `[git, libfuse-dev=3.10.5-1]`.",
    )
    snapshot: Annotated[str, AfterValidator(moment.moment)] | None = Field(
        default=None,
        description="Optional. The day or the time at which the archive is read: nothing that came "
        "later is taken. Default: as it is on the day of the lock. Example: `2026-01-31`.",
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """All packages, whatever platform they are for."""
        return _texts(self.packages)
