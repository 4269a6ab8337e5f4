"""A plan becomes the text of its Dockerfile, and each line of it keeps the place in the spec it is from."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import DictLoader, Environment, StrictUndefined

from envc.plan.instruction import BuildPlan, Instruction, Stage
from envc.render.quote import FILTERS
from envc.source import Span

__all__ = ["Rendered", "render"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A Dockerfile.

    Attributes:
        text: Ends with a line end.
        origins: By line, counted from 1: the place in the spec that it is from, where there is one.
    """

    text: str
    origins: Mapping[int, Span]


def render(plan: BuildPlan, templates: Mapping[str, str]) -> Rendered:
    """Return the Dockerfile of a plan.

    Args:
        templates: The text of each template by its path, such as `instructions/run.j2`.
    """
    environment = _environment(tuple(sorted(templates.items())))
    writer = _Writer()
    writer.write(environment.get_template("head.j2").render(head=plan.head))
    for stage in plan.stages:
        writer.write("\n")
        writer.write(_render_head(environment, stage), stage.origin)
        for instruction in stage.instructions:
            writer.write(_render_instruction(environment, instruction), instruction.origin)
    return Rendered(text="".join(writer.parts), origins=writer.origins)


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.origins: dict[int, Span] = {}
        self._line = 1

    def write(self, text: str, origin: Span | None = None) -> None:
        count = text.count("\n")
        if origin is not None:
            self.origins.update(dict.fromkeys(range(self._line, self._line + count), origin))
        self._line += count
        self.parts.append(text)


def _render_head(environment: Environment, stage: Stage) -> str:
    comment = stage.comment.splitlines()
    return environment.get_template("stage.j2").render(stage=stage, comment=comment)


def _render_instruction(environment: Environment, instruction: Instruction) -> str:
    name = type(instruction).__name__.lower()
    template = environment.get_template(f"instructions/{name}.j2")
    return template.render(instruction=instruction)


@functools.lru_cache(maxsize=1)
def _environment(templates: tuple[tuple[str, str], ...]) -> Environment:
    """Return what renders some templates: compiled once for all variants of a spec."""
    environment = Environment(
        loader=DictLoader(dict(templates)),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - no HTML here; quote.py escapes what Docker reads
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment
