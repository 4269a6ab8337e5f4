"""A user's Dockerfile taken over: word for word, but that images are pinned and names do not clash."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from envc.dockerfile.need import NOTHING, Needs, needs_of
from envc.dockerfile.recipe import NamedImage, Recipe
from envc.frozen import frozen
from envc.reference import ImageReference
from envc.source import Source, Span

__all__ = ["CONTEXT_FOLDER", "Adapted", "adapt"]

CONTEXT_FOLDER = "base"
"""Where the files that the Dockerfile copies lie in the context of the whole build."""

_CONTEXT_STAGE, _UNNAMED, _PREFIX = "base-context", "dockerfile", "dockerfile-"
_STAGE_OF_CONTEXT = f"""\
# What the instructions below copy from their context.
FROM scratch AS {_CONTEXT_STAGE}
"""


@frozen
class Adapted:
    """A Dockerfile as the head of another one.

    Attributes:
        syntax: The front end that it needs, pinned; None for BuildKit's own.
        text: Ends with a line end.
        origins: By line of the text, counted from 1: the line of the user's own.
        stage: The name of the stage that is the base.
        images: What it names, each with its digest; sorted.
        needs: What its steps need of whoever builds.
    """

    syntax: str | None
    text: str
    origins: Mapping[int, Span]
    stage: str
    images: tuple[str, ...] = ()
    needs: Needs = NOTHING


@frozen
class _Edit:
    start: int
    end: int
    text: str


def adapt(
    recipe: Recipe, pins: Mapping[str, str], *, reserved: Container[str], has_files: bool
) -> Adapted:
    """Return a Dockerfile that other stages can be appended to.

    Args:
        pins: The digests of images, by their canonical names; of those that have none themselves.
        reserved: The names of the other stages, none of which starts with `dockerfile`.
        has_files: Whether the context has any.
    """
    names = {stage.name for stage in recipe.stages if stage.name is not None}
    clashes = any(name in reserved or name in {_CONTEXT_STAGE, _UNNAMED} for name in names)
    prefix = _PREFIX if clashes else ""
    has_stage = any(
        use.source is None and use.form != "folder" for stage in recipe.stages for use in stage.uses
    )
    edits = [*_pin(recipe.images, pins, recipe.text.source), *_rename(recipe, prefix)]
    edits += _redirect(recipe, prefix, shift=1 if has_stage else 0)
    final = recipe.stages[recipe.final]
    if final.name is None:
        end = final.instruction.arguments[-1].end
        edits.append(_Edit(start=end, end=end, text=f" AS {_UNNAMED}"))
    if has_stage:
        first = recipe.stages[0].instruction.span.start
        copy = f"COPY {CONTEXT_FOLDER}/ /\n" if has_files else ""
        edits.append(_Edit(start=first, end=first, text=f"{_STAGE_OF_CONTEXT}{copy}\n"))
    writer = _Writer(source=recipe.text.source)
    writer.write(edits)
    syntax = recipe.syntax
    return Adapted(
        syntax=_pinned(syntax.reference, pins) if syntax is not None else None,
        text="".join(writer.parts).rstrip("\n") + "\n",
        origins=writer.origins,
        stage=f"{prefix}{final.name}" if final.name is not None else _UNNAMED,
        images=tuple(sorted({_pinned(image.reference, pins) for image in recipe.images})),
        needs=needs_of(recipe),
    )


def _pin(images: Iterable[NamedImage], pins: Mapping[str, str], source: Source) -> Iterable[_Edit]:
    for image in images:
        is_directive = source.text[image.start] == "#"
        is_pinned = image.reference.digest is not None and "$" not in image.span.text
        if not is_directive and not is_pinned:
            text = _pinned(image.reference, pins)
            yield _Edit(start=image.start, end=image.end, text=text)


def _pinned(reference: ImageReference, pins: Mapping[str, str]) -> str:
    if reference.digest is None:
        reference = replace(reference, digest=pins[reference.canonical])
    return reference.familiar


def _rename(recipe: Recipe, prefix: str) -> Iterable[_Edit]:
    """Yield what gives all stages another name, where one of them is somebody else's."""
    for number, stage in enumerate(recipe.stages) if prefix else ():
        if any(recipe.find_stage(base, number) is not None for base in stage.bases.values()):
            yield _Edit(start=stage.base.start, end=stage.base.start, text=prefix)
        if stage.name is not None:
            word = stage.instruction.arguments[-1]
            yield _Edit(start=word.start, end=word.end, text=f"{prefix}{stage.name}")


def _redirect(recipe: Recipe, prefix: str, *, shift: int) -> Iterable[_Edit]:
    """Yield what lets instructions find stages and the context's files where they are now."""
    forms = {
        "option": f" --from={_CONTEXT_STAGE}",
        "mount": f",from={_CONTEXT_STAGE}",
        "folder": f"{CONTEXT_FOLDER}/",
    }
    for number, stage in enumerate(recipe.stages):
        for use in stage.uses:
            if use.source is None:
                yield _Edit(start=use.start, end=use.end, text=forms[use.form])
            elif recipe.find_stage(use.source, number) is not None:
                yield _Edit(start=use.start, end=use.end, text=f"{prefix}{use.source}")
            elif use.source.isdigit():
                yield _Edit(start=use.start, end=use.end, text=str(int(use.source) + shift))


@dataclass(slots=True, kw_only=True)
class _Writer:
    source: Source
    parts: list[str] = field(default_factory=list)
    origins: dict[int, Span] = field(default_factory=dict)
    line: int = 1

    def write(self, edits: Iterable[_Edit]) -> None:
        """Write the source with edits, none of which overlaps another."""
        place = 1 if self.source.text.startswith("\ufeff") else 0
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            self._copy(place, edit.start)
            self._insert(edit)
            place = edit.end
        self._copy(place, len(self.source.text))

    def _copy(self, start: int, end: int) -> None:
        text = self.source.text[start:end]
        self.parts.append(text)
        place = start
        for piece in text.splitlines(keepends=True):
            number = self.source.position(place).line
            self.origins.setdefault(self.line, self.source.line_span(number))
            place += len(piece)
            self.line += piece.endswith("\n")

    def _insert(self, edit: _Edit) -> None:
        self.parts.append(edit.text)
        if edit.end > edit.start:
            number = self.source.position(edit.start).line
            self.origins.setdefault(self.line, self.source.line_span(number))
        self.line += edit.text.count("\n")
