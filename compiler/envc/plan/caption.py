"""What the stages of a build do, in a few words, for whoever watches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from envc.plan.instruction import BuildPlan
from envc.plan.layer import Layer
from envc.plan.layout import Layout
from envc.plan.override import role

__all__ = ["captions"]

_CLAUSE = re.compile(r"[^.,:;]+")
_KINDS = {"conda": "Conda packages", "pip": "wheels"}
_NAMED = 4


def captions(plan: BuildPlan) -> Mapping[str, str]:
    """Return a caption of each stage that has anything to say, by the stage's name."""
    said: dict[str, str] = {}
    by_role: dict[str, str] = {}  # only the first of several platforms' stages has a comment
    for stage in plan.stages:
        name = role(stage.name)
        layouts = _layouts_of(plan, stage.name)
        layer = next((found for one in layouts if (found := one.find(name)) is not None), None)
        if layer is not None:
            said[stage.name] = _of_layer(layer)
        elif name == "system" and (packages := _system_packages(layouts)):
            said[stage.name] = f"Debian packages: {_join(packages)}"
        elif stage.comment and (clause := _CLAUSE.match(stage.comment)) is not None:
            said[stage.name] = clause[0][:1].lower() + clause[0][1:]
        elif name in by_role:
            said[stage.name] = by_role[name]
        if stage.name in said:
            by_role.setdefault(name, said[stage.name])
    return said


def _layouts_of(plan: BuildPlan, stage: str) -> Sequence[Layout]:
    """Return the platforms that a stage is for."""
    layouts = list(plan.layouts.values())
    own = [one for one in layouts if stage == f"{role(stage)}-{one.architecture}"]
    return own or layouts


def _of_layer(layer: Layer) -> str:
    return f"{_KINDS[layer.kind]}: {_join([package.name for package in layer.packages])}"


def _system_packages(layouts: Iterable[Layout]) -> list[str]:
    found: dict[str, None] = {}
    for layout in layouts:
        found |= dict.fromkeys(package.name for package in layout.locked.system)
        found |= dict.fromkeys(layout.locked.unresolved)
    return list(found)


def _join(names: list[str]) -> str:
    rest = len(names) - _NAMED
    if rest <= 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {rest} more"
