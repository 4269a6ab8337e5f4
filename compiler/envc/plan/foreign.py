"""Which programs of a build run on a platform: those that an engine of another one has to emulate."""

from __future__ import annotations

from collections.abc import Iterator

from envc.plan.instruction import BuildPlan, Copy, Instruction, Run, Stage
from envc.plan.stage import BUILD_PLATFORM
from envc.platform import PLATFORMS

__all__ = ["runs_on"]


def runs_on(plan: BuildPlan, platform: str, *, builder: str) -> tuple[Run, ...]:
    """Return the programs that a platform's image needs to have run on that very platform, in order.

    What a Dockerfile of the user's runs is not among them: that is in `BuildPlan.preamble`.

    Args:
        builder: The platform of the machine that builds.
    """
    build = _Build(plan, target=platform, builder=builder)
    wanted = build.reach(plan.stages[-1].name)
    return tuple(
        instruction
        for stage in plan.stages
        if stage.name in wanted and build.platform_of(stage) == platform
        for instruction in stage.instructions
        if isinstance(instruction, Run)
    )


class _Build:
    """The stages of a plan, as BuildKit sees them when it builds for one platform."""

    def __init__(self, plan: BuildPlan, *, target: str, builder: str) -> None:
        self._stages = {stage.name: stage for stage in plan.stages}
        self._target, self._builder = target, builder

    def reach(self, name: str) -> set[str]:
        """Return the names of a stage and of all that it needs."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            stage = self._stages.get(self._resolve(waiting.pop()))
            if stage is not None and stage.name not in found:
                found.add(stage.name)
                waiting += [stage.base, *_sources(stage.instructions)]
        return found

    def platform_of(self, stage: Stage) -> str:
        """Return what a stage's programs run on."""
        while stage.platform is None and (base := self._stages.get(self._resolve(stage.base))):
            stage = base
        if stage.platform == BUILD_PLATFORM:
            return self._builder
        return stage.platform or self._target

    def _resolve(self, name: str) -> str:
        known = {"TARGETARCH": self._target, "BUILDARCH": self._builder}
        for variable, platform in known.items():
            architecture = PLATFORMS[platform].architecture if platform in PLATFORMS else ""
            name = name.replace(f"${{{variable}}}", architecture)
        return name


def _sources(instructions: tuple[Instruction, ...]) -> Iterator[str]:
    for instruction in instructions:
        match instruction:
            case Copy(stage=str(stage)):
                yield stage
            case Run(mounts=mounts):
                yield from (mount.stage for mount in mounts if mount.stage is not None)
            case _:
                pass
