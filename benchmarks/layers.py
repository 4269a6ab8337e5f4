"""What one changed package costs who pulls the image again, by the lock alone: the mark of the design.

    python benchmarks/layers.py [--budget N] LOCK...

For every platform of every lock, and every package of it: the package gets other bytes (its size changes
by a twentieth, up or down by its name), is left out, or comes in anew. Prints the bytes of all layers that
are new then, without the package's own, as a share of all bytes: median, 90th percentile and maximum.
`--budget` is the spec's `layers`, 10 by default; it may be given more than once.
Sizes are those of the archives, which stand in for those of compressed layers.
"""

from __future__ import annotations

import argparse
import statistics
import zlib
from collections.abc import Iterator
from pathlib import Path

from envc.lock.codec import loads
from envc.lock.model import PlatformLock
from envc.plan.layer import UNKNOWN_SIZE, Package, assign_layers, is_one_layer
from envc.spec.defaults import LAYER_BUDGET


def weight(package: Package) -> int:
    return package.size if package.size is not None else UNKNOWN_SIZE


def contents(locked: PlatformLock, budget: int) -> dict[frozenset[str], int]:
    """Return the layers of a lock: what is in each, and its bytes."""
    layers = assign_layers(locked, budget=budget)
    if is_one_layer(locked, budget=budget):
        packages = [package for layer in layers for package in layer.packages]
        return {frozenset(one.sha256 for one in packages): sum(map(weight, packages))}
    return {
        frozenset(one.sha256 for one in layer.packages): sum(map(weight, layer.packages))
        for layer in layers
    }


def without(locked: PlatformLock, package: Package) -> PlatformLock:
    return locked.model_copy(
        update={
            "conda": tuple(one for one in locked.conda if one != package),
            "pip": tuple(one for one in locked.pip if one != package),
        }
    )


def bumped(locked: PlatformLock, package: Package) -> PlatformLock:
    sign = 1 if zlib.crc32(package.name.encode()) % 2 else -1
    size = weight(package) + sign * weight(package) // 20
    new = package.model_copy(update={"sha256": "f" * 64, "size": size})
    return locked.model_copy(
        update={
            "conda": tuple(new if one == package else one for one in locked.conda),
            "pip": tuple(new if one == package else one for one in locked.pip),
        }
    )


def share(old: PlatformLock, new: PlatformLock, package: Package, total: int, budget: int) -> float:
    known = contents(old, budget)
    pulled = sum(size for layer, size in contents(new, budget).items() if layer not in known)
    return max(pulled - weight(package), 0) / total


def shares(locked: PlatformLock, budget: int) -> Iterator[tuple[str, float]]:
    packages: tuple[Package, ...] = (*locked.conda, *locked.pip)
    total = sum(map(weight, packages))
    for package in packages:
        smaller = without(locked, package)
        yield "bump", share(locked, bumped(locked, package), package, total, budget)
        yield "remove", share(locked, smaller, package, total, budget)
        yield "add", share(smaller, locked, package, total, budget)


def describe(label: str, locked: PlatformLock, budget: int) -> Iterator[str]:
    packages: tuple[Package, ...] = (*locked.conda, *locked.pip)
    size = sum(map(weight, packages)) / 1e6
    layers = len(contents(locked, budget))
    found = list(shares(locked, budget))
    for kind in ("bump", "remove", "add"):
        own = sorted(part for what, part in found if what == kind)
        ninth = own[len(own) * 9 // 10]
        yield (
            f"{label:32} {len(packages):8} {size:6.0f} {budget:6} {layers:6}"
            f"   {kind:6} {statistics.median(own):7.1%} {ninth:7.1%} {own[-1]:7.1%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("locks", metavar="LOCK", nargs="+")
    parser.add_argument("--budget", metavar="N", type=int, action="append")
    arguments = parser.parse_args()
    print(
        f"{'lock':32} {'packages':>8} {'MB':>6} {'budget':>6} {'layers':>6}"
        "   change  median    90 %     max"
    )
    for name in arguments.locks:
        file = loads(Path(name).read_text(encoding="utf-8"), name)
        for variant, lock in file.variants.items():
            for platform, locked in lock.platforms.items():
                label = " ".join(filter(None, (Path(name).stem, variant, platform)))
                for budget in arguments.budget or (LAYER_BUDGET,):
                    for line in describe(label, locked, budget):
                        print(line)


if __name__ == "__main__":
    main()
