"""What the store records of environments: their versions, and what these are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from envc.frozen import frozen

__all__ = ["Anonymous", "Draft", "Environment", "Lack", "Role", "StoredFile", "Version"]

Role = Literal["spec", "lock", "file"]
Lack = Literal["", "size", "given", "files"]
"""Why content is not kept: it is too large, depends on what the command line gave, or cannot be read as
it was built; empty where it is kept."""


@frozen
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


@frozen
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


@frozen
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


@frozen
class Anonymous:
    """What was built or run and nobody registered: unlisted, found by its env ids.

    Attributes:
        name: The environment's, or the spec's file without its suffix.
        draft: Its content; without files, and its digest and spec id empty, where that is not kept.
        origin: The spec's path when it was first built, or what it was called then.
        created: When that was, in s since 1970.
        lack: Why its content is not kept; empty where it is.
    """

    name: str
    draft: Draft
    origin: str
    created: float
    lack: Lack = ""

    @property
    def reference(self) -> str:
        """What it is called: the first digits of its first env id."""
        first = next(env_id for own in self.draft.env_ids.values() for env_id in own.values())
        return first.removeprefix("sha256:")[:12]


@frozen
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
