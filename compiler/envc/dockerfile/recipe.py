"""A Dockerfile as a recipe for a base: its stages, the images that it names, and what it copies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from envc.diagnostics import Diagnostic, suggest
from envc.dockerfile.mount import Held
from envc.dockerfile.place import read_place
from envc.dockerfile.text import Instruction, Text, Word, parse_text
from envc.dockerfile.use import Use, find_held, find_uses
from envc.dockerfile.word import WordError, expand
from envc.errors import InputError
from envc.frozen import frozen
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.source import Source, Span

__all__ = ["NamedImage", "Recipe", "RecipeStage", "read_recipe"]

_INSTRUCTIONS = frozenset(
    {
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
        "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip
_STAGE = re.compile(r"[a-z][a-z0-9_.-]*")
_FROM, _FROM_AS = 1, 3
# https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
_AUTOMATIC = re.compile(r"(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)|TARGETSTAGE")
_FRONTEND = re.compile(r"(?:.*/)?dockerfile(?:-upstream)?")
SCRATCH = "scratch"


@frozen
class NamedImage:
    """An image that a Dockerfile names; `start` and `end` are where, and `span` is for people."""

    reference: ImageReference
    start: int
    end: int
    span: Span


@frozen
class RecipeStage:
    """A stage.

    Attributes:
        name: In lower case; None where it has none.
        instruction: Its FROM.
        base: What that names, as it is written.
        bases: The same with variables replaced, by platform.
        platform: The option of that name; None where it is the image's own.
        runs_on: What that says with variables replaced, by platform: what its programs run on,
            `BUILDER` on the builder's own. It is None where it says nothing, or nothing clear.
        uses: What its instructions take from elsewhere.
        held: What they need of whoever builds.
        steps: Its instructions after the FROM.
    """

    name: str | None
    instruction: Instruction
    base: Word
    bases: Mapping[str, str]
    platform: str | None
    runs_on: Mapping[str, str | None]
    uses: tuple[Use, ...] = ()
    held: tuple[Held, ...] = ()
    steps: tuple[Instruction, ...] = ()


@frozen
class Recipe:
    """A Dockerfile that a base is built with.

    Attributes:
        text: It, as it is written.
        syntax: The front end that its first line asks for; None for BuildKit's own.
        stages: In order; at least one.
        final: Which of them is the base.
        images: All images that it names, in order; those of variables resolved.
        platforms: What it is read for.
    """

    text: Text
    syntax: NamedImage | None
    stages: tuple[RecipeStage, ...]
    final: int
    images: tuple[NamedImage, ...]
    platforms: tuple[str, ...]

    def find_stage(self, name: str, before: int) -> int | None:
        """Return the stage of a name among those before one; None where it is none of them."""
        for number in reversed(range(before)):
            if self.stages[number].name == name.lower():
                return number
        return None

    def root(self, platform: str) -> ImageReference | None:
        """Return the image at the bottom of the base; None where it starts from nothing."""
        number, chain = self.final, self.stages[self.final].bases[platform]
        while (below := self.find_stage(chain, number)) is not None:
            number, chain = below, self.stages[below].bases[platform]
        return None if chain == SCRATCH else ImageReference.parse(chain)

    @property
    def copied(self) -> tuple[str, ...]:
        """The paths of the context that it may read, relative to it; one that is empty is all of it."""
        found = {path for stage in self.stages for use in stage.uses for path in use.paths}
        return tuple(sorted(found))


def read_recipe(
    source: Source, *, platforms: Sequence[str], target: str | None, place: Span | None
) -> Recipe:
    """Return what a Dockerfile says.

    Args:
        source: Its line ends are line feeds.
        platforms: Those that the base is for.
        target: The stage that is the base; None for the last.
        place: Where the spec names that stage.

    Raises:
        InputError: It cannot be read (E386), an image that it names is none (E387), it says what
            cannot be taken over (E388), or it has no such stage (E389).
    """
    reader = _Reader(source=source, platforms=tuple(sorted(platforms)))
    recipe = reader.read(target, place)
    if reader.problems:
        raise InputError(reader.problems)
    return recipe


@dataclass(slots=True, kw_only=True)
class _Reader:
    source: Source
    platforms: tuple[str, ...]
    problems: list[Diagnostic] = field(default_factory=list)
    variables: dict[str, dict[str, str | None]] = field(default_factory=dict)

    def tell(self, code: str, span: Span, message: str, hint: str) -> None:
        self.problems.append(Diagnostic.at(span, code, message, hint=hint))

    def read(self, target: str | None, place: Span | None) -> Recipe:
        text = parse_text(self.source)
        self._check_directives(text)
        self.variables = {name: _automatic(name) for name in self.platforms}
        stages = self._read_stages(text)
        if not stages:
            self.tell(
                "E386",
                self.source.span(0, 0),
                f"`{self.source.name}` has no `FROM`",
                "begin with the image that the base is made from: `FROM debian:bookworm-slim`",
            )
            raise InputError(self.problems)
        final = self._choose(stages, target, place)
        draft = Recipe(
            text=text,
            syntax=self._read_syntax(text),
            stages=stages,
            final=final,
            images=(),
            platforms=self.platforms,
        )
        images = tuple(self._name_images(draft))
        self._check_platform(draft)
        return Recipe(
            text=text,
            syntax=draft.syntax,
            stages=stages,
            final=final,
            images=images,
            platforms=self.platforms,
        )

    def _check_directives(self, text: Text) -> None:
        value, span = text.directives.get("escape", ("\\", None))
        if value != "\\" and span is not None:
            self.tell(
                "E388",
                span,
                "the base's Dockerfile has another `escape` than `\\`, which holds for a whole file",
                "remove the directive, and end lines that go on with `\\`",
            )

    def _read_syntax(self, text: Text) -> NamedImage | None:
        if "syntax" not in text.directives:
            return None
        value, span = text.directives["syntax"]
        try:
            reference = ImageReference.parse(value)
        except ValueError as error:
            self.tell("E387", span, f"`{value}` is not an image: {error}", "correct its name")
            return None
        if not _FRONTEND.fullmatch(reference.repository):
            self.tell(
                "E388",
                span,
                f"`{value}` reads another language than Dockerfiles",
                "build the base elsewhere, push it to a registry, and name it as `image`",
            )
        return NamedImage(reference=reference, start=span.start, end=span.end, span=span)

    def _read_stages(self, text: Text) -> tuple[RecipeStage, ...]:
        stages: list[RecipeStage] = []
        steps: list[Instruction] = []
        for instruction in text.instructions:
            if instruction.name == "FROM":
                self._close(stages, steps)
                if (stage := self._read_from(instruction)) is not None:
                    stages.append(stage)
            elif instruction.name not in _INSTRUCTIONS and "syntax" not in text.directives:
                self._tell_unknown(instruction)
            elif stages:
                steps.append(instruction)
            elif instruction.name == "ARG":
                self._declare(instruction)
            else:
                self.tell(
                    "E386",
                    instruction.span,
                    f"`{instruction.name}` stands before the first `FROM`",
                    "only `ARG` may",
                )
        self._close(stages, steps)
        return tuple(stages)

    def _close(self, stages: list[RecipeStage], steps: list[Instruction]) -> None:
        """Give the last stage its instructions, and what they take and need."""
        if stages and steps:
            stages[-1] = replace(
                stages[-1],
                uses=tuple(use for step in steps for use in find_uses(step, self.tell)),
                held=tuple(held for step in steps for held in find_held(step, self.tell)),
                steps=tuple(steps),
            )
        steps.clear()

    def _tell_unknown(self, instruction: Instruction) -> None:
        meant = suggest(instruction.name, _INSTRUCTIONS)
        message = f"there is no instruction `{instruction.name}`"
        hint = (
            f"did you mean `{meant}`?" if meant else "correct it, or end the line before with `\\`"
        )
        self.tell("E386", instruction.span, message, hint)

    def _declare(self, instruction: Instruction) -> None:
        for word in instruction.words:
            name, equals, value = word.text.partition("=")
            if equals and _AUTOMATIC.fullmatch(name):
                self.tell(
                    "E388",
                    instruction.span,
                    f"`ARG {name}` has a value, and BuildKit gives it that of each platform",
                    "remove its value",
                )
            for known in self.variables.values():
                try:
                    known[name] = expand(value, known.get) if equals else known.get(name)
                except WordError as error:
                    hint = "correct it, or write its value out"
                    self.tell(
                        "E386", instruction.span, f"`{word.text}` says nothing: {error}", hint
                    )
                    break

    def _read_from(self, instruction: Instruction) -> RecipeStage | None:
        words = [word.text for word in instruction.arguments]
        is_named = len(words) == _FROM_AS and words[1].upper() == "AS"
        name = words[2].lower() if is_named else None
        if not (len(words) == _FROM or is_named):
            message = (
                "`FROM` is followed by an image, and by `AS` and a name where the stage has one"
            )
            self.tell("E386", instruction.span, message, "write `FROM IMAGE AS NAME`")
            return None
        if name is not None and not _STAGE.fullmatch(name):
            message = f"`{name}` is not the name of a stage"
            hint = "begin with a letter; letters, digits, `-`, `_` and `.` follow"
            self.tell("E386", instruction.span, message, hint)
        base, option = instruction.arguments[0], instruction.flag("platform")
        return RecipeStage(
            name=name,
            instruction=instruction,
            base=base,
            bases={platform: self._expand(base, platform) for platform in self.platforms},
            platform=option,
            runs_on={
                name: read_place(option or "", known) for name, known in self.variables.items()
            },
        )

    def _expand(self, word: Word, platform: str) -> str:
        try:
            return expand(word.text, self.variables[platform].get)
        except WordError as error:
            span = self.source.span(word.start, word.end)
            problem = Diagnostic.at(
                span,
                "E387",
                f"`{word.text}` is not an image: {error}",
                hint="give its variables values by `ARG` before the first `FROM`",
            )
            if problem not in self.problems:
                self.problems.append(problem)
            return SCRATCH

    def _choose(self, stages: Sequence[RecipeStage], target: str | None, place: Span | None) -> int:
        names = [stage.name for stage in stages]
        if target is None:
            return len(stages) - 1
        if target.lower() in names:
            return len(names) - 1 - names[::-1].index(target.lower())
        if target.isdigit() and int(target) < len(stages):
            return int(target)
        meant = suggest(target, [name for name in names if name is not None])
        self.problems.append(
            Diagnostic.at(
                place,
                "E389",
                f"`{self.source.name}` has no stage `{target}`",
                hint=f"did you mean `{meant}`?" if meant else "name one that stands after `AS`",
            )
        )
        return len(stages) - 1

    def _name_images(self, recipe: Recipe) -> list[NamedImage]:
        images: list[NamedImage] = [recipe.syntax] if recipe.syntax is not None else []
        for number, stage in enumerate(recipe.stages):
            named = {
                text
                for text in stage.bases.values()
                if text != SCRATCH and recipe.find_stage(text, number) is None
            }
            span = self.source.span(stage.base.start, stage.base.end)
            if named and len({*stage.bases.values()}) > 1:
                self.tell(
                    "E388",
                    span,
                    f"`{stage.base.text}` is another image on each platform",
                    "name one that has all platforms; or give each its stage, as in "
                    "`FROM IMAGE AS base-amd64`, and choose by `FROM base-${TARGETARCH}`",
                )
            images += self._parse(named, stage.base.start, stage.base.end, span)
            for use in stage.uses:
                is_stage = use.source is None or recipe.find_stage(use.source, number) is not None
                if is_stage or use.source == SCRATCH or (use.source or "").isdigit():
                    continue
                span = self.source.span(use.start, use.end)
                images += self._parse({use.source or ""}, use.start, use.end, span)
        return images

    def _parse(self, texts: set[str], start: int, end: int, span: Span) -> list[NamedImage]:
        images = []
        for text in sorted(texts):
            try:
                reference = ImageReference.parse(text)
            except ValueError as error:
                hint = (
                    "name an image or a stage before this one; variables get values by `ARG`, "
                    "before the first `FROM`"
                )
                self.tell("E387", span, f"`{text}` is not an image: {error}", hint)
                continue
            images.append(NamedImage(reference=reference, start=start, end=end, span=span))
        return images

    def _check_platform(self, recipe: Recipe) -> None:
        """Refuse a base that is for one platform, whatever the spec's are."""
        number: int | None = recipe.final
        while number is not None:
            stage = recipe.stages[number]
            fixed = stage.platform if stage.platform in PLATFORMS else None
            if fixed is not None and any(fixed != name for name in self.platforms):
                self.tell(
                    "E388",
                    stage.instruction.span,
                    f"the base is for `{fixed}` on every platform",
                    "remove `--platform`: the spec's `platforms` say what the base is for",
                )
            number = recipe.find_stage(stage.bases[self.platforms[0]], number)


def _automatic(platform: str) -> dict[str, str | None]:
    """Return the variables of a platform that BuildKit sets; those of its own are not known here."""
    system, _, architecture = platform.partition("/")
    return {
        "TARGETPLATFORM": platform,
        "TARGETOS": system,
        "TARGETARCH": architecture,
        "TARGETVARIANT": "",
    }
