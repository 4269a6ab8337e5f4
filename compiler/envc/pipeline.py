"""The public API: each function takes a spec's path and composes the stages up to what it returns.

    >>> from pathlib import Path
    >>> from envc import pipeline
    >>> pipeline.lock_path(Path("specs/pets.envc"))
    PosixPath('specs/pets.lock')

Stages are imported where they are used: `identify` and `compile` load no solver and no SDK.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import DriftError
from envc.front import (
    Checked,
    Prepared,
    check,
    check_vouched,
    compiled,
    lock_path,
    output_files,
    prepare,
    read,
    read_any_lock,
    read_locked,
    render_plan,
)
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.rewrite import check_format, check_source, convert, format_files, format_source

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.event import BuildEvent
    from envc.build.image import Image, Wanted
    from envc.engine.foreground import Streams
    from envc.lock.change import Change
    from envc.lock.model import Lock
    from envc.memo import Result
    from envc.output import Changes
    from envc.reference import ImageReference
    from envc.resolve.choice import CondaSolverName, PipSolverName

__all__ = [
    "BuildOptions",
    "Checked",
    "Compiled",
    "Identity",
    "LockOptions",
    "Locked",
    "Machine",
    "build",
    "check",
    "check_compiled",
    "check_format",
    "check_lock",
    "check_source",
    "compile",
    "convert",
    "format_files",
    "format_source",
    "identify",
    "lock",
    "lock_path",
    "read",
    "run",
    "spec_id",
    "write_depfile",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """How to lock; `tools_image` None leaves the choice to envc."""

    conda_solver: CondaSolverName = "rattler"
    pip_solver: PipSolverName = "uv"
    tools_image: ImageReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A lock that was written to `path`.

    Attributes:
        changes: From the old lock; all there is where there was none.
        is_new: Whether there was no old lock that could be read.
        is_written: Whether the file had to be written: False where it was so already.
    """

    path: Path
    lock: Lock
    changes: tuple[Change, ...]
    is_new: bool
    is_written: bool
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The ids of a spec: its own, and its environment's for each platform, sorted by platform."""

    spec_id: str
    env_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A folder that `docker build` accepts.

    Attributes:
        sources: All files that were read: the spec, its lock, then the others, sorted.
    """

    folder: Path
    changes: Changes
    identity: Identity
    sources: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build.

    Attributes:
        platform: One of the spec's; None is the engine's, or else the spec's only one.
        repository: What the image's name starts with.
        tags: Further names of the image.
        is_forced: Whether to build although the engine has the image.
        no_cache: Whether to run every step again; forces too.
        ca_bundle: Certificates that steps with a network trust beside the base's own.
        network: Of steps that use one: `default`, `host` or `none`.
        log: Where the whole log goes; None is a file in the cache.
    """

    platform: str | None = None
    repository: str = "envc"
    tags: tuple[str, ...] = ()
    is_forced: bool = False
    no_cache: bool = False
    ca_bundle: Path | None = None
    network: str | None = None
    log: Path | None = None


def lock(
    path: Path, machine: Machine, options: LockOptions, report: Callable[[str], None]
) -> Locked:
    """Resolve a spec for all its platforms and write its lock; the old one stays if that fails.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx), or what it asks for cannot be had (E3xx).
        ToolError: A program, a channel, an index or a registry failed (E33x, E38x), or the lock
            cannot be written (E553).
    """
    from envc.context import read_wheels
    from envc.lock.change import changes
    from envc.lock.codec import dumps
    from envc.output import write_beside
    from envc.resolve.choice import conda_solver, pip_solver
    from envc.resolve.environment import World, access_indexes, resolve
    from envc.resolve.inspector import ImageInspector
    from envc.resolve.uv import Uv

    checked, place = check(read(path), machine), lock_path(path)
    spec, document = checked.spec, checked.document
    images = ImageInspector(environment=machine.environment, mirrors=machine.mirrors)
    world = World(
        images=images,
        conda=conda_solver(options.conda_solver, machine.cache, machine.environment),
        pip=pip_solver(options.pip_solver, machine.cache, machine.environment),
        tools=Uv(cache=machine.cache, environment=machine.environment),
        indexes=access_indexes(spec, document, machine.environment),
        wheels=read_wheels(spec, document, path.parent),
        tools_image=options.tools_image,
        mirrors=machine.mirrors,
    )
    with contextlib.closing(images):
        resolved = resolve(spec, document, world, report)
    old = read_any_lock(place)
    return Locked(
        path=place,
        lock=resolved.lock,
        changes=changes(old, resolved.lock),
        is_new=old is None,
        is_written=write_beside(place, dumps(resolved.lock)),
        warnings=checked.warnings + resolved.warnings,
    )


def check_lock(path: Path, machine: Machine) -> Checked:
    """Compare a spec with its lock: no solver, no network.

    Raises:
        DriftError: The lock is not that of the spec, or its wheels have changed (E410 to E416).
        InputError: The spec is wrong (E1xx, E2xx), or the lock is missing or damaged (E40x).
    """
    from envc.context import read_wheels
    from envc.lock.drift import drift

    checked, locked = read_locked(path, machine)
    wheels = read_wheels(checked.spec, checked.document, path.parent)
    found = drift(
        checked.spec,
        checked.document,
        locked,
        wheels={wheel.path: wheel.sha256 for wheel in wheels},
    )
    if found:
        raise DriftError(found)
    return checked


def spec_id(path: Path, machine: Machine) -> str:
    """Return the spec id: no lock is needed, but one beside the spec saves loading a solver.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx).
    """
    from envc.spec import normal

    return normal.spec_id(check_vouched(path, machine).spec)


def identify(path: Path, machine: Machine) -> Identity:
    """Return the ids of a spec and of its environment: known without building.

    Raises:
        InputError: The spec or its lock is wrong, or the lock is not that of the spec.
    """
    return _identity(compiled(path, machine, MirrorMap()))


def compile(  # noqa: A001  # the verb's own name
    path: Path, folder: Path, machine: Machine, *, mirrors: MirrorMap | None = None
) -> Compiled:
    """Write the Dockerfile of a spec and its lock, and all that it needs, into a folder.

    Args:
        mirrors: Whose addresses the Dockerfile is to have; by default none, so that everybody's is
            the same.

    Raises:
        InputError: The spec or its lock is wrong, or the lock is not that of the spec.
        UsageError: The folder is somebody else's (E550 to E552).
        ToolError: The folder cannot be written (E553).
    """
    from envc.output import write

    result = compiled(path, machine, mirrors or MirrorMap())
    return _compiled(result, folder, write(folder, result.files))


def check_compiled(
    path: Path, folder: Path, machine: Machine, *, mirrors: MirrorMap | None = None
) -> Compiled:
    """Compare a folder with what `compile` would write there; nothing is touched.

    Raises:
        DriftError: They differ (E554).
        InputError: As `compile`.
        UsageError: As `compile`.
    """
    from envc.output import compare, explain

    result = compiled(path, machine, mirrors or MirrorMap())
    changes = compare(folder, result.files)
    if changes:
        raise DriftError([explain(folder, changes, hint=f"run `envc compile {path} -o {folder}`")])
    return _compiled(result, folder, changes)


def write_depfile(path: Path, compiled: Compiled) -> None:
    """Write a rule for Make: all files that a compile's `image.json` was made from.

    Raises:
        ToolError: It cannot be written (E553).
    """
    from envc.output import MANIFEST, depfile, write_beside

    write_beside(path, depfile(compiled.folder / MANIFEST, compiled.sources))


def build(
    path: Path,
    machine: Machine,
    options: BuildOptions,
    on_event: Callable[[BuildEvent], None],
) -> Image:
    """Return the image of a spec: the engine's own where it has it, else a new one.

    Raises:
        InputError: The spec or its lock is wrong, or a step or a check fails (E61x, E62x).
        UsageError: The spec does not have the platform (E003).
        ToolError: The engine, BuildKit or the network fails (E60x, E61x).
    """
    import tempfile

    from envc.build.image import Checks, Wanted, choose_platform, find, name_all, produce
    from envc.engine.docker import Engine

    env_ids = compiled(path, machine, machine.mirrors).env_ids
    with Engine.connect(machine.environment) as engine:
        platform = choose_platform(tuple(env_ids), options.platform, engine.platform)
        wanted = Wanted.of(options.repository, env_ids[platform], platform)
        is_forced = options.is_forced or options.no_cache
        image = find(engine, wanted) if not is_forced else None
        if image is None:
            prepared = prepare(path, machine, machine.mirrors)
            with tempfile.TemporaryDirectory(prefix="envc-context-") as folder:
                request = _build_request(prepared, wanted, Path(folder), machine, options)
                checks = Checks.of(prepared.checked.spec, prepared.checked.document)
                waiting = machine.cache / "locks" / f"{wanted.env_id.removeprefix('sha256:')}.lock"
                image = produce(
                    engine,
                    wanted,
                    request,
                    checks,
                    on_event,
                    lock=waiting,
                    is_forced=is_forced,
                )
        name_all(engine, image, options.tags)
    return image


def run(
    path: Path, image: Image, command: Sequence[str], machine: Machine, streams: Streams
) -> int:
    """Run a command in the image of a spec, as its `runtime` says, and return its exit code.

    Args:
        command: Empty runs what the image runs by default.

    Raises:
        EnvcError: The container cannot be started (E63x).
    """
    from envc.engine.docker import Engine
    from envc.engine.foreground import RunOptions

    runtime = check_vouched(path, machine).spec.runtime
    is_terminal = streams.stdin is not None and streams.stdin.isatty() and streams.stdout.isatty()
    options = RunOptions(
        shm=runtime.shm, gpus=runtime.gpus, platform=image.platform, terminal=is_terminal
    )
    with Engine.connect(machine.environment) as engine:
        return engine.run(image.name, command, options=options, streams=streams)


def _compiled(result: Result, folder: Path, changes: Changes) -> Compiled:
    return Compiled(
        folder=folder, changes=changes, identity=_identity(result), sources=result.sources
    )


def _identity(result: Result) -> Identity:
    return Identity(spec_id=result.spec_id, env_ids=result.env_ids)


def _build_request(
    prepared: Prepared, wanted: Wanted, folder: Path, machine: Machine, options: BuildOptions
) -> BuildRequest:
    """Return how to build, with the context written into a folder."""
    from envc.build.buildkit import BuildRequest, SecretFile, SecretSource, SecretVariable
    from envc.output import write
    from envc.plan.fetch import CA_BUNDLE

    rendered = render_plan(prepared)
    write(folder, output_files(prepared, rendered))
    secrets: dict[str, SecretSource] = {
        name: SecretVariable(variable=name) for name in prepared.plan.secrets
    }
    if options.ca_bundle is not None:
        secrets[CA_BUNDLE.name] = SecretFile(path=options.ca_bundle)
    name = wanted.env_id.removeprefix("sha256:")
    return BuildRequest(
        context=folder,
        tag=wanted.name,
        platform=wanted.platform,
        epoch=prepared.plan.epochs[wanted.platform],
        log=options.log or machine.cache / "logs" / f"{name}.log",
        environment=machine.environment,
        secrets=secrets,
        network=options.network,
        no_cache=options.no_cache,
        origins=rendered.origins,
    )
