"""A spec becomes its intent: the part of it that a lock answers."""

from __future__ import annotations

from envc.lock.model import Intent
from envc.spec.defaults import base_image, channels, indexes, wheels
from envc.spec.matchspec import normal_matchspec
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_requirement

__all__ = ["intent"]


def intent(spec: EnvSpec) -> Intent:
    """Return the intent of a spec; equal intents have equal locks, as far as the world stands still.

    What is never asked for is left out: channels without Conda packages, indexes without pip's.
    """
    return Intent(
        base=str(base_image(spec)),
        python=spec.python,
        channels=channels(spec) if spec.conda.packages else (),
        conda=tuple(sorted({normal_matchspec(text) for text in spec.conda.texts})),
        indexes=tuple(index.url for index in indexes(spec)) if _asks_indexes(spec) else (),
        pip=tuple(sorted({normal_requirement(text) for text in spec.pip.texts})),
        wheels=tuple(sorted(set(wheels(spec)))),
    )


def _asks_indexes(spec: EnvSpec) -> bool:
    return bool(spec.pip.packages or spec.pip.wheels)
