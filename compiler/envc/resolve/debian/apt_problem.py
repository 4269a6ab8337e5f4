"""What apt has to say, as diagnostics at the packages that the spec asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from envc.diagnostics import Diagnostic, Label, suggest
from envc.errors import EnvcError, InputError, ToolError
from envc.platform import Platform
from envc.resolve.base import Requirement
from envc.resolve.debian.solver import SystemRequest
from envc.source import Span
from envc.spec.debian import split_debian

__all__ = ["explain", "explain_archive", "explain_no_apt", "explain_platform", "explain_snapshots"]

_UNKNOWN = re.compile(
    r"^E: (?:Unable to locate package (\S+)"
    r"|Package '?([^' ]+)'? has no installation candidate"
    r"|Couldn't find any package by (?:glob|regex) '([^']+)')",
    re.MULTILINE,
)
_NO_VERSION = re.compile(r"^E: Version '([^']+)' for '([^']+)' was not found", re.MULTILINE)
_SHOWN = 8
_OTHERS = {"rpm": "RPM", "apk": "Alpine", "pacman": "pacman"}


def explain(
    request: SystemRequest, sections: Mapping[str, Sequence[str]], stderr: str
) -> EnvcError:
    """Return the error for an apt that failed: the spec's (E390 to E392), or the archive's (E394).

    Args:
        sections: The lines of apt's answer.
    """
    if "errors" not in sections:
        said = [line for line in (*sections.get("update", ()), *stderr.splitlines()) if line]
        return ToolError([explain_archive(request, said)])
    text = "\n".join(sections["errors"])
    unknown = {next(filter(None, found)) for found in _UNKNOWN.findall(text)}
    versions = {name: version for version, name in _NO_VERSION.findall(text)}
    problems = []
    for one in request.requirements:
        name, _ = split_debian(one.text)
        if name in unknown:
            problems.append(_explain_name(request, one, name, sections))
        elif name in versions:
            offered = [line.strip() for line in sections.get(f"versions {name}", ()) if line]
            problems.append(_explain_version(one, name, versions[name], offered))
    return InputError(problems or [_explain_conflict(request, sections)])


def explain_archive(request: SystemRequest, said: Sequence[str]) -> Diagnostic:
    """Return the diagnostic for an archive that cannot be read (E394)."""
    return _at(
        request.requirements[0].span,
        "E394",
        f"the package archives of the base `{request.base_name}` cannot be read",
        hint="check the network, the proxy and the base's sources, or name a mirror",
        notes=said[-_SHOWN:],
    )


def explain_no_apt(request: SystemRequest, tools: Sequence[str]) -> Diagnostic:
    """Return the diagnostic for a base that is not Debian's (E393)."""
    kind = next((_OTHERS[tool] for tool in tools if tool in _OTHERS), None)
    return _at(
        request.requirements[0].span,
        "E393",
        f"the base `{request.base_name}` has no apt to install `system` packages with",
        hint="name a base of Debian or Ubuntu, or install them in a `run` step with network",
        notes=(f"its packages are {kind} ones",) if kind is not None else (),
    )


def explain_platform(request: SystemRequest, native: Platform) -> Diagnostic:
    """Return the diagnostic for a platform that the engine cannot ask apt for (E395)."""
    return _at(
        request.requirements[0].span,
        "E395",
        f"the Debian packages for `{request.platform.name}` cannot be resolved on an engine for "
        f"`{native.name}`",
        hint=f"name the base by a tag or an index that `{native.name}` has, too: its apt resolves "
        "for both",
    )


def explain_snapshots(request: SystemRequest, sources: Sequence[str]) -> Diagnostic:
    """Return the diagnostic for archives that nobody keeps as they were (E396)."""
    span = request.snapshot.span if request.snapshot is not None else None
    return _at(
        span,
        "E396",
        f"the base `{request.base_name}` has archives of which there are no snapshots",
        hint="leave `snapshot` out, or name a base whose archives are those of Debian or Ubuntu",
        notes=sources[:_SHOWN],
    )


def _explain_name(
    request: SystemRequest, asked: Requirement, name: str, sections: Mapping[str, Sequence[str]]
) -> Diagnostic:
    message = f"the archives of the base `{request.base_name}` have no package `{name}`"
    providers = sorted({line for line in sections.get(f"providers {name}", ()) if line})
    if providers:
        shown = ", ".join(f"`{one}`" for one in providers[:_SHOWN])
        more = " and more" if len(providers) > _SHOWN else ""
        message += ", only others that provide it"
        return _at(asked.span, "E390", message, hint=f"name the one that you want: {shown}{more}")
    meant = suggest(name, set(sections.get("names", ())) - {name})
    hint = f"did you mean `{meant}`?" if meant else "https://packages.debian.org has all names"
    return _at(asked.span, "E390", message, hint=hint)


def _explain_version(
    asked: Requirement, name: str, version: str, offered: Sequence[str]
) -> Diagnostic:
    known = ", ".join(f"`{one}`" for one in dict.fromkeys(offered))
    return _at(
        asked.span,
        "E391",
        f"there is no version `{version}` of the Debian package `{name}`",
        hint=f"there is {known}; a `snapshot` brings older ones back"
        if known
        else "leave the version out",
    )


def _explain_conflict(request: SystemRequest, sections: Mapping[str, Sequence[str]]) -> Diagnostic:
    said = [line for line in (*sections.get("packages", ()), *sections["errors"]) if line.strip()]
    return _at(
        request.requirements[0].span,
        "E392",
        "these Debian packages cannot be installed together on the base",
        hint="leave out a package or a version that is in the way",
        notes=said[-2 * _SHOWN :],
    )


def _at(
    span: Span | None, code: str, message: str, *, hint: str, notes: Sequence[str] = ()
) -> Diagnostic:
    labels = (Label(span=span),) if span is not None else ()
    return Diagnostic(code=code, message=message, labels=labels, hint=hint, notes=tuple(notes))
