"""Why a pip problem has no answer: what no index has, and what cannot go together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError, ToolError
from envc.frozen import frozen
from envc.resolve.base import Conflict, FindLinks, IndexAccess
from envc.resolve.index.client import IndexClient, IndexFile, Project
from envc.resolve.index.wheel_file import allows_python, distribution_of, fits, is_sdist
from envc.resolve.pip.input import PipInput, Root
from envc.resolve.pip.offer import describe_versions, describe_wheels
from envc.resolve.problem import explain_conflict

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

__all__ = ["Failure", "check_roots", "explain", "redact", "refuse"]

_CONFLICT = "E320"


@frozen
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

    One alone that asks for versions that there are not is left to the solver, which says more.

    Raises:
        InputError: No index knows one (E324), none of its files can be used (E325, E326, E333, E334), or
            there is no such version (E320); all such requirements together.
        ToolError: As `IndexClient.project` does.
    """
    problems = _list_unserved(given, client)
    if len(problems) > 1 or any(problem.code != _CONFLICT for problem in problems):
        raise InputError(problems)


def refuse(given: PipInput, client: IndexClient) -> Conflict:
    """Return the contradiction in what the spec asks for, where that is all that is wrong with it.

    Raises:
        InputError: There are several, or there is nothing that can serve some other requirement
            (E324 to E326, E333, E334; E320); all of it together.
    """
    problems = [explain_conflict(_CONFLICT, one) for one in given.contradictions]
    with suppress(ToolError):  # what is known to be wrong is worth more than an index that fails
        problems += _list_unserved(given, client)
    if len(problems) == 1:
        return given.contradictions[0]
    raise InputError(sorted(problems, key=_place))


def _place(problem: Diagnostic) -> tuple[str, int]:
    if not problem.labels:
        return "", -1
    span = problem.labels[0].span
    return span.source.name, span.start


def _list_unserved(given: PipInput, client: IndexClient) -> list[Diagnostic]:
    """Return why nothing can serve requirements of the spec, a problem for each."""
    roots = [root for root in given.roots if root.name not in given.settled]
    projects = client.projects(root.name for root in roots)
    replaced = {limit.name for limit in given.overrides}
    return [
        problem
        for root in roots
        if (problem := _missing(root.parsed, projects[root.name], given, [root]))
        or (root.name not in replaced and (problem := _versionless(root, projects[root.name])))
    ]


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
    problems: dict[Diagnostic, str] = {}
    for suspect in map(Parsed, failure.suspects):
        name = canonicalize_name(suspect.name)
        if name in given.settled:
            continue
        askers = _askers(name, failure, roots) or roots
        problem = _missing(suspect, client.project(name), given, askers)
        if problem is not None:
            problems.setdefault(problem, name)
    # Old versions of what the spec asks for may lack wheels, too: where new ones have some, and need
    # what cannot be had, it is that which is in the way.
    able = {root.name for root in roots if not _missing_root(root, given, client)}
    deep = [problem for problem, name in problems.items() if name not in able]
    found = deep or list(problems)
    if found and len(_required(given, failure)) < 2:
        raise InputError(found)
    conflict = _conflict(given, failure, roots, mentioned)
    if found:
        # Of what a version needs there is nothing to install, and another one is ruled out by the spec.
        reasons = (f"{one.message[0].upper()}{one.message[1:]}." for one in found)
        return replace(conflict, explanation="\n".join([conflict.explanation, *reasons]))
    if len(conflict.causes) == 1 and roots and roots[0].name not in given.settled:
        project = client.project(roots[0].name)
        advice = describe_versions(roots[0].parsed, project) if project is not None else None
        return replace(conflict, hint=advice or conflict.hint)
    return conflict


def _askers(name: str, failure: Failure, roots: Sequence[Root]) -> list[Root]:
    """Return what of the spec asks for a distribution directly, in a backend's words."""
    from packaging.utils import canonicalize_name

    found = re.findall(
        r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?[<>=!~,\w.*+!-]* depends? on ([A-Za-z0-9][\w.-]*)",
        " ".join(failure.explanation.split()),
    )
    asking = {canonicalize_name(one) for one, wanted in found if canonicalize_name(wanted) == name}
    return [root for root in roots if root.name in asking]


def _required(given: PipInput, failure: Failure) -> frozenset[str]:
    """Return what of the spec a failure is about by its own words: more than one contradict each other.

    Only uv says so: "and you require A and B". pip-tools stops at the first that cannot be had.
    """
    said = re.findall(
        r"you require (.+?)(?:, we can conclude|$)", " ".join(failure.explanation.split())
    )
    names = {root.name for root in given.roots} | given.settled.keys()
    return frozenset(name for words in said for name in _names_in(words) & names)


def redact(text: str, indexes: Sequence[IndexAccess]) -> str:
    """Return a text without any credential of the indexes and without any user in an address."""
    secrets: set[str] = set()
    for index in indexes:
        secrets |= {index.credentials or "", (index.credentials or "").partition(":")[2]}
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", text)


def _versionless(root: Root, project: Project | None) -> Diagnostic | None:
    """Return that no version is in a requirement's range, where an index has others."""
    advice = describe_versions(root.parsed, project) if project is not None else None
    if advice is None:
        return None
    text = root.asked.text
    return Diagnostic(
        code=_CONFLICT,
        message=f"`{text}` cannot be satisfied: there is no such version",
        labels=(Label(span=root.asked.span),) if root.asked.span is not None else (),
        hint=advice,
    )


def _missing_root(root: Root, given: PipInput, client: IndexClient) -> bool:
    if root.name in given.settled:
        return False
    return _missing(root.parsed, client.project(root.name), given, [root]) is not None


def _missing(
    wanted: Parsed, project: Project | None, given: PipInput, roots: Sequence[Root]
) -> Diagnostic | None:
    """Return why nothing that an index has can serve a requirement, or None where something can.

    Versions that do not exist are no such reason: they are for the solver to explain.
    """
    from packaging.utils import canonicalize_name

    name = wanted.name
    asked_by = [root.parsed.name for root in roots if root.name != canonicalize_name(name)]
    whom = f", which {' or '.join(f'`{one}`' for one in asked_by)} requires," if asked_by else ""
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
    built = f'it be built with the image: `sdist "{canonicalize_name(name)}"` in the pip block'
    if not wheels:
        message = f"`{asked}`{whom} has source distributions only, and the spec allows none of them"
        hint = f"let {built}; or take it from Conda"
        return Diagnostic(code="E325", message=message, labels=labels, hint=hint)
    target = given.target
    is_buildable = any(
        is_sdist(file.filename) and allows_python(file.requires_python, target) for file in files
    )
    build = f"let {built}, " if is_buildable else ""
    message = (
        f"`{asked}`{whom} has no wheel that fits Python {target.python_version} "
        f"on {target.machine} with glibc {target.glibc}"
    )
    return Diagnostic(
        code="E326",
        message=message,
        labels=labels,
        notes=(describe_wheels(wheels, target),),
        hint=f"choose another version, another Python or another base, {build}or take it from Conda",
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


def _conflict(
    given: PipInput, failure: Failure, roots: Sequence[Root], mentioned: frozenset[str]
) -> Conflict:
    settled = [one for one in given.settled.values() if one.name in mentioned]
    limits = (*given.constraints, *given.overrides)
    causes = [root.asked for root in roots]
    causes += [limit.asked for limit in limits if limit.name in mentioned]
    causes += [cause for one in settled if (cause := one.asked or one.via) is not None]
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
