"""A client of the engine that an environment names: it answers and is new enough, or it is said why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.engine.failure import explain_absence
from envc.errors import ToolError
from envc.registry.transport import root_cause

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["open_client"]

# Docker 25: the first whose BuildKit knows `ADD --checksum` for files without a syntax line.
_MINIMUM_API = (1, 44)
_CONNECT_TIMEOUT_S, _TIMEOUT_S = 20, 600


def open_client(environment: Mapping[str, str]) -> DockerClient:
    """Return a client of the engine that `DOCKER_HOST`, else Docker's current context, names.

    Costs the docker SDK's import, about 100 ms, and one request.

    Raises:
        ToolError: No engine answers (E601), or it is too old (E602).
    """
    host = environment.get("DOCKER_HOST", "")
    if host.startswith("unix://") and not Path(host.removeprefix("unix://")).is_socket():
        raise ToolError([explain_absence(f"DOCKER_HOST is {host}: there is no such socket")])

    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(
            version="auto",
            timeout=_CONNECT_TIMEOUT_S,
            use_ssh_client=True,
            environment=dict(environment),
        )
    except (DockerException, ValueError) as error:
        asked = f"DOCKER_HOST is {host}: " if host else ""
        raise ToolError([explain_absence(asked + _reason(error))]) from error
    version = str(client.api.api_version)
    if tuple(int(part) for part in version.split(".")) < _MINIMUM_API:
        client.close()
        raise ToolError([_explain_age(version)])
    # The short one is for finding out that nobody is there; work may take longer.
    client.api.timeout = _TIMEOUT_S
    return client


def _reason(error: Exception) -> str:
    """Return why there is no client; a NameError is the SDK's way to miss what it needs for SSH."""
    return str(error) if isinstance(error.__cause__, NameError) else root_cause(error)


def _explain_age(version: str) -> Diagnostic:
    wanted = ".".join(str(part) for part in _MINIMUM_API)
    return Diagnostic(
        code="E602",
        message=f"the Docker engine is too old: it speaks API {version}, builds need {wanted}",
        hint="upgrade to Docker 25 or newer",
    )
