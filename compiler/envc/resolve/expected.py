"""The Python that an environment will have, guessed before any solver has answered."""

from __future__ import annotations

import re

from envc.lock.model import BaseImage, Python
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_name

__all__ = ["expect_python"]

_PINNED = re.compile(r"\s*(?:==?|~=)?\s*(3\.\d+)(?:[.*,\s]|$)")


def expect_python(spec: EnvSpec, base: BaseImage, *, of_base: bool) -> Python | None:
    """Return the Python that is likely to be locked, right in its series if the guess is right.

    Args:
        of_base: Whether the environment's Python is the base's: then it is no guess.

    Returns:
        None where nothing hints at one.
    """
    if of_base:
        return Python(version=base.python, origin="base") if base.python is not None else None
    if not spec.conda.packages:
        return None
    texts = [entry if isinstance(entry, str) else entry.package for entry in spec.conda.packages]
    named = (re.fullmatch(r"([\w.-]+)(.*)", text, re.DOTALL) for text in texts)
    limits = [found[2] for found in named if found and normal_name(found[1]) == "python"]
    said = [spec.python] if spec.python is not None else []
    for limit in (*said, *limits):
        if found := _PINNED.match(limit):
            return Python(version=f"{found[1]}.0", origin="conda")
    return None
