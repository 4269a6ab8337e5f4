"""Runs a project's build backend on this machine, for what only the backend knows; the spec named it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from envc.mark import temporary_folder
from envc.process import run
from envc.resolve.project.folder import Project

if TYPE_CHECKING:
    from pyproject_hooks import BuildBackendHookCaller

__all__ = ["BackendError", "BuildWheelsError", "InstallBuildWheels", "ask_backend"]

AnswerT = TypeVar("AnswerT")


class BackendError(Exception):
    """A backend failed.

    Attributes:
        reason: What it could not do, in lower case.
        output: What it wrote.
    """

    def __init__(self, reason: str, output: str = "") -> None:
        self.reason, self.output = reason, output
        super().__init__(reason)


class BuildWheelsError(BackendError):
    """What a backend needs cannot be had."""


class InstallBuildWheels(Protocol):
    """Installs requirements, from wheels only, into the environment of a Python."""

    def __call__(self, python: Path, requires: Sequence[str]) -> None:
        """Raise BuildWheelsError where that is not possible."""
        ...


def ask_backend(folder: Path, project: Project, install: InstallBuildWheels) -> Project:
    """Return a project with all that its backend requires, and with the metadata that it gives.

    The backend sees no variable and no program of this machine but those of its own environment:
    what it asks for must not depend on where the lock is made, and an answer such as "there is a
    `ninja` already" would not hold in the image.

    Args:
        folder: The project's; the backend may write there.

    Raises:
        BackendError: The backend failed, and what the project states does not do without it.
    """
    with temporary_folder("backend") as name:
        home = Path(name)
        python = _make_environment(home)
        install(python, project.requires)
        caller, log = _caller(folder, project, home, python)
        found = _ask(lambda: caller.get_requires_for_build_wheel(), log, "say what it needs")
        more = tuple(text for text in found if text not in project.requires)
        asked = replace(project, requires=(*project.requires, *more))
        if project.metadata is not None:
            return asked
        if more:
            install(python, more)
        target = home / "metadata"
        target.mkdir()
        made = _ask(
            lambda: caller.prepare_metadata_for_build_wheel(str(target)), log, "give its metadata"
        )
        text = (target / made / "METADATA").read_text("utf-8", errors="replace")
        return replace(asked, metadata=text)


def _make_environment(home: Path) -> Path:
    done = run(
        [sys.executable, "-I", "-m", "venv", "--without-pip", str(home / "venv")],
        environment={"HOME": str(home), "PATH": ""},
    )
    if done.returncode:
        raise BackendError("no environment to build in can be made", done.stderr)
    return home / "venv/bin/python"


def _caller(
    folder: Path, project: Project, home: Path, python: Path
) -> tuple[BuildBackendHookCaller, list[str]]:
    from pyproject_hooks import BuildBackendHookCaller

    log: list[str] = []

    def call(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        environment = {
            "HOME": str(home),
            "PATH": str(python.parent),
            "PYTHONWARNINGS": "ignore",
            "SOURCE_DATE_EPOCH": "946684800",
            **(extra_environ or {}),
        }
        done = run(cmd, environment=environment, folder=Path(cwd) if cwd else None)
        log.append(f"{done.stdout}{done.stderr}")
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, list(cmd))

    caller = BuildBackendHookCaller(
        str(folder),
        project.backend,
        backend_path=list(project.backend_path) or None,
        runner=call,
        python_executable=str(python),
    )
    return caller, log


def _ask(question: Callable[[], AnswerT], log: list[str], what: str) -> AnswerT:
    from pyproject_hooks import BackendUnavailable

    try:
        return question()
    except BackendUnavailable as error:
        raise BackendError("its build backend cannot be imported", error.traceback) from error
    except (subprocess.CalledProcessError, ValueError, OSError) as error:
        output = "\n".join(log).strip().splitlines()
        raise BackendError(
            f"its build backend cannot {what}", "\n".join(output[-20:]) or str(error)
        ) from error
