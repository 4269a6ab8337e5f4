"""What the solvers are asked for one platform of a spec: its requirements with all that limits them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.lock.model import BaseImage
from envc.lock.package import CondaPackage
from envc.mirror import MirrorMap
from envc.platform import Platform
from envc.resolve.base import (
    CondaRequest,
    Cutoff,
    FindLinks,
    IndexAccess,
    LocalSource,
    LocalWheel,
    PipRequest,
    Provided,
    Requirement,
    VirtualPackage,
)
from envc.source import Span
from envc.spec.defaults import (
    channels,
    conda_requirements,
    distributions,
    exclude_newer,
    sdists,
    virtual_packages,
)
from envc.spec.entry import conda_entries, pip_entries, texts
from envc.spec.matchspec import split_matchspec
from envc.spec.model import EnvSpec
from envc.syntax.document import Document, Path

__all__ = ["ask_conda", "ask_pip", "declared_glibc", "refuse_newer_glibc"]

_GLIBC = "__glibc"
_NAME_END = re.compile(r"[\s<>=!~\[]")


def declared_glibc(spec: EnvSpec) -> str | None:
    """Return the version of the C library that a spec states, or None where it says nothing."""
    return virtual_packages(spec).get(_GLIBC)


def refuse_newer_glibc(spec: EnvSpec, document: Document, base: BaseImage, place: Span) -> None:
    """Check that the C library which a spec states is one that its base has.

    Args:
        place: Where the spec says what its base is.

    Raises:
        InputError: It is newer (E363): what needs it would not run.
    """
    declared = declared_glibc(spec)
    if declared is None or _numbers(declared) <= _numbers(base.glibc):
        return
    label = Label(span=document.span(("virtual-packages", _GLIBC)))
    raise InputError(
        [
            Diagnostic(
                code="E363",
                message=f"`{_GLIBC}` is {declared}, and the base has glibc {base.glibc}",
                labels=(label, Label(span=place, text=f"`{base.image}` is the base")),
                hint=f"name {base.glibc} or an older one, or take a newer base",
            )
        ]
    )


def ask_conda(
    spec: EnvSpec,
    document: Document,
    platform: Platform,
    base: BaseImage,
    mirrors: MirrorMap,
    access: tuple[IndexAccess, ...] = (),
) -> CondaRequest:
    """Return the Conda problem of a platform."""
    provided = {_GLIBC: base.glibc} | virtual_packages(spec)
    return CondaRequest(
        platform=platform,
        channels=channels(spec),
        requirements=_conda_requirements(spec, document),
        virtual_packages=tuple(
            VirtualPackage(name=name, version=version) for name, version in sorted(provided.items())
        ),
        mirrors=mirrors,
        channel_priority=spec.channel_priority,
        constraints=_read(document, ("conda", "constraints")),
        exclude_newer=_read_cutoff(spec, document),
        logins=tuple(one for one in access if one.credentials is not None),
        distributions=distributions(spec),
    )


def ask_pip(
    spec: EnvSpec,
    document: Document,
    platform: Platform,
    *,
    python_version: str,
    base: BaseImage,
    conda: tuple[CondaPackage, ...],
    indexes: tuple[IndexAccess, ...],
    find_links: tuple[FindLinks, ...],
    wheels: tuple[LocalWheel, ...],
    sources: tuple[LocalSource, ...],
    mirrors: MirrorMap,
) -> PipRequest:
    """Return the pip problem of a platform, beside the Conda packages that it has."""
    return PipRequest(
        platform=platform,
        python_version=python_version,
        glibc=declared_glibc(spec) or base.glibc,
        requirements=tuple(
            Requirement(text=entry.text, span=document.span(entry.path))
            for entry in pip_entries(document)
        ),
        indexes=indexes,
        wheels=wheels,
        provided=_list_provided(conda, _conda_requirements(spec, document)),
        mirrors=mirrors,
        find_links=find_links,
        constraints=_read(document, ("pip", "constraints")),
        overrides=_read(document, ("pip", "overrides")),
        exclude_newer=_read_cutoff(spec, document),
        sources=sources,
        sdists=frozenset(sdists(spec)),
        base=base,
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _conda_requirements(spec: EnvSpec, document: Document) -> tuple[Requirement, ...]:
    """Return the Conda requirements; one that the spec implies is placed where it does."""
    spans = [document.span(entry.path) for entry in conda_entries(document)]
    implied = ("python",) if spec.python is not None else ("pip",)
    spans.append(document.key_span(implied))
    return tuple(
        Requirement(text=text, span=span)
        for text, span in zip(conda_requirements(spec), spans, strict=False)
    )


def _read(document: Document, path: Path) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(text=entry.text, span=document.span(entry.path))
        for entry in texts(document, path)
    )


def _read_cutoff(spec: EnvSpec, document: Document) -> Cutoff | None:
    moment = exclude_newer(spec)
    if moment is None:
        return None
    span = document.span(("exclude-newer",))
    return Cutoff(moment=datetime.fromisoformat(moment), span=span)


def _list_provided(
    conda: tuple[CondaPackage, ...], asked: tuple[Requirement, ...]
) -> tuple[Provided, ...]:
    """Return the distributions that Conda provides, each once: `matplotlib` also has a `-base`."""
    by_package = {parts.name.lower(): one for one in asked if (parts := split_matchspec(one.text))}
    origins = _find_origins(conda, by_package)
    provided: dict[str, Provided] = {}
    for package in conda:
        name = package.distribution
        if name is not None and (name not in provided or package.name in by_package):
            own = by_package.get(package.name)
            provided[name] = Provided(
                name=name,
                version=package.version,
                asked=own,
                via=origins.get(package.name) if own is None else None,
            )
    return tuple(provided[name] for name in sorted(provided))


def _find_origins(
    conda: tuple[CondaPackage, ...], asked: Mapping[str, Requirement]
) -> dict[str, Requirement]:
    """Return by package the requirement that brings it, the one with the fewest packages between."""
    needs = {package.name: package.depends for package in conda}
    found = {name: one for name, one in asked.items() if name in needs}
    reached = list(found)
    for name in reached:  # grows meanwhile
        for text in needs[name]:
            other = _NAME_END.split(text, maxsplit=1)[0]
            if other in needs and other not in found:
                found[other] = found[name]
                reached.append(other)
    return found
