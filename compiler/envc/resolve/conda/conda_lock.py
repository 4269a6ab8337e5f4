"""The second Conda solver: conda-lock, which drives a conda, mamba or micromamba of the user's."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError
from envc.mark import temporary_folder
from envc.mirror import MirrorMap
from envc.resolve.base import CondaRequest, CondaResolution, Conflict, Cutoff, Report
from envc.resolve.conda.asking import conclude, pose
from envc.resolve.conda.question import Answer, Question
from envc.resolve.loopback import reaching_loopback
from envc.resolve.worker import ask

__all__ = ["CondaLock", "find_program"]

_PROGRAMS = ("micromamba", "mamba", "conda")


def find_program(environment: Mapping[str, str]) -> Path | None:
    """Return the program that an activated installation names, or else the first on `PATH`."""
    for variable in ("MAMBA_EXE", "CONDA_EXE"):
        named = environment.get(variable)
        if named and Path(named).is_file():
            return Path(named)
    path = environment.get("PATH", "")
    found = (shutil.which(program, path=path) for program in _PROGRAMS)
    return next((Path(program) for program in found if program is not None), None)


_WORKER = "envc.resolve.conda.conda_lock_worker"


class CondaLock:
    """Solves with conda-lock; it knows no `exclude-newer`, and constraints only of what is asked for.

    Channels that want credentials it sees through a front, without any: conda-lock would pass them
    on as arguments, and write them into its lock.

    It pins what Rattler pins, but its lock says less: packages have no size and no timestamp, and
    their dependencies no build strings.
    """

    name = "conda-lock"
    keeps_pins = False

    def __init__(
        self, *, cache: Path, environment: Mapping[str, str], program: Path | None
    ) -> None:
        """Use `program`, a conda, mamba or micromamba; of `environment`, only PATH and network."""
        self._cache = cache / "conda-lock"
        self._environment = environment
        self._program = program

    def resolve(self, request: CondaRequest, report: Report) -> CondaResolution | Conflict:
        """Return the packages or the conflict; the order of the requirements does not matter.

        Raises:
            InputError: A requirement cannot be served (E301 to E306).
            ToolError: There is no program (E341), or it (E343), a channel (E340, E344) or the
                worker (E342) failed.
        """
        if self._program is None or not self._program.is_file():
            raise _missing_program(self._program)
        if request.exclude_newer is not None:
            raise _undated(request.exclude_newer)
        count = len(request.requirements)
        report(
            f"solving {count} Conda requirements for {request.platform.name} "
            f"with conda-lock and {self._program.name}"
        )
        question = pose(request, cache=self._cache, program=self._program.absolute())
        if question["logins"]:
            return self._resolve_behind_front(request, question)
        data = ask(_WORKER, question, self._environment)
        return conclude(request, Answer.from_json(data))

    def _resolve_behind_front(
        self, request: CondaRequest, question: Question
    ) -> CondaResolution | Conflict:
        """Solve where channels want credentials; the worker gets none."""
        from envc.resolve.conda.channel_front import open_front

        with (
            open_front(question, self._environment) as front,
            # The front's addresses are never the same twice, so nothing of them is worth keeping.
            temporary_folder("channels") as cache,
        ):
            mirrors = MirrorMap((*front.pairs, *request.mirrors.pairs))
            shown = replace(request, mirrors=mirrors)
            posed = pose(shown, cache=Path(cache), program=Path(question["program"]))
            posed["logins"] = []
            data = ask(_WORKER, posed, reaching_loopback(self._environment))
        return conclude(shown, front.translate(Answer.from_json(data)))


def _undated(cutoff: Cutoff) -> InputError:
    message = "`conda-lock` cannot leave out what is newer than a date"
    hint = "use `--conda-solver rattler`, which can"
    return InputError([Diagnostic.at(cutoff.span, "E306", message, hint=hint)])


def _missing_program(program: Path | None) -> ToolError:
    named = f"; `{program}` is not a file" if program is not None else ""
    return ToolError(
        [
            Diagnostic(
                code="E341",
                message=f"conda-lock needs conda, mamba or micromamba{named}",
                hint="put one on PATH: micromamba is a single file, see "
                "https://mamba.readthedocs.io/en/latest/installation/micromamba-installation.html; "
                "or use `--conda-solver rattler`, which needs none",
            )
        ]
    )
