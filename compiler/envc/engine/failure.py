"""What can go wrong with the engine, told as diagnostics."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.registry.transport import root_cause

__all__ = ["explain_absence", "explain_missing_program", "translated"]

_INSTALL = "https://docs.docker.com/engine/install/"


@contextlib.contextmanager
def translated(deed: str) -> Iterator[None]:
    """Raise what the docker SDK raises as a diagnostic.

    Args:
        deed: What the engine was asked to do, after "could not": `tag the image`.

    Raises:
        ToolError: The engine refused (E603) or went away (E601).
    """
    import requests
    from docker.errors import APIError, DockerException

    try:
        yield
    except APIError as error:
        reason = str(error.explanation or error)
        raise ToolError(
            [
                Diagnostic(
                    code="E603",
                    message=f"the Docker engine could not {deed}",
                    notes=(reason,),
                    hint="read its reason; `docker info` and the engine's log may say more",
                )
            ]
        ) from error
    except (DockerException, requests.exceptions.RequestException) as error:
        raise ToolError([explain_absence(root_cause(error))]) from error


def explain_absence(reason: str) -> Diagnostic:
    """Return the diagnostic for an engine that does not answer."""
    if "permission denied" in reason.lower():
        hint = "add yourself to the group `docker` and log in again, or use a rootless engine"
    elif "paramiko" in reason:
        hint = "run `pip install paramiko` where envc is installed, or forward the engine's socket"
    else:
        hint = f"start Docker or install it ({_INSTALL}); `DOCKER_HOST` names an engine elsewhere"
    return Diagnostic(code="E601", message="no Docker engine answers", notes=(reason,), hint=hint)


def explain_missing_program() -> Diagnostic:
    """Return the diagnostic for a machine without the program `docker`."""
    return Diagnostic(
        code="E605",
        message="the program `docker` is not installed",
        hint=f"install the Docker CLI with its buildx plugin ({_INSTALL})",
    )
