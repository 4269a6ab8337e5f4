"""Variants of a spec become locks again: solvers are opened once, and old locks say what stays."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.errors import EnvcError, InputError
from envc.frozen import frozen
from envc.machine import Machine
from envc.mirror import hide_user
from envc.pipeline.front import Checked

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.lock.model import Lock
    from envc.pipeline.basing import DockerfileInspector
    from envc.plan.inputs import BaseRecipe
    from envc.reference import ImageReference
    from envc.resolve.choice import CondaSolverName, PipSolverName
    from envc.resolve.environment import Resolved
    from envc.resolve.keeping import Keeping
    from envc.resolve.pip.uv_ahead import Ahead
    from envc.resolve.worker import Workers
    from envc.resolve.world import World
    from envc.spec.model import EnvSpec

__all__ = ["LockOptions", "Solvers", "ask_ahead", "find_withdrawn_wheels", "resolve_again"]


@frozen
class LockOptions:
    """How to lock.

    Attributes:
        variants: Of a spec with a matrix, those to resolve: the lock keeps what it has of the
            others. Empty for all.
        choice: What the command line chose of the spec's parameters.
        tools_image: None leaves the choice to envc.
        update: Whether all is to be resolved as if there were no old lock.
        update_packages: Names of packages that are to get what they would get with no old lock.
        upgrade_base: Whether tags are asked again for their digests.
        exclude_newer: A date or a time instead of the spec's own; None for the spec's own.
        is_offline: Whether to refuse what needs a network.
        vendor: The folder that must have all that an offline lock pins.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    conda_solver: CondaSolverName = "rattler"
    pip_solver: PipSolverName = "uv"
    tools_image: ImageReference | None = None
    update: bool = False
    update_packages: tuple[str, ...] = ()
    upgrade_base: bool = False
    exclude_newer: str | None = None
    is_offline: bool = False
    vendor: Path | None = None

    @property
    def asks_for_all(self) -> bool:
        """Whether every lock is to be resolved again, whatever it has."""
        return self.update or self.upgrade_base or self.exclude_newer is not None


@contextlib.contextmanager
def ask_ahead(
    path: Path, place: Path, machine: Machine, options: LockOptions
) -> Iterator[Ahead | None]:
    """Ask uv what it was asked when the same spec was locked with the same options; give who did.

    Only where packages of an old lock are to move: else nobody may have to be asked. Nobody is told
    if it cannot be done: it is done when its time comes, and whatever fails is told then.

    Args:
        path: The spec's.
        place: Where its lock lies, or will.
    """
    is_anew = options.update or not os.path.exists(place)  # noqa: PTH110  # Path's raises, before 3.12
    if options.is_offline or options.pip_solver != "uv" or not (is_anew or options.asks_for_all):
        yield None
        return
    from envc.errors import ToolError
    from envc.resolve.pip.uv_ahead import Ahead
    from envc.resolve.pip.uv_question import RETRIES, program

    try:
        texts = [path.read_bytes()] if is_anew else [path.read_bytes(), place.read_bytes()]
    except (OSError, ValueError):
        yield None
        return
    choice = options.choice
    asked = [
        [hashlib.sha256(text).hexdigest() for text in texts],
        [str(machine.cache.absolute()), sys.executable],
        [(address, hide_user(mirror)) for address, mirror in machine.mirrors.pairs],
        sorted(choice.sets.items()) if choice is not None else [],
        sorted(options.variants),
        options.exclude_newer,
    ]
    key = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    with Ahead(machine.cache / "asked" / f"{key}.json", path.parent) as ahead:
        with contextlib.suppress(ToolError):
            ahead.begin(program(), machine.environment, retries=RETRIES)
        yield ahead


class Solvers:
    """What solves for several specs: opened by the first one that needs it; a context manager.

    Attributes:
        machine: Where they run.
        options: How they solve.
    """

    def __init__(self, machine: Machine, options: LockOptions, ahead: Ahead | None = None) -> None:
        """Open nothing yet; `ahead` has asked uv what it may be asked."""
        self._ahead = ahead
        self.machine = machine
        self.options = options
        self._guard = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._world: World | None = None
        self._workers: Workers | None = None

    def __enter__(self) -> Solvers:
        """Begin, with nothing opened."""
        return self

    def __exit__(self, *about: object) -> None:
        """Close what was opened."""
        self._stack.close()

    def prepare_conda(self, count: int) -> None:
        """Start what will solve some Conda problems, as many at once as the machine can run.

        Nothing happens where their solver is another one than rattler.
        """
        if self.options.conda_solver != "rattler" or not count:
            return
        from envc.resolve.worker import rattler_workers

        with self._guard:
            if self._workers is None and self._world is None:
                self._workers = rattler_workers(self.machine.environment)
                self._stack.callback(self._workers.close)
                self._workers.prepare(min(count, os.cpu_count() or 1))

    def world(self) -> World:
        """Return the solvers and images, which specs share: what one of them asked, all know.

        Raises:
            ToolError: The cache cannot be written (E553).
        """
        with self._guard:
            if self._world is None:
                self._world = self._open()
            return self._world

    def _open(self) -> World:
        from envc.mark import remove_abandoned
        from envc.resolve.choice import conda_solver, pip_solver
        from envc.resolve.debian.apt import Apt
        from envc.resolve.image.inspector import ImageInspector
        from envc.resolve.pinned import Pinned
        from envc.resolve.pip.uv import Uv
        from envc.resolve.world import World

        remove_abandoned()
        machine, options = self.machine, self.options
        images = ImageInspector(
            environment=machine.environment,
            mirrors=machine.mirrors,
            cache=machine.cache,
            tell=machine.tell,
        )
        tools = Uv(cache=machine.cache, environment=machine.environment)
        return World(
            images=self._stack.enter_context(contextlib.closing(images)),
            conda=conda_solver(
                options.conda_solver, machine.cache, machine.environment, self._workers
            ),
            pip=pip_solver(
                options.pip_solver, machine.cache, machine.environment, images.engine, self._ahead
            ),
            tools=Pinned(name=tools.name, solver=tools, folder=machine.cache / "tools"),
            system=Apt(engine=images.engine, environment=machine.environment),
            tools_image=options.tools_image,
            mirrors=machine.mirrors,
        )


def resolve_again(
    path: Path,
    variants: Mapping[str, Checked],
    before: Mapping[str, Lock],
    solvers: Solvers,
    report: Callable[[str], None],
) -> dict[str, Resolved]:
    """Return the locks of variants that are not right any more, or that are to move.

    Args:
        before: The old locks; what they have is kept as the solvers' options say.

    Raises:
        EnvcError: As `envc.resolve.environment.resolve`.
    """
    from envc.lock.intent import intent
    from envc.resolve.matrix import Wanted, resolve_variants
    from envc.spec.moment import moment_text

    options = solvers.options
    own = {name: before[name] for name in variants if name in before and not options.update}
    keeping = {name: _keep(path, variants[name], one, options) for name, one in own.items()}
    solvers.prepare_conda(_count_conda(variants, keeping))
    worlds = _open_worlds(path, variants, solvers)
    wanted = {
        name: Wanted(
            spec=_limit(variants[name].spec, options),
            document=variants[name].document,
            world=world,
            keeping=keeping.get(name),
        )
        for name, world in worlds.items()
    }
    resolved = resolve_variants(wanted, report)
    if options.exclude_newer is None:
        return resolved
    until = {"exclude_newer": moment_text(options.exclude_newer)}
    return {
        name: replace(
            one,
            lock=one.lock.model_copy(update={"intent": intent(variants[name].spec), **until}),
        )
        for name, one in resolved.items()
    }


def _count_conda(variants: Mapping[str, Checked], keeping: Mapping[str, Keeping]) -> int:
    """Return how many Conda problems there are to solve, which the old locks do not answer."""
    from envc.spec.select import for_platform

    count = 0
    for name, one in variants.items():
        for platform in one.spec.platforms:
            spec, _ = for_platform(one.spec, one.document, platform)
            kept = keeping[name].on(platform) if name in keeping else None
            count += bool(spec.conda.packages) and not (kept and kept.may_have_conda(spec))
    return count


def find_withdrawn_wheels(
    path: Path, variants: Mapping[str, Checked], locks: Mapping[str, Lock], solvers: Solvers
) -> dict[str, dict[str, str]]:
    """Return, by variant and name, why locked wheels should not be used any more.

    Raises:
        InputError: A secret is not set (E360).
        ToolError: An index failed (E335 to E337).
    """
    from envc.resolve.withdrawn import find_withdrawn

    machine = solvers.machine
    found: dict[str, dict[str, str]] = {}
    for name, world in _open_worlds(path, variants, solvers).items():
        wheels = [one for locked in locks[name].platforms.values() for one in locked.pip]
        found[name] = find_withdrawn(
            wheels,
            world.indexes,
            machine.mirrors,
            cache=machine.cache,
            environment=machine.environment,
            tell=machine.tell,
        )
    return found


def _limit(spec: EnvSpec, options: LockOptions) -> EnvSpec:
    """Return a spec with the date that the command line gives, if any."""
    if options.exclude_newer is None:
        return spec
    return spec.model_copy(update={"exclude_newer": options.exclude_newer})


def _keep(path: Path, own: Checked, lock: Lock, options: LockOptions) -> Keeping:
    from envc.lock.coherence import contradictions
    from envc.pipeline.context.digest import digest_local
    from envc.resolve.keeping import Keeping
    from envc.spec.requirement import normal_name

    is_whole = not any(contradictions(lock))
    return Keeping(
        lock=lock,
        moving=frozenset(map(normal_name, options.update_packages)),
        keeps_images=not options.upgrade_base,
        keeps_parts=options.exclude_newer is None and is_whole,
        keeps_tools=is_whole,
        wheels=digest_local(own.spec, own.document, path.parent, lock.local_wheels),
    )


def _open_worlds(path: Path, variants: Mapping[str, Checked], solvers: Solvers) -> dict[str, World]:
    """Return what each variant is resolved with; solvers and images are shared."""
    from envc.pipeline.context.base import read_base
    from envc.pipeline.context.source_folder import read_sources
    from envc.pipeline.context.wheel import read_wheels
    from envc.resolve.access import access_channels, access_find_links, access_indexes
    from envc.variant import merge_variants

    shared, machine = solvers.world(), solvers.machine
    worlds: dict[str, World] = {}
    failures: dict[str, EnvcError] = {}
    for name, own in variants.items():
        try:
            base = read_base(own.spec, own.document, path.parent)
            worlds[name] = replace(
                shared,
                dockerfile=_inspect(base, own, machine) if base is not None else None,
                channels=access_channels(own.spec, own.document, machine.environment),
                indexes=access_indexes(own.spec, own.document, machine.environment),
                find_links=access_find_links(
                    own.spec, own.document, machine.environment, path.parent
                ),
                wheels=read_wheels(own.spec, own.document, path.parent),
                sources=read_sources(own.spec, own.document, path.parent),
            )
        except InputError as error:
            failures[name] = error
    if failures:
        raise merge_variants(failures, len(variants))
    return worlds


def _inspect(base: BaseRecipe, own: Checked, machine: Machine) -> DockerfileInspector:
    from envc.pipeline.basing import DockerfileInspector  # loads slowly, and few bases are built

    return DockerfileInspector(base, own.document.span(("base", "dockerfile")), machine)
