"""What tells of an identity's parts what they are: its lock, its spec, and where these say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.lock.place import locate_items
from envc.plan.asking import Asked
from envc.plan.layer import Layer
from envc.plan.node import Place
from envc.plan.step import StepAction
from envc.source import Source
from envc.syntax.document import Document, Path

__all__ = ["About", "LockPlaces"]

_DEFAULT = Place(origin="spec")


class LockPlaces:
    """Where a lock says what it has for a platform; each list of it is read once, when it is asked for."""

    def __init__(self, source: Source, variant: str, platform: str) -> None:
        """Take the lock's text; `variant` is empty where the spec has no matrix."""
        self._source = source
        section = ("variants", variant) if variant else ()
        self._section: tuple[str | int, ...] = (*section, "platforms", platform)
        self._read: dict[tuple[str, ...], dict[str | int, int]] = {}

    def at(self, *path: str | int) -> tuple[Place, ...]:
        """Return the place of a value, by the path below its platform; none where it is not there."""
        *parents, last = path
        key = tuple(map(str, parents))
        if key not in self._read:
            self._read[key] = locate_items(self._source.text, (*self._section, *parents))
        start = self._read[key].get(last)
        if start is None:
            return ()
        position = self._source.position(start)
        return (
            Place(
                origin="lock",
                file=self._source.name,
                line=position.line,
                column=position.column,
            ),
        )


@frozen
class About:
    """What tells of an identity what its parts are and where they come from.

    Attributes:
        document: What the spec says for the platform; None where there is only a lock.
        layers: In the order in which they lie on each other.
        askers: See `envc.plan.asking.find_askers`.
        steps: What happens in the image, by the identity's key for it.
        files: Where each file of the base's Dockerfile lies, by its path there.
        templates: The folder of the user's templates.
    """

    document: Document | None
    locked: PlatformLock
    layers: Sequence[Layer]
    places: LockPlaces
    askers: Mapping[tuple[str, str], tuple[Asked, ...]] = field(default_factory=dict)
    steps: Mapping[str, Sequence[StepAction]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    templates: str = ""

    def spec(self, *path: str | int) -> tuple[Place, ...]:
        """Return where the spec says something; that it is a default where it does not."""
        if self.document is None:
            return ()
        if path not in self.document.spans:
            return (_DEFAULT,)
        return (self._place(path, ""),)

    def asked(self, kind: str, name: str) -> tuple[Place, ...]:
        """Return where the spec asks for a package, by itself or through another one."""
        return tuple(self._place(path, via) for path, via in self.askers.get((kind, name), ()))

    def _place(self, path: Path, via: str) -> Place:
        assert self.document is not None  # noqa: S101  # there is a path of it
        span = self.document.span(path)
        position = span.position
        return Place(
            origin="spec",
            file=span.source.name,
            line=position.line,
            column=position.column,
            via=via,
        )
