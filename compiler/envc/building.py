"""A locked spec becomes images of the engine, and a command runs in one: what `build` and `run` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.front import check_vouched
from envc.machine import Machine
from envc.prepared import Prepared, checks_of, compiled, output_files, prepare, render_plan

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.event import BuildEvent
    from envc.build.image import Image, Wanted
    from envc.compose import Choice
    from envc.diagnostics import Diagnostic
    from envc.engine.docker import Engine
    from envc.engine.foreground import Streams
    from envc.memo import VariantResult
    from envc.syntax.document import Document

__all__ = ["ALL", "BuildOptions", "build", "build_request", "run"]

ALL = "all"
"""What asks for all of a spec's platforms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build.

    Attributes:
        variants: Of a spec with a matrix, those to build; empty for all.
        choice: What the command line chose of the spec's parameters.
        is_single: Whether only one variant may be built.
        platforms: Those of the spec's to build, of several as one image; `all` is all. Empty is the
            engine's own, or else the spec's first.
        repository: What the image's name starts with.
        tags: Further names of the image, of which there can be only one.
        is_forced: Whether to build although the engine has the image.
        no_cache: Whether to run every step again; forces too.
        ca_bundle: Certificates that steps with a network trust beside the base's own.
        network: Of steps that use one: `default`, `host` or `none`.
        log: Where the whole log goes, of one variant; None is a file in the cache.
        templates: The folder of the user's templates.
        vendor: The folder that artefacts and images come from, instead of the network.
        is_offline: Whether to refuse what needs a network.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    is_single: bool = False
    platforms: tuple[str, ...] = ()
    repository: str = "envc"
    tags: tuple[str, ...] = ()
    is_forced: bool = False
    no_cache: bool = False
    ca_bundle: Path | None = None
    network: str | None = None
    log: Path | None = None
    templates: Path | None = None
    vendor: Path | None = None
    is_offline: bool = False


def build(
    path: Path,
    machine: Machine,
    options: BuildOptions,
    on_event: Callable[[BuildEvent], None],
    on_variant: Callable[[str], None] = lambda _: None,
) -> dict[str, Image]:
    """Return the image of each variant of a spec: the engine's own where it has it, else a new one.

    Args:
        on_event: Told what happens while an image is built.
        on_variant: Told the name of a variant before its image is built.

    Returns:
        Images by variant, in the spec's order; of a spec without a matrix, the only name is the
        empty one. Variants with one env id have one image.

    Raises:
        InputError: The spec or its lock is wrong, or a step or a check fails (E61x, E62x).
        UsageError: The spec does not have the platform (E003), a parameter (E006) or a variant
            (E007, E008), or there are several variants where only one can be (E009).
        ToolError: The engine, BuildKit or the network fails (E60x, E61x).
    """
    from envc.build.image import name_all
    from envc.engine.docker import Engine
    from envc.variant import in_variant

    result = compiled(
        path,
        machine,
        machine.mirrors,
        variants=options.variants,
        choice=options.choice,
        templates=options.templates,
    )
    _refuse_several(tuple(result.variants), options)
    images: dict[str, Image] = {}
    with Engine.connect(machine.environment) as engine:
        for name, one in result.variants.items():
            task = _Task(
                path=path,
                variant=name,
                machine=machine,
                options=options,
                on_event=on_event,
                on_variant=on_variant,
            )
            with in_variant(name):
                images[name] = task.provide(engine, one)
                name_all(engine, images[name], options.tags)
    return images


def run(
    path: Path,
    image: Image,
    command: Sequence[str],
    machine: Machine,
    streams: Streams,
    *,
    variant: str = "",
    choice: Choice | None = None,
    on_warning: Callable[[Diagnostic], None] = lambda _: None,
) -> int:
    """Run a command in the image of a spec, as its `runtime` says, and return its exit code.

    Args:
        command: Empty runs what the image runs by default.
        variant: The image's; empty for a spec without a matrix.
        choice: What the command line chose of the spec's parameters.
        on_warning: Told before it starts what it will probably miss.

    Raises:
        EnvcError: The container cannot be started (E63x): InputError where the spec is to blame.
    """
    from envc.engine.docker import Engine
    from envc.engine.runtime import run_options

    checked = check_vouched(path, machine, choice).variants[variant]
    is_terminal = streams.stdin is not None and streams.stdin.isatty() and streams.stdout.isatty()
    options = run_options(
        checked.spec,
        checked.document,
        path.parent,
        platform=image.platform,
        terminal=is_terminal,
    )
    with Engine.connect(machine.environment) as engine:
        if options.gpus is not None:
            for warning in _check_gpus(engine, image, machine, checked.document):
                on_warning(warning)
        return engine.run(image.name, command, options=options, streams=streams)


def _check_gpus(
    engine: Engine, image: Image, machine: Machine, document: Document
) -> tuple[Diagnostic, ...]:
    from envc.engine.gpu import check_gpus
    from envc.plan.label import CUDA_LABEL

    found = engine.find(image.name)
    cuda = found.labels.get(CUDA_LABEL) if found is not None else None
    span = document.span(("runtime", "gpus"))
    return check_gpus(cuda, engine.describe(), machine.environment, span)


def _refuse_several(names: Sequence[str], options: BuildOptions) -> None:
    from envc.variant import require_one

    for is_meant, what in (
        (options.is_single, "a command runs in"),
        (bool(options.tags), "a tag is the name of"),
        (options.log is not None, "a log is of"),
    ):
        if is_meant:
            require_one(names, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """The image of one variant, which is to be found or built."""

    path: Path
    variant: str
    machine: Machine
    options: BuildOptions
    on_event: Callable[[BuildEvent], None]
    on_variant: Callable[[str], None]

    def provide(self, engine: Engine, compiled: VariantResult) -> Image:
        """Return the image of the platforms that are wanted: of several, one that has them all."""
        from envc.build.image import choose_platform
        from envc.build.index import join

        known = tuple(compiled.env_ids)
        asked = known if ALL in self.options.platforms else self.options.platforms
        platforms = dict.fromkeys(
            choose_platform(known, one, engine.platform) for one in asked or (None,)
        )
        images = [self._provide_one(engine, compiled, platform) for platform in platforms]
        return images[0] if len(images) == 1 else join(engine, images, self.options.repository)

    def _provide_one(self, engine: Engine, compiled: VariantResult, platform: str) -> Image:
        from envc.build.image import Wanted, find

        options = self.options
        wanted = Wanted.of(options.repository, compiled.env_ids[platform], platform)
        is_forced = options.is_forced or options.no_cache
        found = find(engine, wanted) if not is_forced else None
        if found is None:
            return self._produce(engine, wanted, is_forced=is_forced)
        return self._approve(engine, found, compiled.checks[platform])

    def _approve(self, engine: Engine, found: Image, checks: str) -> Image:
        """Return an image that was found; what it has passed already is not looked at again."""
        from envc.build.passed import recall_warnings

        warnings = recall_warnings(self.machine.cache, found.digest, checks)
        if warnings is not None:
            return replace(found, warnings=warnings)
        from envc.build.image import approve

        own = checks_of(self._prepare(), found.platform)
        return approve(engine, found, own, cache=self.machine.cache)

    def _prepare(self) -> Prepared:
        machine, choice = self.machine, self.options.choice
        chosen = (self.variant,) if self.variant else ()
        prepared = prepare(
            self.path,
            machine,
            machine.mirrors,
            variants=chosen,
            choice=choice,
            templates=self.options.templates,
            is_vendored=self.options.vendor is not None,
        )
        return prepared.variants[self.variant]

    def _produce(self, engine: Engine, wanted: Wanted, *, is_forced: bool) -> Image:
        import tempfile

        from envc.build.image import produce

        machine, own = self.machine, self._prepare()
        self.on_variant(self.variant)
        waiting = machine.cache / "locks" / f"{wanted.env_id.removeprefix('sha256:')}.lock"
        with tempfile.TemporaryDirectory(prefix="envc-context-") as folder:
            return produce(
                engine,
                wanted,
                build_request(own, wanted, Path(folder), machine, self.options),
                checks_of(own, wanted.platform),
                self.on_event,
                lock=waiting,
                cache=machine.cache,
                is_forced=is_forced,
            )


def _contexts(prepared: Prepared, wanted: Wanted, options: BuildOptions) -> dict[str, str]:
    """Return what stands for what the Dockerfile takes from elsewhere; nothing without a folder.

    Raises:
        InputError: The vendor folder lacks files (E470), or something needs a network and must not
            have one (E473).
    """
    from envc.vendoring import contexts, refuse_network, require_vendored

    if options.is_offline:
        refuse_network(prepared.plan, is_vendored=options.vendor is not None)
    if options.vendor is None:
        return {}
    platforms = {wanted.platform: prepared.lock.platforms[wanted.platform]}
    folder = require_vendored(options.vendor, platforms)
    plan = prepared.plan
    named = plan.preamble.images if plan.preamble is not None else ()
    return contexts(folder, platforms, (*named, *(stage.base for stage in plan.stages)))


def _with_secrets(prepared: Prepared, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with what its secrets hold, also where a netrc file or a keyring has it."""
    from envc.resolve.credential import find_secrets
    from envc.spec.defaults import secrets

    known = secrets(prepared.checked.spec)
    return {**environment, **find_secrets(known, prepared.plan.secrets, environment)}


def _log_of(options: BuildOptions, wanted: Wanted) -> Path | None:
    """Return where the log goes that somebody wants; each of several platforms has its own."""
    if options.log is None or (len(options.platforms) <= 1 and ALL not in options.platforms):
        return options.log
    architecture = wanted.platform.rpartition("/")[2]
    return options.log.with_name(f"{options.log.stem}-{architecture}{options.log.suffix}")


def build_request(
    prepared: Prepared, wanted: Wanted, folder: Path, machine: Machine, options: BuildOptions
) -> BuildRequest:
    """Return how to build an image of a plan, with the context written into a folder.

    Raises:
        ToolError: The folder cannot be written (E553).
    """
    from envc.build.buildkit import BuildRequest, SecretFile, SecretSource, SecretVariable
    from envc.output import write
    from envc.plan.fetch import CA_BUNDLE

    contexts = _contexts(prepared, wanted, options)
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
        log=_log_of(options, wanted) or machine.cache / "logs" / f"{name}.log",
        environment=_with_secrets(prepared, machine.environment),
        secrets=secrets,
        contexts=contexts,
        network="none" if options.is_offline else options.network,
        no_cache=options.no_cache,
        origins=rendered.origins,
    )
