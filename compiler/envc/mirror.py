"""Canonical addresses and the mirrors they are fetched from: locks hold the former only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MirrorMap"]


@dataclass(frozen=True, slots=True)
class MirrorMap:
    """Pairs of a canonical and a mirror address; each stands for all addresses below it.

    >>> mirrors = MirrorMap.parse(["https://pypi.org/simple=http://proxy:3141/simple"])
    >>> mirrors.to_mirror("https://pypi.org/simple/six/")
    'http://proxy:3141/simple/six/'
    >>> mirrors.to_canonical("http://proxy:3141/simple/six/")
    'https://pypi.org/simple/six/'
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        pairs = tuple((name.rstrip("/"), mirror.rstrip("/")) for name, mirror in self.pairs)
        object.__setattr__(self, "pairs", pairs)

    @staticmethod
    def parse(entries: Iterable[str]) -> MirrorMap:
        """Return the map that `CANONICAL=MIRROR` entries describe.

        Raises:
            ValueError: An entry, which is the message, lacks one of its sides or gives an address
                a second mirror.
        """
        pairs: dict[str, str] = {}
        for entry in entries:
            canonical, _, mirror = entry.partition("=")
            canonical = canonical.rstrip("/")
            if not canonical or not mirror or canonical in pairs:
                raise ValueError(entry)
            pairs[canonical] = mirror
        return MirrorMap(tuple(pairs.items()))

    def to_mirror(self, address: str) -> str:
        """Return where to fetch a canonical address from: itself where no mirror stands for it."""
        return _replace_prefix(address, self.pairs)

    def to_canonical(self, address: str) -> str:
        """Return the canonical address of what a mirror offers.

        Where one mirror stands for several addresses, that of the first pair.
        """
        return _replace_prefix(address, tuple((mirror, name) for name, mirror in self.pairs))


def _replace_prefix(address: str, pairs: tuple[tuple[str, str], ...]) -> str:
    fitting = [(old, new) for old, new in pairs if address == old or address.startswith(old + "/")]
    if not fitting:
        return address
    old, new = max(fitting, key=lambda pair: len(pair[0]))
    return new + address[len(old) :]
