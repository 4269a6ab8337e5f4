"""Conda requests as workers take them, and their answers as packages, conflicts or diagnostics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from envc.errors import InputError
from envc.frozen import frozen
from envc.lock.package import CondaPackage
from envc.mirror import split_user
from envc.platform import PLATFORMS, Platform
from envc.resolve.base import CondaRequest, CondaResolution, Conflict, Cutoff, Requirement
from envc.resolve.conda.distribution import distribution_of, package_of
from envc.resolve.conda.patience import SILENCE_S, TIMEOUT_S
from envc.resolve.conda.problem import as_error
from envc.resolve.conda.question import (
    Answer,
    Channel,
    Finding,
    Login,
    Preferred,
    Problem,
    Question,
    Virtual,
)
from envc.resolve.problem import explain_conflict
from envc.spec.solve import TEXT_FOR_NONE

__all__ = ["conclude", "pose"]

# https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html. Containers run
# on their host's kernel, which no lock can know: this is the oldest that is still maintained, and
# what conda-lock assumes too.
_KERNEL = "5.10"
_EPOCH = datetime.fromtimestamp(0, UTC)
_BUILDS_TOLD = 3
_VIRTUAL = re.compile(r"\b__\w+")
_REFUSAL = re.compile(r"[Nn]o candidates were found|which conflicts with")
_ORIGINS = {
    "__cuda": "`cuda` or `virtual-packages`",
    "__glibc": "the base or `virtual-packages`",
}


def pose(
    request: CondaRequest,
    *,
    cache: Path,
    program: Path | None = None,
    timeout_s: int = TIMEOUT_S,
    silence_s: float = SILENCE_S,
) -> Question:
    """Return the request as a worker's question: addresses of mirrors, virtual packages completed.

    `__unix`, `__linux` (on Linux) and `__archspec` are added where the request leaves them out: they
    follow from the platform.
    """
    return Question(
        cache=str(cache),
        channels=[
            Channel(name=channel, address=_address(request, channel))
            for channel in request.channels
        ],
        subdir=request.platform.subdir,
        other_subdirs=sorted(
            platform.subdir for platform in PLATFORMS.values() if platform != request.platform
        ),
        requirements=[requirement.text for requirement in request.requirements],
        virtual_packages=_complete_virtual_packages(request),
        program=str(program) if program is not None else "",
        channel_priority=request.channel_priority,
        constraints=[constraint.text for constraint in request.constraints],
        exclude_newer=_to_milliseconds(request.exclude_newer),
        preferred=[
            Preferred(
                name=package.name,
                version=package.version,
                build=package.build,
                url=_address(request, package.url),
                sha256=package.sha256,
            )
            for package in request.preferred
        ],
        logins=_log_in(request),
        timeout_s=timeout_s,
        silence_s=silence_s,
    )


def _log_in(request: CondaRequest) -> list[Login]:
    """Return what the hosts want: a channel's own credentials are used at its mirror, too."""
    found: dict[str, str] = {}
    for channel in request.channels:
        address, user = split_user(request.mirrors.to_mirror(channel))
        if user:
            found.setdefault(urlsplit(address).hostname or "", user)
    # What the spec names goes before what was borrowed for the host.
    for login in sorted(request.logins, key=lambda one: one.secret is None):
        host = urlsplit(_address(request, login.url)).hostname or ""
        found.setdefault(host, login.credentials or "")
    return [Login(host=host, credentials=text) for host, text in sorted(found.items())]


def _address(request: CondaRequest, canonical: str) -> str:
    """Return where something is fetched from; solvers show and keep addresses, so without a user."""
    return split_user(request.mirrors.to_mirror(canonical))[0]


def _to_milliseconds(cutoff: Cutoff | None) -> int | None:
    return None if cutoff is None else (cutoff.moment - _EPOCH) // timedelta(milliseconds=1)


def _complete_virtual_packages(request: CondaRequest) -> list[Virtual]:
    virtual = {
        "__archspec": Virtual(name="__archspec", version="1", build=request.platform.machine),
        "__unix": Virtual(name="__unix", version="0", build="0"),
    }
    if request.platform.subdir.startswith("linux-"):
        virtual["__linux"] = Virtual(name="__linux", version=_KERNEL, build="0")
    for package in request.virtual_packages:
        virtual[package.name] = Virtual(name=package.name, version=package.version, build="0")
        if package.name == "__archspec":  # its build string is what packages ask about
            virtual[package.name] = Virtual(name=package.name, version="1", build=package.version)
    return [virtual[name] for name in sorted(virtual)]


def conclude(request: CondaRequest, answer: Answer) -> CondaResolution | Conflict:
    """Return what an answer means.

    Raises:
        InputError: A requirement cannot be served (E301 to E306; with E310 what others cannot).
        ToolError: A channel or a program failed (E340, E343, E344).
    """
    if answer.problems:
        error = as_error(request, answer.problems)
        if not answer.findings:
            raise error
        others = explain_conflict("E310", _Dispute(request=request, answer=answer).conflict())
        raise InputError([*error.diagnostics, others])
    if answer.packages is None:
        return _Dispute(request=request, answer=answer).conflict()
    packages = [_to_package(request, package) for package in answer.packages]
    unsigned = [
        Problem(kind="checksum", subject=package["url"])
        for package in packages
        if not package["sha256"]
    ]
    if unsigned:
        raise as_error(request, unsigned)
    return CondaResolution(
        packages=tuple(
            sorted(
                (CondaPackage(**package) for package in packages), key=lambda package: package.name
            )
        )
    )


def _to_package(request: CondaRequest, data: dict[str, Any]) -> dict[str, Any]:
    channel, url = _canonical_address(request, data["url"])
    depends = sorted(data.get("depends", ()))
    return {
        "name": data["name"],
        "version": data["version"],
        "build": data["build"],
        "subdir": data["subdir"],
        "channel": channel,
        "url": url,
        "sha256": data.get("sha256") or "",
        "md5": data.get("md5"),
        "size": data.get("size"),
        "timestamp": data.get("timestamp"),
        "depends": tuple(depends),
        "distribution": _distribution(request, data["name"], depends, data.get("purls") or ()),
    }


def _distribution(
    request: CondaRequest, name: str, depends: Sequence[str], purls: Sequence[str]
) -> str | None:
    said = request.distributions.get(name)
    if said is not None:
        return said if said != TEXT_FOR_NONE else None
    return distribution_of(name, depends, purls)


def _canonical_address(request: CondaRequest, url: str) -> tuple[str, str]:
    """Return the channel and the address of an archive, both canonical."""
    for channel in request.channels:
        address = _address(request, channel).rstrip("/") + "/"
        if url.startswith(address):
            return channel, f"{channel.rstrip('/')}/{url.removeprefix(address)}"
    # A channel may keep its archives elsewhere (CEP 15, `base_url`).
    canonical = request.mirrors.to_canonical(url)
    return canonical.rsplit("/", 2)[0], canonical


@frozen
class _Dispute:
    """A request and an answer that says it cannot be satisfied."""

    request: CondaRequest
    answer: Answer

    def conflict(self) -> Conflict:
        explanation = self._explanation()
        findings = self.answer.findings
        if not findings:
            asked = (*self.request.requirements, *self.request.constraints)
            core = {asked[position] for position in self.answer.core}
            limits = _mentioned(self.request.constraints, explanation)
            causes = (
                tuple(item for item in asked if item in core or item in limits)
                if core
                else _mentioned(asked, explanation)
            )
            subject = f"`{causes[0].text}`" if len(causes) == 1 else "the Conda requirements"
            together = " together" if len(causes) != 1 else ""
            return Conflict(
                message=f"{subject} cannot be installed{together} on {self._platform.name}",
                explanation=explanation,
                causes=causes,
                hint=self._advise_on_target(explanation) or _advise_on_causes(causes),
            )
        several = f"{len(findings)} Conda requirements fit nothing on {self._platform.name}"
        sentences = [f"{self._describe(one)}; {self._advise(one)}" for one in findings]
        details = "\n".join(sentences) if len(findings) > 1 else ""
        return Conflict(
            message=self._describe(findings[0]) if len(findings) == 1 else several,
            explanation="\n".join(part for part in (details, explanation) if part),
            causes=tuple(self.request.requirements[finding.requirement] for finding in findings),
            hint=self._advise(findings[0]) if len(findings) == 1 else "",
        )

    @property
    def _platform(self) -> Platform:
        return self.request.platform

    def _explanation(self) -> str:
        text = self.answer.explanation
        for channel in self.request.channels:
            text = text.replace(_address(self.request, channel).rstrip("/"), channel)
        return text.strip()

    def _advise_on_target(self, explanation: str) -> str:
        """Return what to do about the target, where it is what does not fit; may be empty."""
        provided = {one["name"]: one for one in _complete_virtual_packages(self.request)}
        lacking = sorted(set(_VIRTUAL.findall(explanation)) - set(provided))
        if lacking:
            return f"the target provides no `{lacking[0]}`: ask for a build that does not need it"
        refusals = [line for line in explanation.splitlines() if _REFUSAL.search(line)]
        blamed = sorted({name for line in refusals for name in _VIRTUAL.findall(line)})
        if not blamed:
            return ""
        return _advise_change(blamed[0], provided[blamed[0]]["version"])

    def _describe(self, finding: Finding) -> str:
        text = self.request.requirements[finding.requirement].text
        if not finding.channel:
            return f"the target provides no `{text}`"
        if finding.is_too_new:
            return f"all that fits `{text}` in `{finding.channel}` is newer than `exclude-newer`"
        if finding.shadowed:
            return (
                f"nothing in `{finding.channel}` fits `{text}`, and it comes before "
                f"`{finding.shadowed}`, which has what fits"
            )
        return f"nothing in `{finding.channel}` fits `{text}` on {self._platform.name}"

    def _advise(self, finding: Finding) -> str:
        name = package_of(self.request.requirements[finding.requirement].text)
        if not finding.channel and finding.newest:
            return _advise_change(name, finding.newest)
        if not finding.channel:
            return (
                f"virtual packages such as `{name}` come from the base, the platform, `cuda` and "
                "`virtual-packages`"
            )
        if finding.is_too_new:
            return f"ask for an older `{name}`, or name a later `exclude-newer`"
        if finding.shadowed:
            return (
                "channel priority is strict: name the channel in the requirement "
                f"(`{finding.shadowed}::{name}`), put it first, or say `channel-priority disabled`"
            )
        if finding.builds:
            named = ", ".join(f"`{build}`" for build in finding.builds[:_BUILDS_TOLD])
            others = len(finding.builds) - _BUILDS_TOLD
            more = f" and {others} more" if others > 0 else ""
            return f"`{name}` {finding.fitting} is there as {named}{more}: ask for another build"
        if finding.older and finding.newer:
            return f"the nearest there are: {finding.older} and {finding.newer}"
        if finding.newer:
            return f"the oldest `{name}` there is {finding.newer}"
        if finding.newest:
            return f"the newest `{name}` there is {finding.newest}"
        return f"that channel has no `{name}`; leave the channel out of the requirement"


def _advise_change(name: str, version: str) -> str:
    """Return what to do about a virtual package that the target has in another version."""
    origin = _ORIGINS.get(name, "the platform or `virtual-packages`")
    return (
        f"the target has `{name}` {version}, which comes from {origin}: "
        "ask for packages that fit it, or change it"
    )


def _advise_on_causes(causes: Sequence[Requirement]) -> str:
    if len(causes) == 1:
        return "ask for another version or build, or let another channel serve it"
    return "loosen one of them, or let another channel serve them"


def _mentioned(requirements: Sequence[Requirement], explanation: str) -> tuple[Requirement, ...]:
    words = set(re.findall(r"[\w.-]+", explanation.lower()))
    return tuple(item for item in requirements if package_of(item.text).lower() in words)
