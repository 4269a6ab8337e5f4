"""Two environments become how they differ: by variant and platform, in ids, parts, packages and layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from envc.diff.layer import LayerChange, Pull, compare_layers, estimate_pull
from envc.diff.leaf import LeafChange, compare_trees
from envc.frozen import frozen
from envc.lock.change import Change, changes
from envc.lock.model import Lock
from envc.plan.node import Node
from envc.spec.defaults import LAYER_BUDGET

__all__ = ["Difference", "Part", "PlatformDifference", "State", "VariantPart", "compare_parts"]

State: TypeAlias = Literal["same", "changed", "added", "removed"]
_PACKAGES = ("conda", "pip", "system", "source", "build")


@frozen
class VariantPart:
    """A variant of one side: its lock, the tree of each platform by its name, and its spec's id."""

    lock: Lock
    platforms: Mapping[str, Node]
    spec_id: str | None = None


@frozen
class Part:
    """One side of a comparison.

    Attributes:
        name: As the user calls it.
        spec_id: None where there is only a lock.
        variants: By name; of a spec without a matrix, the only name is the empty one.
        has_ids: Whether the trees are whole, so that their digests are env ids; else they are what a
            lock decides of these.
    """

    name: str
    spec_id: str | None
    variants: Mapping[str, VariantPart]
    has_ids: bool


@frozen
class PlatformDifference:
    """How a platform of a variant differs.

    Attributes:
        variant: Empty where there is no matrix.
        old_id: The env id; None where there was no such platform, or where there is only a lock.
        new_id: As `old_id`.
        leaves: The parts of the identity that differ; none where one side has none at all.
        packages: What is pinned otherwise, of packages only; none where one side has none at all.
        layers: All of the new image's, then those that are dropped.
        pull: What is to be pulled by somebody who has the old image.
    """

    variant: str
    platform: str
    state: State
    old_id: str | None
    new_id: str | None
    leaves: tuple[LeafChange, ...] = ()
    packages: tuple[Change, ...] = ()
    layers: tuple[LayerChange, ...] = ()
    pull: Pull

    @property
    def where(self) -> str:
        """What it is called: the platform, after the variant where there is one."""
        return " ".join(filter(None, (self.variant, self.platform)))


@frozen
class Difference:
    """How two environments differ.

    Attributes:
        old: The first side's name.
        new: The second side's name.
        spec_ids: Of both; None where a side is only a lock.
        platforms: All that any of both has: variants in the order of the new side, platforms sorted.
        has_ids: Whether env ids were compared; else, what locks decide of them.
        has_same_specs: Whether the specs say the same in all variants that are compared.
    """

    old: str
    new: str
    spec_ids: tuple[str | None, str | None]
    platforms: tuple[PlatformDifference, ...]
    has_ids: bool
    has_same_specs: bool

    @property
    def is_same(self) -> bool:
        """Whether all env ids are equal."""
        return all(one.state == "same" for one in self.platforms)

    @property
    def assumed_layers(self) -> int | None:
        """How many layers are taken for the most, where packages lie in layers and no spec says so:
        that is in no lock. None where that is known, or no matter."""
        names = {layer.name for one in self.platforms for layer in one.layers if layer.packages}
        return None if self.has_ids or not names - {"system"} else LAYER_BUDGET


def compare_parts(old: Part, new: Part) -> Difference:
    """Return how two environments differ."""
    names = dict.fromkeys((*new.variants, *old.variants))
    return Difference(
        old=old.name,
        new=new.name,
        spec_ids=(old.spec_id, new.spec_id),
        platforms=tuple(one for name in names for one in _compare_variant(name, old, new)),
        has_ids=old.has_ids and new.has_ids,
        has_same_specs=_spec_ids(old) == _spec_ids(new),
    )


def _spec_ids(part: Part) -> dict[str, str | None]:
    return {name: one.spec_id for name, one in part.variants.items()}


def _compare_variant(name: str, old: Part, new: Part) -> Iterator[PlatformDifference]:
    before, after = old.variants.get(name), new.variants.get(name)
    trees = [dict(side.platforms) if side is not None else {} for side in (before, after)]
    moved: tuple[Change, ...] = ()
    if before is not None and after is not None:
        moved = changes(before.lock, after.lock)
    for platform in sorted({*trees[0], *trees[1]}):
        was, now = trees[0].get(platform), trees[1].get(platform)
        layers = compare_layers(
            (before.lock.platforms[platform], was) if before and was else None,
            (after.lock.platforms[platform], now) if after and now else None,
        )
        has_both = was is not None and now is not None
        yield PlatformDifference(
            variant=name,
            platform=platform,
            state=_state(was, now),
            old_id=was.digest if was is not None and old.has_ids else None,
            new_id=now.digest if now is not None and new.has_ids else None,
            leaves=compare_trees(was, now) if was is not None and now is not None else (),
            packages=tuple(
                change
                for change in moved
                if has_both and change.platform == platform and change.kind in _PACKAGES
            ),
            layers=layers,
            pull=estimate_pull(layers),
        )


def _state(old: Node | None, new: Node | None) -> State:
    if old is None or new is None:
        return "added" if old is None else "removed"
    return "same" if old.digest == new.digest else "changed"
