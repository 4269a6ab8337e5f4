"""Which images stay and which may go: a decision over facts, made without asking anybody."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from envc.frozen import frozen

__all__ = ["Kept", "Rule", "decide", "is_own_name", "parse_age", "tell_age"]

_OWN_TAG = re.compile(r"(?:failed-)?[0-9a-f]{32}(?:-[0-9a-f]{8}-[0-9]+)?")
_AGE = re.compile(r"([0-9]+)([hdw])")
_UNITS_S = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


@frozen
class Kept:
    """An image, and what is known of it.

    Attributes:
        digest: Of its manifest or its index.
        names: All of its names, sorted; those that envc gave are tags by env ids.
        env_id: What its label says.
        platform: `os/architecture`, with several sorted and with commas between.
        size_bytes: As whoever keeps it counts.
        used: When it was last built, found, run or named, in s since 1970; None where nobody knows.
        containers: The containers that are made of it.
        versions: The registered versions whose image it is, such as `pets@3`.
        part_of: The names of the images of several platforms that it is a part of.
    """

    digest: str
    names: tuple[str, ...]
    env_id: str
    platform: str
    size_bytes: int
    used: float | None
    containers: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()

    @property
    def need(self) -> str:
        """Why it must stay whatever the rule is; empty where it need not."""
        if self.containers:
            return f"the container {self.containers[0]} needs it"
        if self.versions:
            return f"{self.versions[0]} is registered"
        others = [name for name in self.names if not is_own_name(name)]
        return f"it is called {others[0]}, too" if others else ""


@frozen
class Rule:
    """What stays, of that which nothing needs.

    Attributes:
        newest: How many of those that were used last.
        age_s: What was used within this time.
        now: In s since 1970.
    """

    newest: int = 0
    age_s: float = 0.0
    now: float


def decide(images: Sequence[Kept], rule: Rule) -> dict[str, str]:
    """Return why each image stays, by its digest: an empty text means that it goes.

    An image that something needs counts among the newest, too. What is a part of an image that stays
    stays with it.
    """
    known = sorted(
        (image for image in images if image.used is not None),
        key=lambda image: (-(image.used or 0.0), image.digest),
    )
    newest = {image.digest for image in known[: rule.newest]}
    reasons = {image.digest: _explain(image, rule, newest) for image in images}
    for image in images:
        # Images of several platforms are no parts themselves.
        wholes = [one for one in images if one.names and one.names[0] in image.part_of]
        for whole in wholes:
            if reasons[whole.digest] and not reasons[image.digest]:
                reasons[image.digest] = f"{whole.names[0]} is made of it"
    return reasons


def _explain(image: Kept, rule: Rule, newest: Container[str]) -> str:
    if image.need:
        return image.need
    if image.used is None:
        return "nobody here knows when it was used"
    if image.digest in newest:
        return f"it is among the {rule.newest} that were used last"
    age_s = rule.now - image.used
    return f"it was used {tell_age(age_s)} ago" if age_s < rule.age_s else ""


def is_own_name(name: str) -> bool:
    """Say whether a name comes by itself: its tag is an env id, maybe of a failed build, or it has none
    but a digest.

    >>> is_own_name("envc:" + "0" * 32), is_own_name("envc:failed-" + "0" * 32), is_own_name("pets:v1")
    (True, True, False)
    """
    return "@" in name or _OWN_TAG.fullmatch(name.rpartition(":")[2]) is not None


def parse_age(text: str) -> float:
    """Return a time of hours, days or weeks in s.

    >>> parse_age("2w") == parse_age("14d") == parse_age("336h")
    True

    Raises:
        ValueError: It is none.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"`{text}` is no time: write hours, days or weeks, such as `12h`, `30d` or `8w`"
        )
    return int(found[1]) * _UNITS_S[found[2]]


def tell_age(seconds: float) -> str:
    """Return a time in words: one number, in the largest unit that fits.

    >>> tell_age(30), tell_age(3600), tell_age(200000)
    ('0 min', '1 h', '2 days')
    """
    if seconds < _UNITS_S["h"]:
        return f"{max(seconds, 0) // 60:.0f} min"
    if seconds < 2 * _UNITS_S["d"]:
        return f"{seconds // _UNITS_S['h']:.0f} h"
    return f"{seconds // _UNITS_S['d']:.0f} days"
