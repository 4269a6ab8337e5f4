"""Requirements of one name, which other tools take together and a spec says once, as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from envc.interop.gathered import Item
from envc.spec.matchspec import split_matchspec
from envc.spec.requirement import NAME, normal_name

__all__ = ["join_repeated"]

_NAME = re.compile(rf"(?:[^\s:]+::)?\s*({NAME})")


def join_repeated(items: Sequence[Item]) -> list[Item]:
    """Return the items, those that repeat a name of their list joined with its first.

    What cannot be said in one requirement stays: addresses, other markers, builds, alternatives.
    """
    kept: list[Item] = []
    places: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for item in items:
        join, text = _JOINS.get(item.path), item.value
        if join is None or not isinstance(text, str):
            kept.append(item)
            continue
        same = places.setdefault((item.path, _name_of(text)), [])
        for at in same:
            joined = join(str(kept[at].value), text)
            if joined is not None:
                kept[at] = replace(kept[at], value=joined)
                break
        else:
            same.append(len(kept))
            kept.append(item)
    return kept


def _name_of(text: str) -> str:
    found = _NAME.match(text)
    return normal_name(found[1]) if found is not None else text


def _join_pip(first: str, second: str) -> str | None:
    """Return requirements of one name as one (PEP 508); None where it would not say the same.

    >>> _join_pip("Requests", "requests[socks]>=2"), _join_pip("a<2; os_name=='posix'", "a")
    ('Requests[socks]>=2', None)
    """
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        one, other = Requirement(first), Requirement(second)
    except InvalidRequirement:
        return None
    if one.marker != other.marker or one.url is not None or other.url is not None:
        return None
    one.extras |= other.extras
    one.specifier &= other.specifier
    return str(one)


def _join_conda(first: str, second: str) -> str | None:
    """Return MatchSpecs of one name as one; None where they have more than versions.

    >>> _join_conda("numpy", "numpy=1.26"), _join_conda("a >=1", "a =1.2"), _join_conda("a", "a=1=b")
    ('numpy =1.26', 'a >=1,=1.2', None)
    """
    one, other = split_matchspec(first), split_matchspec(second)
    if one is None or other is None or one.channel != other.channel:
        return None
    if one.build or other.build or one.bracket or other.bracket:
        return None
    versions = [part.version for part in (one, other) if part.version]
    if len(versions) > 1 and any("|" in version for version in versions):
        return None
    channel = f"{one.channel}::" if one.channel else ""
    return f"{channel}{one.name} {','.join(versions)}".rstrip()


_JOINS: dict[tuple[str, ...], Callable[[str, str], str | None]] = {
    ("conda", "packages"): _join_conda,
    ("pip", "packages"): _join_pip,
    ("pip", "constraints"): _join_pip,
}
