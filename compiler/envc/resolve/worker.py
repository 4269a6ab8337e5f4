"""Solvers in processes of their own: JSON goes in, JSON comes out, the user's settings stay outside."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envc import process
from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.mark import temporary_folder

__all__ = ["Worker", "Workers", "ask", "isolate", "rattler_workers"]

# What reaches the network, and nothing that configures conda, rattler or Python.
_PASSED_ON = frozenset(
    {
        "ALL_PROXY",
        "CURL_CA_BUNDLE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "LANG",
        "NO_PROXY",
        "PATH",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
    }
)


def isolate(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment of a worker: proxies, certificates and PATH, with `home` as its own home.

    Configuration under the user's home, in `XDG_*` or in `CONDA_*`, `MAMBA_*`, `RATTLER_*` and
    `PYTHON*` variables is out of its sight.
    """
    kept = {name: value for name, value in environment.items() if name.upper() in _PASSED_ON}
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TMPDIR": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
    }


def ask(module: str, question: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a worker module and return its answer; see `Worker.ask`.

    Raises:
        ToolError: It ended without an answer (E342).
    """
    return Worker(module, environment).ask(question)


class Worker:
    """A process that loads a worker module at once and waits for its one question."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        """Start it."""
        self._module = module
        self._folder = temporary_folder("worker")
        home = Path(self._folder.name)
        try:
            self._process = process.start(
                [sys.executable, "-P", "-X", "utf8", "-m", module],
                environment=isolate(environment, home),
                folder=home,
            )
        except BaseException:
            self._folder.cleanup()
            raise

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return its answer.

        Only the answer counts: a worker that answered and then crashed has done its work, as
        rattler's native code may do when its process ends.

        Raises:
            ToolError: It ended without an answer (E342).
        """
        with self._folder:
            done = self._process.finish(json.dumps(question))
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        raise ToolError(
            [
                Diagnostic(
                    code="E342",
                    message=f"the solver process `{self._module}` ended without an answer "
                    f"({_describe_end(done.returncode)})",
                    notes=(tail,) if (tail := _tail(done.stderr)) else (),
                    hint="try again; if it happens again, report it with these lines",
                )
            ]
        ) from None

    def end(self) -> None:
        """End it unasked."""
        with self._folder:
            self._process.end()


class Workers:
    """Processes of one worker module: those that were started ahead are asked first."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        """Start none yet."""
        self._module = module
        self._environment = environment
        self._waiting: list[Worker] = []

    def prepare(self, count: int) -> None:
        """Start some for questions that are to come: to load a solver may take as long as to solve."""
        for _ in range(count):
            self._waiting.append(Worker(self._module, self._environment))

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer of one of them, as `Worker.ask` does; threads may ask side by side.

        Raises:
            ToolError: It ended without an answer (E342).
        """
        try:
            worker = self._waiting.pop()
        except IndexError:
            worker = Worker(self._module, self._environment)
        return worker.ask(question)

    def close(self) -> None:
        """End those that nobody asked."""
        while self._waiting:
            self._waiting.pop().end()


def rattler_workers(environment: Mapping[str, str]) -> Workers:
    """Return the workers that solve with rattler; of `environment`, only the network is used."""
    return Workers("envc.resolve.conda.rattler_worker", environment)


def _describe_end(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


def _tail(text: str, lines: int = 15) -> str:
    return "\n".join(text.rstrip().splitlines()[-lines:])
