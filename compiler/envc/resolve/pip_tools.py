"""The pip solver by pip-tools: for targets like the interpreter it runs in; the second opinion."""

from __future__ import annotations

import os
import platform
import re
import site
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError
from envc.process import Completed, run
from envc.resolve.base import Conflict, PipRequest, PipResolution, Report
from envc.resolve.git import Repositories
from envc.resolve.index import IndexClient
from envc.resolve.index_front import IndexFront, has_prerelease
from envc.resolve.pip_conflict import Failure, redact
from envc.resolve.pip_input import PipInput, target_of
from envc.resolve.pip_pins import parse_pins
from envc.resolve.pip_solve import Outcome, solve

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Parsed

__all__ = ["Interpreter", "PipTools"]

_UNSATISFIED = re.compile(r"Could not find a version that satisfies the requirement (\S+)")
_CAUSE = re.compile(
    r"RequirementInformation\(requirement=SpecifierRequirement\('([^']*)'\), "
    r"parent=(None|\w+\((?:[^()]|\([^()]*\))*\))\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python as pip-tools sees it: where it runs is where it resolves for.

    Attributes:
        version: Exact.
        implementation: Such as `cpython`.
        system: Such as `linux`.
        machine: What `uname -m` says.
        glibc: Its C library's version; None where that is not glibc.
    """

    version: str
    implementation: str
    system: str
    machine: str
    glibc: str | None

    @staticmethod
    def running() -> Interpreter:
        """Return the interpreter that this code runs in."""
        library, version = platform.libc_ver()
        return Interpreter(
            version=platform.python_version(),
            implementation=sys.implementation.name,
            system=sys.platform,
            machine=platform.machine(),
            glibc=version if library == "glibc" else None,
        )


class PipTools:
    """Resolves with `pip-compile`, apart from the user's pip settings.

    Args:
        cache: A folder for the metadata of wheels.
        environment: The caller's variables; of them count PATH, proxies and certificates.
        retries: How often a failed connection is tried again.
        interpreter: What pip-tools runs in; by default the running one, and that is what is run.
    """

    name = "pip-tools"

    def __init__(
        self,
        *,
        cache: Path,
        environment: Mapping[str, str],
        retries: int = 2,
        interpreter: Interpreter | None = None,
    ) -> None:
        self._cache = cache
        self._environment = dict(environment)
        self._repositories = Repositories(cache, environment)
        self._retries = retries
        self._interpreter = interpreter or Interpreter.running()

    def resolve(self, request: PipRequest, report: Report) -> PipResolution | Conflict:
        """Return the wheels or the conflict.

        Raises:
            InputError: The target is not where pip-tools runs (E330), there are overrides (E332), or
                something that was asked for cannot be had (E321 to E334).
            ToolError: An index or pip-tools failed (E335 to E339).
        """
        _refuse_other_target(request, self._interpreter)
        _refuse_overrides(request)
        report(f"resolving {len(request.requirements)} pip requirements with pip-tools")
        return solve(
            request,
            self._run,
            cache=self._cache,
            environment=self._environment,
            retries=self._retries,
            report=report,
            repositories=self._repositories,
        )

    def _run(self, given: PipInput, client: IndexClient) -> Outcome:
        """Run pip-tools with stable versions, and with pre-releases where those are not enough.

        That is uv's rule: prefer stable versions, fall back to pre-releases when necessary. pip's
        own depends on its version.
        """
        unstable: frozenset[str] = frozenset()
        while True:
            outcome = self._run_once(given, client, unstable)
            new = _with_prereleases(outcome, given, client) - unstable
            if not new:
                return outcome
            unstable |= new

    def _run_once(self, given: PipInput, client: IndexClient, unstable: frozenset[str]) -> Outcome:
        with (
            IndexFront(given, client, unstable) as front,
            tempfile.TemporaryDirectory(prefix="envc-pip-tools-") as name,
        ):
            folder = Path(name)
            requirements = folder / "requirements.in"
            requirements.write_text("".join(f"{line}\n" for line in _lines(given)), "utf-8")
            constraints = folder / "constraints.txt"
            limits = [f"{root.name}{root.parsed.specifier}\n" for root in given.constraints]
            constraints.write_text("".join(limits), "utf-8")
            output = folder / "requirements.txt"
            if pins := given.preferred_pins:
                lines = (f"{name}=={version}\n" for name, version in pins.items())
                output.write_text("".join(lines), "utf-8")
            done = run(
                [
                    *_command(folder, output if pins else None),
                    "--constraint",
                    str(constraints),
                    str(requirements),
                ],
                environment=self._child_environment(front, folder),
                folder=folder,
            )
            if pins and done.returncode == 0:
                done = replace(done, stdout=output.read_text("utf-8"))
        if front.errors:
            raise front.errors[0]
        return _read_outcome(done, given)

    def _child_environment(self, front: IndexFront, folder: Path) -> dict[str, str]:
        """Return pip's whole environment: the front is the only index and the only network it has."""
        kept = ("PYTHONPATH", "LD_LIBRARY_PATH")
        return {
            **{name: self._environment[name] for name in kept if name in self._environment},
            "PATH": self._environment.get("PATH", ""),
            "HOME": str(folder),
            "NO_PROXY": "127.0.0.1",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_INDEX_URL": front.url,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INPUT": "1",
            "PIP_ONLY_BINARY": ":all:",
            "PIP_RETRIES": "0",
            "PYTHONUSERBASE": site.getuserbase(),
        }


def _refuse_other_target(request: PipRequest, interpreter: Interpreter) -> None:
    """Check that pip-tools resolves for the place it runs in, or another release of its Python.

    Raises:
        InputError: It does not (E330).
    """
    target = target_of(request)
    wanted, has = target.python_version.split("."), interpreter.version.split(".")
    reasons = []
    if interpreter.implementation != "cpython" or has[:2] != wanted[:2]:
        reasons.append(
            f"Python {target.python_version} is wanted, and it runs in {interpreter.version}"
        )
    if interpreter.system != "linux" or interpreter.machine != target.machine:
        reasons.append(
            f"{target.machine} Linux is wanted, and it runs on "
            f"{interpreter.machine} {interpreter.system}"
        )
    elif not _has_glibc(interpreter, target.glibc):
        reasons.append(
            f"glibc {target.glibc} is wanted, and it runs with {interpreter.glibc or 'none'}"
        )
    if reasons:
        message = f"`pip-tools` resolves only for where it runs: {'; '.join(reasons)}"
        hint = "use `--pip-solver uv`, which resolves for any target"
        raise InputError([Diagnostic(code="E330", message=message, hint=hint)])


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


def _command(folder: Path, output: Path | None) -> list[str]:
    """Return pip-compile's command; in its output file it finds the versions to prefer, if any.

    Hashes are read from the indexes' own pages, not by it; of pre-releases it takes all that the
    front shows.
    """
    return [
        *(sys.executable, "-m", "piptools", "compile", "--no-config", "--no-header", "--rebuild"),
        *("--no-annotate", "--no-color", "--allow-unsafe", "--strip-extras", "--pre"),
        *("--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links"),
        *("--no-emit-options", "--resolver", "backtracking"),
        *("--cache-dir", str(folder / "cache"), "--output-file", str(output or "-")),
    ]


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
