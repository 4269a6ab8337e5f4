"""What every pip backend is given: parsed requirements, and the distributions that are settled already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.resolve.base import (
    Conflict,
    LocalWheel,
    PipRequest,
    Provided,
    Requirement,
)
from envc.resolve.wheel_file import (
    BrokenWheelError,
    Target,
    distribution_of,
    fits,
    read_metadata,
    stub_wheel,
)

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

__all__ = ["PipInput", "Root", "Settled", "prepare", "target_of"]

# What `uv pip compile --python-platform` knows: 2_17, 2_28, and 2_31 to 2_40.
_GLIBC_MINORS = (17, 28, *range(31, 41))


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A requirement of the spec that counts on the target, as written and as parsed."""

    asked: Requirement
    parsed: Parsed

    @property
    def name(self) -> str:
        """The normalised name of the distribution it asks for."""
        from packaging.utils import canonicalize_name

        return canonicalize_name(self.parsed.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A distribution that no index has a say in: a local wheel, or one that Conda provides.

    Attributes:
        name: Normalised.
        version: Exact (PEP 440).
        metadata: As solvers are to see it: of what Conda provides it has no dependencies but those
            of extras, once `learn_extras` found them.
        wheel: The local wheel; None for what Conda provides.
        asked: The spec's own line that settled it, or None.
    """

    name: str
    version: str
    metadata: str
    wheel: LocalWheel | None = None
    asked: Requirement | None = None

    @property
    def filename(self) -> str:
        """The name of a wheel that stands for it."""
        if self.wheel is not None:
            return self.wheel.file.name
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"

    @property
    def origin(self) -> str:
        """Where it comes from, as a message says it."""
        if self.wheel is not None:
            return f"the local wheel `{self.wheel.path}` is `{self.name}` {self.version}"
        return f"Conda provides `{self.name}` {self.version}"

    def stub(self) -> bytes:
        """Return a wheel that holds its metadata and nothing else."""
        return stub_wheel(self.filename, self.metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipInput:
    """A pip problem, checked.

    Attributes:
        roots: In spec order; those whose markers exclude the target are left out.
        settled: By normalised name, sorted.
        unfit: By normalised name, the versions that a backend chose although their wheels are for
            other Pythons, and their like: uv honours the lower bound of Requires-Python only.
    """

    request: PipRequest
    target: Target
    roots: tuple[Root, ...]
    settled: Mapping[str, Settled] = field(default_factory=dict)
    unfit: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_settled(self, changed: Iterable[Settled]) -> PipInput:
        """Return the same problem with some of the settled distributions changed."""
        return replace(self, settled={**self.settled, **{one.name: one for one in changed}})


def prepare(request: PipRequest) -> PipInput | Conflict:
    """Return a request checked, or the conflict that is plain before any solver ran.

    Raises:
        InputError: A requirement, a local wheel or what Conda provides cannot be used
            (E321 to E323, E328, E329).
    """
    target = target_of(request)
    problems: list[Diagnostic] = []
    roots = tuple(_parse_roots(request.requirements, target, problems))
    provided = tuple(_settle_provided(request.provided, problems))
    wheels = tuple(_settle_wheels(request.wheels, target, problems))
    if problems:
        raise InputError(problems)
    settled = {one.name: one for one in sorted((*provided, *wheels), key=lambda one: one.name)}
    both = {one.name: one for one in provided}
    for wheel in wheels:
        if wheel.name in both:
            return _both_sides(wheel, both[wheel.name])
    for root in roots:
        one = settled.get(root.name)
        if one is not None and not root.parsed.specifier.contains(one.version, prereleases=True):
            return _contradiction(root, one)
    return PipInput(request=request, target=target, roots=roots, settled=settled)


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
        if parsed.url is not None:
            message = f"`{parsed.name}` is asked for by an address, which a lock cannot vouch for"
            hint = 'name a version, or download the wheel and name it: `wheel "dist/….whl"`'
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
        yield Settled(name=name, version=version, metadata=metadata, asked=one.asked)


def _settle_wheels(
    wheels: Iterable[LocalWheel], target: Target, problems: list[Diagnostic]
) -> Iterable[Settled]:
    seen: dict[str, LocalWheel] = {}
    for wheel in wheels:
        settled = _settle_wheel(wheel, target, problems)
        if settled is None:
            continue
        if settled.name in seen:
            message = f"`{wheel.path}` and `{seen[settled.name].path}` are both `{settled.name}`"
            hint = "keep one of the two"
            problems.append(Diagnostic.at(wheel.span, "E323", message, hint=hint))
            continue
        seen[settled.name] = wheel
        yield settled


@dataclass(frozen=True, slots=True, kw_only=True)
class _LocalOffer:
    filename: str
    requires_python: str | None
    yanked: bool = False


def _settle_wheel(wheel: LocalWheel, target: Target, problems: list[Diagnostic]) -> Settled | None:
    from email.parser import HeaderParser

    try:
        metadata = read_metadata(wheel.file)
    except (BrokenWheelError, OSError) as error:
        reason = error.reason if isinstance(error, BrokenWheelError) else "it cannot be read"
        message = f"`{wheel.path}` is not a wheel: {reason}"
        hint = "build it again: `python -m build --wheel`"
        problems.append(Diagnostic.at(wheel.span, "E321", message, hint=hint))
        return None
    requires = HeaderParser().parsestr(metadata).get("Requires-Python")
    if not fits(_LocalOffer(filename=wheel.file.name, requires_python=requires), target):
        message = (
            f"the wheel `{wheel.path}` does not fit Python {target.python_version} "
            f"on {target.machine} with glibc {target.glibc}"
        )
        hint = "build it for this target, or leave the platform out of `platforms`"
        problems.append(Diagnostic.at(wheel.span, "E322", message, hint=hint))
        return None
    found = distribution_of(wheel.file.name)
    assert found is not None, "read_metadata refuses other names"  # noqa: S101
    return Settled(
        name=found[0],
        version=found[1],
        metadata=metadata,
        wheel=wheel,
        asked=Requirement(text=wheel.path, span=wheel.span),
    )


def _both_sides(wheel: Settled, provided: Settled) -> Conflict:
    return Conflict(
        message=f"`{wheel.name}` comes from both sides: {wheel.origin}, and {provided.origin}",
        causes=tuple(one.asked for one in (provided, wheel) if one.asked is not None),
        hint="take it from one side only",
    )


def _contradiction(root: Root, settled: Settled) -> Conflict:
    both = (root.asked, settled.asked)
    return Conflict(
        message=f"`{root.asked.text}` cannot be satisfied: {settled.origin}",
        causes=tuple(cause for cause in both if cause is not None),
        hint=f"let both sides agree on one version of `{settled.name}`",
    )
