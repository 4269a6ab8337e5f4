"""Which file of a version is taken, and which versions have none for a target."""

from __future__ import annotations

from dataclasses import replace

from envc.resolve.index.client import IndexFile, Project
from envc.resolve.index.wheel_file import Target, best_wheel, distribution_of, fits, is_sdist
from envc.resolve.pip.input import PipInput

__all__ = ["keep_or_choose", "versions_for_others", "wheels_of"]


def keep_or_choose(project: Project, version: str, given: PipInput) -> IndexFile | None:
    """Return the wheel that is preferred where it is still there and fits, else the best one."""
    preferred = (one for one in given.request.preferred if one.name == project.name)
    files = {(one.filename, one.sha256) for one in preferred}
    kept = (
        file
        for file in wheels_of(project, version)
        if (file.filename, file.sha256) in files and fits(file, given.target)
    )
    return (
        next(kept, None)
        or _choose(project, version, given.target)
        or _choose_source(project, version, given)
    )


def wheels_of(project: Project, version: str) -> list[IndexFile]:
    """Return the wheels of a version in the project's order, whatever they are for."""
    return [
        file
        for file in project.files
        if file.filename.endswith(".whl")
        and distribution_of(file.filename) == (project.name, version)
    ]


def versions_for_others(project: Project, target: Target) -> tuple[str, ...]:
    """Return the versions, sorted, that only Requires-Python keeps from the target."""
    from packaging.version import Version

    good: set[str] = set()
    other: set[str] = set()
    for file in project.files:
        if fits(replace(file, requires_python=None), target):
            named = distribution_of(file.filename)
            if named is not None:
                (good if fits(file, target) else other).add(named[1])
    return tuple(sorted(other - good, key=Version))


def _choose_source(project: Project, version: str, given: PipInput) -> IndexFile | None:
    wanted = (project.name, version)
    usable = (file for file in given.usable(project) if is_sdist(file.filename))
    return next((file for file in usable if distribution_of(file.filename) == wanted), None)


def _choose(project: Project, version: str, target: Target) -> IndexFile | None:
    return best_wheel(wheels_of(project, version), target)
