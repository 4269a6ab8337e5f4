"""An env id becomes an image in the engine: found there, or built, checked and only then named."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.build.check import Command, check
from envc.diagnostics import Diagnostic
from envc.engine.docker import Engine, LocalImage
from envc.errors import InputError, UsageError
from envc.files import open_cache
from envc.plan.label import ENV_ID_LABEL, tag
from envc.source import Span

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.event import BuildEvent
    from envc.spec.model import CheckCommand, EnvSpec
    from envc.syntax.document import Document

__all__ = ["Checks", "Image", "Wanted", "choose_platform", "find", "name_all", "produce"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An image that somebody wants.

    Attributes:
        name: `repository:tag` by the env id.
        env_id: What its label must say.
        platform: Docker's name of it.
    """

    name: str
    env_id: str
    platform: str

    @staticmethod
    def of(repository: str, env_id: str, platform: str) -> Wanted:
        """Return the image of an environment in a repository."""
        return Wanted(name=f"{repository}:{tag(env_id)}", env_id=env_id, platform=platform)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What must work in an image before it gets its name.

    Attributes:
        imports: Modules that must import, and where the spec asks for that.
        commands: What must run, in order.
        python: The interpreter that imports.
    """

    imports: Mapping[str, Span | None]
    commands: tuple[Command, ...]
    python: str = "python"

    @staticmethod
    def of(spec: EnvSpec, document: Document) -> Checks:
        """Return the checks of a spec."""
        return Checks(
            imports={
                module: document.span(("check", "import", number))
                for number, module in enumerate(spec.check.imports)
            },
            commands=tuple(
                _command(run, document, number) for number, run in enumerate(spec.check.run)
            ),
            python=spec.interpreter or "python",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that the engine has.

    Attributes:
        name: `repository:tag` by the env id.
        digest: Of its manifest; where the engine's store keeps no manifests, the image's id.
        size_bytes: As the engine counts it.
        duration_s: How long it took to find or to build it.
        is_cached: Whether the engine had it already.
    """

    name: str
    env_id: str
    platform: str
    digest: str
    size_bytes: int
    duration_s: float
    is_cached: bool


def choose_platform(platforms: Sequence[str], asked: str | None, own: Callable[[], str]) -> str:
    """Return the platform to build for: the one asked for, else the engine's own, else the first.

    Args:
        platforms: The spec's.
        own: Asks the engine for its platform.

    Raises:
        UsageError: The spec does not have it (E003).
    """
    if asked is None:
        native = own()
        return native if native in platforms else platforms[0]
    if asked not in platforms:
        message = f"the spec is not for the platform `{asked}`"
        has = ", ".join(f"`{name}`" for name in platforms)
        hint = f"it is for {has}: choose one, or add `{asked}` to `platforms` and lock again"
        raise UsageError([Diagnostic(code="E003", message=message, hint=hint)])
    return asked


def find(engine: Engine, wanted: Wanted) -> Image | None:
    """Return the image where the engine has it: by its name, verified by its label and platform."""
    started = time.monotonic()
    found = engine.find(wanted.name)
    if found is None or not _is_it(found, wanted):
        return None
    return Image(
        name=wanted.name,
        env_id=wanted.env_id,
        platform=wanted.platform,
        digest=found.digest or found.id,
        size_bytes=found.size_bytes,
        duration_s=time.monotonic() - started,
        is_cached=True,
    )


def produce(
    engine: Engine,
    wanted: Wanted,
    request: BuildRequest,
    checks: Checks,
    on_event: Callable[[BuildEvent], None],
    *,
    lock: Path,
    is_forced: bool,
) -> Image:
    """Return the image, built where the engine does not have it; its checks have passed.

    Of several processes that want the same image, one builds and the others wait for it. Until the
    checks have passed, the image has a name of its own, which is dropped in the end.

    Args:
        request: How to build it; its tag is set here.
        checks: What must work in it.
        lock: The file that processes wait for each other with.
        is_forced: Whether to build although the engine has it.

    Raises:
        InputError: The spec's steps or checks fail (E61x, E62x).
        ToolError: The engine or BuildKit fails (E60x, E61x), or the cache cannot be written (E553).
    """
    from envc.build.buildkit import build

    open_cache(lock.parent)
    with _turn(lock, on_event):
        if not is_forced and (found := find(engine, wanted)) is not None:
            return found
        temporary = f"{wanted.name}-{os.getpid()}"
        try:
            result = build(replace(request, tag=temporary), on_event)
            problems = check(
                engine,
                temporary,
                imports=checks.imports,
                commands=checks.commands,
                python=checks.python,
            )
            if problems:
                raise InputError(problems)
            engine.tag(temporary, wanted.name)
        finally:
            engine.untag(temporary)
    return Image(
        name=wanted.name,
        env_id=wanted.env_id,
        platform=wanted.platform,
        digest=result.digest,
        size_bytes=result.size_bytes,
        duration_s=result.duration_s,
        is_cached=False,
    )


def _command(run: str | CheckCommand, document: Document, number: int) -> Command:
    place = ("check", "run", number)
    if isinstance(run, str):
        return Command(text=run, origin=document.span(place))
    return Command(
        text=run.command,
        prints=run.prints,
        origin=document.span((*place, "command")),
        prints_origin=document.span((*place, "prints")),
    )


@contextmanager
def _turn(lock: Path, on_event: Callable[[BuildEvent], None]) -> Iterator[None]:
    """Hold a lock file; say so where somebody else has to let go of it first."""
    from filelock import FileLock, Timeout

    from envc.build.event import Message

    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except Timeout:
        on_event(Message(text="waiting for another envc, which builds this image"))
        held.acquire()
    try:
        yield
    finally:
        held.release()


def _is_it(found: LocalImage, wanted: Wanted) -> bool:
    has_label = found.labels.get(ENV_ID_LABEL) == wanted.env_id
    return has_label and found.platform == wanted.platform


def name_all(engine: Engine, image: Image, names: Sequence[str]) -> None:
    """Give an image further names."""
    for name in names:
        engine.tag(image.name, name)
