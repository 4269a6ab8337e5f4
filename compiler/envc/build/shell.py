"""Bases without a shell, in which nothing with Conda packages could start: looked for before a build."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from envc.diagnostics import Diagnostic
from envc.engine.facts import EngineFacts
from envc.engine.lookup import LocalImage, name_of
from envc.errors import InputError, ToolError
from envc.frozen import frozen
from envc.platform import Platform
from envc.reference import ImageReference
from envc.source import Span

__all__ = ["PinnedBase", "ShellEngine", "refuse_shellless"]

_SHELL = "/bin/sh"


class ShellEngine(Protocol):
    """What is needed of `envc.engine.docker.Engine`."""

    def describe(self) -> EngineFacts:
        """Return what it is."""
        ...

    def find(self, name: str) -> LocalImage | None:
        """Return an image that it has."""
        ...

    def read_folders(
        self,
        reference: ImageReference,
        platform: Platform,
        paths: Sequence[str],
        *,
        report: Callable[[str], None] = ...,
    ) -> dict[str, bytes]:
        """Return what is there in an image, by path, which it fetches where it lacks it."""
        ...


@frozen
class PinnedBase:
    """A base that nobody has looked into on this machine.

    Attributes:
        name: As the user knows it.
        source: Where it is fetched from, with its digest.
        span: Where the spec names it.
    """

    name: str
    source: ImageReference
    platform: Platform
    span: Span | None


def refuse_shellless(bases: Iterable[PinnedBase], engine: ShellEngine, *, may_fetch: bool) -> None:
    """Refuse bases that have no `/bin/sh`: an image with Conda packages starts by a script.

    A base of another platform is looked into, too: nothing runs. One that the engine lacks is fetched
    only where its build would fetch it for the engine to have, else the checks of the image tell.

    Args:
        may_fetch: Whether anything may be.

    Raises:
        InputError: One has none (E375).
    """
    problems = [
        _explain(base) for base in bases if _has_shell(base, engine, may_fetch=may_fetch) is False
    ]
    if problems:
        raise InputError(problems)


def _has_shell(base: PinnedBase, engine: ShellEngine, *, may_fetch: bool) -> bool | None:
    """Say whether a base has a shell; None where nobody can tell."""
    try:
        found = engine.find(name_of(base.source))
        is_there = found is not None and found.platform == base.platform.name
        # Older stores keep what is built and what is pulled apart: it would be fetched twice.
        if not is_there and not (may_fetch and engine.describe().has_manifests):
            return None
        return _SHELL in engine.read_folders(base.source, base.platform, [_SHELL])
    except ToolError:
        return None


def _explain(base: PinnedBase) -> Diagnostic:
    return Diagnostic.at(
        base.span,
        "E375",
        f"the base `{base.name}` has no `{_SHELL}` for `{base.platform.name}`, and images with Conda "
        "packages need one",
        hint="take a base that has a shell, such as `debian:bookworm-slim`",
    )
