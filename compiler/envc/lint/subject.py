"""What rules look at: a spec that is right and its document, with what several of them need read once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from envc.frozen import frozen
from envc.lint.place import find_written
from envc.lint.shell import Command, commands
from envc.reference import ImageReference
from envc.source import Span
from envc.spec.defaults import base_image
from envc.spec.entry import Entry, conda_entries, pip_entries
from envc.spec.matchspec import MatchSpecParts, split_matchspec
from envc.spec.model import EnvSpec
from envc.spec.requirement import PipRequirement, normal_name, parse_requirement
from envc.syntax.document import Document, Path

__all__ = ["CondaPackage", "PipPackage", "Script", "Subject"]


@frozen
class CondaPackage:
    """A Conda package that a spec asks for.

    Attributes:
        platform: The only platform that it is for, or empty.
    """

    entry: Entry
    parts: MatchSpecParts
    platform: str

    @property
    def name(self) -> str:
        """Its name in lower case."""
        return self.parts.name.lower()

    @property
    def has_version(self) -> bool:
        """Whether any version or build, or a file itself, is asked for."""
        if self.parts.version not in ("", "*") or self.parts.build not in ("", "*"):
            return True
        return re.search(r"\b(?:version|build|sha256|md5)", self.parts.bracket) is not None


@frozen
class PipPackage:
    """A distribution that a spec asks for; `platform` is as for a Conda package."""

    entry: Entry
    requirement: PipRequirement
    platform: str

    @property
    def name(self) -> str:
        """Its normalised name."""
        return self.requirement.name


@frozen
class Script:
    """A script that runs while the image is built.

    Attributes:
        path: Of its text in the document.
    """

    path: Path
    text: str
    has_network: bool
    commands: tuple[Command, ...]


@frozen
class Subject:
    """A variant of a spec that is right, and its document.

    Attributes:
        today: The day to judge ages by.
        unused: The parameters that no variant of the spec uses, and where each is declared.
    """

    document: Document
    spec: EnvSpec
    today: date
    unused: Mapping[str, Span]
    conda: tuple[CondaPackage, ...]
    pip: tuple[PipPackage, ...]
    scripts: tuple[Script, ...]

    @staticmethod
    def of(document: Document, spec: EnvSpec, today: date, unused: Mapping[str, Span]) -> Subject:
        """Read what rules need of a document."""
        return Subject(
            document=document,
            spec=spec,
            today=today,
            unused=unused,
            conda=tuple(_conda(document)),
            pip=tuple(_pip(document)),
            scripts=tuple(_scripts(document)),
        )

    @property
    def base(self) -> ImageReference | None:
        """The image that everything starts from; None where that is built from a Dockerfile."""
        is_built = self.document.data_at(("base", "dockerfile")) is not None
        return None if is_built else base_image(self.spec)

    @property
    def distributions(self) -> frozenset[str]:
        """The normalised names of all that Conda is asked for."""
        return frozenset(normal_name(package.name) for package in self.conda)

    @property
    def provided(self) -> str:
        """All that may bring a program into the image: scripts and names of packages, as one text."""
        system = self.document.data_at(("system",))
        names = [package.name for package in self.conda]
        return "\n".join([str(system or ""), *names, *(script.text for script in self.scripts)])

    def text(self, path: Path) -> str:
        """Return the text at a path; empty where there is none."""
        value = self.document.data_at(path)
        return value if isinstance(value, str) else ""

    def texts_below(self, path: Path) -> Iterator[tuple[Path, str]]:
        """Yield every text at a path and below it, in the order in which they are written."""
        value = self.document.data_at(path)
        match value:
            case str():
                yield path, value
            case list():
                for index in range(len(value)):
                    yield from self.texts_below((*path, index))
            case dict():
                for key in value:
                    yield from self.texts_below((*path, key))

    def part(self, path: Path, start: int, end: int) -> Span:
        """Return where a part of a text stands; the whole where that cannot be told."""
        span, wanted = self.document.part(path, start, end), self.text(path)[start:end]
        if span.text != wanted and path not in self.document.origins:
            found = find_written(span.text, self.text(path), start)
            if found is not None and span.text[found : found + len(wanted)] == wanted:
                return span.within(found, found + len(wanted))
        return span


def _conda(document: Document) -> Iterator[CondaPackage]:
    for entry in conda_entries(document):
        parts = split_matchspec(entry.text)
        if parts is not None:
            yield CondaPackage(entry=entry, parts=parts, platform=entry.on or "")


def _pip(document: Document) -> Iterator[PipPackage]:
    for entry in pip_entries(document):
        requirement = parse_requirement(entry.text)
        if isinstance(requirement, PipRequirement):
            yield PipPackage(entry=entry, requirement=requirement, platform=entry.on or "")


def _scripts(document: Document) -> Iterator[Script]:
    for key in ("before-packages", "steps"):
        steps = document.data_at((key,))
        for index in range(len(steps) if isinstance(steps, list) else 0):
            path: Path = (key, index, "run")
            run = document.data_at(path)
            if isinstance(run, dict):
                path = (*path, "command")
            text = document.data_at(path)
            if isinstance(text, str):
                network = run.get("network") if isinstance(run, dict) else None
                yield Script(
                    path=path,
                    text=text,
                    has_network=network == "true",
                    commands=commands(text),
                )
