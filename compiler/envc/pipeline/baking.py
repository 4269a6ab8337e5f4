"""Many locked specs become images, side by side, by one plan of bake's: what `bake` does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from envc.errors import EnvcError
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.building import BuildOptions, build_request, require_runnable
from envc.pipeline.prepared import Prepared, compiled, prepare

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.image import Image, Wanted
    from envc.build.report.event import BuildEvent
    from envc.engine.docker import Engine
    from envc.pipeline.memo import VariantResult

__all__ = ["Baked", "Board", "bake", "write_bake"]


@frozen
class Baked:
    """What became of a variant of a spec: its image, or else why there is none.

    Attributes:
        path: The spec's.
        variant: Empty for a spec without a matrix, and where it is not known.
    """

    path: Path
    variant: str
    image: Image | None = None
    error: EnvcError | None = None

    @property
    def name(self) -> str:
        """Return what tells it from the others."""
        return f"{self.path} {self.variant}" if self.variant else str(self.path)


class Board(Protocol):
    """Shows how far many builds are; it is told in several threads."""

    def expect(self, names: Sequence[str]) -> None:
        """Take down what there is to do."""

    def begin(self, name: str) -> None:
        """Show that an image is built now."""

    def tell(self, name: str, event: BuildEvent) -> None:
        """Show what happens while it is."""

    def end(self, baked: Baked) -> None:
        """Show what has become of it."""


@dataclass(slots=True, kw_only=True)
class _Job:
    """A variant that is to become an image."""

    path: Path
    variant: str
    machine: Machine
    options: BuildOptions
    compiled: VariantResult
    wanted: tuple[Wanted, ...]
    _prepared: Prepared | None = None

    @property
    def name(self) -> str:
        return Baked(path=self.path, variant=self.variant).name

    def prepare(self) -> Prepared:
        """Return all that its build needs; it is read once."""
        if self._prepared is None:
            read = prepare(
                self.path,
                self.machine,
                self.machine.mirrors,
                variants=(self.variant,) if self.variant else (),
                choice=self.options.choice,
                templates=self.options.templates,
                is_vendored=self.options.vendor is not None,
            )
            self._prepared = read.variants[self.variant]
        return self._prepared

    def fail(self, error: EnvcError) -> Baked:
        return Baked(path=self.path, variant=self.variant, error=error)


def bake(
    paths: Sequence[Path],
    machine: Machine,
    options: BuildOptions,
    board: Board,
    *,
    at_once: int,
    on_wanted: Callable[[Path, str, Wanted], None] = lambda _path, _variant, _wanted: None,
    on_cut_off: Callable[[BaseException, Sequence[Baked]], None] = lambda _error, _ended: None,
) -> tuple[Baked, ...]:
    """Return what becomes of each variant of some specs, in the order given.

    What the engine lacks stands in one plan. Each target of it is built by itself, so that one that
    fails stops no other; BuildKit does the steps once that several have in common.

    Args:
        options: How to build; its caches are repositories or tags that each target's name is added to.
        at_once: How many are built side by side.
        on_wanted: Told a spec, the name of a variant and which image of it is wanted next, in
            several threads.
        on_cut_off: Told what ends all before its time, and what had become of some by then.

    Raises:
        ToolError: There is no engine (E601), or the cache cannot be written (E553). What else goes
            wrong is in what is returned.
    """
    from envc.build.workplace import workplace
    from envc.engine.docker import Engine

    with (
        Engine.connect(machine.environment) as engine,
        workplace(machine.cache / "contexts") as folder,
    ):
        jobs, failed = _find_jobs(paths, machine, options, engine)
        board.expect([job.name for job in jobs])
        is_missing = partial(_is_missing, engine, options)
        requests, unplanned = _plan(jobs, folder, is_missing)
        ended: list[Baked] = []

        def end(one: Baked) -> None:
            ended.append(one)
            board.end(one)

        for one in (*failed, *unplanned):
            end(one)
        left = [job for job in jobs if all(one.name != job.name for one in unplanned)]
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            try:
                provide = partial(
                    _provide, requests=requests, board=board, on_wanted=on_wanted, on_end=end
                )
                done = list(pool.map(provide, left))
            except BaseException as error:
                pool.shutdown(wait=False, cancel_futures=True)
                # Before what runs has ended, which nobody may wait for.
                on_cut_off(error, tuple(ended))
                raise
    order = {path: at for at, path in reversed(list(enumerate(paths)))}
    return tuple(sorted((*failed, *unplanned, *done), key=lambda one: order[one.path]))


def write_bake(
    paths: Sequence[Path], machine: Machine, options: BuildOptions, folder: Path
) -> tuple[Path, tuple[Baked, ...]]:
    """Write the plan of all images of some specs, and the contexts of its targets, into a folder.

    Returns:
        The plan's path, and which specs are not in it, and why.

    Raises:
        UsageError: The folder has a plan that somebody else wrote (E682).
        ToolError: There is no engine (E601), or the folder cannot be written (E553).
    """
    from envc.build.bake import PLAN
    from envc.engine.docker import Engine

    plan = folder / PLAN
    _refuse_others(plan)
    with Engine.connect(machine.environment) as engine:
        jobs, failed = _find_jobs(paths, machine, options, engine)
    _, unplanned = _plan(jobs, folder, lambda _: True, is_movable=True)
    return plan, (*failed, *unplanned)


def _find_jobs(
    paths: Sequence[Path], machine: Machine, options: BuildOptions, engine: Engine
) -> tuple[list[_Job], list[Baked]]:
    jobs: list[_Job] = []
    failed: list[Baked] = []
    for path in dict.fromkeys(paths):
        try:
            result = compiled(
                path, machine, machine.mirrors, choice=options.choice, templates=options.templates
            )
            jobs += [
                _Job(
                    path=path,
                    variant=name,
                    machine=machine,
                    options=options,
                    compiled=one,
                    wanted=_list_wanted(one, options, engine),
                )
                for name, one in result.variants.items()
            ]
        except EnvcError as error:
            failed.append(Baked(path=path, variant="", error=error))
    return jobs, failed


def _list_wanted(
    compiled: VariantResult, options: BuildOptions, engine: Engine
) -> tuple[Wanted, ...]:
    from envc.build.image import Wanted, choose_platform
    from envc.build.terms import ALL

    known, terms = tuple(compiled.env_ids), options.terms
    asked = known if ALL in terms.platforms else terms.platforms
    chosen = dict.fromkeys(choose_platform(known, one, engine.platform) for one in asked or (None,))
    return tuple(Wanted.of(terms.repository, compiled.env_ids[one], one) for one in chosen)


def _is_missing(engine: Engine, options: BuildOptions, wanted: Wanted) -> bool:
    from envc.build.image import find

    return options.terms.is_forced or find(engine, wanted) is None


def _plan(
    jobs: Sequence[_Job],
    folder: Path,
    is_missing: Callable[[Wanted], bool],
    *,
    is_movable: bool = False,
) -> tuple[dict[str, BuildRequest], list[Baked]]:
    """Write a plan of what is missing; return its builds by env id, and what cannot be planned."""
    from envc.build.bake import PLAN, write_plan
    from envc.build.buildkit import Planned
    from envc.files import unwritable, write_if_changed

    plan = folder / PLAN
    requests: dict[str, BuildRequest] = {}
    targets: dict[str, BuildRequest] = {}
    failed: list[Baked] = []
    for job in jobs:
        try:
            for wanted in job.wanted:
                if wanted.env_id in requests or not is_missing(wanted):
                    continue
                name = _name_target(job, wanted, targets)
                request = build_request(
                    job.prepare(), wanted, folder / name, job.machine, job.options
                )
                targets[name] = requests[wanted.env_id] = replace(
                    request,
                    cache_from=tuple(_own_cache(one, name) for one in request.cache_from),
                    cache_to=tuple(_own_cache(one, name) for one in request.cache_to),
                    planned=Planned(plan=plan, target=name),
                )
        except EnvcError as error:
            failed.append(job.fail(error))
    text = write_plan(targets, start=folder if is_movable else None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_if_changed(plan, text.encode())
    except OSError as error:
        raise unwritable(plan, error, hint="name another folder with `--plan`") from error
    return requests, failed


def _name_target(job: _Job, wanted: Wanted, taken: Mapping[str, BuildRequest]) -> str:
    """Return a name that bake, and a tag of a cache, can have."""
    words = (job.path.stem, job.variant, wanted.platform.rpartition("/")[2])
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(filter(None, words))).strip("-")[:80]
    others = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *others) if one not in taken)


def _own_cache(reference: str, target: str) -> str:
    """Return the image that is a target's own cache: a build replaces what is in it.

    >>> _own_cache("localhost:5000/cache", "pets"), _own_cache("localhost:5000/cache:main", "pets")
    ('localhost:5000/cache:pets', 'localhost:5000/cache:main-pets')
    """
    has_tag = ":" in reference.rpartition("/")[2]
    return f"{reference}-{target}" if has_tag else f"{reference}:{target}"


def _provide(
    job: _Job,
    *,
    requests: Mapping[str, BuildRequest],
    board: Board,
    on_wanted: Callable[[Path, str, Wanted], None],
    on_end: Callable[[Baked], None],
) -> Baked:
    from envc.engine.docker import Engine
    from envc.pipeline.provision import Provider
    from envc.process import is_ending
    from envc.variant import in_variant

    def request(prepared: Prepared, wanted: Wanted, folder: Path) -> BuildRequest:
        planned = requests.get(wanted.env_id)
        if planned is not None:
            return planned
        # The engine had it when the plan was made.
        return build_request(prepared, wanted, folder, job.machine, job.options)

    try:
        with Engine.connect(job.machine.environment) as engine, in_variant(job.variant):
            provider = Provider(
                engine=engine,
                machine=job.machine,
                terms=job.options.terms,
                compiled=job.compiled,
                prepare=job.prepare,
                request=request,
                on_event=partial(board.tell, job.name),
                on_build=partial(board.begin, job.name),
                on_wanted=partial(on_wanted, job.path, job.variant),
                require=partial(
                    require_runnable, engine=engine, machine=job.machine, options=job.options
                ),
            )
            image = provider.provide()
        baked = Baked(path=job.path, variant=job.variant, image=image)
    except EnvcError as error:
        baked = job.fail(error)
        if is_ending():
            return baked
    on_end(baked)
    return baked


def _refuse_others(plan: Path) -> None:
    """Refuse to replace a plan that envc did not write."""
    import json

    from envc.build.bake import GROUP
    from envc.diagnostics import Diagnostic
    from envc.errors import UsageError

    try:
        is_ours = GROUP in json.loads(plan.read_bytes())["group"]
    except FileNotFoundError:
        return
    except (OSError, ValueError, LookupError, TypeError):
        is_ours = False
    if not is_ours:
        message = f"envc did not write the plan `{plan}`"
        hint = "name another folder, or move that file away"
        raise UsageError([Diagnostic(code="E682", message=message, hint=hint)])
