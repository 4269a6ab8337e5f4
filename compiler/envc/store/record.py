"""What the store records: environments and their versions, builds and runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Build", "Draft", "Environment", "Outcome", "Role", "Run", "StoredFile", "Version"]

Role = Literal["spec", "lock", "file"]
Outcome = Literal["built", "cached", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a version.

    Attributes:
        path: Relative to the spec's folder, in POSIX form; never leads out of it.
        role: Which of them is the spec, and which its lock.
        sha256: Of its content, in hex; of a link, of its target's text.
        size_bytes: Of its content; 0 for a link.
        mode: 0o755 where its owner may execute it, else 0o644.
        link: The target of a symbolic link, or None.
    """

    path: str
    role: Role = "file"
    sha256: str
    size_bytes: int
    mode: int = 0o644
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be registered: a version that has no number yet.

    Attributes:
        digest: Of all of its content, `sha256:` and hex; the same content is the same version.
        env_ids: By variant and platform; of a spec without a matrix, the only variant is the empty
            one.
        files: The spec, its lock and all that they name, sorted by path.
    """

    digest: str
    spec_id: str
    env_ids: Mapping[str, Mapping[str, str]]
    files: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A registered version; its content never changes.

    Attributes:
        name: The environment's.
        number: From 1, in the order of registering.
        draft: Its content.
        labels: Those that point at it now, sorted; each points at one version of its environment.
        properties: What else was said of it, by key, sorted.
        description: May be empty.
        created: In s since 1970, as all times here.
        archived: When it was put away, or None.
    """

    name: str
    number: int
    draft: Draft
    labels: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    created: float
    archived: float | None = None

    @property
    def reference(self) -> str:
        """What it is called: `NAME@NUMBER`."""
        return f"{self.name}@{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A registered environment, as a list shows it.

    Attributes:
        latest: The newest version that is not archived; None where all are.
        count: How many versions it has, with those that are archived.
        labels: The numbers that its labels point at, by label, sorted.
        description: Of the latest version.
        created: When its first version was registered.
        changed: When its latest version was.
        archived: When the whole of it was put away, or None.
    """

    name: str
    latest: int | None
    count: int
    labels: Mapping[str, int] = field(default_factory=dict)
    description: str = ""
    created: float
    changed: float
    archived: float | None = None

    @property
    def is_archived(self) -> bool:
        """Whether the whole of it is put away, or each of its versions."""
        return self.archived is not None or self.latest is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """An image that was asked for, and what came of it.

    Attributes:
        env_id: `sha256:` and hex.
        variant: Empty where the spec has no matrix.
        image: Its name.
        digest: Of its manifest; None where there is no image.
        size_bytes: None where there is no image.
        spec: The path that was given, made absolute, or the version that was named.
        started: In s since 1970.
        exit_code: What `envc build` ended with on its behalf.
        log: The path of the build's log; None where nothing was built.
        number: The store's own, from 1; 0 where it is not recorded yet.
    """

    env_id: str
    variant: str = ""
    platform: str
    image: str
    digest: str | None
    size_bytes: int | None
    spec: str
    started: float
    duration_s: float
    outcome: Outcome
    exit_code: int = 0
    log: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command that ran in an image.

    Attributes:
        command: Empty where the image's own ran.
        exit_code: The command's; of one that did not start, envc's.
        log: The path of its output, where it was kept.

    The others are as `Build` has them.
    """

    env_id: str
    variant: str = ""
    platform: str
    image: str
    digest: str | None
    spec: str
    command: tuple[str, ...]
    started: float
    duration_s: float
    exit_code: int
    log: str | None = None
    number: int = 0
