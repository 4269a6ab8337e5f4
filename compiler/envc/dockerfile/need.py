"""What the build of a recipe needs of whoever builds: a network, secrets, and an agent of SSH."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from envc.dockerfile.mount import AGENT, Held
from envc.dockerfile.recipe import Recipe
from envc.dockerfile.text import Instruction
from envc.dockerfile.use import adds_remotely
from envc.frozen import frozen
from envc.source import Span

__all__ = ["NOTHING", "Needs", "needs_of", "variables_of"]

_WRITING = frozenset({"ADD", "COPY", "RUN", "WORKDIR"})
_IN_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


@frozen
class Needs:
    """What a build needs.

    Attributes:
        networked: The steps that may get something else from a network another day, in order.
        is_online: Whether any step needs a network, or may.
        writes: Whether any step makes files, which have the times of the build.
        secrets: By their ids, sorted; each once, and required where any step requires it.
        agent: The step that needs an agent of SSH, one that requires it first; None where none does.
        runs: By platform of the base, the steps that run programs, in order, each with the platform
            that these are for: `BUILDER` is that of whoever builds.
    """

    networked: tuple[Span, ...] = ()
    is_online: bool = False
    writes: bool = False
    secrets: tuple[Held, ...] = ()
    agent: Held | None = None
    runs: Mapping[str, tuple[tuple[str, Span], ...]] = field(default_factory=dict)

    @property
    def options(self) -> tuple[str, ...]:
        """The options by which `docker build` is given what steps cannot do without."""
        secrets = (
            f"--secret {shlex.quote(f'id={one.id},env={variables_of(one.id)[0]}')}"
            for one in self.secrets
            if one.required
        )
        is_needed = self.agent is not None and self.agent.required
        return (*secrets, *([f"--ssh {AGENT}"] if is_needed else []))


NOTHING = Needs()


def variables_of(secret: str) -> tuple[str, ...]:
    """Return the environment variables that may hold a secret: the first that is set does.

    >>> variables_of("TOKEN"), variables_of("my-token")
    (('TOKEN',), ('my_token', 'MY_TOKEN'))
    """
    name = _IN_NO_NAME.sub("_", secret)
    name = f"_{name}" if name[0].isdigit() else name
    return tuple(dict.fromkeys((name, name.upper())))


def needs_of(recipe: Recipe) -> Needs:
    """Return what the stages of a recipe need that its base is made from."""
    stages = [recipe.stages[number] for number in sorted(_used(recipe, recipe.platforms))]
    held = [one for stage in stages for one in stage.held]
    secrets = _strictest(one for one in held if one.kind == "secret")
    agents = _strictest(one for one in held if one.kind == "ssh")
    steps = [step for stage in stages for step in stage.steps]
    return Needs(
        networked=tuple(step.span for step in steps if _is_networked(step)),
        is_online=any(_is_networked(step) or adds_remotely(step) for step in steps),
        writes=any(step.name in _WRITING for step in steps),
        secrets=tuple(secrets[name] for name in sorted(secrets)),
        agent=next(iter(agents.values()), None),
        runs={platform: tuple(_list_runs(recipe, platform)) for platform in recipe.platforms},
    )


def _list_runs(recipe: Recipe, platform: str) -> Iterator[tuple[str, Span]]:
    """Yield the steps that run programs for a base of a platform, and the platform of these."""
    for number in sorted(_used(recipe, (platform,))):
        place = _find_place(recipe, number, platform)
        for step in recipe.stages[number].steps:
            if step.name == "RUN":
                yield place, step.span


def _find_place(recipe: Recipe, number: int, platform: str) -> str:
    """Return what the programs of a stage run on: a stage on a stage is as that one is."""
    below: int | None = number
    while below is not None:
        stage = recipe.stages[below]
        if (place := stage.runs_on[platform]) is not None:
            return place
        below = recipe.find_stage(stage.bases[platform], below)
    return platform


def _used(recipe: Recipe, platforms: Iterable[str]) -> set[int]:
    """Return the stages that the base is made from on some platforms: BuildKit builds no others."""
    found: set[int] = set()
    for platform in platforms:
        done: set[int] = set()
        ahead = [recipe.final]
        while ahead:
            number = ahead.pop()
            if number not in done:
                done.add(number)
                ahead += _below(recipe, number, platform)
        found |= done
    return found


def _below(recipe: Recipe, number: int, platform: str) -> Iterator[int]:
    stage = recipe.stages[number]
    sources = [use.source for use in stage.uses if use.source is not None]
    for name in (stage.bases[platform], *sources):
        if (below := recipe.find_stage(name, number)) is not None:
            yield below
    yield from (int(name) for name in sources if name.isdigit() and int(name) < number)


def _is_networked(step: Instruction) -> bool:
    if step.name == "RUN":
        return step.flag("network") != "none"
    return adds_remotely(step) and step.flag("checksum") is None


def _strictest(held: Iterable[Held]) -> dict[str, Held]:
    found: dict[str, Held] = {}
    for one in held:
        known = found.get(one.id)
        if known is None or (one.required and not known.required):
            found[one.id] = one
    return found
