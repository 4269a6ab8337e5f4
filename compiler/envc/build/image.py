"""An env id becomes an image in the engine: found there, or built, checked and only then named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.build.checks.passed import recall_warnings, remember_warnings
from envc.diagnostics import Diagnostic
from envc.engine.docker import Engine
from envc.engine.lookup import LocalImage
from envc.errors import InputError, ToolError, UsageError
from envc.files import open_cache
from envc.frozen import frozen
from envc.mark import is_abandoned, own_mark
from envc.plan.label import ENV_ID_LABEL, tag
from envc.platform import PLATFORMS
from envc.turn import turn

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.checks.claim import Checks
    from envc.build.report.event import BuildEvent

__all__ = ["Image", "Wanted", "adopt", "approve", "choose_platform", "find", "produce"]


@frozen
class Wanted:
    """An image that somebody wants.

    Attributes:
        name: `repository:tag` by the env id.
        env_id: What its label must say.
        platform: Docker's name of it.
        failed_name: What it is called where its checks fail.
        env_ids: What the labels of its platforms' images must say; its own label, where it is of one.
    """

    name: str
    env_id: str
    platform: str
    failed_name: str
    env_ids: Mapping[str, str]

    @staticmethod
    def of(repository: str, env_id: str, platform: str) -> Wanted:
        """Return the image of an environment in a repository."""
        own = tag(env_id)
        return Wanted(
            name=f"{repository}:{own}",
            env_id=env_id,
            platform=platform,
            failed_name=f"{repository}:failed-{own}",
            env_ids={platform: env_id},
        )

    @staticmethod
    def of_all(repository: str, env_ids: Mapping[str, str]) -> Wanted:
        """Return the image that has those of several platforms, given their env ids."""
        from envc.plan.identity import index_id

        ordered = dict(sorted(env_ids.items()))
        whole = Wanted.of(repository, index_id(ordered), ",".join(ordered))
        return replace(whole, env_ids=ordered)


@frozen
class Image:
    """An image that the engine or a registry has.

    Attributes:
        name: `repository:tag` by the env id.
        digest: Of its manifest; where the engine's store keeps no manifests, the image's id.
        size_bytes: As the engine counts it; of one that only a registry has, what there is to pull.
        duration_s: How long it took to find or to build it.
        is_cached: Whether it was there already.
        registry: Which registry it was found in; empty where the engine had it, or it was built.
        is_local: Whether the engine has it.
        pushed: The names under which it was pushed now.
        warnings: What is odd about one that was built, and what its checks found that does not forbid
            its use.
        parts: The images of all platforms, where it is one of several; then its id is one of theirs,
            its platform lists theirs, and its digest is that of the index.
    """

    name: str
    env_id: str
    platform: str
    digest: str
    size_bytes: int
    duration_s: float
    is_cached: bool
    registry: str = ""
    is_local: bool = True
    pushed: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    parts: tuple[Image, ...] = ()


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
        hint = f"it is for {has}: choose one"
        if asked in PLATFORMS:
            hint = f"it is for {has}: choose one, or add `{asked}` to `platforms` and lock again"
        raise UsageError([Diagnostic(code="E003", message=message, hint=hint)])
    return asked


def find(
    engine: Engine, wanted: Wanted, *, has_passed: Callable[[str], bool] | None = None
) -> Image | None:
    """Return the image where the engine has it, verified by its label and platform.

    Args:
        has_passed: Whether an image of this digest is known to have passed the checks: such a one
            counts under the name of another repository, too. `approve` gives it its own.
    """
    started = time.monotonic()
    name, found = wanted.name, engine.find(wanted.name)
    if found is not None and not _is_it(found, wanted):
        found = None
    if found is None and has_passed is not None:
        others = _list_own(engine, engine.tagged(tag(wanted.env_id)), wanted)
        known = (other for other in others if has_passed(other[1].digest or other[1].id))
        name, found = next(known, (name, None))
    if found is None:
        return None
    return Image(
        name=name,
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
    cache: Path,
    is_forced: bool,
) -> Image:
    """Return the image, built where the engine does not have it; its checks have passed.

    Of several processes that want the same image, one builds and the others wait for it. Until the
    checks have passed, the image has a name of its own, which is dropped in the end; one that fails
    keeps the name `Wanted.failed_name`, to be looked into.

    Args:
        request: How to build it; its tag is set here.
        checks: What must work in it.
        lock: The file that processes wait for each other with.
        cache: Where it is kept what has passed.
        is_forced: Whether to build although the engine has it.

    Raises:
        InputError: The spec's steps or checks fail (E61x, E62x).
        ToolError: The engine or BuildKit fails (E60x, E61x, E629), the engine cannot keep layers as they
            are wanted (E684), or the cache cannot be written
            (E553).
    """
    from envc.build.buildkit import build
    from envc.build.checks.run import check
    from envc.build.report.event import Notice
    from envc.build.report.note import NOTED
    from envc.build.report.unfit import explain_start
    from envc.build.storage import require_storable

    def has_passed(digest: str) -> bool:
        return recall_warnings(cache, digest, checks.identity) is not None

    open_cache(lock.parent)
    notice = Notice(text="waiting for another envc, which builds this image")
    with turn(lock, lambda: on_event(notice)):
        if not is_forced and (found := find(engine, wanted, has_passed=has_passed)) is not None:
            return approve(engine, found, wanted, checks, cache=cache)
        require_storable(request.compression, engine.describe())
        _clear(engine, wanted.name)
        temporary = f"{wanted.name}-{own_mark()}"
        try:
            result = build(replace(request, tag=temporary), on_event)
            try:
                checked = check(engine, temporary, checks, name=wanted.name)
            except ToolError as error:
                raise explain_start(error, request.places.get("user")) from error
            if checked.problems:
                engine.tag(temporary, wanted.failed_name)
                raise InputError(_say_where(checked.problems, wanted.failed_name))
            engine.tag(temporary, wanted.name)
            engine.untag(wanted.failed_name)
        finally:
            engine.untag(temporary)
    # A step that BuildKit has in its cache tells nothing: the same image told it before.
    known = recall_warnings(cache, result.digest, checks.identity) or ()
    told = result.warnings or tuple(one for one in known if one.code in NOTED)
    warnings = (*told, *checked.warnings)
    remember_warnings(cache, result.digest, checks.identity, warnings)
    return Image(
        name=wanted.name,
        env_id=wanted.env_id,
        platform=wanted.platform,
        digest=result.digest,
        size_bytes=result.size_bytes,
        duration_s=result.duration_s,
        is_cached=False,
        warnings=warnings,
    )


def approve(engine: Engine, image: Image, wanted: Wanted, checks: Checks, *, cache: Path) -> Image:
    """Return an image that was found, with its warnings, once it is known to pass these checks.

    It has its own name then, whatever repository's name it was found by.

    Args:
        cache: Where it is kept what has passed; what is known from there is not run again.

    Raises:
        InputError: A check fails (E62x).
        ToolError: The engine fails (E60x, E629).
    """
    from envc.build.checks.run import check

    warnings = recall_warnings(cache, image.digest, checks.identity)
    if warnings is None:
        checked = check(engine, image.name, checks)
        if checked.problems:
            raise InputError(_say_where(checked.problems, image.name))
        warnings = checked.warnings
        remember_warnings(cache, image.digest, checks.identity, warnings)
    return adopt(engine, replace(image, warnings=warnings), wanted)


def adopt(engine: Engine, image: Image, wanted: Wanted) -> Image:
    """Return an image that has passed, with its own name, which it gets where it has another."""
    if image.name == wanted.name:
        return image
    engine.tag(image.name, wanted.name)
    return replace(image, name=wanted.name)


def _list_own(
    engine: Engine, names: Sequence[str], wanted: Wanted
) -> Iterator[tuple[str, LocalImage]]:
    """Yield those of these names that are of the wanted image."""
    for name in names:
        found = engine.find(name)
        if found is not None and _is_it(found, wanted):
            yield name, found


def _say_where(problems: Sequence[Diagnostic], name: str) -> tuple[Diagnostic, ...]:
    """Return problems, the last of which says how to look into the image that has them."""
    note = f"the image stays: `docker run --rm -it --entrypoint /bin/sh {name}`"
    *others, last = problems
    return *others, replace(last, notes=(*last.notes, note))


def _clear(engine: Engine, name: str) -> None:
    """Drop what processes have left which were killed while they built it: names, and containers, which
    would keep the engine from dropping names."""
    engine.sweep()
    for other in engine.names(f"{name}-*"):
        if is_abandoned(other):
            engine.untag(other)


def _is_it(found: LocalImage, wanted: Wanted) -> bool:
    has_label = found.labels.get(ENV_ID_LABEL) == wanted.env_id
    return has_label and found.platform == wanted.platform
