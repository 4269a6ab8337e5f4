"""Which package lies in which layer: the heavy alone, the others in bins by their sizes and names."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from envc.lock.model import PlatformLock
from envc.lock.package import CondaPackage, PipPackage
from envc.spec.defaults import LAYER_BUDGET

__all__ = [
    "BUILT_LAYER",
    "UNKNOWN_SIZE",
    "Kind",
    "Layer",
    "Package",
    "assign_layers",
    "choose_cap",
    "is_one_layer",
]

Kind: TypeAlias = Literal["conda", "pip"]
Package: TypeAlias = CondaPackage | PipPackage

BUILT_LAYER = "pip-built"
"""The layer of all that is built from its source: what that is like is known only when it is built."""

UNKNOWN_SIZE = 1024 * 1024
"""What a package counts where the lock does not know its size, in bytes."""

_FLOOR = 8 * 1024 * 1024
_CLASSES = (("small", 256 * 1024), ("medium", 2 * 1024 * 1024), ("large", None))
_BITS = 64
# What bins are called, and what the names of the other stages of a layer end in.
_TAKEN = re.compile(
    r"(1|built|(small|medium|large)(-[01]+)?|.*-(files|private|source|amd64|arm64))(-package)*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of the environment.

    Attributes:
        name: Unique among a platform's, and stable: `conda-python`, `pip-1`, `pip-medium-01`.
        packages: Sorted by name; never empty.
        reason: Why they lie together, or why the only one lies alone, in a few words.
    """

    name: str
    kind: Kind
    packages: tuple[Package, ...]
    reason: str = ""

    @property
    def size(self) -> int | None:
        """The bytes of its packages' archives; None where the lock does not know them all."""
        sizes = [package.size for package in self.packages]
        return None if None in sizes else sum(size or 0 for size in sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bin:
    """Packages that share a layer: those of a size whose names' digests begin with the same bits."""

    label: str
    packages: Sequence[Package]
    reason: str


def assign_layers(locked: PlatformLock, *, budget: int = LAYER_BUDGET) -> tuple[Layer, ...]:
    """Return the layers of a platform's packages: those of Conda, of pip, and what is built last.

    A package of half a cap or more is alone. The others of its kind share a layer as long as they
    fit into the cap; where they do not, they are divided by their sizes, and what does not fit even
    then in halves by the digests of their names, again and again. So a change of one package moves
    others only where its own bin is divided or joined again: at most a cap's bytes, twice.
    See docs/decisions/0008-layers.md.

    Args:
        budget: The number of layers, one of which is left for what no package brings. Where it is so
            small that the image has all as one (see `is_one_layer`), these are what that one is put
            together from: as of a spec that says nothing, so that a change installs little again.
    """
    if is_one_layer(locked, budget=budget):
        budget = LAYER_BUDGET
    cap = choose_cap(locked, budget=budget)
    built = tuple(source.artefact for source in locked.sources)
    reason = "built from source"
    last = (Layer(name=BUILT_LAYER, kind="pip", packages=built, reason=reason),) if built else ()
    return (
        *(layer for kind, packages in _kinds(locked) for layer in _divide(kind, packages, cap)),
        *last,
    )


def is_one_layer(locked: PlatformLock, *, budget: int) -> bool:
    """Return whether a budget is too small for a layer of each kind: all lies in one layer then.

    A layer each is for Conda packages, for wheels, for what is built from source, as far as these are
    there, and for what no package brings.
    """
    return budget < len(_kinds(locked)) + bool(locked.sources) + 1


def choose_cap(locked: PlatformLock, *, budget: int = LAYER_BUDGET) -> int:
    """Return the bytes that a layer of several packages has at most: the least that keeps the budget.

    It is one of a fixed scale (8, 12, 16, 24, 32, ... MiB), so that it seldom changes, and that
    environments of about the same size have the same one.
    """
    kinds = _kinds(locked)
    allowed = max(budget - 1 - bool(locked.sources), len(kinds))
    cap = _FLOOR
    weights = [_weight(package) for _, packages in kinds for package in packages]
    while (
        sum(weight * 2 >= cap for weight in weights) > allowed
        or sum(len(_divide(kind, packages, cap)) for kind, packages in kinds) > allowed
    ):
        is_power = cap & (cap - 1) == 0
        cap = cap // 2 * 3 if is_power else cap // 3 * 4
    return cap


def _kinds(locked: PlatformLock) -> list[tuple[Kind, Sequence[Package]]]:
    kinds: tuple[tuple[Kind, Sequence[Package]], ...] = (
        ("conda", locked.conda),
        ("pip", locked.pip),
    )
    return [(kind, packages) for kind, packages in kinds if packages]


def _divide(kind: Kind, packages: Iterable[Package], cap: int) -> list[Layer]:
    """Return the layers of one kind for a cap: those of one heavy package, then the bins."""
    ordered = sorted(packages, key=lambda package: package.name)
    alone = [package for package in ordered if _weight(package) * 2 >= cap]
    others = [package for package in ordered if _weight(package) * 2 < cap]
    heavy = [
        Layer(
            name=f"{kind}-{_label(package.name)}",
            kind=kind,
            packages=(package,),
            reason=f"{_text(cap // 2)} or more",
        )
        for package in alone
    ]
    bins = [
        Layer(
            name=f"{kind}-{one.label}",
            kind=kind,
            packages=tuple(one.packages),
            reason=one.reason,
        )
        for one in _fill(others, cap)
    ]
    return heavy + bins


def _fill(packages: Sequence[Package], cap: int) -> Iterator[_Bin]:
    """Yield the bins of packages none of which is heavy, sorted by name."""
    if not packages:
        return
    if _total(packages) <= cap:
        yield _Bin(label="1", packages=packages, reason=f"each less than {_text(cap // 2)}")
        return
    least = 0
    for name, end in _CLASSES:
        below = f"less than {_text(end)}" if end is not None else f"{_text(least)} or more"
        reason = f"each {_text(least)} or more, {below}" if least and end else f"each {below}"
        own = [
            package
            for package in packages
            if least <= _weight(package) and (end is None or _weight(package) < end)
        ]
        yield from _halve(own, cap, name, "", reason)
        least = end or least


def _halve(
    packages: Sequence[Package], cap: int, label: str, bits: str, reason: str
) -> Iterator[_Bin]:
    """Yield bins that fit into a cap; a name's digest decides on which side a package lies."""
    if not packages:
        return
    if _total(packages) <= cap or len(bits) == _BITS:
        suffix, names = (
            (f"-{bits}", f"; names whose digests begin with {bits}") if bits else ("", "")
        )
        yield _Bin(label=f"{label}{suffix}", packages=packages, reason=f"{reason}{names}")
        return
    for bit in "01":
        own = [package for package in packages if _digest(package.name)[len(bits)] == bit]
        yield from _halve(own, cap, label, bits + bit, reason)


@functools.cache
def _digest(name: str) -> str:
    """Return the first bits of the SHA-256 of a package's normalised name (PEP 503)."""
    digest = hashlib.sha256(re.sub("[-_.]+", "-", name.lower()).encode()).digest()
    return f"{int.from_bytes(digest[: _BITS // 8], 'big'):0{_BITS}b}"


def _label(name: str) -> str:
    """Return what a package's own layer is called: never what another stage is, whatever its name."""
    label = re.sub("[^a-z0-9_.-]", "-", name.lower())
    return f"{label}-package" if _TAKEN.fullmatch(label) else label


def _total(packages: Iterable[Package]) -> int:
    return sum(map(_weight, packages))


def _weight(package: Package) -> int:
    return package.size if package.size is not None else UNKNOWN_SIZE


def _text(size_bytes: int) -> str:
    if size_bytes % (1024 * 1024):
        return f"{size_bytes // 1024} KiB"
    return f"{size_bytes // 1024 // 1024} MiB"
