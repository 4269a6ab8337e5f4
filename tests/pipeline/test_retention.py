"""Which images stay, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from envc.pipeline.retention import Kept, Rule, decide, parse_age

DAY_S = 86400.0
NOW = 1_800_000_000.0


def image(number: int, *, days: float = 40, **fields: Any) -> Kept:
    """Return an image that was used so many days ago."""
    made = Kept(
        digest=f"sha256:{number:064x}",
        names=(f"envc:{number:032x}",),
        env_id=f"sha256:{number:064x}",
        platform="linux/amd64",
        size_bytes=1,
        used=NOW - days * DAY_S,
    )
    return replace(made, **fields)


def reasons(*images: Kept, newest: int = 0, days: float = 30) -> list[str]:
    """Return why each stays."""
    found = decide(images, Rule(newest=newest, age_s=days * DAY_S, now=NOW))
    return [found[one.digest] for one in images]


def test_what_was_not_used_for_long_goes() -> None:
    assert reasons(image(1, days=31), image(2, days=29)) == ["", "it was used 29 days ago"]


def test_those_that_were_used_last_stay_however_long_ago() -> None:
    images = [image(number, days=100 + number) for number in range(4)]

    kept = "it is among the 2 that were used last"
    assert reasons(*images, newest=2) == [kept, kept, "", ""]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"containers": ("web",)}, "the container web needs it"),
        ({"versions": ("pets@3",)}, "pets@3 is registered"),
        ({"names": (f"envc:{9:032x}", "pets:v1")}, "it is called pets:v1, too"),
        ({"used": None}, "nobody here knows when it was used"),
    ],
)
def test_what_is_needed_stays_whatever_the_rule(fields: dict[str, Any], reason: str) -> None:
    assert reasons(image(9, **fields), days=0) == [reason]


def test_names_that_come_by_themselves_keep_nothing() -> None:
    names = (f"envc:failed-{9:032x}", f"envc:{9:032x}-0a1b2c3d-77", f"envc@sha256:{9:064x}")

    assert reasons(image(9, names=names), image(8, names=())) == ["", ""]


def test_a_part_of_an_image_of_several_platforms_stays_with_it() -> None:
    whole = image(1, days=1, platform="linux/amd64,linux/arm64")
    part = image(2, part_of=(whole.names[0],))

    assert reasons(whole, part)[1] == f"{whole.names[0]} is made of it"
    assert reasons(whole, part, days=0) == ["", ""]


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "1 d", "1y"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write hours, days or weeks"):
        parse_age(text)
