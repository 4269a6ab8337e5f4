"""A plan becomes the text of its Dockerfile, and each line of it keeps the place in the spec it is from."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    Environment,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from envc.dockerfile.adapt import Adapted
from envc.frozen import frozen
from envc.plan.instruction import BuildPlan, Instruction, Stage
from envc.plan.override import HEAD, NO_OVERRIDES, PARTS, STAGE, Overrides
from envc.render.quote import FILTERS, comment
from envc.render.template_error import check_head, translated
from envc.source import Source, Span

__all__ = ["OWN", "Rendered", "render"]

OWN = "envc"
"""Where users' templates find envc's own: `{% extends "envc/stage.j2" %}`."""

# A line that stands for an instruction until its stage is there: no text of a Dockerfile has a NUL.
_MARK = re.compile("\0(\\d+)\0\n")


_PREAMBLE = "The Dockerfile of the base as it is written, but that its images are pinned:"
_PREAMBLE_END = "Here the Dockerfile of the base ends."


@frozen
class Rendered:
    """A Dockerfile.

    Attributes:
        text: Ends with a line end.
        origins: By line, counted from 1: the place in the spec that it is from, where there is one.
    """

    text: str
    origins: Mapping[int, Span]


def render(
    plan: BuildPlan, templates: Mapping[str, str], overrides: Overrides = NO_OVERRIDES
) -> Rendered:
    """Return the Dockerfile of a plan.

    Args:
        templates: The text of each template by its path, such as `instructions/run.j2`.
        overrides: A user's templates, which stand before envc's own.

    Raises:
        InputError: A user's template is wrong (E562), or fails (E563).
    """
    own = tuple(sorted(templates.items()))
    environment = _environment(own, tuple(sorted(overrides.sources.items())))
    writer = _Writer()
    with translated(overrides):
        head = environment.get_template(HEAD).render(head=plan.head)
    if HEAD in overrides.sources:
        check_head(head, overrides.sources[HEAD])
    if plan.preamble is not None and plan.preamble.syntax is not None:
        writer.write(f"# syntax={plan.preamble.syntax}\n")
    writer.write(head)
    if plan.preamble is not None:
        _write_preamble(writer, plan.preamble)
    for stage in plan.stages:
        # Stages that only hold a file stand close together, below the comment of the first.
        writer.write("\n" if stage.comment or stage.base != "scratch" else "")
        _write_stage(writer, environment, stage, overrides)
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


def _write_preamble(writer: _Writer, preamble: Adapted) -> None:
    """Write a user's Dockerfile, each line of which keeps its own place."""
    writer.write(f"\n{comment(_PREAMBLE)}\n")
    for number, line in enumerate(preamble.text.splitlines(keepends=True), start=1):
        writer.write(line, preamble.origins.get(number))
    writer.write(f"{comment(_PREAMBLE_END)}\n")


def _write_stage(
    writer: _Writer, environment: Environment, stage: Stage, overrides: Overrides
) -> None:
    marks = [f"\0{number}\0\n" for number in range(len(stage.instructions))]
    # A choice between platforms' own stages is not the stage that users mean by its name.
    is_choice = not stage.instructions and stage.base.endswith("ARCH}")
    name = f"{OWN}/stage.j2" if is_choice else overrides.template(stage.name)
    with translated(overrides):
        text = environment.get_template(name).render(
            stage=stage, comment=stage.comment.splitlines(), instructions=marks
        )
    if not text.endswith("\n"):
        text += "\n"
    _write_marked(writer, environment, text, stage)


def _write_marked(writer: _Writer, environment: Environment, text: str, stage: Stage) -> None:
    # What a split by a group returns: texts, and between them the numbers of instructions.
    first, *rest = _MARK.split(text)
    writer.write(first, stage.origin)
    for number, following in _pairs(rest):
        instruction = stage.instructions[int(number)]
        writer.write(_render_instruction(environment, instruction), instruction.origin)
        writer.write(following)


def _pairs(parts: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(parts[::2], parts[1::2], strict=True))


def _render_instruction(environment: Environment, instruction: Instruction) -> str:
    name = type(instruction).__name__.lower()
    template = environment.get_template(f"{OWN}/instructions/{name}.j2")
    return template.render(instruction=instruction)


@functools.lru_cache(maxsize=1)
def _environment(
    templates: tuple[tuple[str, str], ...], overrides: tuple[tuple[str, Source], ...]
) -> Environment:
    """Return what renders some templates: compiled once for all variants of a spec.

    Users' templates come with a pull request: they see what they are given, and no more of Python.
    """
    kind = _UserEnvironment if overrides else Environment
    own = DictLoader(dict(templates))
    environment = kind(
        loader=ChoiceLoader([_SourceLoader(dict(overrides)), PrefixLoader({OWN: own}), own]),
        undefined=StrictUndefined,
        autoescape=False,  # no HTML here; quote.py escapes what Docker reads
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment


class _UserEnvironment(ImmutableSandboxedEnvironment):
    """Lets templates include, import and extend only what the ids depend on where they are used."""

    def join_path(self, template: str, parent: str) -> str:
        if template == STAGE or template.startswith((PARTS, f"{OWN}/")):
            return super().join_path(template, parent)
        raise TemplateNotFound(template)


class _SourceLoader(BaseLoader):
    """Loads users' templates, which tracebacks then call by their files' names."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def get_source(self, _: Environment, template: str) -> tuple[str, str | None, None]:
        if template not in self._sources:
            raise TemplateNotFound(template)
        source = self._sources[template]
        return source.text.replace("\r\n", "\n"), source.name, None
