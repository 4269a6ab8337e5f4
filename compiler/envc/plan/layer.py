"""Which package lies in which layer: the heavy alone, the others in bins by their sizes and names."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from envc.frozen import frozen
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
    "stage_label",
]

Kind: TypeAlias = Literal["conda", "pip"]
Package: TypeAlias = CondaPackage | PipPackage

BUILT_LAYER = "pip-built"
"""The layer of all that is built from its source: what that is like is known only when it is built."""

_MIB = 1024 * 1024

UNKNOWN_SIZE = _MIB
"""What a package counts where the lock does not know its size, in bytes."""

_LEAST_CAP = 8 * _MIB
# A stage more costs about as long as fetching the first of these; less than the second is soon there.
_MOST_SHARED, _LEAST_SHARED = _MIB, _MIB // 4
_SHARED_PART = 8  # of all bytes: so a bump pulls less than a tenth, as a rule
_CLASSES = (
    ("large", 2 * _MIB, None),
    ("medium", _MIB // 4, 2 * _MIB),
    ("small", 0, _MIB // 4),
)
_BITS = 64
# https://github.com/distribution/reference: a component of a repository's path.
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")
_DIGITS = 8
# What bins are called, and what the names of the other stages of a layer end in.
_TAKEN = re.compile(
    r"(1|built|(small|medium|large)(-[01]+)?|.*-(private|source|code|amd64|arm64))(-package)*"
)


@frozen
class Layer:
    """A layer of the environment.

    Attributes:
        name: Unique among a platform's: `conda-python` of a package alone, `pip-medium-01` of several,
            `pip-1` of all that are not alone.
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


@frozen
class _Bin:
    """Packages that share a layer: all of a kind; or those of a size; or of these, those whose names'
    digests begin with the same bits."""

    kind: Kind
    packages: Sequence[Package]
    size: str | None = None
    bits: str = ""

    @property
    def weight(self) -> int:
        return sum(map(_weight, self.packages))

    @property
    def cost(self) -> int:
        """The bytes pulled again if each package changed once."""
        return len(self.packages) * self.weight

    @property
    def label(self) -> str:
        if self.size is not None and len(self.packages) == 1:
            return stage_label(self.packages[0].name)
        return (self.size or "1") + (f"-{self.bits}" if self.bits else "")


def assign_layers(locked: PlatformLock, *, budget: int = LAYER_BUDGET) -> tuple[Layer, ...]:
    """Return the layers of a platform's packages: those of Conda, of pip, and what is built last.

    A package of half a cap or more is alone. The others of its kind share a layer as long as they fit
    into the cap; what does not is divided by size, and then in halves by the digests of names, again
    and again. What is left of the budget divides on where that saves most. So a change of one package
    moves others only where its own bin is divided or joined again. See docs/decisions/0008-layers.md.

    Args:
        budget: The number of layers, one of which is left for what no package brings. Where it is so
            small that the image has all as one (see `is_one_layer`), these are what that one is put
            together from: as of a spec that says nothing, so that a change installs little again.
    """
    if is_one_layer(locked, budget=budget):
        budget = LAYER_BUDGET
    cap = choose_cap(locked, budget=budget)
    heavy, bins = _divide(locked, cap)
    bins = _spend(bins, _allowed(locked, budget) - len(heavy), _enough(locked))
    layers = [
        Layer(
            name=f"{kind}-{stage_label(package.name)}",
            kind=kind,
            packages=(package,),
            reason=f"{_text(cap // 2)} or more",
        )
        for kind, package in heavy
    ]
    layers += [
        Layer(
            name=f"{one.kind}-{one.label}",
            kind=one.kind,
            packages=tuple(one.packages),
            reason=_explain(one, cap),
        )
        for one in bins
    ]
    layers.sort(key=lambda layer: layer.kind)  # stable: within a kind, the heavy come first
    if locked.sources:
        built = tuple(source.artefact for source in locked.sources)
        layers.append(
            Layer(name=BUILT_LAYER, kind="pip", packages=built, reason="built from source")
        )
    return tuple(layers)


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
    allowed = _allowed(locked, budget)
    cap = _LEAST_CAP
    weights = [_weight(package) for _, packages in _kinds(locked) for package in packages]
    while (
        sum(weight * 2 >= cap for weight in weights) > allowed
        or sum(len(part) for part in _divide(locked, cap)) > allowed
    ):
        is_power = cap & (cap - 1) == 0
        cap = cap // 2 * 3 if is_power else cap // 3 * 4
    return cap


def _allowed(locked: PlatformLock, budget: int) -> int:
    """Return how many layers the packages that are not built may have."""
    return max(budget - 1 - bool(locked.sources), len(_kinds(locked)))


def _kinds(locked: PlatformLock) -> list[tuple[Kind, Sequence[Package]]]:
    kinds: tuple[tuple[Kind, Sequence[Package]], ...] = (
        ("conda", locked.conda),
        ("pip", locked.pip),
    )
    return [(kind, packages) for kind, packages in kinds if packages]


def _divide(locked: PlatformLock, cap: int) -> tuple[list[tuple[Kind, Package]], list[_Bin]]:
    """Return the packages that are alone for a cap, the heaviest first, and the bins of the others."""
    heavy: list[tuple[Kind, Package]] = []
    bins: list[_Bin] = []
    for kind, packages in _kinds(locked):
        ordered = sorted(packages, key=lambda package: package.name)
        alone = [package for package in ordered if _weight(package) * 2 >= cap]
        # To a power of two: the order seldom changes with a size.
        alone.sort(key=lambda package: -_weight(package).bit_length())
        heavy += [(kind, package) for package in alone]
        others = [package for package in ordered if _weight(package) * 2 < cap]
        if others:
            bins += _fit(_Bin(kind=kind, packages=others), cap)
    return heavy, bins


def _fit(one: _Bin, cap: int) -> Iterator[_Bin]:
    """Yield a bin, or the parts of it that fit into a cap."""
    parts = _split(one) if one.weight > cap else ()
    for part in parts:
        yield from _fit(part, cap)
    if not parts:
        yield one


def _enough(locked: PlatformLock) -> int:
    """Return the bytes up to which a bin is small enough: an eighth of all, to a power of two.

    What is less than 256 KiB is, whatever the whole, and what is more than 1 MiB is not.
    """
    weight = sum(_weight(package) for _, packages in _kinds(locked) for package in packages)
    part = max(weight // _SHARED_PART, _LEAST_SHARED)
    return min(1 << (part.bit_length() - 1), _MOST_SHARED)


def _spend(bins: Sequence[_Bin], allowed: int, enough: int) -> list[_Bin]:
    """Divide bins on as long as there may be more of them, each time where it saves most.

    What it saves is only known to a power of two: the size of one package seldom changes the order.

    Args:
        enough: What a bin weighs at most that is not divided.
    """
    found = list(bins)
    while True:
        splits = [
            ((one.cost - sum(part.cost for part in parts)).bit_length(), place, parts)
            for place, one in enumerate(found)
            if one.weight > enough
            and (parts := _split(one))
            and len(found) - 1 + len(parts) <= allowed
        ]
        if not splits:
            return found
        _, place, parts = max(splits, key=lambda split: split[0])
        found[place : place + 1] = parts


def _split(one: _Bin) -> tuple[_Bin, ...]:
    """Return the parts of a bin: by size first, then in two by names; none where it is not to divide."""
    if one.size is None:
        parts = tuple(_by_size(one))
        return parts if len(parts) > 1 else _split(parts[0])
    bits = one.bits
    while len(one.packages) > 1 and len(bits) < _BITS:
        halves = [
            [package for package in one.packages if _digest(package.name)[len(bits)] == bit]
            for bit in "01"
        ]
        if all(halves):
            return tuple(
                _Bin(kind=one.kind, packages=half, size=one.size, bits=f"{bits}{bit}")
                for bit, half in zip("01", halves, strict=True)
            )
        bits += "0" if halves[0] else "1"
    return ()


def _by_size(one: _Bin) -> Iterator[_Bin]:
    for name, least, end in _CLASSES:
        own = [
            package
            for package in one.packages
            if least <= _weight(package) and (end is None or _weight(package) < end)
        ]
        if own:
            yield _Bin(kind=one.kind, packages=own, size=name)


def _explain(one: _Bin, cap: int) -> str:
    """Return why the packages of a bin lie together."""
    if one.size is None:
        return f"each less than {_text(cap // 2)}"
    least, end = next((least, end) for name, least, end in _CLASSES if name == one.size)
    bounds = [f"{_text(least)} or more"] if least else []
    bounds += [f"less than {_text(end)}"] if end is not None else []
    if len(one.packages) == 1:
        names = f"; the only name whose digest begins with {one.bits}" if one.bits else ""
        return f"{', '.join(bounds)}{names}"
    names = f"; names whose digests begin with {one.bits}" if one.bits else ""
    return f"each {', '.join(bounds)}{names}"


@functools.cache
def _digest(name: str) -> str:
    """Return the first bits of the SHA-256 of a package's normalised name (PEP 503)."""
    digest = hashlib.sha256(re.sub("[-_.]+", "-", name.lower()).encode()).digest()
    return f"{int.from_bytes(digest[: _BITS // 8], 'big'):0{_BITS}b}"


def stage_label(name: str) -> str:
    """Return what stages call a package: never what ends another stage's name, whatever its own.

    Where its name is none that an image could have, which BuildKit wants of stages as soon as it is
    given contexts, it has a digest of it.

    >>> stage_label("numpy"), stage_label("torch-code"), stage_label("g++")
    ('numpy', 'torch-code-package', 'g-137f828d')
    """
    if _TAKEN.fullmatch(name):
        return f"{name}-package"
    if _COMPONENT.fullmatch(name):
        return name
    words = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{words}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}"


def _weight(package: Package) -> int:
    return package.size if package.size is not None else UNKNOWN_SIZE


def _text(size_bytes: int) -> str:
    if size_bytes % _MIB:
        return f"{size_bytes // 1024} KiB"
    return f"{size_bytes // _MIB} MiB"
