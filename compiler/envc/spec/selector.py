"""What is for one platform only, as one text: a normal form, `on`, and the platform."""

from __future__ import annotations

from envc.platform import PLATFORMS

__all__ = ["join_selector", "split_selector"]

_ON = " on "


def join_selector(text: str, platform: str | None) -> str:
    """Return the text of what is for a platform; None is all of them.

    >>> join_selector("numpy >=1", "linux/amd64")
    'numpy >=1 on linux/amd64'
    """
    return f"{text}{_ON}{platform}" if platform is not None else text


def split_selector(text: str) -> tuple[str, str | None]:
    """Return the parts of such a text: no MatchSpec, requirement or file's path ends as it may.

    >>> split_selector("numpy >=1 on linux/amd64")
    ('numpy >=1', 'linux/amd64')
    >>> split_selector("numpy >=1")
    ('numpy >=1', None)
    """
    before, on, platform = text.rpartition(_ON)
    return (before, platform) if on and platform in PLATFORMS else (text, None)
