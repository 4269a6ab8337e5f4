"""A locked spec becomes images: what `build` does, and what `run` does first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from envc.build.terms import ALL, Compression, Terms
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.prepared import Prepared, compiled, output_files, prepare, render_plan

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.image import Image, Wanted
    from envc.build.report.event import BuildEvent
    from envc.build.shell import PinnedBase
    from envc.compose import Choice
    from envc.engine.docker import Engine
    from envc.source import Span
    from envc.syntax.document import Document

__all__ = ["BuildOptions", "build", "build_request", "cache_name", "log_place", "require_runnable"]

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_TAG_LENGTH = 128


@frozen
class BuildOptions:
    """How to build.

    Attributes:
        variants: Of a spec with a matrix, those to build; empty for all.
        choice: What the command line chose of the spec's parameters.
        is_single: Whether only one variant may be built.
        terms: Where the image may come from, and where it must be in the end.
        no_cache: Whether to run every step again.
        compression: How the layers of what is built are stored.
        ca_bundle: Certificates that steps with a network trust beside the base's own.
        network: Of steps that use one: `default`, `host` or `none`.
        log: Where the whole log goes, of one variant; None is a file in the cache.
        templates: The folder of the user's templates.
        vendor: The folder that artefacts and images come from, instead of the network.
        is_offline: Whether to refuse what needs a network.
        builder: Buildx's name of who builds; None is the one that is in use.
        caches: Images of registries that finished steps come from and go to.
        has_own_cache: Whether what is pushed has such an image beside it, where none is named.
    """

    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    is_single: bool = False
    terms: Terms = field(default_factory=Terms)
    no_cache: bool = False
    compression: Compression = "gzip"
    ca_bundle: Path | None = None
    network: str | None = None
    log: Path | None = None
    templates: Path | None = None
    vendor: Path | None = None
    is_offline: bool = False
    builder: str | None = None
    caches: tuple[str, ...] = ()
    has_own_cache: bool = False


def build(
    path: Path,
    machine: Machine,
    options: BuildOptions,
    on_event: Callable[[BuildEvent], None],
    on_variant: Callable[[str], None] = lambda _: None,
    on_wanted: Callable[[str, Wanted], None] = lambda _variant, _wanted: None,
) -> dict[str, Image]:
    """Return the image of each variant of a spec: the engine's or a registry's own, else a new one.

    Args:
        on_event: Told what happens while an image is built.
        on_variant: Told the name of a variant before its image is built.
        on_wanted: Told the name of a variant and which image of it is wanted next.

    Returns:
        Images by variant, in the spec's order; of a spec without a matrix, the only name is the
        empty one. Variants with one env id have one image.

    Raises:
        InputError: The spec or its lock is wrong, or a step or a check fails (E61x, E62x).
        UsageError: The spec does not have the platform (E003), a parameter (E006) or a variant
            (E007, E008), or there are several variants where only one can be (E009).
        ToolError: The engine, BuildKit or the network fails (E60x, E61x), or a registry does (E38x,
            E67x); a platform's steps cannot run here (E607).
    """
    from envc.engine.docker import Engine
    from envc.pipeline.provision import Provider
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
            provider = Provider(
                engine=engine,
                machine=machine,
                terms=options.terms,
                compiled=one,
                prepare=partial(_prepare, path, machine, options, name),
                request=partial(_request, engine=engine, machine=machine, options=options),
                on_event=on_event,
                on_build=partial(on_variant, name),
                on_wanted=partial(on_wanted, name),
                require=partial(require_runnable, engine=engine, machine=machine, options=options),
            )
            with in_variant(name):
                images[name] = provider.provide()
    return images


def _refuse_several(names: Sequence[str], options: BuildOptions) -> None:
    from envc.variant import require_one

    for is_meant, what in (
        (options.is_single, "a command runs in"),
        (bool(options.terms.tags), "a tag is the name of"),
        (options.log is not None, "a log is of"),
    ):
        if is_meant:
            require_one(names, what)


def _prepare(path: Path, machine: Machine, options: BuildOptions, variant: str) -> Prepared:
    prepared = prepare(
        path,
        machine,
        machine.mirrors,
        variants=(variant,) if variant else (),
        choice=options.choice,
        templates=options.templates,
        is_vendored=options.vendor is not None,
    )
    return prepared.variants[variant]


def _contexts(prepared: Prepared, wanted: Wanted, options: BuildOptions) -> dict[str, str]:
    """Return what stands for what the Dockerfile takes from elsewhere; nothing without a folder.

    Raises:
        InputError: The vendor folder lacks files (E470), or something needs a network and must not
            have one (E473).
    """
    from envc.pipeline.vendoring import contexts, refuse_network, require_vendored

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


def log_place(options: BuildOptions, wanted: Wanted, cache: Path) -> Path:
    """Return where the log of a build goes; each of several platforms has its own."""
    if options.log is None:
        return cache / "logs" / f"{wanted.env_id.removeprefix('sha256:')}.log"
    platforms = options.terms.platforms
    if len(platforms) <= 1 and ALL not in platforms:
        return options.log
    architecture = wanted.platform.rpartition("/")[2]
    return options.log.with_name(f"{options.log.stem}-{architecture}{options.log.suffix}")


def _request(
    prepared: Prepared,
    wanted: Wanted,
    folder: Path,
    *,
    engine: Engine,
    machine: Machine,
    options: BuildOptions,
) -> BuildRequest:
    """Return how to build an image; what is pushed has a cache of its steps beside it.

    BuildKit within an engine can write one only where the engine keeps images as registries do.
    """
    request = build_request(prepared, wanted, folder, machine, options)
    if options.caches or not options.has_own_cache or not options.terms.is_pushed:
        return request
    if options.builder is None and not engine.describe().has_manifests:
        return request
    own = cache_name(prepared, wanted, options.terms.repository)
    return replace(request, cache_from=() if options.no_cache else (own,), cache_to=(own,))


def require_runnable(
    prepared: Prepared,
    platforms: Sequence[str],
    *,
    engine: Engine,
    machine: Machine,
    options: BuildOptions,
) -> None:
    """Refuse platforms for which steps would have to run that nobody here can run, or whose image
    could not start.

    Steps are no matter where finished ones may come from a registry: those of a platform may have run
    elsewhere.

    Raises:
        InputError: A base has no shell, and the image needs one to start (E375).
        ToolError: A platform's steps cannot run (E607).
    """
    from envc.build.emulation import builder_platforms, refuse_foreign
    from envc.build.shell import refuse_shellless

    is_free = options.vendor is None and not options.is_offline and options.builder is None
    bases = _unknown_bases(prepared, platforms, machine)
    refuse_shellless(bases, engine, may_fetch=is_free)
    has_own = options.has_own_cache and options.terms.is_pushed
    if (options.caches or has_own) and not options.no_cache:
        return
    refuse_foreign(
        prepared.plan,
        platforms,
        own=engine.platform(),
        ask=partial(builder_platforms, options.builder, machine.environment),
    )


def _unknown_bases(
    prepared: Prepared, platforms: Sequence[str], machine: Machine
) -> Iterator[PinnedBase]:
    """Yield the bases that Conda packages lie on, of which nobody here knows whether they have a shell:
    a lock that was made without an engine, or elsewhere, may have been made without a look at it."""
    from envc.build.shell import PinnedBase
    from envc.platform import PLATFORMS
    from envc.reference import ImageReference
    from envc.registry.asked import mirror_reference
    from envc.resolve.image.probed import Probes

    document = prepared.checked.document
    probes = Probes(folder=machine.cache / "images")
    for name in platforms:
        locked, platform = prepared.lock.platforms[name], PLATFORMS[name]
        base = locked.base
        if not locked.conda or base.built is not None:
            continue
        if probes.recall(base.digest, platform) is None:
            reference = ImageReference.parse(base.image)
            source = mirror_reference(reference, machine.mirrors)
            path = ("base", "image")
            yield PinnedBase(
                name=reference.familiar,
                source=replace(source, digest=base.digest),
                platform=platform,
                span=document.span(path) if path in document.spans else None,
            )


def cache_name(prepared: Prepared, wanted: Wanted, repository: str) -> str:
    """Return the image beside an environment's own that holds its finished steps: one for each name,
    variant and platform, whatever their env ids."""
    architecture = wanted.platform.rpartition("/")[2]
    words = ("cache", prepared.checked.spec.environment, prepared.variant, architecture)
    tag = re.sub(r"[^A-Za-z0-9_.-]", "-", "-".join(filter(None, words)))
    return f"{repository}:{tag[:_TAG_LENGTH]}"


def _places(document: Document) -> dict[str, Span]:
    """Return where a spec says what a build may find wrong with its base."""
    found = {key: document.span((key,)) for key in ("user",) if (key,) in document.spans}
    if ("system",) in document.key_spans:
        found["system"] = document.key_span(("system",))
    if ("base", "dockerfile") in document.spans:
        found["dockerfile"] = document.span(("base", "dockerfile"))
    return found


def build_request(
    prepared: Prepared, wanted: Wanted, folder: Path, machine: Machine, options: BuildOptions
) -> BuildRequest:
    """Return how to build an image of a plan, with the context written into a folder.

    Raises:
        InputError: A commit that the lock pins cannot be had (E352, E357, E359).
        ToolError: The folder cannot be written (E553), or a repository cannot be read (E349 to
            E351, E356).
    """
    from envc.build.buildkit import BuildRequest, SecretFile, SecretSource, SecretVariable
    from envc.build.held import find_agents, find_variables
    from envc.build.report.title import entitle
    from envc.dockerfile.need import NOTHING
    from envc.pipeline.archives import bring
    from envc.pipeline.output import write
    from envc.plan.caption import captions
    from envc.plan.fetch import CA_BUNDLE

    contexts = _contexts(prepared, wanted, options)
    if options.vendor is None:
        bring(prepared.lock.platforms.values(), machine, is_offline=options.is_offline)
    rendered = render_plan(prepared)
    write(folder, output_files(prepared, rendered))
    needs = prepared.plan.preamble.needs if prepared.plan.preamble is not None else NOTHING
    environment = _with_secrets(prepared, machine.environment)
    held = {name: name for name in prepared.plan.secrets} | find_variables(needs, environment)
    secrets: dict[str, SecretSource] = {
        name: SecretVariable(variable=variable) for name, variable in held.items()
    }
    if options.ca_bundle is not None:
        secrets[CA_BUNDLE.name] = SecretFile(path=options.ca_bundle)
    return BuildRequest(
        context=folder,
        tag=wanted.name,
        platform=wanted.platform,
        epoch=prepared.plan.epochs[wanted.platform],
        log=log_place(options, wanted, machine.cache),
        environment=environment,
        secrets=secrets,
        agents=find_agents(needs, environment),
        needs=needs,
        contexts=contexts,
        network="none" if options.is_offline else options.network,
        no_cache=options.no_cache,
        compression=options.compression,
        builder=options.builder,
        cache_from=() if options.no_cache else options.caches,
        cache_to=options.caches,
        origins=rendered.origins,
        places=_places(prepared.checked.document),
        titles=entitle(rendered.text, rendered.origins, captions(prepared.plan)),
    )
