"""Canonical addresses and the mirrors they are fetched from: locks hold the former only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = ["MirrorMap", "hide_user", "split_user"]


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


def hide_user(text: str) -> str:
    """Return what stands for a mirror without the users and passwords of addresses, well written or not.

    >>> hide_user("http://keeper:word@proxy:3141/simple")
    'http://***@proxy:3141/simple'
    """
    return re.sub(r"[^/\s=]*@", "***@", text)


def split_user(address: str) -> tuple[str, str]:
    """Return an address without its user and password, and these as `user:password`; empty for none.

    >>> split_user("http://keeper:w%2Frd@proxy:3141/simple")
    ('http://proxy:3141/simple', 'keeper:w/rd')
    """
    scheme, _, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    user, _, host = place.rpartition("@")
    return f"{scheme}://{host}{slash}{path}" if user else address, unquote(user)


def _replace_prefix(address: str, pairs: tuple[tuple[str, str], ...]) -> str:
    fitting = [(old, new) for old, new in pairs if address == old or address.startswith(old + "/")]
    if not fitting:
        return address
    old, new = max(fitting, key=lambda pair: len(pair[0]))
    return new + address[len(old) :]
