"""Specs with a text in one field, for all fields that reach a Dockerfile, and what a plan is to look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from envc.lock.model import PlatformLock
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.instruction import BuildPlan
from envc.spec.defaults import base_image
from envc.spec.model import EnvSpec
from support.plans import BASE, conda_lock, conda_package, pip_lock, plan_of, wheel

__all__ = ["ELSEWHERE", "FIELDS", "plan_with", "skeleton"]

AMD64 = "linux/amd64"

FIELDS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "environment": lambda text: {"environment": text},
    "base": lambda text: {"base": {"image": text}},
    "base registry": lambda text: {"base": {"image": "a/b", "registry": text}},
    "python": lambda text: {"python": text},
    "interpreter": lambda text: {
        "python": {"managed": "no"},
        "base": {"image": "debian"},
        "interpreter": text,
    },
    "cuda": lambda text: {"cuda": text},
    "system": lambda text: {"system": [text]},
    "variables": lambda text: {"variables": {"A": text, "B": "b"}},
    "variables name": lambda text: {"variables": {text: "a"}},
    "variables of a platform": lambda text: {"variables": {"A": {AMD64: text}}},
    "build-variables": lambda text: {"build-variables": {"A": text}, "steps": [{"run": "true"}]},
    "build-variables name": lambda text: {
        "build-variables": {text: "a"},
        "steps": [{"run": "true"}],
    },
    "before-packages": lambda text: {"before-packages": [{"run": text}]},
    "steps": lambda text: {"steps": [{"run": text}, {"run": {"command": text, "network": "yes"}}]},
    "copy from": lambda text: {"steps": [{"copy": {"from": text, "to": "/a"}}]},
    "copy to": lambda text: {"steps": [{"copy": {"from": "a", "to": text}}]},
    "copy owner": lambda text: {"steps": [{"copy": {"from": "a", "to": "/a", "owner": text}}]},
    "copy mode": lambda text: {"steps": [{"copy": {"from": "a", "to": "/a", "mode": text}}]},
    "user": lambda text: {"user": text},
    "workdir": lambda text: {"workdir": text},
    "entrypoint": lambda text: {"entrypoint": [text, "a"]},
    "command": lambda text: {"command": ["a", text]},
    "labels": lambda text: {"labels": {"a": text, "b": "b"}},
    "labels name": lambda text: {"labels": {text: "a"}},
    "ports": lambda text: {"ports": [text]},
    "volumes": lambda text: {"volumes": [text, "/b"]},
    "healthcheck": lambda text: {"healthcheck": {"run": text}},
    "healthcheck words": lambda text: {"healthcheck": {"run": ["a", text]}},
    "healthcheck interval": lambda text: {"healthcheck": {"run": "a", "interval": text}},
    "healthcheck timeout": lambda text: {"healthcheck": {"run": "a", "timeout": text}},
    "healthcheck start": lambda text: {"healthcheck": {"run": "a", "start": text}},
    "healthcheck retries": lambda text: {"healthcheck": {"run": "a", "retries": text}},
    "stopsignal": lambda text: {"stopsignal": text},
    "layers": lambda text: {"layers": text},
    "conda": lambda text: {"conda": [text]},
    "pip": lambda text: {"pip": [text]},
}
"""By what is written there, a spec's data without its `environment`, but of the first."""

ELSEWHERE = frozenset(
    {
        *("platforms", "channel-priority", "exclude-newer", "virtual-packages", "distributions"),
        *("channels", "check", "runtime", "serve", "train"),
    }
)
"""Fields whose texts are in no Dockerfile: platforms and priorities are of a fixed list, the others
steer what is locked, or use an image. What channels and indexes have is in locks, by addresses."""


def plan_with(data: dict[str, Any]) -> BuildPlan | None:
    """Return the plan of a spec, with packages of all kinds; None where the spec is refused."""
    whole = {"environment": "x", **data}
    try:
        spec = EnvSpec.model_validate(whole)
    except ValidationError:
        return None
    locked = _lock(spec)
    steps = [*spec.steps, *spec.before_packages]
    file = ContextFile.of("a b.py", b"")
    trees = {
        Selection.of(step.copy_): Tree(is_folder=True, files=(file,))
        for step in steps
        if step.copy_ is not None
    }
    return plan_of(whole, {AMD64: locked}, Inputs(trees=trees))


def _lock(spec: EnvSpec) -> PlatformLock:
    if spec.interpreter is not None:
        return PlatformLock(base=BASE, tools=pip_lock().tools)
    locked = pip_lock(wheel("six"))
    if spec.conda.packages:
        locked = conda_lock(conda_package("python", "3.12.7"), pip=(wheel("six"),))
    base = locked.base.model_copy(update={"image": str(base_image(spec)).partition("@")[0]})
    names = tuple(one if isinstance(one, str) else one.package for one in spec.system.packages)
    return locked.model_copy(update={"base": base, "unresolved": names})


def skeleton(plan: BuildPlan) -> Iterator[tuple[str, ...]]:
    """Yield what instructions a plan has, whatever is in them: of each stage its base and its name."""
    for stage in plan.stages:
        yield ("FROM", stage.base, stage.name)
        for instruction in stage.instructions:
            yield (type(instruction).__name__.upper(),)
