"""From a pip request to wheels: everything but the solving itself, the same for every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError
from envc.frozen import frozen
from envc.lock.package import PipPackage, SourcePackage
from envc.mirror import MirrorMap
from envc.resolve.base import (
    Conflict,
    IndexAccess,
    PipRequest,
    PipResolution,
    Report,
    Requirement,
)
from envc.resolve.index.client import IndexClient, IndexFile, Project
from envc.resolve.index.transport import Transport
from envc.resolve.index.wheel_file import distribution_of, is_sdist
from envc.resolve.pip.advice import advise
from envc.resolve.pip.build_lock import lock_sources
from envc.resolve.pip.choice import keep_or_choose, versions_for_others, wheels_of
from envc.resolve.pip.conflict import Failure, check_roots, explain, refuse
from envc.resolve.pip.direct import DirectSdist, Downloads
from envc.resolve.pip.input import PipInput, prepare
from envc.resolve.pip.release import Releases
from envc.resolve.pip.settled import Settled
from envc.resolve.pip.uv_program import build_installer
from envc.resolve.project.workshop import Described, Workshop

if TYPE_CHECKING:
    from envc.resolve.git.repository import Repositories

__all__ = ["Backend", "Outcome", "solve"]

_CONNECTIONS = 16


@frozen
class Outcome:
    """What a backend found.

    Attributes:
        pins: Versions by normalised name; those of settled distributions may be among them.
        failure: Why there are none; None where it succeeded.
        unknown_extras: The settled distributions that were asked for an extra they do not know.
        listed: By normalised name, the wheels that fit, where the backend names them.
        withdrawn: The names of what it says that the version was withdrawn, where it names files.
        complete: The names of those of `listed` that lack nothing a page would say.
    """

    pins: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    unknown_extras: frozenset[str] = frozenset()
    listed: Mapping[str, tuple[IndexFile, ...]] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    complete: frozenset[str] = frozenset()


Backend: TypeAlias = Callable[[PipInput, IndexClient], Outcome]


def solve(
    request: PipRequest,
    backend: Backend,
    *,
    cache: Path,
    environment: Mapping[str, str],
    retries: int,
    report: Report,
    repositories: Callable[[], Repositories],
) -> PipResolution | Conflict:
    """Return the wheels of a pip request, or why there are none.

    A backend decides on versions only. Which file of a version is taken, and its address and
    hash, is read from the index's own page here, so that all backends give the same answer.

    Args:
        repositories: Gives what gets commits; shared by all platforms, which get the same ones.

    Raises:
        InputError: Something that was asked for cannot be had (E321 to E334).
        ToolError: An index or a program failed (E335 to E339).
    """
    transport = Transport(environment, retries=retries, tell=report)
    kept = cache / "metadata"
    install = build_installer(request, cache, environment, retries=retries)
    workshop = Workshop(cache / "projects", install, report)
    downloads = Downloads(
        request.mirrors, transport, kept, report, workshop, repositories, request.preferred_sources
    )
    given = prepare(request, downloads.fetch, workshop.describe_folder)
    if not given.contradictions and not given.roots and not request.wheels and not request.sources:
        return PipResolution(packages=())
    client = IndexClient(
        request.indexes,
        request.mirrors,
        transport,
        kept,
        find_links=request.find_links,
        exclude_newer=request.exclude_newer,
        workshop=workshop,
    )
    if given.contradictions:
        return refuse(given, client)
    learnt: frozenset[str] = frozenset()
    while True:
        outcome = _ask(backend, given, client)
        found = _find_releases(given, client, kept, outcome)
        new = outcome.unknown_extras - learnt
        unfit = _list_unfit(given, client, found, outcome.pins)
        if not new and not unfit:
            break
        given = given.with_settled(_learn_extras(given.settled[name], client) for name in new)
        given = replace(given, unfit={**given.unfit, **unfit})
        learnt |= new
    if outcome.failure is not None:
        return explain(given, client, outcome.failure)
    chosen = _choose_all(given, found, outcome.pins)

    def solve_build(wanted: PipRequest) -> PipResolution | Conflict:
        return solve(
            wanted,
            backend,
            cache=cache,
            environment=environment,
            retries=retries,
            report=report,
            repositories=repositories,
        )

    wheels = {name: one for name, one in chosen.items() if not is_sdist(one[1].filename)}
    built = lock_sources(given, _list_sources(given, client, chosen), solve_build)
    return PipResolution(
        packages=_locate(given, client, wheels),
        sources=built.packages,
        build=built.wheels,
        warnings=advise(given, client, chosen),
    )


def _ask(backend: Backend, given: PipInput, client: IndexClient) -> Outcome:
    """Return what a backend found; where it fails, the requirements of the spec are looked at first.

    Raises:
        InputError: As `check_roots` does.
        ToolError: As `check_roots` and the backend do.
    """
    try:
        outcome = backend(given, client)
    except EnvcError:
        check_roots(given, client)
        raise
    if outcome.failure is not None:
        check_roots(given, client)
    return outcome


def _find_releases(
    given: PipInput, client: IndexClient, cache: Path, outcome: Outcome
) -> Mapping[str, Project | None]:
    pins = {name: one for name, one in outcome.pins.items() if name not in given.settled}
    return Releases(given, client, cache).find(
        pins, outcome.listed, outcome.withdrawn, outcome.complete
    )


def _list_sources(
    given: PipInput, client: IndexClient, chosen: _Chosen
) -> Iterator[tuple[SourcePackage, Described, Requirement | None]]:
    """Yield what is to be built, as far as it is known before what builds it."""
    asked = {root.name: root.asked for root in given.roots}
    for name, (project, file) in sorted(chosen.items()):
        if is_sdist(file.filename):
            described = client.describe(project, file)
            source = SourcePackage(
                name=name,
                version=described.version,
                kind="sdist",
                url=_canonical_url(file, project.source_of(file), given.request.mirrors),
                sha256=client.sha256(project, file),
                size=file.size,
                index=project.source_of(file).url,
                backend=described.backend,
                backend_path=described.backend_path,
            )
            yield source, described, asked.get(name)
    for one in given.settled.values():
        if one.sdist is not None:
            yield _settled_source(one, one.sdist), one.sdist.described, one.asked
        elif one.folder is not None:
            described = one.folder.described
            source = SourcePackage(
                name=one.name,
                version=one.version,
                kind="folder",
                path=one.folder.source.path,
                sha256=one.folder.source.sha256,
                backend=described.backend,
                backend_path=described.backend_path,
            )
            yield source, described, one.asked


def _settled_source(settled: Settled, found: DirectSdist) -> SourcePackage:
    """Return what an address names to be built: a file, or a commit."""
    is_commit = found.commit is not None
    return SourcePackage(
        name=settled.name,
        version=settled.version,
        kind="git" if is_commit else "sdist",
        url=None if is_commit else found.url,
        repository=found.url if is_commit else None,
        commit=found.commit,
        ref=found.ref or None,
        subdirectory=found.subdirectory or None,
        sha256=found.sha256,
        size=found.size,
        backend=found.described.backend,
        backend_path=found.described.backend_path,
    )


def _list_unfit(
    given: PipInput,
    client: IndexClient,
    releases: Mapping[str, Project | None],
    pins: Mapping[str, str],
) -> dict[str, tuple[str, ...]]:
    """Return, of the distributions pinned to wheels for other Pythons, all such versions."""
    found = {}
    for name, release in releases.items():
        if release is not None and keep_or_choose(release, pins[name], given) is None:
            project = client.project(name)
            found[name] = versions_for_others(project or release, given.target)
    return {name: versions for name, versions in found.items() if pins[name] in versions}


def _learn_extras(settled: Settled, client: IndexClient) -> Settled:
    """Return what Conda provides with the extras that the same version has on the index.

    Conda satisfied the distribution's own dependencies, but knows no extras.
    """
    from email.parser import HeaderParser

    if not settled.is_provided:
        return settled
    found = client.project(settled.name)
    wheels = [] if found is None else wheels_of(found, settled.version)
    if found is None or not wheels:
        message = (
            f"an extra of `{settled.name}` is required, but Conda provides `{settled.name}` "
            f"{settled.version}, and no index has that version to say what the extra means"
        )
        hint = f"take `{settled.name}` from pip, or at a version that the index has"
        raise InputError([Diagnostic(code="E327", message=message, hint=hint)])
    read = HeaderParser().parsestr(client.metadata(found, wheels[0]))
    lines = [f"Provides-Extra: {extra}" for extra in read.get_all("Provides-Extra", [])]
    lines += [
        f"Requires-Dist: {' '.join(text.split())}"
        for text in read.get_all("Requires-Dist", [])
        if _is_of_extra(text)
    ]
    metadata = settled.metadata + "".join(f"{line}\n" for line in lines)
    return replace(settled, metadata=metadata)


def _is_of_extra(text: str) -> bool:
    """Say whether a dependency counts for an extra only."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        marker = Requirement(text).marker
    except InvalidRequirement:
        return False
    return marker is not None and "extra" in str(marker)


_Chosen: TypeAlias = Mapping[str, tuple[Project, IndexFile]]


def _choose_all(
    given: PipInput, releases: Mapping[str, Project | None], pins: Mapping[str, str]
) -> _Chosen:
    """Return the file of each pinned distribution that is not settled, by its name."""
    chosen = {}
    for name, project in releases.items():
        file = None if project is None else keep_or_choose(project, pins[name], given)
        if project is None or file is None:
            message = (
                f"the wheel of `{name}` {pins[name]} vanished from its index while it was resolved"
            )
            raise ToolError([Diagnostic(code="E337", message=message, hint="lock again")])
        chosen[name] = (project, file)
    return chosen


def _locate(given: PipInput, client: IndexClient, chosen: _Chosen) -> tuple[PipPackage, ...]:
    from concurrent.futures import ThreadPoolExecutor

    def locate(name: str) -> PipPackage:
        return _package(name, *chosen[name], given, client)

    asked = [
        name
        for name, (_, file) in chosen.items()
        if client.known_size(file) is None or file.sha256 is None
    ]
    with ThreadPoolExecutor(max_workers=_CONNECTIONS) as pool:
        answered = dict(zip(asked, pool.map(locate, asked), strict=True))
    located = [answered[name] if name in answered else locate(name) for name in chosen]
    settled = [
        _settled_package(one)
        for one in given.settled.values()
        if not one.is_provided and not one.is_built
    ]
    return tuple(sorted((*located, *settled), key=lambda package: package.name))


def _package(
    name: str, project: Project, file: IndexFile, given: PipInput, client: IndexClient
) -> PipPackage:
    found = distribution_of(file.filename)
    version = found[1] if found is not None else ""
    sha256 = client.sha256(project, file)
    if file.local is not None:
        return PipPackage(name=name, version=version, path=file.path, sha256=sha256, size=file.size)
    known = (
        one.size
        for one in given.request.preferred
        if (one.filename, one.sha256, one.name) == (file.filename, sha256, name)
    )
    return PipPackage(
        name=name,
        version=version,
        url=_canonical_url(file, project.source_of(file), given.request.mirrors),
        sha256=sha256,
        size=file.size or next(known, None) or client.size(project, file),
        index=project.source_of(file).url,
    )


def _settled_package(settled: Settled) -> PipPackage:
    wheel, direct = settled.wheel, settled.direct
    if wheel is not None:
        return PipPackage(
            name=settled.name,
            version=settled.version,
            path=wheel.path,
            sha256=wheel.sha256,
            size=wheel.size,
        )
    assert direct is not None, "what Conda provides is no wheel"  # noqa: S101
    return PipPackage(
        name=settled.name,
        version=settled.version,
        url=direct.url,
        sha256=direct.sha256,
        size=direct.size,
    )


def _canonical_url(file: IndexFile, source: IndexAccess, mirrors: MirrorMap) -> str:
    """Return a file's canonical address.

    Raises:
        ToolError: A mirror offers it at an address of its own that no entry of the map covers
            (E339).
    """
    canonical = mirrors.to_canonical(file.url)
    index = source.url.rstrip("/")
    mirror = mirrors.to_mirror(index)
    if mirror == index or canonical != file.url:
        return canonical
    if urlsplit(file.url).netloc != urlsplit(mirror).netloc:
        return canonical
    folder = file.url.rpartition("/")[0]
    message = f"the mirror of `{index}` offers files at an address that no mirror entry covers"
    hint = f"say whose mirror it is: `--mirror https://canonical.example/…={folder}`"
    notes = (f"`{file.filename}` lies at {file.url}",)
    raise ToolError([Diagnostic(code="E339", message=message, notes=notes, hint=hint)])
