"""The instructions that make a platform's image, in order: of all stages, those that lead to the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from envc.plan.instruction import BuildPlan, Copy, Instruction, Run, Workdir
from envc.platform import PLATFORMS

__all__ = ["list_instructions", "match_layers"]

_ARCHITECTURE = "${TARGETARCH}"
_WORDS: Mapping[type[Any], str] = {Run: "RUN", Copy: "COPY", Workdir: "WORKDIR"}


def list_instructions(plan: BuildPlan, platform: str) -> tuple[Instruction, ...]:
    """Return the instructions from the base to the image for a platform."""
    stages = {stage.name: stage for stage in plan.stages}
    architecture = PLATFORMS[platform].architecture
    chain: list[Instruction] = []
    name = plan.stages[-1].name
    while name in stages:
        stage = stages[name]
        chain = [*stage.instructions, *chain]
        name = stage.base.replace(_ARCHITECTURE, architecture)
    return tuple(chain)


def match_layers(
    history: Sequence[Mapping[str, Any]], instructions: Sequence[Instruction]
) -> tuple[Instruction | None, ...]:
    """Return the instruction that made each layer; None for one of the base, or where nobody knows.

    Args:
        history: The image's (OCI image-spec, config.md), which has instructions without a layer too.
        instructions: Those from the base to the image.
    """
    said = [entry for entry in history if _word_of(entry) in _WORDS.values()]
    own = [one for one in instructions if type(one) in _WORDS]
    made: dict[int, Instruction] = {}
    for entry, instruction in zip(reversed(said), reversed(own), strict=False):
        if _word_of(entry) != _WORDS[type(instruction)]:
            break  # a user's template says it in other words
        made[id(entry)] = instruction
    return tuple(made.get(id(entry)) for entry in history if not entry.get("empty_layer"))


def _word_of(entry: Mapping[str, Any]) -> str:
    """Return the first word of what made an entry."""
    words = str(entry.get("created_by", "")).split(maxsplit=1)
    return words[0] if words else ""
