"""Solvers in processes of their own: JSON goes in, JSON comes out, the user's settings stay outside."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envc import process
from envc.diagnostics import Diagnostic
from envc.errors import ToolError

__all__ = ["ask", "isolate"]

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
    """Run a worker module and return its answer.

    Only the answer counts: a worker that answered and then crashed has done its work, as rattler's
    native code may do when its process ends.

    Raises:
        ToolError: It ended without an answer (E342).
    """
    with tempfile.TemporaryDirectory(prefix="envc-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        done = process.run(
            [sys.executable, "-P", "-X", "utf8", "-m", module],
            environment=isolate(environment, home),
            folder=home,
            stdin=json.dumps(question),
        )
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
                message=f"the solver process `{module}` ended without an answer "
                f"({_describe_end(done.returncode)})",
                notes=(tail,) if (tail := _tail(done.stderr)) else (),
                hint="try again; if it happens again, report it with these lines",
            )
        ]
    ) from None


def _describe_end(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


def _tail(text: str, lines: int = 15) -> str:
    return "\n".join(text.rstrip().splitlines()[-lines:])
