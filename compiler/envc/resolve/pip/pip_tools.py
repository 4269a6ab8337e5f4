"""The pip solver by pip-tools: for targets like a Python that it can run in; the second opinion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError
from envc.process import Completed
from envc.resolve.base import Conflict, PipRequest, PipResolution, Report
from envc.resolve.git.opening import opening
from envc.resolve.index.client import IndexClient
from envc.resolve.pip.conflict import Failure, redact
from envc.resolve.pip.front import IndexFront, has_prerelease
from envc.resolve.pip.input import PipInput, target_of
from envc.resolve.pip.inside import BaseUnfitError, Inside
from envc.resolve.pip.pins import parse_pins
from envc.resolve.pip.place import Host, Interpreter, Job, Place
from envc.resolve.pip.solve import Outcome, solve

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

__all__ = ["Interpreter", "PipTools"]

_OUTPUT = "requirements.txt"
_UNSATISFIED = re.compile(r"Could not find a version that satisfies the requirement (\S+)")
_CAUSE = re.compile(
    r"RequirementInformation\(requirement=SpecifierRequirement\('([^']*)'\), "
    r"parent=(None|\w+\((?:[^()]|\([^()]*\))*\))\)"
)


class PipTools:
    """Resolves with `pip-compile`, apart from the user's pip settings.

    It runs here where the target is like this interpreter; else in the base, where that has such a
    Python and an engine runs it.

    Args:
        cache: A folder for the metadata of wheels.
        environment: The caller's variables; of them count PATH, proxies and certificates.
        retries: How often a failed connection is tried again.
        interpreter: What pip-tools runs in here; by default the running one, and that is what is run.
        inside: Runs it in bases; None where nobody can.
    """

    name = "pip-tools"

    def __init__(
        self,
        *,
        cache: Path,
        environment: Mapping[str, str],
        retries: int = 2,
        interpreter: Interpreter | None = None,
        inside: Inside | None = None,
    ) -> None:
        self._cache = cache
        self._environment = dict(environment)
        self._repositories = opening(cache, environment)
        self._retries = retries
        self._host = Host(self._environment, interpreter)
        self._inside = inside

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        """Return the wheels or the conflict.

        Raises:
            InputError: The target is not where pip-tools runs (E330), there are overrides (E332), or
                something that was asked for cannot be had (E321 to E334).
            ToolError: An index or pip-tools failed (E335 to E339), what it needs in the base cannot be
                had (E364), or the engine failed (E603, E604).
        """
        reasons = tuple(_list_differences(request, self._host.interpreter))
        _refuse_overrides(request)
        if not reasons:
            return self._resolve_in(self._host, request, "pip-tools", report)
        if self._inside is None:
            raise _explain_elsewhere(reasons)
        try:
            with self._inside.open(request, report) as place:
                if differences := tuple(_list_differences(request, place.interpreter)):
                    raise BaseUnfitError("; ".join(differences))
                return self._resolve_in(place, request, "the base's Python and pip-tools", report)
        except BaseUnfitError as error:
            raise _explain_elsewhere(reasons, error.reason) from error

    def _resolve_in(
        self, place: Place, request: PipRequest, what: str, report: Report
    ) -> PipResolution | Conflict:
        report(f"resolving {len(request.requirements)} pip requirements with {what}")
        return solve(
            request,
            partial(_run, place, report),
            cache=self._cache,
            environment=self._environment,
            retries=self._retries,
            report=report,
            repositories=self._repositories,
        )


def _run(place: Place, report: Report, given: PipInput, client: IndexClient) -> Outcome:
    """Run pip-tools with stable versions, and with pre-releases where those are not enough.

    That is uv's rule: prefer stable versions, fall back to pre-releases when necessary. pip's
    own depends on its version.
    """
    unstable: frozenset[str] = frozenset()
    while True:
        with IndexFront(given, client, unstable, report=report) as front, front.scout():
            done = place.run(_make_job(given), front)
        if front.errors:
            raise front.errors[0]
        outcome = _read_outcome(done, given)
        new = _with_prereleases(outcome, given, client) - unstable
        if not new:
            return outcome
        unstable |= new


def _make_job(given: PipInput) -> Job:
    """Return pip-compile's run; in its output file it finds the versions to prefer, if any.

    Hashes are read from the indexes' own pages, not by it; of pre-releases it takes all that the
    front shows.
    """
    limits = (f"{root.name}{root.parsed.specifier}\n" for root in given.constraints)
    files = {
        "requirements.in": "".join(f"{line}\n" for line in _lines(given)),
        "constraints.txt": "".join(limits),
    }
    if pins := given.preferred_pins:
        files[_OUTPUT] = "".join(f"{name}=={version}\n" for name, version in pins.items())
    return Job(
        arguments=(
            *("-m", "piptools", "compile", "--no-config", "--no-header", "--rebuild"),
            *("--no-annotate", "--no-color", "--allow-unsafe", "--strip-extras", "--pre"),
            *("--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links"),
            *("--no-emit-options", "--resolver", "backtracking", "--cache-dir", "cache"),
            *("--output-file", _OUTPUT if pins else "-"),
            *("--constraint", "constraints.txt", "requirements.in"),
        ),
        files=files,
        output=_OUTPUT,
    )


def _list_differences(request: PipRequest, interpreter: Interpreter) -> Iterator[str]:
    """Yield why a Python does not resolve for a target; another release of its series does."""
    target = target_of(request)
    wanted, has = target.python_version.split("."), interpreter.version.split(".")
    if interpreter.implementation != "cpython" or has[:2] != wanted[:2]:
        yield f"Python {target.python_version} is wanted, and it runs in {interpreter.version}"
    if interpreter.system != "linux" or interpreter.machine != target.machine:
        yield (
            f"{target.machine} Linux is wanted, and it runs on "
            f"{interpreter.machine} {interpreter.system}"
        )
    elif not _has_glibc(interpreter, target.glibc):
        yield f"glibc {target.glibc} is wanted, and it runs with {interpreter.glibc or 'none'}"


def _explain_elsewhere(reasons: Iterable[str], inside: str | None = None) -> InputError:
    """Return that pip-tools runs nowhere for the target (E330).

    Args:
        inside: Why not in the base, where that was tried.
    """
    message = f"`pip-tools` resolves only for where it runs: {'; '.join(reasons)}"
    notes = (f"in the base it cannot run either: {inside}",) if inside is not None else ()
    hint = "use `--pip-solver uv`, which resolves for any target"
    return InputError([Diagnostic(code="E330", message=message, notes=notes, hint=hint)])


def _refuse_overrides(request: PipRequest) -> None:
    """Check that there are none: pip has no such thing.

    Raises:
        InputError: There are (E332).
    """
    message = "`pip-tools` knows no overrides"
    hint = "use `--pip-solver uv`, which does"
    if problems := [
        Diagnostic.at(override.span, "E332", message, hint=hint) for override in request.overrides
    ]:
        raise InputError(problems)


def _has_glibc(interpreter: Interpreter, wanted: str) -> bool:
    if interpreter.glibc is None:
        return False
    has = [int(part) for part in interpreter.glibc.split(".")[:2]]
    return has >= [int(part) for part in wanted.split(".")]


def _lines(given: PipInput) -> list[str]:
    """Return the requirements; of what is settled, local wheels are wanted, and Conda's are not."""
    wheels = [f"{one.name}=={one.version}" for one in given.settled.values() if not one.is_provided]
    return [*(_without_marker(root.parsed) for root in given.roots), *wheels]


def _without_marker(requirement: Parsed) -> str:
    """Return a requirement whose marker has been answered: for the target, not for where pip runs."""
    return str(requirement).partition(";")[0].strip()


def _with_prereleases(outcome: Outcome, given: PipInput, client: IndexClient) -> frozenset[str]:
    """Return the distributions that a failure is about and that have pre-releases."""
    from packaging.requirements import Requirement as Parsed
    from packaging.utils import canonicalize_name

    if outcome.failure is None:
        return frozenset()
    named = {canonicalize_name(Parsed(text).name) for text in outcome.failure.about}
    projects = client.projects(named - set(given.settled))
    return frozenset(
        name
        for name, project in projects.items()
        if project is not None and any(map(has_prerelease, project.files))
    )


def _read_outcome(done: Completed, given: PipInput) -> Outcome:
    text = redact(done.stderr, given.request.indexes)
    unknown = frozenset(
        name
        for name in re.findall(r"WARNING: ([\w.-]+) \S+ does not provide the extra", text)
        if name in given.settled
    )
    if done.returncode == 0:
        return Outcome(pins=parse_pins(done.stdout), unknown_extras=unknown)
    reasons = [
        _UNSATISFIED.sub(r"no version satisfies \1", line.strip().removeprefix("ERROR: "))
        for line in text.splitlines()
        if line.strip().startswith("ERROR: ")
    ]
    if "DistributionNotFound" not in text or not reasons:
        hint = "use `--pip-solver uv`; if this stays, report it with the text above"
        message = "`pip-tools` failed"
        notes = (text.strip(),) if text.strip() else ()
        raise ToolError([Diagnostic(code="E338", message=message, notes=notes, hint=hint)])
    lines = _lines(given)
    explanation = re.sub(
        r"-r \S+ \(line (\d+)\)",
        lambda found: lines[int(found[1]) - 1],
        "\n".join([*reasons, *(f"{who} requires {wanted}" for who, wanted in _chain(text))]),
    )
    suspects = tuple(dict.fromkeys(re.findall(r"no version satisfies (\S+)", explanation)))
    about = (*suspects, *(wanted for _, wanted in _chain(text)))
    failure = Failure(explanation=explanation, suspects=suspects, about=about)
    return Outcome(failure=failure, unknown_extras=unknown)


def _chain(text: str) -> list[tuple[str, str]]:
    """Return who required what, from the causes that pip's resolver gives up with."""
    found = re.search(r"ResolutionImpossible: \[(.*)\]", text)
    causes = "" if found is None else found[1]
    return [(_parent(parent), wanted) for wanted, parent in _CAUSE.findall(causes)]


def _parent(text: str) -> str:
    if text == "None":
        return "the spec"
    found = re.search(r"/([^/\s]+)-([^-/\s]+)-[^/\s]+\.whl", text)
    return f"{found[1]} {found[2]}" if found is not None else "another package"
