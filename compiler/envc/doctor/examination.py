"""The whole examination: everything is looked at side by side, and told in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from envc.doctor.engine import examine_engine
from envc.doctor.finding import Finding
from envc.doctor.host import examine_cache, examine_solvers, examine_store
from envc.doctor.network import Source, examine_registry, examine_source
from envc.machine import Machine

__all__ = ["examine"]

_SOURCES = (
    Source(name="PyPI", address="https://pypi.org/simple/pip/"),
    Source(
        name="conda-forge",
        address="https://conda.anaconda.org/conda-forge/noarch/repodata.json.zst",
    ),
)


def examine(
    machine: Machine, *, registries: Sequence[str], offline: bool, now: float
) -> tuple[Finding, ...]:
    """Return what is right and what is wrong with a machine: what envc uses, in a fixed order.

    Args:
        registries: Those to ask, by host.
        offline: Whether to leave out what needs a network.
        now: The time, in s since 1970, which servers' clocks are compared with.
    """
    examinations: list[Callable[[], Iterable[Finding]]] = [
        lambda: [examine_solvers()],
        partial(examine_cache, machine.cache),
        lambda: [examine_store(machine.home)],
        partial(examine_engine, machine.environment),
    ]
    if not offline:
        examinations += [partial(examine_source, source, machine, now) for source in _SOURCES]
        examinations += [partial(_one_registry, name, machine) for name in registries]
    with ThreadPoolExecutor(max_workers=len(examinations)) as pool:
        found = pool.map(lambda look: tuple(look()), examinations)
        return _without_repeats(finding for findings in found for finding in findings)


def _one_registry(name: str, machine: Machine) -> list[Finding]:
    return [examine_registry(name, machine)]


def _without_repeats(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding about the clock at most: every server would say the same of it."""
    kept: dict[object, Finding] = {}
    for number, finding in enumerate(findings):
        kept.setdefault("clock" if finding.subject == "clock" else number, finding)
    return tuple(kept.values())
