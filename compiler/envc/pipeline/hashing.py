"""The ids of a spec and of its environment, known without building: what `hash` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envc.frozen import frozen
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.front import check_vouched

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.pipeline.memo import Result

__all__ = [
    "Identity",
    "VariantIdentity",
    "identify",
    "identity_of",
    "spec_id",
    "variant_spec_ids",
]


@frozen
class VariantIdentity:
    """The ids of a variant: its own spec's, and its environment's for each platform, sorted."""

    spec_id: str
    env_ids: Mapping[str, str]


@frozen
class Identity:
    """The ids of a spec.

    Attributes:
        spec_id: Of the whole spec.
        variants: By name, in the spec's order; of a spec without a matrix, the only name is the
            empty one.
    """

    spec_id: str
    variants: Mapping[str, VariantIdentity]


def spec_id(path: Path, machine: Machine, *, choice: Choice | None = None) -> str:
    """Return the spec id: no lock is needed, but one beside the spec saves loading a solver.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx).
    """
    return check_vouched(path, machine, choice).spec_id


def variant_spec_ids(
    path: Path, machine: Machine, variants: Sequence[str], *, choice: Choice | None = None
) -> dict[str, str]:
    """Return the spec id of some variants, by name, in the spec's order.

    Raises:
        InputError: The spec is wrong (E1xx, E2xx).
        UsageError: A variant is asked for that the spec does not have (E007, E008).
    """
    from envc.spec import normal
    from envc.variant import choose_variants

    checked = check_vouched(path, machine, choice).variants
    return {name: normal.spec_id(checked[name].spec) for name in choose_variants(checked, variants)}


def identify(
    path: Path,
    machine: Machine,
    *,
    variants: Sequence[str] = (),
    choice: Choice | None = None,
    templates: Path | None = None,
) -> Identity:
    """Return the ids of a spec and of its environment: known without building.

    Args:
        variants: Those to identify; empty for all.
        choice: What the command line chose of the spec's parameters.
        templates: The folder of the user's templates.

    Raises:
        InputError: The spec, its lock or a template is wrong, or the lock is not that of the spec.
        UsageError: A variant is asked for that the spec does not have (E007, E008).
    """
    from envc.pipeline.prepared import compiled

    return identity_of(
        compiled(path, machine, MirrorMap(), variants=variants, choice=choice, templates=templates)
    )


def identity_of(result: Result) -> Identity:
    """Return the ids that a compile's result has."""
    variants = {
        name: VariantIdentity(spec_id=one.spec_id, env_ids=one.env_ids)
        for name, one in result.variants.items()
    }
    return Identity(spec_id=result.spec_id, variants=variants)
