"""A user's templates: which of them a build uses, and what of them its identity depends on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import field

from envc.canonical import Json
from envc.frozen import frozen
from envc.platform import PLATFORMS
from envc.source import Source

__all__ = ["HEAD", "NO_OVERRIDES", "PARTS", "STAGE", "STAGES", "Overrides", "role"]

HEAD, STAGE = "head.j2", "stage.j2"
STAGES, PARTS = "stages/", "parts/"
_ARCHITECTURE = re.compile("-(?:" + "|".join(p.architecture for p in PLATFORMS.values()) + ")$")


@frozen
class Overrides:
    """A user's templates.

    Attributes:
        sources: By path in their folder: `head.j2`, `stage.j2`, `stages/ROLE.j2`, and `parts/...`,
            which the others include.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)

    def template(self, stage: str) -> str:
        """Return the name of the template that renders a stage."""
        own = f"{STAGES}{role(stage)}.j2"
        return own if own in self.sources else STAGE

    def digests(self, stages: Iterable[str]) -> list[Json]:
        """Return path and SHA-256 of what shapes a build of these stages, sorted by path.

        Not the head: it has comments only. Line ends count as they do in Git: not at all.
        """
        used = {STAGE, *(self.template(stage) for stage in stages)} & self.sources.keys()
        if used:
            used |= {path for path in self.sources if path.startswith(PARTS)}
        return [[path, _digest(self.sources[path].text)] for path in sorted(used)]


NO_OVERRIDES = Overrides()


def role(stage: str) -> str:
    """Return what users call a stage: one of a platform's own is called as it is for all.

    >>> role("system-arm64"), role("image")
    ('system', 'image')
    """
    return _ARCHITECTURE.sub("", stage)


def _digest(text: str) -> str:
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()
