"""Images asked, bases and those that install: which manifest a reference names, and what is in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from envc.errors import EnvcError, InputError, ToolError
from envc.frozen import frozen
from envc.lock.model import BaseImage
from envc.mirror import MirrorMap
from envc.platform import PLATFORMS, Architecture, Platform
from envc.process import Completed
from envc.reference import ImageReference
from envc.registry.asked import mirror_reference
from envc.registry.manifest import Manifest
from envc.resolve.base import Report
from envc.resolve.image.conclusion import CONSERVATIVE_GLIBC, Claims, Inspected, Subject, conclude
from envc.resolve.image.facts import PROBE, Facts, read_manifest, read_probe
from envc.resolve.image.probed import Probes
from envc.source import Span

__all__ = ["ImageEngine", "ImageRegistry", "inspect_base", "inspect_tools", "summarise"]

_NO_SUCH_PROGRAM = 127


class ImageRegistry(Protocol):
    """What is needed of `envc.registry.client.Registry`."""

    mirrors: MirrorMap

    def resolve(
        self, reference: ImageReference, platform: Platform, *, span: Span | None = None
    ) -> Manifest:
        """Return the platform's manifest."""
        ...


class ImageEngine(Protocol):
    """What is needed of `envc.engine.docker.Engine`."""

    def platform(self) -> str:
        """Return what it runs natively."""
        ...

    def probe(
        self,
        reference: ImageReference,
        platform: Platform,
        script: str,
        *,
        report: Callable[[str], None] = ...,
    ) -> Completed:
        """Run a script in an image."""
        ...

    def triggers(self, reference: ImageReference) -> tuple[str, ...]:
        """Return what building on an image sets off."""
        ...


@frozen
class _Question:
    reference: ImageReference
    platform: Platform
    registry: ImageRegistry
    engine: Callable[[], ImageEngine | None]
    report: Report
    span: Span | None
    probes: Probes | None

    @property
    def name(self) -> str:
        """The image as the user knows it."""
        return self.reference.familiar

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(name=self.name, platform=self.platform, span=self.span)


def inspect_base(
    reference: ImageReference,
    platform: Platform,
    *,
    registry: ImageRegistry,
    engine: Callable[[], ImageEngine | None],
    needs_python: bool,
    declared_python: str | None,
    declared_glibc: str | None = None,
    report: Report,
    span: Span | None = None,
    probes: Probes | None = None,
) -> Inspected:
    """Return what the lock says of a base image on one platform.

    The digest is the registry's answer, or the reference's own, for which no registry is needed. The
    facts come from the image itself where an engine can run it; else from its configuration and
    from its name; else from what the spec declares, with a warning.

    Args:
        engine: Gives the engine or None; asked only when it is needed.
        needs_python: Whether the base's Python becomes the environment's.
        declared_python: The spec's: a series (`3.12`) or a version; None where it says nothing.
        declared_glibc: The spec's, which counts where nobody can tell the base's; None where it says
            nothing.
        span: Where the spec names the base.
        probes: What images have said before; such a one needs no engine.

    Raises:
        InputError: There is no such image (E370, E371); it has no Python (E372), or another one than
            declared (E373); its C library is not glibc (E374); it has no shell (E375); nobody can
            tell its Python (E376).
        ToolError: The registry failed (E380 to E384) and the reference has no digest.
    """
    question = _Question(
        reference=reference,
        platform=platform,
        registry=registry,
        engine=engine,
        report=report,
        span=span,
        probes=probes,
    )
    pinned, facts, reason = _ask(question)
    claims = Claims(needs_python=needs_python, python=declared_python, glibc=declared_glibc)
    found = conclude(question.subject, reference.canonical, pinned.digest, facts, claims, reason)
    return replace(found, index=pinned.index, architectures=pinned.architectures)


def inspect_tools(
    reference: ImageReference,
    platform: Platform,
    *,
    registry: ImageRegistry,
    engine: Callable[[], ImageEngine | None],
    report: Report,
    probes: Probes | None = None,
) -> Inspected:
    """Return what the lock says of the image that the installers run in; it must have Python.

    Nothing is assumed: where nobody can tell its Python, it is None, and the build finds out.

    Args:
        platform: What is installed for. The image runs on the machine that builds: where it is not
            for this platform, another one will do.
        probes: As `inspect_base`.

    Raises:
        InputError: As `inspect_base`.
        ToolError: As `inspect_base`.
    """
    question = _Question(
        reference=reference,
        platform=platform,
        registry=registry,
        engine=engine,
        report=report,
        span=None,
        probes=probes,
    )
    try:
        pinned, facts, _ = _ask(question)
    except InputError as error:
        is_elsewhere = {one.code for one in error.diagnostics} == {"E371"}
        found = _ask_elsewhere(question) if is_elsewhere else None
        if found is None:
            raise
        platform, pinned, facts = found
    if facts.is_musl:
        raise question.subject.fail(
            "E374",
            f"the tools image `{question.name}` uses musl, and installers need glibc",
            "take one of Debian, such as `python:3.12-slim-bookworm`",
        )
    if facts.knows_python and facts.python is None:
        raise question.subject.fail(
            "E372",
            f"the tools image `{question.name}` has no `python3`",
            "take one that has, such as `python:3.12-slim-bookworm`",
        )
    base = BaseImage(
        image=reference.canonical,
        digest=pinned.digest,
        python=facts.python,
        glibc=facts.glibc or CONSERVATIVE_GLIBC,
    )
    architectures = pinned.architectures or (platform.architecture,)
    return Inspected(base=base, index=pinned.index, architectures=architectures)


def _ask_elsewhere(question: _Question) -> tuple[Platform, _Pinned, Facts] | None:
    """Return facts of an image for the first other platform that it is for; None without any."""
    for platform in PLATFORMS.values():
        if platform != question.platform:
            with contextlib.suppress(InputError):
                pinned, facts, _ = _ask(replace(question, platform=platform))
                return platform, pinned, facts
    return None


@frozen
class _Pinned:
    """Which bytes a reference means: as `BaseImage` and `Inspected` have it."""

    digest: str
    index: str | None
    architectures: tuple[Architecture, ...]

    @staticmethod
    def of(reference: ImageReference, manifest: Manifest | None) -> _Pinned:
        """Return what a reference means. What a given digest is of depends on nobody's answer: the
        same spec has to give the same lock, with and without a registry."""
        if reference.digest is not None or manifest is None:
            given = reference.digest or ""
            return _Pinned(digest=given, index=given, architectures=_list_architectures(PLATFORMS))
        offered = manifest.platforms if manifest.index is not None else ()
        return _Pinned(
            digest=manifest.digest,
            index=manifest.index,
            architectures=_list_architectures(offered),
        )


def _list_architectures(platforms: Iterable[str]) -> tuple[Architecture, ...]:
    return tuple(sorted(PLATFORMS[name].architecture for name in platforms if name in PLATFORMS))


def _ask(question: _Question) -> tuple[_Pinned, Facts, str]:
    """Return digests, facts, and why nobody could tell more; the latter may be empty."""
    reasons: list[str] = []
    manifest = None
    if question.reference.digest is None:
        question.report(f"asking for {question.name}")
        manifest = question.registry.resolve(
            question.reference, question.platform, span=question.span
        )
    pinned = _Pinned.of(question.reference, manifest)
    source = mirror_reference(question.reference, question.registry.mirrors)
    facts = _ask_engine(question, replace(source, digest=pinned.digest), reasons)
    if facts is None:
        if manifest is None:
            manifest = _ask_registry(question, reasons)
        facts = read_manifest(question.reference, manifest)
    return pinned, facts, "; ".join(reasons)


def _ask_engine(question: _Question, pinned: ImageReference, reasons: list[str]) -> Facts | None:
    """Return what the image says of itself, or said before; None where no engine can run it."""
    probes, digest, platform = question.probes, pinned.digest, question.platform
    known = probes.recall(digest, platform) if probes is not None and digest is not None else None
    if known is not None:
        return known
    engine = question.engine()
    if engine is None:
        reasons.append("there is no Docker engine")
        return None
    try:
        native = engine.platform()
        if native != question.platform.name:
            reasons.append(f"the Docker engine runs {native}, not {question.platform.name}")
            return None
        question.report(f"looking into {question.name}")
        done = engine.probe(pinned, question.platform, PROBE, report=question.report)
        triggers = engine.triggers(pinned)
    except ToolError as error:
        reasons.append(summarise(error))
        return None
    if done.returncode == _NO_SUCH_PROGRAM:
        raise question.subject.fail(
            "E375",
            f"the base `{question.name}` has no `/bin/sh`, and builds need one",
            "take a base that has a shell, such as `debian:bookworm-slim`",
        )
    if done.returncode != 0:
        reasons.append(f"it could not be looked into: {(done.stderr or done.stdout).strip()}")
        return None
    if probes is not None and digest is not None:
        probes.keep(digest, platform, done.stdout, triggers)
    return read_probe(done.stdout, triggers)


def _ask_registry(question: _Question, reasons: list[str]) -> Manifest | None:
    """Return the manifest of a pinned base; that its registry fails is no matter, that it has no
    such image is: the build would not get it either."""
    try:
        return question.registry.resolve(question.reference, question.platform, span=question.span)
    except ToolError as error:
        reasons.append(summarise(error))
        return None


def summarise(error: EnvcError) -> str:
    """Return an error's messages in one line."""
    return "; ".join(diagnostic.message for diagnostic in error.diagnostics)
