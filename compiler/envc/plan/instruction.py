"""The plan's vocabulary: stages and instructions as Docker has them, free of Dockerfile syntax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from envc.canonical import Json
from envc.dockerfile.adapt import Adapted
from envc.frozen import frozen
from envc.plan.context import ContextFile
from envc.plan.layout import Layout
from envc.source import Span

__all__ = [
    "Add",
    "BuildPlan",
    "Cmd",
    "Copy",
    "Entrypoint",
    "Env",
    "Expose",
    "Healthcheck",
    "Instruction",
    "Label",
    "Mount",
    "Run",
    "Secret",
    "Stage",
    "StopSignal",
    "User",
    "Volume",
    "Workdir",
]


@frozen
class Add:
    """A remote file, verified while it is fetched.

    Attributes:
        url: Where it is fetched from: its canonical address, or a mirror's.
        sha256: Of the file, in hex.
        to: Where it goes: a full path, or a folder's that ends in `/`.
    """

    url: str
    sha256: str
    to: str
    origin: Span | None = field(default=None, compare=False)


@frozen
class Copy:
    """Files from the build's context, or from another stage where `stage` names one."""

    source: str
    to: str
    stage: str | None = None
    link: bool = False
    origin: Span | None = field(default=None, compare=False)


@frozen
class Mount:
    """A folder that a RUN sees, read-only: of another stage, or of the context where `stage` is None."""

    target: str
    source: str
    stage: str | None = None


@frozen
class Secret:
    """A secret that a RUN sees as a file, `/run/secrets/NAME`; it leaves no trace in the image."""

    name: str
    required: bool


@frozen
class Run:
    """A program that runs while the image is built.

    Attributes:
        words: The program and its arguments, as they are: no shell sees them.
        network: Whether it may use the network.
        comment: What it is for, where the words do not say so; one line.
    """

    words: tuple[str, ...]
    comment: str = ""
    mounts: tuple[Mount, ...] = ()
    secrets: tuple[Secret, ...] = ()
    network: bool = False
    origin: Span | None = field(default=None, compare=False)


@frozen
class Env:
    """Environment variables of the image, in order; `path` is a folder put before those of PATH."""

    variables: tuple[tuple[str, str], ...]
    path: str | None = None
    origin: Span | None = field(default=None, compare=False)


@frozen
class Label:
    """Labels of the image, in order."""

    labels: tuple[tuple[str, str], ...]
    origin: Span | None = field(default=None, compare=False)


@frozen
class Expose:
    """Ports that containers listen on, such as `8080` and `9000/udp`, in order."""

    ports: tuple[str, ...]
    origin: Span | None = field(default=None, compare=False)


@frozen
class Volume:
    """Folders that outlive a container, by absolute paths, in order."""

    paths: tuple[str, ...]
    origin: Span | None = field(default=None, compare=False)


@frozen
class Healthcheck:
    """How the engine finds out whether a container works.

    Attributes:
        words: The program and its arguments, as they are: no shell sees them. Empty for no check,
            also where the base has one.
        options: Docker's own, each as its name without `--` and its value, in order.
    """

    words: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    origin: Span | None = field(default=None, compare=False)


@frozen
class StopSignal:
    """The signal that asks the container's program to end, by its name."""

    signal: str
    origin: Span | None = field(default=None, compare=False)


@frozen
class User:
    """Who runs in the container: what Docker's USER takes."""

    user: str
    origin: Span | None = field(default=None, compare=False)


@frozen
class Workdir:
    """Where commands start."""

    path: str
    origin: Span | None = field(default=None, compare=False)


@frozen
class Entrypoint:
    """The program that every command is given to."""

    words: tuple[str, ...]
    origin: Span | None = field(default=None, compare=False)


@frozen
class Cmd:
    """What runs by default."""

    words: tuple[str, ...]
    origin: Span | None = field(default=None, compare=False)


Instruction: TypeAlias = (
    Add
    | Copy
    | Run
    | Env
    | Label
    | Expose
    | Volume
    | Healthcheck
    | StopSignal
    | User
    | Workdir
    | Entrypoint
    | Cmd
)


@frozen
class Stage:
    """A stage of the build.

    Attributes:
        name: Unique in the plan.
        base: The image reference or the stage it starts from; may hold `${TARGETARCH}`.
        platform: What it runs on, which may be `$BUILDPLATFORM`; None is what its base is for, and
            for an image, what the build is for.
        comment: What it is for, in a sentence or more; a line each.
    """

    name: str
    base: str
    platform: str | None = None
    comment: str = ""
    instructions: tuple[Instruction, ...] = ()
    origin: Span | None = field(default=None, compare=False)


@frozen
class BuildPlan:
    """A whole build, for all platforms at once.

    Attributes:
        head: Comment lines for the reader of the Dockerfile.
        stages: In an order in which each comes after those it uses; the last is the image.
        files: The context, sorted by path.
        env_ids: The env id of each platform, by its name.
        spec_id: The spec's id.
        secrets: Names of the secrets that the build needs, sorted; those that steps of the preamble
            need are its own.
        epochs: The image's time of creation for each platform, in s since 1970.
        preamble: A user's Dockerfile, whose stages come first; None for none.
        trees: What each of the env ids is the digest of, by platform.
        layouts: What each platform's image is made from.
    """

    head: tuple[str, ...]
    stages: tuple[Stage, ...]
    files: tuple[ContextFile, ...]
    env_ids: Mapping[str, str]
    spec_id: str
    secrets: tuple[str, ...]
    epochs: Mapping[str, int]
    preamble: Adapted | None = None
    trees: Mapping[str, dict[str, Json]] = field(default_factory=dict, repr=False)
    layouts: Mapping[str, Layout] = field(default_factory=dict, repr=False)
