"""The steps of a build under titles that speak of the spec: its own lines, and what envc does for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from envc.dockerfile.text import Instruction, parse_text
from envc.errors import InputError
from envc.frozen import frozen
from envc.source import Source, Span

__all__ = ["NO_TITLES", "Title", "Titles", "entitle"]

# BuildKit's name of a step: the platform where there are several, the stage, and which of its steps.
_NAME = re.compile(r"^\[(?:([^\]]*\S) +)?([0-9]+)/([0-9]+)\] ")
_COUNTED = frozenset({"ADD", "COPY", "RUN", "WORKDIR"})
_LONGEST = 64


@frozen
class Title:
    """What a step is called.

    Attributes:
        text: The spec's own words, or what envc does.
        origin: Where the spec asks for it; None for what every build does.
    """

    text: str
    origin: Span | None = None

    @property
    def line(self) -> str:
        """The title with its place, in one line."""
        if self.origin is None:
            return self.text
        return f"{self.origin.source.name}:{self.origin.position.line}  {self.text}"


@frozen
class Titles:
    """The titles of a Dockerfile's steps.

    Attributes:
        by_stage: For each stage, those of its instructions that BuildKit gives numbers, but for FROM.
        unnumbered: For each stage, how many more of them BuildKit only counts.
    """

    by_stage: Mapping[str, Sequence[Title | None]] = field(default_factory=dict)
    unnumbered: Mapping[str, int] = field(default_factory=dict)

    def find(self, name: str) -> Title | None:
        """Return the title of a step by BuildKit's name of it, such as `[image 2/5] RUN …`."""
        found = _NAME.match(name)
        if found is None or found[1] is None:
            return None
        stage = found[1].split()[-1]
        own = self.by_stage.get(stage)
        if own is None:
            return None
        # A FROM is counted where it names an image: then there is one step more than we have.
        place = int(found[2]) - 1 - (int(found[3]) - len(own) - self.unnumbered.get(stage, 0))
        return own[place] if 0 <= place < len(own) else None


NO_TITLES = Titles()


def entitle(dockerfile: str, origins: Mapping[int, Span], captions: Mapping[str, str]) -> Titles:
    """Return the titles of a Dockerfile's steps.

    Args:
        origins: From its lines, counted from 1, to places in the spec.
        captions: What its stages do, by their names.
    """
    try:
        text = parse_text(Source(name="Dockerfile", text=dockerfile))
    except InputError:  # a user's template may have written anything
        return NO_TITLES
    titles: dict[str, list[Title | None]] = {}
    unnumbered: dict[str, int] = {}
    stage = ""
    for instruction in text.instructions:
        if instruction.name == "FROM":
            stage = instruction.words[-1].text
            titles[stage] = []
        elif instruction.name == "WORKDIR" and instruction.words[0].text == "/":
            unnumbered[stage] = unnumbered.get(stage, 0) + 1  # it makes no folder, and is no step
        elif instruction.name in _COUNTED and stage in titles:
            origin = origins.get(instruction.span.position.line)
            titles[stage].append(_title(instruction, origin, captions, stage))
    return Titles(by_stage=titles, unnumbered=unnumbered)


def _title(
    instruction: Instruction, origin: Span | None, captions: Mapping[str, str], stage: str
) -> Title | None:
    if instruction.name == "ADD":
        return None  # the file that it fetches says more
    if instruction.name == "WORKDIR":
        return Title(text=f"work directory {instruction.words[0].text}")
    if origin is not None:
        return Title(text=_clip(origin), origin=origin)
    source = instruction.flag("from")
    if instruction.name == "COPY" and source is not None:
        caption = captions.get(source)
        return Title(text=f"into the image: {caption}") if caption else None
    caption = captions.get(stage) if instruction.name == "RUN" else None
    return Title(text=caption) if caption else None


def _clip(origin: Span) -> str:
    """Return the first line of what the spec says, as long as a line may be."""
    first, _, more = origin.text.strip().partition("\n")
    if len(first) > _LONGEST or more:
        return f"{first[: _LONGEST - 1].rstrip()}…"
    return first
