"""What the stages of a build do, in a few words."""

from __future__ import annotations

from envc.plan.caption import captions
from support.plans import pip_lock, plan_of, wheel


def test_a_stage_of_each_platform_is_called_as_it_is_for_all() -> None:
    platforms = {"linux/amd64": pip_lock(wheel("six")), "linux/arm64": pip_lock(wheel("idna"))}

    found = captions(plan_of({"environment": "x", "user": "7"}, platforms))

    assert {name: found.get(name) for name in ("base", "pip-1-amd64", "pip-1-arm64", "pip-1")} == {
        "base": "where the image starts",
        "pip-1-amd64": "wheels: six",
        "pip-1-arm64": "wheels: idna",
        "pip-1": "wheels: six",
    }
