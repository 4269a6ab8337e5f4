"""A spec and what the command line chose in; the command that locks it so out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

__all__ = ["advise_lock"]


def advise_lock(name: str, sets: Mapping[str, str] | None) -> str:
    """Return the hint to lock a spec again, with the same values of its parameters.

    >>> advise_lock("pets.envc", {"cuda": "11.8"})
    'run `envc lock pets.envc --set cuda=11.8`'
    """
    given = sorted((sets or {}).items())
    more = "".join(f" --set {shlex.quote(f'{key}={value}')}" for key, value in given)
    return f"run `envc lock {shlex.quote(name)}{more}`"
