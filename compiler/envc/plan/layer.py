"""Which package lies in which layer of the environment: the heavy alone, the rest in bins by their names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from envc.lock.model import CondaPackage, PipPackage, PlatformLock

__all__ = ["BUDGET", "Kind", "Layer", "assign_layers"]

Kind: TypeAlias = Literal["conda", "pip"]

BUDGET = 10
"""How many layers an environment has at most, its last and small one among them."""

_MIB = 1024 * 1024
_UNKNOWN = _MIB  # what a package weighs where its source does not state its size
_HEAVY = 16 * _MIB
_BIN = 8 * _MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of the environment.

    Attributes:
        name: Unique among a platform's, and stable: `conda-python`, `pip-3`.
        packages: Sorted by name; never empty.
    """

    name: str
    kind: Kind
    packages: tuple[CondaPackage | PipPackage, ...]


def assign_layers(locked: PlatformLock, *, budget: int = BUDGET) -> tuple[Layer, ...]:
    """Return the layers of a platform's packages: those of Conda, then those of pip.

    Heavy packages are alone, as far as the budget allows. The others share bins, whose number is a
    power of two by the bytes that they have together: one package more or less seldom changes it.
    A package's bin depends on its name only, and of twice as many bins, half keep what they had.

    Args:
        budget: The number of layers, one of which is left for what no package brings; each kind of
            packages that is there has at least one.
    """
    held: tuple[tuple[Kind, Sequence[CondaPackage | PipPackage]], ...] = (
        ("conda", locked.conda),
        ("pip", locked.pip),
    )
    kinds = [(kind, packages) for kind, packages in held if packages]
    bins = {kind: _count_bins(packages) for kind, packages in kinds}
    left = budget - 1 - sum(bins.values())
    while left < 0 and max(bins.values()) > 1:
        kind = max(bins, key=lambda one: (bins[one], one))
        bins[kind] //= 2
        left = budget - 1 - sum(bins.values())
    heavy = sorted(
        (-_weight(package), kind, package.name)
        for kind, packages in kinds
        for package in packages
        if _weight(package) >= _HEAVY
    )
    alone = {(kind, name) for _, kind, name in heavy[: max(left, 0)]}
    return tuple(
        layer for kind, packages in kinds for layer in _divide(kind, packages, alone, bins[kind])
    )


def _count_bins(packages: Iterable[CondaPackage | PipPackage]) -> int:
    rest = sum(weight for package in packages if (weight := _weight(package)) < _HEAVY)
    return 1 << max(rest // _BIN, 1).bit_length() - 1


def _divide(
    kind: Kind,
    packages: Sequence[CondaPackage | PipPackage],
    alone: Iterable[tuple[str, str]],
    bins: int,
) -> list[Layer]:
    names = set(alone)
    layers = []
    shared: dict[int, list[CondaPackage | PipPackage]] = {}
    for package in sorted(packages, key=lambda one: one.name):
        if (kind, package.name) in names:
            name = f"{kind}-{re.sub('[^a-z0-9_.-]', '-', package.name.lower())}"
            layers.append(Layer(name=name, kind=kind, packages=(package,)))
        else:
            shared.setdefault(_bin(package.name, bins), []).append(package)
    for number, held in sorted(shared.items()):
        layers.append(Layer(name=f"{kind}-{number + 1}", kind=kind, packages=tuple(held)))
    return layers


def _bin(name: str, bins: int) -> int:
    digest = hashlib.sha256(re.sub("[-_.]+", "-", name.lower()).encode()).digest()
    return int.from_bytes(digest[:8], "big") % bins


def _weight(package: CondaPackage | PipPackage) -> int:
    return package.size if package.size is not None else _UNKNOWN
