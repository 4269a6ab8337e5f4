"""Solvers by their names; only the one that is asked for is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from envc.files import open_cache
from envc.resolve.base import CondaSolver, PipSolver
from envc.resolve.worker import Workers

if TYPE_CHECKING:
    from envc.engine.docker import Engine
    from envc.resolve.pip.uv_ahead import Ahead

__all__ = ["CondaSolverName", "PipSolverName", "conda_solver", "pip_solver"]

CondaSolverName: TypeAlias = Literal["rattler", "conda-lock"]
PipSolverName: TypeAlias = Literal["uv", "pip-tools"]


def conda_solver(
    name: CondaSolverName,
    cache: Path,
    environment: Mapping[str, str],
    workers: Workers | None = None,
) -> CondaSolver:
    """Return a Conda solver; conda-lock drives the program that the environment names.

    Args:
        workers: Those of rattler that run already, if any.

    Raises:
        ToolError: The cache cannot be written (E553); solvers would blame something else.
    """
    open_cache(cache)
    if name == "rattler":
        from envc.resolve.conda.rattler import Rattler

        return Rattler(cache=cache, environment=environment, workers=workers)
    from envc.resolve.conda.conda_lock import CondaLock, find_program

    return CondaLock(cache=cache, environment=environment, program=find_program(environment))


def pip_solver(
    name: PipSolverName,
    cache: Path,
    environment: Mapping[str, str],
    engine: Callable[[], Engine | None],
    ahead: Ahead | None = None,
) -> PipSolver:
    """Return a pip solver; pip-tools asks for the engine where it has to run in a base.

    Args:
        ahead: Has asked uv ahead what it may be asked; None where nobody has.

    Raises:
        ToolError: The cache cannot be written (E553); solvers would blame something else.
    """
    open_cache(cache)
    if name == "uv":
        from envc.resolve.pip.uv import Uv

        return Uv(cache=cache, environment=environment, ahead=ahead)
    from envc.resolve.pip.inside import Inside
    from envc.resolve.pip.pip_tools import PipTools
    from envc.resolve.pip.wheelhouse import bring_tools

    tools = partial(bring_tools, cache / "pip-tools", environment)
    inside = Inside(engine=engine, tools=tools)
    return PipTools(cache=cache, environment=environment, inside=inside)
