"""The packages of a foreign lock, as they were locked there."""

from __future__ import annotations

from dataclasses import dataclass, field

from envc.interop.address import hide_credentials
from envc.lock.package import CondaPackage, PipPackage

__all__ = ["Adopted"]


@dataclass(slots=True, kw_only=True)
class Adopted:
    """What a foreign lock pins, while it is being read.

    Attributes:
        conda: The Conda packages of each platform, by its name.
        wheels: The wheels of each platform; of one release there may be several to choose from.
        obstacles: Why no lock can be made of them, a sentence each.
        asked: What the spec asks for on each platform, since no lock of ours holds it as it is: the
            requirements of pip.
        conda_asked: Likewise, MatchSpecs.
        beside: Folders (`sources`) and wheels (`wheels`) by their path relative to the foreign lock,
            and names of what is only there as a source distribution (`sdists`).
    """

    conda: dict[str, list[CondaPackage]] = field(default_factory=dict)
    wheels: dict[str, list[PipPackage]] = field(default_factory=dict)
    obstacles: list[str] = field(default_factory=list)
    asked: dict[str, list[str]] = field(default_factory=dict)
    conda_asked: dict[str, list[str]] = field(default_factory=dict)
    beside: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, why: str) -> None:
        """Note what stands in the way of a lock."""
        sentence = hide_credentials(why)
        if sentence not in self.obstacles:
            self.obstacles.append(sentence)

    @property
    def platforms(self) -> tuple[str, ...]:
        """All platforms of which there is something, sorted."""
        return tuple(sorted({*self.conda, *self.wheels, *self.asked, *self.conda_asked}))
