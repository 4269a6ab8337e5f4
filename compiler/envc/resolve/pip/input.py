"""What every pip backend is given: parsed requirements, and the distributions that are settled already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.frozen import frozen
from envc.resolve.base import (
    Conflict,
    LocalSource,
    LocalWheel,
    PipRequest,
    Provided,
    Requirement,
)
from envc.resolve.index.client import IndexFile, Project
from envc.resolve.index.wheel_file import (
    BrokenWheelError,
    Target,
    allows_python,
    distribution_of,
    fits,
    is_sdist,
    read_metadata,
)
from envc.resolve.pip.direct import DirectSdist, DirectWheel
from envc.resolve.pip.settled import LocalBuild, Settled
from envc.resolve.project.workshop import Described
from envc.spec.direct import direct_kind

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

__all__ = ["Fetch", "PipInput", "Root", "prepare", "target_of"]

# What `uv pip compile --python-platform` knows: 2_17, 2_28, and 2_31 to 2_40.
_GLIBC_MINORS = (17, 28, *range(31, 41))


@frozen
class Root:
    """A requirement of the spec that counts on the target, as written and as parsed."""

    asked: Requirement
    parsed: Parsed

    @property
    def name(self) -> str:
        """The normalised name of the distribution it asks for."""
        from packaging.utils import canonicalize_name

        return canonicalize_name(self.parsed.name)


Fetch: TypeAlias = Callable[[Requirement, "Parsed"], DirectWheel | DirectSdist]
"""Gets the wheel or the source distribution that a requirement names by its address."""

Describe: TypeAlias = Callable[[LocalSource], Described]
"""Looks at a folder beside the spec."""


@frozen
class PipInput:
    """A pip problem, checked.

    Attributes:
        roots: In spec order; those whose markers exclude the target are left out.
        settled: By normalised name, sorted.
        constraints: Those that count on the target, in spec order.
        overrides: Likewise; at most one for a name counts.
        contradictions: What is plain before any solver ran; no backend is asked then.
        unfit: By normalised name, the versions that a backend chose although their wheels are for
            other Pythons, and their like: uv honours the lower bound of Requires-Python only.
    """

    request: PipRequest
    target: Target
    roots: tuple[Root, ...]
    settled: Mapping[str, Settled] = field(default_factory=dict)
    constraints: tuple[Root, ...] = ()
    overrides: tuple[Root, ...] = ()
    contradictions: tuple[Conflict, ...] = ()
    unfit: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def preferred_pins(self) -> dict[str, str]:
        """The versions to prefer, by normalised name: of what no path, address or Conda settles."""
        wheels = ((one.name, one.version) for one in self.request.preferred)
        sources = ((one.name, one.version) for one in self.request.preferred_sources)
        pins = dict((*wheels, *sources))
        return {name: pins[name] for name in pins if name not in self.settled}

    @property
    def needs_front(self) -> bool:
        """Whether what a solver may choose from is more than it would find on the indexes itself."""
        return bool(self.request.find_links or self.request.sdists)

    def usable(self, project: Project) -> tuple[IndexFile, ...]:
        """Return the files that count: wheels that fit, and of versions without any, allowed sources."""
        wheels = tuple(file for file in project.files if fits(file, self.target))
        if project.name not in self.request.sdists:
            return wheels
        versions = {distribution_of(file.filename) for file in wheels}
        built: dict[tuple[str, str] | None, IndexFile] = {}
        for file in project.files:
            found = distribution_of(file.filename)
            is_missing = found not in versions and found is not None and found[0] == project.name
            if not is_missing or not is_sdist(file.filename) or not self._may_build(file):
                continue
            # Of two archives of one version, the form that PEP 625 asks for.
            if found not in built or file.filename.endswith(".tar.gz"):
                built[found] = file
        return (*wheels, *built.values())

    def _may_build(self, file: IndexFile) -> bool:
        return allows_python(file.requires_python, self.target)

    def with_settled(self, changed: Iterable[Settled]) -> PipInput:
        """Return the same problem with some of the settled distributions changed."""
        return replace(self, settled={**self.settled, **{one.name: one for one in changed}})


def prepare(request: PipRequest, fetch: Fetch, describe: Describe) -> PipInput:
    """Return a request checked, with the contradictions in it.

    Args:
        fetch: Gets what a direct reference names.
        describe: Looks at folders.

    Raises:
        InputError: A requirement, a local wheel or folder, what an address names or what Conda
            provides cannot be used (E321 to E323, E328, E329, E331, E345, E346).
        ToolError: As `fetch` does.
    """
    target = target_of(request)
    problems: list[Diagnostic] = []
    asked = tuple(_parse_roots(request.requirements, target, problems))
    constraints = tuple(_parse_roots(request.constraints, target, problems))
    overrides = tuple(_parse_roots(request.overrides, target, problems))
    provided = tuple(_settle_provided(request.provided, problems))
    found = (
        *_find_wheels(request, asked, fetch, problems),
        *_find_folders(request, describe, problems),
    )
    wheels = tuple(_settle_wheels(found, target, problems))
    if problems:
        raise InputError(problems)
    settled = {one.name: one for one in sorted((*provided, *wheels), key=lambda one: one.name)}
    given = PipInput(
        request=request,
        target=target,
        roots=_override(asked, overrides),
        settled=settled,
        constraints=constraints,
        overrides=overrides,
    )
    return replace(given, contradictions=tuple(_find_contradictions(given, provided, wheels)))


def _override(roots: Iterable[Root], overrides: Iterable[Root]) -> tuple[Root, ...]:
    """Return the requirements without addresses, and with what an override says instead."""
    from packaging.requirements import Requirement as Parsed

    instead = {root.name: str(root.parsed.specifier) for root in overrides}

    def rewrite(root: Root) -> Root:
        extras = f"[{','.join(sorted(root.parsed.extras))}]" if root.parsed.extras else ""
        specifier = instead.get(root.name, str(root.parsed.specifier))
        return replace(root, parsed=Parsed(f"{root.parsed.name}{extras}{specifier}"))

    return tuple(
        rewrite(root) if root.parsed.url is not None or root.name in instead else root
        for root in roots
    )


def _find_contradictions(
    given: PipInput, provided: Iterable[Settled], wheels: Iterable[Settled]
) -> Iterator[Conflict]:
    """Yield one at most for a distribution."""
    both = {one.name: one for one in provided}
    told = set()
    for wheel in wheels:
        if wheel.name in both:
            told.add(wheel.name)
            yield _both_sides(wheel, both[wheel.name])
    for root in (*given.roots, *given.constraints, *given.overrides):
        one = given.settled.get(root.name)
        if one is None or one.name in told:
            continue
        if not root.parsed.specifier.contains(one.version, prereleases=True):
            told.add(one.name)
            yield _contradiction(root, one)


def target_of(request: PipRequest) -> Target:
    """Return the target, its glibc lowered to the next one that every backend knows.

    Raises:
        InputError: The glibc is older than manylinux2014's (E322).
    """
    major, _, rest = request.glibc.partition(".")
    minor = int(rest.split(".")[0]) if rest.split(".")[0].isdigit() else -1
    known = [one for one in _GLIBC_MINORS if one <= minor]
    if major != "2" or not known:
        message = f"the base's glibc {request.glibc} is older than any that wheels are resolved for"
        hint = "choose a base with glibc 2.17 or newer"
        raise InputError([Diagnostic(code="E322", message=message, hint=hint)])
    return Target(
        python_version=request.python_version,
        machine=request.platform.machine,
        glibc=f"2.{known[-1]}",
    )


def _parse_roots(
    requirements: Iterable[Requirement], target: Target, problems: list[Diagnostic]
) -> Iterable[Root]:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    for asked in requirements:
        try:
            parsed = Parsed(asked.text)
        except InvalidRequirement:
            message = f"`{asked.text}` is not a requirement of PEP 508"
            hint = "write it as `name >=1.0`"
            problems.append(Diagnostic.at(asked.span, "E329", message, hint=hint))
            continue
        if parsed.url is not None and direct_kind(parsed.url) is None:
            message = f"`{parsed.name}` is asked for by an address that is not one of a wheel"
            hint = 'name a version, the address of a wheel, or a file: `wheel "dist/….whl"`'
            problems.append(Diagnostic.at(asked.span, "E329", message, hint=hint))
            continue
        if parsed.marker is None or parsed.marker.evaluate({**target.markers(), "extra": ""}):
            yield Root(asked=asked, parsed=parsed)


def _settle_provided(provided: Iterable[Provided], problems: list[Diagnostic]) -> Iterable[Settled]:
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    for one in provided:
        name = canonicalize_name(one.name)
        try:
            version = str(Version(one.version))
        except InvalidVersion:
            message = f"Conda provides `{one.name}` at `{one.version}`, which is no Python version"
            hint = f"pin another version of `{one.name}` among the Conda packages"
            problems.append(Diagnostic(code="E328", message=message, hint=hint))
            continue
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        yield Settled(name=name, version=version, metadata=metadata, asked=one.asked, via=one.via)


@frozen
class _Candidate:
    """What the spec names by its path or address: its metadata is to be looked at."""

    asked: Requirement
    filename: str
    metadata: str
    label: str
    wheel: LocalWheel | None = None
    direct: DirectWheel | None = None
    folder: LocalBuild | None = None
    sdist: DirectSdist | None = None


def _find_wheels(
    request: PipRequest, roots: Iterable[Root], fetch: Fetch, problems: list[Diagnostic]
) -> Iterable[_Candidate]:
    for wheel in request.wheels:
        try:
            metadata = read_metadata(wheel.file)
        except (BrokenWheelError, OSError) as error:
            reason = error.reason if isinstance(error, BrokenWheelError) else "it cannot be read"
            message = f"`{wheel.path}` is not a wheel: {reason}"
            hint = "build it again: `python -m build --wheel`"
            problems.append(Diagnostic.at(wheel.span, "E321", message, hint=hint))
            continue
        yield _Candidate(
            asked=Requirement(text=wheel.path, span=wheel.span),
            filename=wheel.file.name,
            metadata=metadata,
            label=wheel.path,
            wheel=wheel,
        )
    for root in roots:
        if root.parsed.url is None:
            continue
        try:
            direct = fetch(root.asked, root.parsed)
        except InputError as error:
            problems.extend(error.diagnostics)
            continue
        yield _Candidate(
            asked=root.asked,
            filename=direct.filename,
            metadata=direct.metadata,
            label=direct.url,
            direct=direct if isinstance(direct, DirectWheel) else None,
            sdist=direct if isinstance(direct, DirectSdist) else None,
        )


def _find_folders(
    request: PipRequest, describe: Describe, problems: list[Diagnostic]
) -> Iterable[_Candidate]:
    for source in request.sources:
        try:
            described = describe(source)
        except InputError as error:
            problems.extend(error.diagnostics)
            continue
        yield _Candidate(
            asked=Requirement(text=source.path, span=source.span),
            filename=described.filename,
            metadata=described.metadata,
            label=source.path,
            folder=LocalBuild(source=source, described=described),
        )


def _settle_wheels(
    wheels: Iterable[_Candidate], target: Target, problems: list[Diagnostic]
) -> Iterable[Settled]:
    seen: dict[str, _Candidate] = {}
    for wheel in wheels:
        settled = _settle_wheel(wheel, target, problems)
        if settled is None:
            continue
        if settled.name in seen:
            message = f"`{wheel.label}` and `{seen[settled.name].label}` are both `{settled.name}`"
            hint = "keep one of the two"
            problems.append(Diagnostic.at(wheel.asked.span, "E323", message, hint=hint))
            continue
        seen[settled.name] = wheel
        yield settled


@frozen
class _LocalOffer:
    filename: str
    requires_python: str | None
    yanked: bool = False


def _settle_wheel(wheel: _Candidate, target: Target, problems: list[Diagnostic]) -> Settled | None:
    from email.parser import HeaderParser

    requires = HeaderParser().parsestr(wheel.metadata).get("Requires-Python")
    if not fits(_LocalOffer(filename=wheel.filename, requires_python=requires), target):
        what = "wheel" if wheel.wheel or wheel.direct else "source"
        message = (
            f"the {what} `{wheel.label}` does not fit Python {target.python_version} "
            f"on {target.machine} with glibc {target.glibc}"
        )
        hint = "build it for this target, or leave the platform out of `platforms`"
        if wheel.direct is not None:
            hint = "name one for this target, or leave the platform out of `platforms`"
        elif what == "source":
            hint = f"it requires Python {requires}: choose another Python"
        problems.append(Diagnostic.at(wheel.asked.span, "E322", message, hint=hint))
        return None
    found = distribution_of(wheel.filename)
    assert found is not None, "read_metadata refuses other names"  # noqa: S101
    return Settled(
        name=found[0],
        version=found[1],
        metadata=wheel.metadata,
        wheel=wheel.wheel,
        direct=wheel.direct,
        folder=wheel.folder,
        sdist=wheel.sdist,
        asked=wheel.asked,
    )


def _both_sides(wheel: Settled, provided: Settled) -> Conflict:
    return Conflict(
        message=f"`{wheel.name}` comes from both sides: {wheel.origin}, and {provided.origin}",
        causes=tuple(one.asked for one in (provided, wheel) if one.asked is not None),
        hint="take it from one side only",
    )


def _contradiction(root: Root, settled: Settled) -> Conflict:
    both = (root.asked, settled.asked or settled.via)
    too = ": ask Conda for it, too" if settled.via is not None else ""
    return Conflict(
        message=f"`{root.asked.text}` cannot be satisfied: {settled.origin}",
        causes=tuple(cause for cause in both if cause is not None),
        hint=f"let both sides agree on one version of `{settled.name}`{too}",
    )
