"""Packages that another tool has locked, in the place of solvers: what they answer was found before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envc.frozen import frozen
from envc.lock.package import CondaPackage, PipPackage
from envc.resolve.base import (
    CondaRequest,
    CondaResolution,
    Conflict,
    PipRequest,
    PipResolution,
    Report,
)
from envc.resolve.conda.distribution import distribution_of
from envc.resolve.index.wheel_file import Target, best_wheel

__all__ = ["AdoptedConda", "AdoptedPip"]


@dataclass(slots=True, kw_only=True)
class AdoptedConda:
    """Answers with the Conda packages of each platform, by its name, whatever is asked for."""

    packages: Mapping[str, Sequence[CondaPackage]]
    name: str = "adopted"
    keeps_pins: bool = True

    def resolve(self, request: CondaRequest, report: Report) -> CondaResolution | Conflict:  # noqa: ARG002
        """Return the packages, with the distributions that they provide."""
        found = [
            one.model_copy(update={"distribution": distribution_of(one.name, one.depends)})
            for one in self.packages.get(request.platform.name, ())
        ]
        return CondaResolution(packages=tuple(sorted(found, key=lambda one: one.name)))


@dataclass(slots=True, kw_only=True)
class AdoptedPip:
    """Answers with the wheels of each platform, of each release the one that fits best."""

    wheels: Mapping[str, Sequence[PipPackage]]
    name: str = "adopted"

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:  # noqa: ARG002
        """Return the wheels, or say which release has none that fits."""
        releases: dict[tuple[str, str], list[PipPackage]] = {}
        for wheel in self.wheels.get(request.platform.name, ()):
            releases.setdefault((wheel.name, wheel.version), []).append(wheel)
        found = {}
        for release, wheels in releases.items():
            offers = {_Offer(filename=one.filename): one for one in wheels}
            best = best_wheel(offers, _target(request))
            if best is None:
                name, version = release
                return Conflict(
                    message=f"no wheel of `{name}` {version} fits Python {request.python_version} "
                    f"and glibc {request.glibc} on `{request.platform.name}`",
                    hint="lock the spec itself: `envc lock` finds other releases",
                )
            found[release] = offers[best]
        return PipResolution(packages=tuple(found[release] for release in sorted(found)))


@frozen
class _Offer:
    filename: str
    requires_python: str | None = None
    yanked: bool = False


def _target(request: PipRequest) -> Target:
    return Target(
        python_version=request.python_version,
        machine=request.platform.machine,
        glibc=request.glibc,
    )
