"""What a spec says of the image besides its packages, with every default filled in."""

from __future__ import annotations

from dataclasses import dataclass

from envc.lock.model import PlatformLock
from envc.plan.account import Account, account
from envc.plan.inputs import Inputs
from envc.plan.step import StepAction, step_actions
from envc.spec.defaults import user
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["ACTIVATE", "Settings", "settings"]

ACTIVATE = "/opt/env/bin/envc-activate"
"""Sources what Conda packages have put into activate.d; written by the build's conda.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The image's steps and config.

    Attributes:
        variables: Environment variables, sorted by name; `PATH` apart, which the base's one ends.
        entrypoint: None where the base's own stays.
        command: None where the base's own stays.
    """

    account: Account
    workdir: str
    variables: tuple[tuple[str, str], ...]
    steps: tuple[StepAction, ...]
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None


def settings(spec: EnvSpec, document: Document, locked: PlatformLock, inputs: Inputs) -> Settings:
    """Return what the image of one platform is to be like."""
    owner = account(user(spec))
    workdir = spec.workdir or owner.home
    prefix = {"CONDA_PREFIX": "/opt/env"} if locked.conda else {"VIRTUAL_ENV": "/opt/env"}
    variables = {**(prefix if _has_environment(locked) else {}), **spec.variables}
    return Settings(
        account=owner,
        workdir=workdir,
        variables=tuple(sorted(variables.items())),
        steps=step_actions(spec, document, inputs, workdir),
        entrypoint=_entrypoint(spec, locked),
        command=_command(spec, locked),
    )


def _has_environment(locked: PlatformLock) -> bool:
    return bool(locked.conda) or locked.python is not None


def _entrypoint(spec: EnvSpec, locked: PlatformLock) -> tuple[str, ...] | None:
    if not locked.conda:
        return spec.entrypoint
    return (ACTIVATE, *(spec.entrypoint or ()))


def _command(spec: EnvSpec, locked: PlatformLock) -> tuple[str, ...] | None:
    if spec.command is not None or spec.entrypoint is not None:
        return spec.command
    if locked.python is not None:
        return ("python",)
    # Docker forgets the base's command where an entrypoint is set.
    return ("/bin/sh",) if locked.conda else None
