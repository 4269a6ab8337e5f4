"""All variants of a spec resolved: each becomes a lock, or none does."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from envc.compose.explain import explain
from envc.errors import EnvcError
from envc.frozen import frozen
from envc.resolve.base import Report
from envc.resolve.environment import Resolved, World, resolve
from envc.resolve.keeping import Keeping
from envc.spec.model import EnvSpec
from envc.syntax.document import Document
from envc.variant import merge_variants

__all__ = ["Wanted", "resolve_variants"]

_SIDE_BY_SIDE = 4
"""How many variants are resolved at once: each runs a solver for each of its platforms."""


@frozen
class Wanted:
    """A variant that is to be resolved; variants may share their world's solvers and images.

    Attributes:
        keeping: What its old lock has; None where nothing is to be kept.
    """

    spec: EnvSpec
    document: Document
    world: World
    keeping: Keeping | None = None


def resolve_variants(variants: Mapping[str, Wanted], report: Report) -> dict[str, Resolved]:
    """Return the lock of each variant, by its name, in the order given.

    Raises:
        EnvcError: As `resolve`: what goes wrong in any of them, each thing once.
    """
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        futures = {
            name: pool.submit(
                resolve,
                wanted.spec,
                wanted.document,
                wanted.world,
                _name_in(report, name),
                wanted.keeping,
            )
            for name, wanted in variants.items()
        }
    resolved: dict[str, Resolved] = {}
    failures: dict[str, EnvcError] = {}
    for name, future in futures.items():
        try:
            resolved[name] = future.result()
        except EnvcError as error:
            problems = explain(variants[name].document, error.diagnostics)
            failures[name] = type(error)(problems)
    if failures:
        raise merge_variants(failures, len(variants))
    return resolved


def _name_in(report: Report, name: str) -> Report:
    return (lambda text: report(f"{name}: {text}")) if name else report
