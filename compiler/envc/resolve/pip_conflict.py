"""Why a pip problem has no answer: what no index has, and what cannot go together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.resolve.base import Conflict, FindLinks, IndexAccess
from envc.resolve.index import IndexClient, IndexFile, Project
from envc.resolve.pip_input import PipInput, Root
from envc.resolve.wheel_file import distribution_of, fits

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

__all__ = ["Failure", "check_roots", "explain", "redact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A backend's proof that there is no answer.

    Attributes:
        explanation: Its chain of reasons, without file names or credentials.
        suspects: What it says it found no usable file for, as PEP 508 requirements.
        about: All requirements of which it speaks, where it names them.
    """

    explanation: str
    suspects: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def check_roots(given: PipInput, client: IndexClient) -> None:
    """Check that some index has some usable file for every requirement of the spec.

    Raises:
        InputError: No index knows one (E324), or none of its files can be used (E325, E326, E333, E334);
            all such requirements together.
        ToolError: As `IndexClient.project` does.
    """
    roots = [root for root in given.roots if root.name not in given.settled]
    projects = client.projects(root.name for root in roots)
    problems = [
        problem
        for root in roots
        if (problem := _missing(root.parsed, projects[root.name], given, [root]))
    ]
    if problems:
        raise InputError(problems)


def explain(given: PipInput, client: IndexClient, failure: Failure) -> Conflict:
    """Return a failure as a conflict that cites the requirements it is about.

    Raises:
        InputError: It is no conflict, but a dependency that cannot be had (E324 to E326, E333, E334).
        ToolError: It is no conflict, but an index that fails.
    """
    from packaging.requirements import Requirement as Parsed
    from packaging.utils import canonicalize_name

    mentioned = _names_in(failure.explanation)
    roots = [root for root in given.roots if root.name in mentioned]
    problems = []
    for suspect in map(Parsed, failure.suspects):
        name = canonicalize_name(suspect.name)
        if name in given.settled:
            continue
        problem = _missing(suspect, client.project(name), given, roots)
        if problem is not None and problem not in problems:
            problems.append(problem)
    if problems:
        raise InputError(problems)
    return _conflict(given, failure, roots, mentioned)


def redact(text: str, indexes: Sequence[IndexAccess]) -> str:
    """Return a text without any credential of the indexes and without any user in an address."""
    secrets: set[str] = set()
    for index in indexes:
        secrets |= {index.credentials or "", (index.credentials or "").partition(":")[2]}
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", text)


def _missing(
    wanted: Parsed, project: Project | None, given: PipInput, roots: Sequence[Root]
) -> Diagnostic | None:
    """Return why nothing that an index has can serve a requirement, or None where something can.

    Versions that do not exist are no such reason: they are for the solver to explain.
    """
    from packaging.utils import canonicalize_name

    name = wanted.name
    asked_by = [root for root in roots if root.name != canonicalize_name(name)]
    whom = f", which `{asked_by[0].parsed.name}` requires," if asked_by else ""
    labels = tuple(Label(span=root.asked.span) for root in roots if root.asked.span is not None)
    if project is not None and (late := _too_late(wanted, project, given, labels, whom)):
        return late
    if project is None or not project.files:
        places = (*given.request.indexes, *(_access_of(one) for one in given.request.find_links))
        indexes = " or ".join(f"`{place.url}`" for place in places) or "no index"
        message = f"there is no distribution `{name}`{whom} on {indexes}"
        hint = "check its spelling, or name the index that has it"
        return Diagnostic(code="E324", message=message, labels=labels, hint=hint)
    serving = (file for file in reversed(project.files) if _serves(file, wanted))
    if any(fits(file, given.target) for file in serving):
        return None  # as for nearly all, and the newest file says so: pages have thousands
    usable = frozenset(given.usable(project))
    is_any_usable = bool(usable)
    files = [file for file in reversed(project.files) if _serves(file, wanted)]
    if not files or any(file in usable for file in files):
        return None
    wheels = [file for file in files if file.filename.endswith(".whl")]
    asked = f"{wanted.name}{wanted.specifier}" if is_any_usable else wanted.name
    if not wheels:
        message = f"`{asked}`{whom} has source distributions only, and the spec allows none of them"
        hint = (
            f'let it be built with the image: `sdist "{canonicalize_name(name)}"` in the pip block; '
            "or take it from Conda"
        )
        return Diagnostic(code="E325", message=message, labels=labels, hint=hint)
    target = given.target
    message = (
        f"`{asked}`{whom} has no wheel that fits Python {target.python_version} "
        f"on {target.machine} with glibc {target.glibc}"
    )
    return Diagnostic(
        code="E326",
        message=message,
        labels=labels,
        notes=(_what_wheels_are_for(wheels),),
        hint="choose another version, another Python or another base, or take it from Conda",
    )


def _too_late(
    wanted: Parsed,
    project: Project,
    given: PipInput,
    labels: tuple[Label, ...],
    whom: str,
) -> Diagnostic | None:
    """Return that all which could serve a requirement is hidden by `exclude-newer`, where it is so."""
    cutoff = given.request.exclude_newer
    hidden = [file for file in project.hidden if _serves(file, wanted)]
    if cutoff is None or not hidden or any(_serves(file, wanted) for file in project.files):
        return None
    if cutoff.span is not None:
        labels = (*labels, Label(span=cutoff.span, text="what came later is left out"))
    times = [file.upload_time for file in hidden if file.upload_time is not None]
    asked = f"{wanted.name}{wanted.specifier}"
    if not times:
        return Diagnostic(
            code="E333",
            message=f"index `{project.index.url}` does not say when it got `{asked}`{whom}"
            f"{',' if not whom else ''} and `exclude-newer` needs that",
            labels=labels,
            hint="leave `exclude-newer` out, or name an index that states it (PEP 700), as PyPI does",
        )
    return Diagnostic(
        code="E334",
        message=f"`{asked}`{whom} came to `{project.index.url}` after `exclude-newer`",
        labels=labels,
        hint=f"the first file that fits is of {min(times):%Y-%m-%dT%H:%M:%SZ}: "
        "ask for an older version, or name a later date",
    )


def _serves(file: IndexFile, wanted: Parsed) -> bool:
    found = distribution_of(file.filename)
    return found is not None and wanted.specifier.contains(found[1], prereleases=True)


def _access_of(place: FindLinks) -> IndexAccess:
    return place.page or IndexAccess(url=place.path)


def _what_wheels_are_for(wheels: Sequence[IndexFile]) -> str:
    from packaging.version import Version

    versions = {wheel: distribution_of(wheel.filename) or ("", "0") for wheel in wheels}
    newest = max((found[1] for found in versions.values()), key=Version)
    same = [wheel for wheel, found in versions.items() if found[1] == newest]
    tags = sorted({"-".join(one.filename.removesuffix(".whl").split("-")[-3:]) for one in same})
    listed = ", ".join(tags[:6]) + (", …" if len(tags) > 6 else "")
    pythons = sorted({one.requires_python for one in same if one.requires_python})
    needs = f"; they need Python {', '.join(pythons)}" if pythons else ""
    return f"version {newest} has wheels for {listed}{needs}"


def _conflict(
    given: PipInput, failure: Failure, roots: Sequence[Root], mentioned: frozenset[str]
) -> Conflict:
    settled = [one for one in given.settled.values() if one.name in mentioned]
    limits = (*given.constraints, *given.overrides)
    causes = [root.asked for root in roots]
    causes += [limit.asked for limit in limits if limit.name in mentioned]
    causes += [one.asked for one in settled if one.asked is not None]
    facts = [f"{one.origin[0].upper()}{one.origin[1:]}, and that is held fixed." for one in settled]
    facts += [
        f"`{name}` {_list_some(versions)} is not for Python {given.target.python_version}."
        for name, versions in given.unfit.items()
        if name in mentioned
    ]
    asked = [f"`{cause.text}`" for cause in causes]
    if not asked:
        message = "the pip requirements cannot be satisfied together"
    elif len(asked) == 1:
        message = f"{asked[0]} cannot be satisfied"
    else:
        message = f"{', '.join(asked[:-1])} and {asked[-1]} cannot be satisfied together"
    fixed = ", or change " + " and ".join(f"`{one.name}`" for one in settled) if settled else ""
    return Conflict(
        message=message,
        explanation="\n".join([failure.explanation, *facts]),
        causes=tuple(causes),
        hint=f"loosen one of the requirements{fixed}",
    )


def _list_some(versions: Sequence[str], limit: int = 6) -> str:
    return ", ".join((*versions[:limit], "…") if len(versions) > limit else versions)


def _names_in(text: str) -> frozenset[str]:
    """Return the words of a text that could be names of distributions, normalised."""
    from packaging.utils import canonicalize_name

    words = re.findall(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", text)
    return frozenset(canonicalize_name(word) for word in words)
