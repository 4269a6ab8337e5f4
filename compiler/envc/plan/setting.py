"""What a spec says of the image besides its packages, with every default filled in."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from envc.frozen import frozen
from envc.plan.account import Account, account
from envc.plan.inputs import Inputs
from envc.plan.step import StepAction, step_actions
from envc.spec.defaults import Probe, cuda, healthcheck, layer_budget, ports, user, volumes
from envc.spec.model import EnvSpec, Step
from envc.spec.select import select_spec
from envc.syntax.document import Document

__all__ = ["ACTIVATE", "BIN", "MARKS", "PREFIX", "Settings", "settings"]

PREFIX = "/opt/env"
"""Where the environment lies in every image."""

BIN = f"{PREFIX}/bin"
"""Its programs: the first folder of every PATH."""

_CONDA = ("CONDA_PREFIX", PREFIX)
_VENV = ("VIRTUAL_ENV", PREFIX)
MARKS = (_CONDA, _VENV)
"""The variables that say where an environment is: one made by Conda, and any other."""

ACTIVATE = f"{BIN}/envc-activate"
"""Sources what Conda packages have put into activate.d; written by the build's conda.py."""


@frozen
class Settings:
    """The image's steps and config.

    Attributes:
        variables: Environment variables, sorted by name; PATH only where the spec sets it, else the
            base's own ends it.
        own_variables: The spec's among them, as it sets them: what steps see before the environment
            is there.
        before: Steps before the environment is there.
        steps: Steps after that.
        interpreter: The Python that the base or a step brings, where envc installs none.
        layer_budget: How many layers the environment has at most.
        cuda: The CUDA version that the environment is for; None where it is for none.
        entrypoint: None where the base's own stays; empty where there is to be none.
        command: As `entrypoint`.
        labels: Sorted by name, without envc's own.
        ports: Sorted by number.
        volumes: Sorted.
        healthcheck: None where the base's own stays.
        stopsignal: None where the base's own stays.
    """

    account: Account
    workdir: str
    variables: tuple[tuple[str, str], ...]
    own_variables: tuple[tuple[str, str], ...]
    before: tuple[StepAction, ...]
    steps: tuple[StepAction, ...]
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None
    labels: tuple[tuple[str, str], ...]
    ports: tuple[str, ...]
    volumes: tuple[str, ...]
    healthcheck: Probe | None
    stopsignal: str | None
    interpreter: str | None
    layer_budget: int
    cuda: str | None

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that are made where the base does not have them: those of an account that is
        made, too, else none but where commands start. Docker's WORKDIR would make it, and give the
        folder around it the time of the build."""
        if self.account.is_made:
            return (self.workdir, *self.volumes)
        # Whose times change at the top, no layer has.
        is_deep = posixpath.dirname(posixpath.normpath(self.workdir)) not in ("/", "//")
        return (self.workdir,) if is_deep else ()


def settings(
    spec: EnvSpec,
    document: Document,
    inputs: Inputs,
    *,
    platform: str,
    has_conda: bool,
    has_python: bool,
) -> Settings:
    """Return what the image for a platform is to be like.

    Args:
        has_conda: Whether there are Conda packages.
        has_python: Whether the environment has a Python.
    """
    owner = account(user(spec))
    workdir = spec.workdir or owner.home
    selected = select_spec(spec, platform)
    building = tuple(sorted(selected.plain_build_variables.items()))

    def actions(steps: Sequence[Step], key: str) -> tuple[StepAction, ...]:
        return step_actions(
            steps,
            key,
            document,
            inputs,
            platform=platform,
            workdir=workdir,
            variables=building,
        )

    return Settings(
        account=owner,
        workdir=workdir,
        variables=_variables(selected, has_conda=has_conda, has_python=has_python),
        own_variables=tuple(sorted(selected.plain_variables.items())),
        before=actions(spec.before_packages, "before-packages"),
        steps=actions(spec.steps, "steps"),
        entrypoint=(ACTIVATE, *(spec.entrypoint or ())) if has_conda else spec.entrypoint,
        command=_command(spec, has_conda=has_conda, has_python=has_python),
        labels=tuple(sorted(spec.labels.items())),
        ports=ports(spec),
        volumes=volumes(spec),
        healthcheck=_healthcheck(spec, has_conda=has_conda),
        stopsignal=spec.stopsignal,
        interpreter=spec.interpreter,
        layer_budget=layer_budget(spec),
        cuda=cuda(spec),
    )


def _variables(spec: EnvSpec, *, has_conda: bool, has_python: bool) -> tuple[tuple[str, str], ...]:
    own: dict[str, str] = {}
    if has_conda:
        own = dict([_CONDA])
    elif has_python:
        own = dict([_VENV])
    variables = {**own, **spec.plain_variables}
    if own and "PATH" in variables:
        variables["PATH"] = f"{BIN}:{variables['PATH']}"
    return tuple(sorted(variables.items()))


def _healthcheck(spec: EnvSpec, *, has_conda: bool) -> Probe | None:
    probe = healthcheck(spec)
    if probe is None or not probe.words or not has_conda:
        return probe
    # The engine runs it beside the entrypoint, not through it.
    return replace(probe, words=(ACTIVATE, *probe.words))


def _command(spec: EnvSpec, *, has_conda: bool, has_python: bool) -> tuple[str, ...] | None:
    if spec.command is not None or spec.entrypoint:
        return spec.command
    if has_python:
        return ("python",)
    if spec.interpreter is not None:
        return (spec.interpreter,)
    # Docker forgets the base's command where an entrypoint is set.
    return ("/bin/sh",) if has_conda or spec.entrypoint is not None else None
