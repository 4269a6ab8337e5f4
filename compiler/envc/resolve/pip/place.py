"""Where pip-tools runs: a Python, and a way to have a job done by it; here, the one of this machine."""

from __future__ import annotations

import os
import platform
import site
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.process import Completed, run
from envc.resolve.pip.front import IndexFront

__all__ = ["PIP_SETTINGS", "Host", "Interpreter", "Job", "Place"]

PIP_SETTINGS: Mapping[str, str] = {
    "NO_PROXY": "127.0.0.1",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_NO_INPUT": "1",
    "PIP_ONLY_BINARY": ":all:",
    "PIP_RETRIES": "0",
}
"""What pip is told everywhere; its index is the front, which is all the network that it has."""


@frozen
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


@frozen
class Job:
    """A run of Python in a folder of its own.

    Attributes:
        arguments: Of the interpreter; files by their names.
        files: What is in the folder, by name.
        output: The file whose text is wanted instead of stdout, where it is one of `files`.
    """

    arguments: tuple[str, ...]
    files: Mapping[str, str]
    output: str


class Place(Protocol):
    """Has jobs done."""

    @property
    def interpreter(self) -> Interpreter:
        """What does them."""
        ...

    def run(self, job: Job, front: IndexFront) -> Completed:
        """Do a job, for which the front is the only index.

        Raises:
            ToolError: It cannot be done (E338).
        """
        ...


class Host:
    """The interpreter that this code runs in.

    Args:
        environment: The caller's variables.
        interpreter: How it is described; by default as it is.
    """

    def __init__(
        self, environment: Mapping[str, str], interpreter: Interpreter | None = None
    ) -> None:
        self._environment = environment
        self.interpreter = interpreter or Interpreter.running()

    def run(self, job: Job, front: IndexFront) -> Completed:
        """Do a job; see `Place.run`."""
        with temporary_folder("pip-tools") as name:
            folder = Path(name)
            for path, text in job.files.items():
                (folder / path).write_text(text, "utf-8")
            done = run(
                [sys.executable, *job.arguments],
                environment=self._child_environment(front, folder),
                folder=folder,
            )
            if job.output in job.files and done.returncode == 0:
                done = replace(done, stdout=(folder / job.output).read_text("utf-8"))
        return done

    def _child_environment(self, front: IndexFront, folder: Path) -> dict[str, str]:
        """Return pip's whole environment."""
        kept = ("PYTHONPATH", "LD_LIBRARY_PATH")
        return {
            **{name: self._environment[name] for name in kept if name in self._environment},
            **PIP_SETTINGS,
            "PATH": self._environment.get("PATH", ""),
            "HOME": str(folder),
            # What it leaves behind where it is ended by force goes with the folder.
            "TMPDIR": str(folder),
            "PIP_INDEX_URL": front.url,
            "PYTHONUSERBASE": site.getuserbase(),
        }
