"""A distribution that is settled before any solver runs: by a path, by an address, or by Conda."""

from __future__ import annotations

from envc.frozen import frozen
from envc.resolve.base import LocalSource, LocalWheel, Requirement
from envc.resolve.index.wheel_file import stub_wheel
from envc.resolve.pip.direct import DirectSdist, DirectWheel
from envc.resolve.project.workshop import Described

__all__ = ["LocalBuild", "Settled"]


@frozen
class LocalBuild:
    """A folder beside the spec, and what is known of the project in it."""

    source: LocalSource
    described: Described


@frozen
class Settled:
    """A distribution that no index has a say in: what has a path or an address, or Conda's.

    Attributes:
        name: Normalised.
        version: Exact (PEP 440).
        metadata: As solvers are to see it: of what Conda provides it has no dependencies but those
            of extras, once `learn_extras` found them.
        wheel: The local wheel, where it is one.
        direct: The wheel at an address of its own, where it is one.
        folder: The folder that its wheel is built from, where it is one.
        sdist: The source distribution at an address of its own, where it is one.
        asked: The spec's own line that settled it, or None.
        via: The Conda requirement that brings it, where Conda provides it and none names it.
    """

    name: str
    version: str
    metadata: str
    wheel: LocalWheel | None = None
    direct: DirectWheel | None = None
    folder: LocalBuild | None = None
    sdist: DirectSdist | None = None
    asked: Requirement | None = None
    via: Requirement | None = None

    @property
    def is_provided(self) -> bool:
        """Whether Conda provides it."""
        return self.wheel is None and self.direct is None and not self.is_built

    @property
    def is_built(self) -> bool:
        """Whether its wheel is built from its source."""
        return self.folder is not None or self.sdist is not None

    @property
    def filename(self) -> str:
        """The name of a wheel that stands for it."""
        if self.wheel is not None:
            return self.wheel.file.name
        if self.direct is not None:
            return self.direct.filename
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"

    @property
    def origin(self) -> str:
        """Where it comes from, as a message says it."""
        if self.wheel is not None:
            return f"the local wheel `{self.wheel.path}` is `{self.name}` {self.version}"
        if self.direct is not None:
            return f"the wheel at `{self.direct.url}` is `{self.name}` {self.version}"
        if self.folder is not None:
            return f"the folder `{self.folder.source.path}` is `{self.name}` {self.version}"
        if self.sdist is not None and self.sdist.commit is not None:
            place = f"`{self.sdist.url}` at `{self.sdist.commit[:12]}`"
            return f"the repository {place} is `{self.name}` {self.version}"
        if self.sdist is not None:
            return f"the file at `{self.sdist.url}` is `{self.name}` {self.version}"
        brings = f", which `{self.via.text}` brings" if self.via is not None else ""
        return f"Conda provides `{self.name}` {self.version}{brings}"

    def stub(self) -> bytes:
        """Return a wheel that holds its metadata and nothing else."""
        return stub_wheel(self.filename, self.metadata)
