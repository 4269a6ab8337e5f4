"""Credentials for registries, from where `docker login` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.frozen import frozen

if TYPE_CHECKING:
    from docker.auth import AuthConfig

__all__ = ["Credentials", "configuration_folder", "load_credentials"]


@frozen
class Credentials:
    """What a registry is told: a user and a password, or a token that stands for both."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


def configuration_folder(environment: Mapping[str, str]) -> Path | None:
    """Return where Docker's configuration and a user's plugins lie; None where there is no home."""
    if folder := environment.get("DOCKER_CONFIG"):
        return Path(folder)
    home = environment.get("HOME")
    return Path(home, ".docker") if home else None


def load_credentials(registry: str, environment: Mapping[str, str]) -> Credentials | None:
    """Return what Docker's configuration, or the credential helper it names, has for a registry.

    The configuration is `$DOCKER_CONFIG/config.json`, else `$HOME/.docker/config.json`
    (https://docs.docker.com/reference/cli/docker/login/). Costs the docker SDK's import, so ask
    only when a registry asked first.

    Args:
        registry: A host as image references spell it.

    Returns:
        None where nothing is stored for it.

    Raises:
        ToolError: The configuration cannot be read, or its helper failed (E381).
    """
    folder = configuration_folder(environment)
    if folder is None or not (path := folder / "config.json").is_file():
        return None
    from docker import auth
    from docker.errors import DockerException

    try:
        stored = auth.load_config(config_path=str(path), credstore_env=dict(environment))
        _check_helper(stored, registry, path, environment)
        found = auth.resolve_authconfig(stored, registry)
    except (DockerException, ValueError, OSError) as error:
        raise ToolError([_explain(registry, path, str(error))]) from error
    if not found:
        return None
    lowered = {key.lower(): value or "" for key, value in found.items()}
    return Credentials(
        username=lowered.get("username", ""),
        password=lowered.get("password", ""),
        identity_token=lowered.get("identitytoken", ""),
    )


def _check_helper(
    stored: AuthConfig, registry: str, path: Path, environment: Mapping[str, str]
) -> None:
    """Refuse a helper that is not there: the SDK would warn on stderr first, then fail."""
    import shutil

    from docker import auth

    name = auth.get_credential_store(stored, registry)
    if name and shutil.which(f"docker-credential-{name}", path=environment.get("PATH")) is None:
        reason = f"the credential helper `docker-credential-{name}` is not installed"
        raise ToolError([_explain(registry, path, reason)])


def _explain(registry: str, path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        code="E381",
        message=f"the credentials for `{registry}` cannot be read",
        notes=(f"{path}: {reason}",),
        hint=f"repair that file, or run `docker login {registry}` again",
    )
