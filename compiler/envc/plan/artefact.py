"""The stages that hold one artefact each: where one changes, no other is brought in again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.lock.package import PipPackage
from envc.plan.fetch import Artefact, Sources, add, private_packages, wheel_folder
from envc.plan.instruction import Copy, Instruction, Mount, Stage
from envc.plan.layer import stage_label
from envc.plan.layout import Layout
from envc.plan.stage import mount_stage

__all__ = ["Artefacts", "Origin"]

Origin: TypeAlias = Literal["system", "conda", "pip"]

_WORDS: dict[Origin, str] = {"system": "deb", "conda": "package", "pip": "wheel"}
_COMMENTS: dict[Origin, str] = {
    "system": "Debian packages, each verified by its SHA-256 before anything reads it.",
    "conda": "Conda packages, each verified by its SHA-256 before anything reads it.",
    "pip": "Wheels, each verified by its SHA-256 before anything reads it.",
}


@frozen
class Artefacts:
    """The stages with an artefact each, of all platforms.

    In a stage of several, BuildKit lays out one after the other, and again all that follow on one that
    has changed. What only credentials can fetch is not among them.

    Attributes:
        stages: By where the artefacts are from, sorted by their names.
        names: The stages' names by architecture, then by where an artefact is from and its own name.
    """

    stages: Mapping[Origin, tuple[Stage, ...]]
    names: Mapping[str, Mapping[tuple[Origin, str], str]]

    @staticmethod
    def of(layouts: Mapping[str, Layout], sources: Sources) -> Artefacts:
        """Return them for platforms, given by architecture; for what these have in common, one."""
        stages: dict[Origin, tuple[Stage, ...]] = {}
        names: dict[str, dict[tuple[Origin, str], str]] = {name: {} for name in layouts}
        for origin in _WORDS:
            found: dict[str, Stage] = {}
            for name, brought in sorted(_find(origin, layouts, sources).items()):
                is_one = len(set(brought.values())) == 1
                for architecture, instruction in brought.items():
                    label = f"{_WORDS[origin]}-{stage_label(name)}"
                    stage = label if is_one else f"{label}-{architecture}"
                    names[architecture][origin, name] = stage
                    found[stage] = Stage(name=stage, base="scratch", instructions=(instruction,))
            stages[origin] = _introduce(list(found.values()), _COMMENTS[origin])
        return Artefacts(stages=stages, names=names)

    def mounts(
        self, architecture: str, origin: Origin, artefacts: Iterable[Artefact], folder: str
    ) -> tuple[Mount, ...]:
        """Return what shows artefacts, each in a folder of its own below a folder.

        Args:
            artefacts: What only credentials can fetch is passed over.
        """
        own = self.names[architecture]
        stages = (own.get((origin, artefact.name)) for artefact in artefacts)
        return tuple(mount_stage(stage, "/", f"{folder}/{stage}") for stage in stages if stage)


def _find(
    origin: Origin, layouts: Mapping[str, Layout], sources: Sources
) -> dict[str, dict[str, Instruction]]:
    """Return what brings artefacts in, by their names and by architecture."""
    found: dict[str, dict[str, Instruction]] = defaultdict(dict)
    for architecture, layout in layouts.items():
        for artefact in _list(origin, layout.locked, sources):
            found[artefact.name][architecture] = _bring(artefact, architecture, sources)
    return found


def _list(origin: Origin, locked: PlatformLock, sources: Sources) -> Sequence[Artefact]:
    if origin == "system":
        return locked.system
    packages = locked.conda if origin == "conda" else locked.pip
    private = {package.name for package in private_packages(packages, sources.secrets)}
    return [package for package in packages if package.name not in private]


def _bring(artefact: Artefact, architecture: str, sources: Sources) -> Instruction:
    if isinstance(artefact, PipPackage) and artefact.path is not None:
        folder = wheel_folder(artefact, architecture, sources)
        return Copy(source=f"{folder}/{artefact.filename}", to="/")
    return add(artefact, sources.mirrors)


def _introduce(stages: Sequence[Stage], comment: str) -> tuple[Stage, ...]:
    """Return stages, the first of which has the comment for all."""
    return tuple(
        stage if number else replace(stage, comment=comment) for number, stage in enumerate(stages)
    )
